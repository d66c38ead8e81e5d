"""Rhythm metrics: figures worked out by hand, mir_eval's own, and simulated chance."""

import json
import math
import warnings
from fractions import Fraction
from pathlib import Path

import mir_eval
import numpy as np
import pytest

from vem_core.errors import InputError
from vem_core.metrics import rhythm

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "data/rhythm/golden.json").read_text(encoding="utf-8")
)


def test_golden_cases_are_there() -> None:
    assert len(GOLDEN) >= 6
    assert sum(len(case["expected"]) for case in GOLDEN) > 40


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_golden_figures(case: dict) -> None:
    true_s = case.get("reference_beats_s")
    scores = rhythm.evaluate(
        np.array(case["transitions_s"]),
        np.array(case["beats_s"]),
        duration_s=case["duration_s"],
        fps=Fraction(case["fps"]),
        reference_beats_s=None if true_s is None else np.array(true_s),
    )
    for name, expected in case["expected"].items():
        assert scores[name] == (
            None if expected is None else pytest.approx(expected, rel=1e-6, abs=1e-9)
        ), name
    json.dumps(scores, allow_nan=False)


def random_times(random: np.random.Generator, n: int) -> np.ndarray:
    return np.sort(random.uniform(0, 12, n))


def test_matching_agrees_with_mir_eval() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        reference_s = random_times(random, int(random.integers(1, 40)))
        estimated_s = random_times(random, int(random.integers(1, 40)))
        window_s = float(random.choice([0.03, 0.07, 0.3, 0.5, 1.0]))
        pairs = rhythm.match_events(reference_s, estimated_s, window_s)
        assert len(pairs) == len(mir_eval.util.match_events(reference_s, estimated_s, window_s))
        assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
        assert all(abs(reference_s[i] - estimated_s[j]) <= window_s for i, j in pairs)
        f = rhythm.f_measure(reference_s, estimated_s, window_s).f_measure
        assert f == pytest.approx(mir_eval.beat.f_measure(reference_s, estimated_s, window_s))


def test_precision_and_recall_agree_with_mir_eval() -> None:
    random = np.random.default_rng(1)
    reference_s, estimated_s = random_times(random, 30), random_times(random, 50)
    ours = rhythm.f_measure(reference_s, estimated_s, 0.07)
    f, precision, recall = mir_eval.onset.f_measure(reference_s, estimated_s, window=0.07)
    assert (ours.f_measure, ours.precision, ours.recall) == pytest.approx((f, precision, recall))


def test_nearest_errors_are_those_of_a_full_search() -> None:
    random = np.random.default_rng(2)
    transitions_s, beats_s = random_times(random, 60), random_times(random, 17)
    errors_s = rhythm.nearest_errors_s(transitions_s, beats_s)
    distances_s = np.abs(transitions_s[:, None] - beats_s[None, :])
    assert np.abs(errors_s) == pytest.approx(distances_s.min(axis=1))
    assert transitions_s + errors_s == pytest.approx(beats_s[distances_s.argmin(axis=1)])


def test_chance_is_the_mean_over_all_shifts() -> None:
    """Against a simulation: the beats turned around the clip in 6000 even steps."""
    random = np.random.default_rng(3)
    duration_s, window_s = 12.0, 0.09
    beats_s = np.sort(np.concatenate([random_times(random, 14), [3.0, 3.05, 3.1]]))
    transitions_s = random_times(random, 9)
    rates = [
        rhythm.hit_rate(
            transitions_s,
            np.sort(
                np.concatenate(
                    [(beats_s + shift_s) % duration_s + k * duration_s for k in (-1, 0, 1)]
                )
            ),
            window_s,
        )
        for shift_s in np.arange(6000) * duration_s / 6000
    ]
    chance = rhythm.chance_hit_rate(beats_s, window_s, duration_s)
    assert chance == pytest.approx(np.mean(rates), abs=5e-4)
    assert rhythm.chance_hit_rate(beats_s, 6.0, duration_s) == pytest.approx(1.0)


def test_wilson_interval_is_the_published_one() -> None:
    """Newcombe 1998, table I: 81 of 263 and 15 of 148, 0 of 20, 1 of 29."""
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (hits, total), expected in published.items():
        assert rhythm.wilson_interval(hits, total) == pytest.approx(expected, abs=5e-5)
    with pytest.raises(InputError, match="3 hits of 2 cannot be"):
        rhythm.wilson_interval(3, 2)


def test_coverage_over_clips() -> None:
    """BCS .5 and 1, BHS .25 and .75: means .75 and .5, deviations sqrt(.125), F1 .6."""
    clips = [rhythm.Coverage(coverage=0.5, hit=0.25), rhythm.Coverage(coverage=1.0, hit=0.75)]
    assert rhythm.coverage_summary(clips) == pytest.approx(
        {"bcs": 0.75, "csd": math.sqrt(0.125), "bhs": 0.5, "hsd": math.sqrt(0.125), "f1": 0.6}
    )
    assert rhythm.coverage_summary([clips[1], clips[1]])["csd"] == 0.0
    nothing = rhythm.Coverage(coverage=0.0, hit=0.0)
    assert set(rhythm.coverage_summary([nothing, nothing]).values()) == {0.0}
    with pytest.raises(InputError, match="at least two"):
        rhythm.coverage_summary(clips[:1])


def test_a_tight_window_of_half_a_second_says_little() -> None:
    """Why TBIoU is not to be trusted: any shift of a 120 BPM grid gets the same value."""
    transitions_s = np.array([1.2, 3.9, 4.4, 7.7])
    beats_s = np.arange(0.0, 10.0, 0.5)
    scores = {rhythm.event_iou(transitions_s, beats_s + shift_s) for shift_s in (0.0, 0.1, 0.24)}
    assert scores == {4 / 20}


@pytest.mark.parametrize(
    ("transitions_s", "beats_s", "sentence"),
    [
        ([[1.0]], [1.0], "have the shape"),
        ([1.0], [math.nan], "not a number"),
        ([2.0, 1.0], [1.0], "reference times are not in order"),
        ([1.0], [41_250_000.0], "Were milliseconds given"),
    ],
)
def test_malformed_times_are_refused(
    transitions_s: list, beats_s: list[float], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        rhythm.f_measure(np.array(transitions_s), np.array(beats_s))


def test_wrong_windows_and_durations_are_refused_and_empty_lists_warned_of() -> None:
    one = np.ones(1)
    with pytest.raises(InputError, match="window is -1"):
        rhythm.hit_rate(one, one, -1)
    with pytest.raises(InputError, match="clip lasts 0 s"):
        rhythm.chance_hit_rate(one, 0.07, 0)
    with pytest.warns(UserWarning, match="estimated times are empty"):
        assert rhythm.f_measure(one, np.zeros(0)).f_measure == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert rhythm.event_iou(np.zeros(0), np.zeros(0)) == 0
        assert math.isnan(rhythm.hit_rate(np.zeros(0), one, 0.07))
