"""The lead sheet: the themes of a seed are those of the composed piece, where its form has them."""

import numpy as np
import pytest

from tests.core.engine.tiny import KEY, STYLES, tiny_plan, tiny_storyboard
from vem_core.codecs.score.tensor import ScoreTensor, score_to_tensor
from vem_core.composing.compose import compose
from vem_core.engine.themes import BARS, LABELS, NOWHERE, find_places, invent_themes
from vem_core.types import PARTS

BOARD = tiny_storyboard((8.0, 15.0, 24.0, 40.0))
PLAN = tiny_plan(BOARD)


def lead_by_beat(tensor: ScoreTensor) -> dict[int, set[tuple[int, int]]]:
    """Slot and row in the octave of the lead's notes."""
    beats: dict[int, set[tuple[int, int]]] = {}
    for beat, slot, row in tensor.parts["lead"].places.tolist():
        beats.setdefault(beat, set()).add((slot, row % 12))
    return beats


@pytest.mark.parametrize("style", ["corporate", "cinematic", "lofi"])
def test_the_composed_tune_is_the_theme_of_its_seed_where_the_form_puts_it(style: str) -> None:
    score = compose(BOARD, PLAN, style=style, key=KEY, seed=5)
    themes = invent_themes(BOARD, PLAN, style, KEY, 5)
    places = find_places(BOARD, PLAN, style)
    piece, told = lead_by_beat(score_to_tensor(score)), lead_by_beat(themes)
    whole = [b for b in range(PLAN.n_beats) if places.frame[b] != NOWHERE and places.half[b] == 0]
    same = [piece.get(b, set()) == told.get(int(places.frame[b]), set()) for b in whole]
    other = lead_by_beat(invent_themes(BOARD, PLAN, style, KEY, 6))
    by_chance = [piece.get(b, set()) == other.get(int(places.frame[b]), set()) for b in whole]
    assert len(whole) >= PLAN.n_beats / 3
    assert np.mean(same) > 0.7 and np.mean(by_chance) < 0.5
    for beat in range(PLAN.n_beats):  # at half speed a beat holds half of a beat of the theme
        if places.half[beat] and piece.get(beat):
            assert places.frame[beat] != NOWHERE


def test_a_lead_sheet_is_theme_and_contrast_with_chords_and_nothing_else() -> None:
    themes = invent_themes(BOARD, PLAN, STYLES[0], KEY, 5)
    assert themes.n_beats == len(LABELS) * BARS * PLAN.metre.beats_per_bar
    assert all(len(themes.parts[part].places) == 0 for part in PARTS if part != "lead")
    assert len(set(map(tuple, themes.chords[:, 0].tolist()))) > 1
    bars = themes.parts["lead"].places[:, 0] // PLAN.metre.beats_per_bar
    assert {0, BARS - 1, BARS} <= set(bars.tolist())  # the head, its close, the contrast
    places = themes.parts["lead"].places
    again = invent_themes(BOARD, PLAN, STYLES[0], KEY, 5).parts["lead"].places
    assert np.array_equal(places, again)
