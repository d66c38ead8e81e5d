"""What holds for a whole piece, as numbers."""

import math

import torch

from ..errors import InputError
from ..types import METRES, BeatPlan, Key, Storyboard

MODES = ("major", "minor", "dorian", "mixolydian")
_METRES = tuple(METRES)


def overall_width(styles: tuple[str, ...]) -> int:
    """Numbers of encode_overall for a model that knows these styles."""
    return len(styles) + 12 + len(MODES) + len(_METRES) + 4


def encode_overall(
    storyboard: Storyboard, plan: BeatPlan, style: str, key: Key, styles: tuple[str, ...]
) -> torch.Tensor:
    """(overall_width,) float32: style, tonic, mode, metre, tempo, length and mean mood.

    Raises:
        InputError: the model was not trained on this style.
    """
    if style not in styles:
        raise InputError(
            f"The model does not know the style '{style}'; it knows {', '.join(sorted(styles))}."
            " Choose one of them, or let the composer play this style."
        )
    total_s = storyboard.duration_s
    shots = storyboard.shots
    valence = sum(shot.affect.valence * shot.duration_s for shot in shots) / total_s
    arousal = sum(shot.affect.arousal * shot.duration_s for shot in shots) / total_s
    return torch.tensor(
        [
            *_one_hot(styles.index(style), len(styles)),
            *_one_hot(key.tonic, 12),
            *_one_hot(MODES.index(key.mode), len(MODES)),
            *_one_hot(_METRES.index(plan.metre.name), len(_METRES)),
            3 * math.log2(plan.tempo.base_bpm / 110),
            math.log2(total_s / 30) / 2,
            valence,
            2 * arousal - 1,
        ],
        dtype=torch.float32,
    )


def _one_hot(index: int, size: int) -> list[float]:
    return [float(i == index) for i in range(size)]
