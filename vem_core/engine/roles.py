"""The place of each beat in the form: which phrase it belongs to and where in it."""

import math

import numpy as np
import torch

from ..composing.form import Form, Phrase, make_form
from ..composing.grid import Grid, make_grid
from ..types import BeatPlan, Storyboard

LABELS = ("A", "B", "C")
PLACES = 6
TURNS = 3
ROLE_WIDTH = len(LABELS) + PLACES + TURNS + 9


def encode_roles(storyboard: Storyboard, plan: BeatPlan, half: np.ndarray) -> torch.Tensor:
    """(L, ROLE_WIDTH) float32, one row per beat of the plan.

    The composer's own form plan: phrases along the strong cuts, named so that themes return. It
    says nothing about mood; that reaches the model through the storyboard's tokens alone.

    Args:
        half: (L,) ThemePlaces.half.
    """
    grid = make_grid(storyboard, plan)
    form = make_form(grid, plan)
    rows = [_row(beat, form, grid, int(half[beat])) for beat in range(plan.n_beats)]
    return torch.tensor(rows, dtype=torch.float32)


def _row(beat: int, form: Form, grid: Grid, half: int) -> list[float]:
    step = min(beat * grid.beat, grid.n_steps - 1)
    phrase = form.phrase_at(step)
    bar = _bar_in(phrase, step)
    n_bars = len(phrase.bars)
    to_final = (form.final - beat * grid.beat) / grid.beat
    return [
        *_one_hot(LABELS.index(phrase.label), len(LABELS)),
        *_one_hot(min(bar, PLACES - 1), PLACES),
        *_one_hot(min(phrase.turn, TURNS - 1), TURNS),
        (n_bars - bar) / 4,
        n_bars / 4,
        float(phrase.closed),
        float(phrase.upbeat),
        float(phrase.last),
        float(half == 1),
        float(half == 2),
        float(to_final < 1),
        math.exp(-max(to_final, 0.0) / 4),
    ]


def _bar_in(phrase: Phrase, step: int) -> int:
    return max(sum(bar.start <= step for bar in phrase.bars) - 1, 0)


def _one_hot(index: int, size: int) -> list[float]:
    return [float(i == index) for i in range(size)]
