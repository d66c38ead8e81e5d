"""Loudness against pyloudnorm, true peak against known sines, and what a limiter promises."""

import numpy as np
import pytest
import torch

from vem_core.audio.limiting import level_to, limiter_gain
from vem_core.audio.loudness import WINDOW, LevelMeter, from_db, measure
from vem_core.types import Audio


def audio(samples: np.ndarray, sample_rate: int = 48_000) -> Audio:
    return Audio(waveform=torch.from_numpy(samples.astype(np.float32)), sample_rate=sample_rate)


def bursts(sample_rate: int, seed: int) -> np.ndarray:
    """Noise that swells and pauses, so that both gates matter."""
    random = np.random.default_rng(seed)
    t = np.arange(6 * sample_rate) / sample_rate
    swell = np.where(np.sin(2 * np.pi * t / 2) > 0, 0.3, 0.002) * (1 + np.sin(5 * t))
    return random.standard_normal((2, t.size)) * swell


@pytest.mark.parametrize("sample_rate", [16_000, 44_100, 48_000, 96_000])
def test_loudness_agrees_with_pyloudnorm(sample_rate: int) -> None:
    from pyloudnorm import Meter

    samples = bursts(sample_rate, 1)
    expected = Meter(sample_rate, filter_class="DeMan").integrated_loudness(samples.T)
    assert measure(audio(samples, sample_rate)).loudness_lufs == pytest.approx(expected, abs=0.02)


def test_loudness_of_the_standards_own_example() -> None:
    t = np.arange(20 * 48_000) / 48_000
    tone = np.stack([np.sin(2 * np.pi * 997 * t)] * 2) * from_db(-23.0)
    assert measure(audio(tone)).loudness_lufs == pytest.approx(-23.0, abs=0.03)


@pytest.mark.parametrize("phase", [0.0, np.pi / 4, 1.0])
@pytest.mark.parametrize("frequency", [1_000.0, 12_000.0, 17_333.0])
def test_true_peak_of_a_sine_is_its_amplitude(frequency: float, phase: float) -> None:
    t = np.arange(48_000) / 48_000
    tone = 0.5 * np.sin(2 * np.pi * frequency * t + phase)
    fade = np.clip(np.minimum(t, t[::-1]) / 0.1, 0, 1)
    level = measure(audio((tone * fade)[None]))
    assert level.true_peak_dbtp == pytest.approx(20 * np.log10(0.5), abs=0.12)


def test_silence_and_sound_too_short_for_a_block() -> None:
    silent = measure(audio(np.zeros((2, 48_000))))
    assert silent.loudness_lufs is None and silent.true_peak_dbtp is None
    t = np.arange(9_600) / 48_000
    short = measure(audio(np.stack([np.sin(2 * np.pi * 997 * t)] * 2) * 0.1))
    assert short.loudness_lufs == pytest.approx(-20.0, abs=0.2)


def test_meter_does_not_depend_on_the_blocks() -> None:
    samples = bursts(44_100, 2).astype(np.float32)
    whole = measure(audio(samples, 44_100))
    meter = LevelMeter(44_100)
    for start in range(0, samples.shape[1], 7 * WINDOW):
        meter.add(samples[:, start : start + 7 * WINDOW])
    pieces = meter.finish()
    np.testing.assert_allclose(pieces.energy, whole.energy, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(pieces.peaks, whole.peaks, rtol=1e-3, atol=1e-5)


def test_limiter_holds_every_peak_and_moves_slowly() -> None:
    random = np.random.default_rng(3)
    peaks = random.exponential(0.3, 20_000).astype(np.float32)
    peaks[[5, 10_000, 19_999]] = 12.0
    gain = limiter_gain(peaks, 0.9, 48_000)
    assert gain.shape == peaks.shape and gain.min() > 0 and gain.max() <= 1
    for shift in (-1, 0, 1):  # the gain between two windows is read from both
        assert (np.roll(peaks, shift)[2:-2] * gain[2:-2]).max() <= 0.9 * 1.0001
    one = np.full(3_000, 0.1, np.float32)
    one[2_000] = 1.8
    alone = limiter_gain(one, 0.9, 48_000)
    assert alone[:1_990].min() == 1 and alone[2_000] < 0.51, "it looks 5 ms ahead, not further"
    assert np.abs(np.diff(alone)).max() < 0.2


def test_quiet_sound_is_raised_and_silence_is_not() -> None:
    quiet = level_to(measure(audio(bursts(48_000, 4) * 1e-4)), -14.0, -1.0)
    assert quiet.loudness_lufs == pytest.approx(-14.0, abs=0.1) and quiet.gain_db > 50
    silent = level_to(measure(audio(np.zeros((2, 48_000)))), -14.0, -1.0)
    assert silent.gain_db == 0 and silent.loudness_lufs is None
