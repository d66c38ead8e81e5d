"""Quality of scores: muspy's own figures, and figures worked out by hand."""

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from vem_core.composing.compose import compose
from vem_core.errors import InputError
from vem_core.metrics import symbolic
from vem_core.metrics.symbolic import NoteTable
from vem_core.rhythm.tempo_map import plan_beats
from vem_core.types import Affect, Motion, Picture, Shot, Storyboard

MUSPY = json.loads(
    (Path(__file__).parents[2] / "data/symbolic/muspy.json").read_text(encoding="utf-8")
)


def table(rows: list, steps_per_beat: int = 4, steps_per_bar: int = 16) -> NoteTable:
    """Rows of (onset, end, pitch, drum)."""
    columns = np.array(rows, int).reshape(-1, 4)
    return NoteTable(
        onsets=columns[:, 0],
        ends=columns[:, 1],
        pitches=columns[:, 2],
        drums=columns[:, 3].astype(bool),
        steps_per_beat=steps_per_beat,
        steps_per_bar=steps_per_bar,
    )


def test_muspy_figures_are_there() -> None:
    assert len(MUSPY) == 4 and all(len(case["expected"]) == 11 for case in MUSPY)


@pytest.mark.parametrize("case", MUSPY, ids=[case["name"] for case in MUSPY])
def test_figures_are_those_of_muspy(case: dict) -> None:
    """Computed once with muspy itself (its version stands in the file) from the same notes."""
    figures = symbolic.evaluate(table(case["rows"], case["steps_per_beat"], case["steps_per_bar"]))
    for name, expected in case["expected"].items():
        assert figures[name] == pytest.approx(expected, rel=1e-6, abs=1e-9), name


def test_highest_and_lowest() -> None:
    """One pitch again and again; and all twelve pitch classes, no bar like another."""
    same = table([(step, step + 4, 60, 0) for step in range(0, 64, 4)])
    assert symbolic.pitch_class_entropy(same) == 0.0
    assert symbolic.scale_consistency(same) == 1.0
    assert symbolic.groove_similarity(same) == 1.0
    assert symbolic.repetition(same) == pytest.approx(1.0)
    chromatic = table([(16 * i + i, 16 * i + i + 1, 60 + i, 0) for i in range(12)])
    assert symbolic.pitch_class_entropy(chromatic) == pytest.approx(math.log2(12))
    assert symbolic.scale_consistency(chromatic) == pytest.approx(7 / 12)
    assert symbolic.groove_similarity(chromatic) == pytest.approx(1 - 2 / 16)
    assert symbolic.repetition(chromatic) == 0.0
    chord = table([(0, 16, pitch, 0) for pitch in (48, 52, 55, 60)])
    assert symbolic.polyphony(chord) == 4.0
    assert symbolic.polyphony_rate(chord) == 1.0
    assert symbolic.empty_beat_rate(chord) == 0.0
    rare = table([(0, 1, 60, 0), (79, 80, 60, 0)])
    # 21 beats with muspy's extra one: filled are the first, the 20th and that one
    assert symbolic.empty_beat_rate(rare) == pytest.approx(18 / 21)
    assert symbolic.empty_measure_rate(rare) == pytest.approx(3 / 6)


def test_similarity_of_bars_by_hand() -> None:
    """Bars of four steps: C C - -, C - - -, a rest, C C - -: cosine 1 / sqrt(2) where one of two
    steps is shared, 1 where both are, 0 to the rest."""
    notes = table([(0, 2, 60, 0), (4, 5, 72, 0), (12, 14, 48, 0)], 2, 4)
    half = 1 / math.sqrt(2)
    expected = [[1, half, 0, 1], [half, 1, 0, half], [0, 0, 1, 0], [1, half, 0, 1]]
    assert symbolic.self_similarity(notes) == pytest.approx(np.array(expected))
    assert symbolic.repetition(notes) == pytest.approx((half + 0 + 1) / 3)
    # lag 1: (half + 0 + 0) / 3, lag 2: (0 + half) / 2; best less mean
    lags = [half / 3, half / 2]
    assert symbolic.structure_contrast(notes) == pytest.approx(max(lags) - sum(lags) / 2)


def test_phrases_of_two_bars_show_as_structure() -> None:
    rows = [(16 * bar, 16 * bar + 8, 60 + 7 * (bar % 2), 0) for bar in range(8)]
    # lags 1 to 4: 0, 1, 0, 1
    assert symbolic.structure_contrast(table(rows)) == pytest.approx(0.5)
    even = [(16 * bar, 16 * bar + 8, 60, 0) for bar in range(8)]
    assert symbolic.structure_contrast(table(even)) == pytest.approx(0.0)


def test_overlaps_by_hand() -> None:
    """Pitches 60 60 62 against 60 64 64: a third is shared. Lengths in quarter beats 1 1 2 against
    2 2 2: a third. Onsets 0 4 8 and 0 4 12: intervals 4 4 against 4 8, half."""
    a = table([(0, 1, 60, 0), (4, 5, 60, 0), (8, 10, 62, 0)])
    b = table([(0, 2, 60, 0), (4, 6, 64, 0), (12, 14, 64, 0)])
    assert symbolic.overlaps(a, b) == pytest.approx(
        {"pitch_overlap": 1 / 3, "duration_overlap": 1 / 3, "inter_onset_overlap": 0.5}
    )
    assert symbolic.overlaps(a, a) == pytest.approx(
        {"pitch_overlap": 1, "duration_overlap": 1, "inter_onset_overlap": 1}
    )
    far = table([(0, 8, 90, 0), (16, 24, 90, 0)])
    assert symbolic.overlaps(a, far) == pytest.approx(
        {"pitch_overlap": 0, "duration_overlap": 0, "inter_onset_overlap": 0}
    )


def test_a_composed_score_becomes_a_table() -> None:
    picture = Picture(
        keyframe_s=0, brightness=0.5, saturation=0.5, contrast=0.5, warmth=0, hues=(0.0,) * 12
    )
    shot = Shot(
        start_s=0.0,
        end_s=12.0,
        affect=Affect(valence=0.5, arousal=0.5),
        picture=picture,
        motion=Motion(mean=0.1, peak=0.2),
    )
    storyboard = Storyboard(duration_s=12.0, fps=Fraction(25), shots=(shot,))
    score = compose(storyboard, plan_beats(storyboard), style="house", seed=1)
    notes = symbolic.note_table(score)
    assert len(notes.onsets) == sum(len(part) for _, part in score.parts)
    first_downbeat = score.downbeats[0] * score.metre.steps_per_beat
    kicks = [note.step for note in score.notes("drums") if note.step >= first_downbeat]
    shifted = notes.onsets[notes.drums]
    assert (min(kicks) - first_downbeat) % notes.steps_per_bar in shifted % notes.steps_per_bar
    figures = symbolic.evaluate(notes)
    assert figures["scale_consistency"] == pytest.approx(1.0, abs=0.1)
    json.dumps(figures, allow_nan=False)


def test_empty_scores_and_malformed_tables() -> None:
    assert set(symbolic.evaluate(table([])).values()) == {None, 0}
    with pytest.raises(InputError, match="ends before it begins"):
        table([(4, 4, 60, 0)])
    with pytest.raises(InputError, match="outside of 0 to 127"):
        table([(0, 4, 128, 0)])
    with pytest.raises(InputError, match="does not hold whole beats"):
        table([(0, 4, 60, 0)], 4, 15)
