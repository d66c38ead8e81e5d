"""Accents at transitions, and AV-Align: figures worked out by hand, and the definition in loops."""

import math
from fractions import Fraction

import numpy as np
import pytest

from vem_core.errors import InputError
from vem_core.metrics import accents

RATE_HZ = 10.0


def curve(**at: float) -> np.ndarray:
    """10 s at 10 Hz, 1 everywhere but at the frames named 'fN'."""
    values = np.ones(101)
    for name, value in at.items():
        values[int(name[1:])] = value
    return values


def test_lift_of_accents_and_of_none() -> None:
    """Strengths 4 and 8 at the two cuts, 1 elsewhere: lift 6. Even music: lift 1."""
    cuts_s = np.array([2.0, 6.5])
    assert accents.accent_lift(curve(f20=4.0, f65=8.0), RATE_HZ, cuts_s) == pytest.approx(6.0)
    assert accents.accent_lift(curve(), RATE_HZ, cuts_s) == pytest.approx(1.0)
    # rests at the cuts, accents everywhere else: below 1
    assert accents.accent_lift(4.0 - 3.9 * (curve(f20=2, f65=2) - 1), RATE_HZ, cuts_s, 0.0) < 0.1


def test_strength_is_the_greatest_within_reach_on_both_sides() -> None:
    """A stroke a frame late counts within 0.1 s and not within 0.04 s."""
    late = curve(f21=5.0)
    assert accents.accent_lift(late, RATE_HZ, np.array([2.0]), 0.1) == pytest.approx(5.0)
    assert accents.accent_lift(late, RATE_HZ, np.array([2.0]), 0.04) == pytest.approx(1.0)


def test_rank_is_the_share_of_weaker_instants_ties_half() -> None:
    """At reach 0 the other 100 frames are elsewhere: 50 stand at 1 and 50 at 3, the cut at 2."""
    values = np.where(np.arange(101) % 2 == 0, 1.0, 3.0)
    values[20] = 2.0
    assert accents.accent_rank(values, RATE_HZ, np.array([2.0]), 0.0) == pytest.approx(0.5)
    values[:10] = 2.0  # five of each become ties: 45 weaker, 10 ties
    assert accents.accent_rank(values, RATE_HZ, np.array([2.0]), 0.0) == pytest.approx(0.5)
    values[:10] = 0.0  # 55 weaker
    assert accents.accent_rank(values, RATE_HZ, np.array([2.0]), 0.0) == pytest.approx(0.55)
    assert accents.accent_rank(curve(f20=9.0), RATE_HZ, np.array([2.0]), 0.0) == 1.0
    assert accents.accent_rank(curve(), RATE_HZ, np.array([2.0])) == 0.5
    assert accents.accent_rank(curve(f20=0.0), RATE_HZ, np.array([2.0]), 0.0) == 0.0


def test_nothing_to_measure_is_none_and_silence_is_not_zero() -> None:
    assert math.isnan(accents.accent_lift(curve(), RATE_HZ, np.zeros(0)))
    assert math.isnan(accents.accent_lift(np.zeros(50), RATE_HZ, np.array([1.0])))
    only_there = np.zeros(50)
    only_there[10] = 1.0
    assert accents.accent_lift(only_there, RATE_HZ, np.array([1.0])) == math.inf
    scores = accents.evaluate(np.array([1.0]), strengths=only_there, rate_hz=RATE_HZ)
    assert scores == {"accent_lift": None, "accent_rank": 1.0}


def test_av_align_by_hand() -> None:
    """Frames of 40 ms. Onsets at 1.0 and 1.03 share the peak at 1.01, 2.04 is a whole frame from
    2.0 and does not count, 3.0 has none: 2 / (4 + 3 - 2)."""
    onsets_s, peaks_s = np.array([1.0, 1.03, 2.04, 3.0]), np.array([1.01, 2.0, 7.0])
    assert accents.av_align(onsets_s, peaks_s, Fraction(25)) == pytest.approx(0.4)
    assert accents.av_align(peaks_s, peaks_s, Fraction(25)) == 1.0
    assert accents.av_align(peaks_s + 0.5, peaks_s, Fraction(25)) == 0.0
    assert accents.av_align(np.zeros(0), peaks_s, Fraction(25)) == 0.0


def test_av_align_is_the_definition_in_loops() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        onsets_s = np.sort(random.uniform(0, 10, random.integers(1, 60)))
        peaks_s = np.sort(random.uniform(0, 10, random.integers(1, 60)))
        met = sum(any(abs(v - a) < 1 / 24 for v in peaks_s) for a in onsets_s)
        expected = met / (len(onsets_s) + len(peaks_s) - met)
        assert accents.av_align(onsets_s, peaks_s, Fraction(24)) == pytest.approx(expected)


def test_local_maxima_are_strict_and_inside() -> None:
    found_s = accents.local_maxima_s(np.array([5.0, 1, 2, 1, 3, 3, 1, 4, 0, 9]), 2.0)
    assert found_s == pytest.approx([1.0, 3.5])


def test_malformed_curves_are_refused() -> None:
    one = np.array([1.0])
    with pytest.raises(InputError, match="value below 0"):
        accents.accent_lift(curve(f3=-1.0), RATE_HZ, one)
    with pytest.raises(InputError, match="plain list of finite"):
        accents.accent_lift(np.array([[1.0]]), RATE_HZ, one)
    with pytest.raises(InputError, match="rate of the strengths is 0"):
        accents.accent_rank(curve(), 0.0, one)
