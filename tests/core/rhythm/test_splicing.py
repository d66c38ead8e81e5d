"""Music stretched by splices: what lands, what stays as it was, what is not heard twice."""

import numpy as np
import pytest

from vem_core.rhythm.edits import Edit
from vem_core.rhythm.splicing import TOLERANCE_S, find_splices
from vem_core.rhythm.stretching import TimeMap, stretch
from vem_core.types import Samples, no_progress

from .groove import RATE

BEATS_S = 0.5 * np.arange(25.0)
FACTORS = 1 + 0.07 * np.sin(1.3 * np.arange(24))


def edit_of(sound: np.ndarray) -> Edit:
    samples = Samples(values=np.atleast_2d(sound).astype(np.float32), sample_rate=RATE)
    return Edit(samples, BEATS_S, list(range(24)))


def wavering() -> TimeMap:
    return TimeMap(source_s=BEATS_S, target_s=np.concatenate([[0], np.cumsum(0.5 * FACTORS)]))


def bursts(times_s: np.ndarray, seed: int = 0) -> np.ndarray:
    """Short noises over a soft bass: (T,)."""
    rng = np.random.default_rng(seed)
    clock_s = np.arange(round(13.0 * RATE)) / RATE
    sound = 0.1 * np.sin(2 * np.pi * 65 * clock_s)
    n = round(0.02 * RATE)
    for time_s in times_s:
        start = round(time_s * RATE)
        sound[start : start + n] += 0.5 * rng.standard_normal(n) * np.exp(-np.arange(n) / 90)
    return sound


def test_attacks_land_and_keep_every_sample():
    sound = bursts(BEATS_S[1:-1])
    wanted = wavering()
    result = stretch(edit_of(sound), wanted, 12.0, "fast", no_progress)
    assert result.sound.n_samples == 12 * RATE
    heard = np.concatenate(list(result.sound.open()), axis=1)[0]
    n, reach = round(0.02 * RATE), round(TOLERANCE_S * RATE) + 2
    inside = (wanted.target_s > 0.1) & (wanted.target_s < 11.9)
    for source_s, target_s in zip(BEATS_S[inside], wanted.target_s[inside], strict=True):
        start, at = round(source_s * RATE), round(target_s * RATE)
        burst = sound[start : start + n].astype(np.float32)
        assert any(
            np.array_equal(heard[at + by : at + by + n], burst) for by in range(-reach, reach + 1)
        )
    lag_s = (result.landed_s - wanted.target_s)[inside]
    assert np.abs(lag_s).max() <= TOLERANCE_S + 0.001


def test_a_steady_tone_stays_steady_and_in_tune():
    clock_s = np.arange(round(13.0 * RATE)) / RATE
    sound = 0.3 * np.sin(2 * np.pi * 220 * clock_s) + 0.2 * np.sin(2 * np.pi * 331 * clock_s)
    result = stretch(edit_of(sound), wavering(), 12.0, "fast", no_progress)
    heard = np.concatenate(list(result.sound.open()), axis=1)[0]
    levels = np.sqrt((heard[: 12 * RATE].reshape(-1, RATE // 10) ** 2).mean(axis=1))
    assert levels.max() < 1.06 * levels.min()
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.argmax(spectrum) / 12.0 == pytest.approx(220, abs=0.5)


@pytest.mark.parametrize("need_s", [0.03, -0.03])
def test_attacks_between_anchors_are_heard_once(need_s):
    sound = bursts(np.array([5.13, 5.25, 5.4]))
    splices = find_splices(
        edit_of(sound), round(5.0 * RATE), round(5.5 * RATE), round(need_s * RATE)
    )
    assert sum(splice.lag for splice in splices) == pytest.approx(
        need_s * RATE, abs=TOLERANCE_S * RATE + 1
    )
    for splice in splices:
        touched_s = sorted([splice.at / RATE, (splice.at - splice.lag) / RATE])
        for attack_s in (5.13, 5.25, 5.4):
            assert not touched_s[0] - 0.001 < attack_s < touched_s[1] + 0.02


@pytest.mark.parametrize("need_s", [0.058, -0.058])
def test_nothing_is_spliced_beside_an_anchor(need_s):
    clock_s = np.arange(round(13.0 * RATE)) / RATE
    tone = edit_of(0.3 * np.sin(2 * np.pi * 220 * clock_s))  # like itself everywhere
    splices = find_splices(tone, round(5.0 * RATE), round(5.25 * RATE), round(need_s * RATE))
    assert splices
    for splice in splices:
        sides_s = splice.at / RATE, (splice.at - splice.lag) / RATE
        assert min(sides_s) > 5.03 and max(sides_s) + 0.02 < 5.242


def test_what_needs_no_stretch_is_left_alone():
    rng = np.random.default_rng(1)
    sound = 0.1 * rng.standard_normal(round(13.0 * RATE))
    still = TimeMap(source_s=BEATS_S, target_s=BEATS_S)
    result = stretch(edit_of(sound), still, 12.0, "fast", no_progress)
    heard = np.concatenate(list(result.sound.open()), axis=1)[0]
    assert np.array_equal(heard, sound[: 12 * RATE].astype(np.float32))
