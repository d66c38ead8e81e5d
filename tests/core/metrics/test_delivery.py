"""Faults of a sound, planted at known places; whole and in blocks."""

import numpy as np
import pytest

from vem_core.errors import InputError
from vem_core.metrics import delivery

RATE = 48_000


def tone(duration_s: float = 4.0, level: float = 0.25) -> np.ndarray:
    """(2, T) a steady sound that begins and ends at once."""
    t = np.arange(round(duration_s * RATE)) / RATE
    left = np.sin(2 * np.pi * 220 * t) + 0.3 * np.sin(2 * np.pi * 331 * t)
    return (level * np.stack([left, 0.8 * left])).astype(np.float32)


def faded(sound: np.ndarray, fade_s: float = 1.0) -> np.ndarray:
    n = round(fade_s * RATE)
    gain = np.ones(sound.shape[1], np.float32)
    gain[-n:] = np.linspace(1, 0, n) ** 2
    return sound * gain


def figures(sound: np.ndarray, picture_s: float | None = None) -> dict:
    return delivery.evaluate(sound, RATE, picture_s)


def test_a_clean_sound_has_no_fault() -> None:
    found = figures(faded(tone()), 4.0)
    assert found["length_error_ms"] == pytest.approx(0.0)
    assert found["silence_at_start_s"] == 0.0
    assert found["clipped_places"] == 0
    assert found["dropouts_s"] == []
    assert found["cut_off"] is False
    assert found["end_level_db"] < -50


def test_length_and_silence() -> None:
    sound = tone(2.0)
    silence = np.zeros((2, RATE // 2), np.float32)
    found = figures(np.concatenate([silence, sound, silence], axis=1), 2.9)
    assert found["duration_s"] == pytest.approx(3.0)
    assert found["length_error_ms"] == pytest.approx(100.0)
    assert found["silence_at_start_s"] == pytest.approx(0.5, abs=0.011)
    assert found["silence_at_end_s"] == pytest.approx(0.5, abs=0.011)
    nothing = figures(np.zeros((1, RATE), np.float32))
    assert nothing["silence_at_start_s"] is None
    assert nothing["end_level_db"] is None
    assert nothing["cut_off"] is False


def test_a_cut_off_end_is_told_from_a_fade_even_before_silence() -> None:
    cut = np.concatenate([tone(3.0), np.zeros((2, RATE), np.float32)], axis=1)
    assert figures(cut)["cut_off"] is True
    assert figures(cut)["end_level_db"] == pytest.approx(0.0, abs=1.5)
    assert figures(tone(3.0))["cut_off"] is True
    assert figures(faded(tone(3.0), 0.3))["cut_off"] is False


def test_clipped_places_are_flat_tops() -> None:
    sound = tone()
    sound[0, 1000:1003] = 1.0  # three in a row: one place
    sound[1, 2000:2010] = -1.0  # ten in a row: one place
    sound[0, 3000:3002] = 1.0  # two: a peak
    sound[0, 4000:4003] = (1.0, -1.0, 1.0)  # full scale, but not flat
    assert figures(sound)["clipped_places"] == 2


def test_dropouts_are_told_from_rests() -> None:
    sound = faded(tone())
    sound[:, 50_000:50_480] = 0.0  # 10 ms out of the middle
    sound[:, 90_000:90_010] = 0.0  # 0.2 ms: too short to be one
    n = 4_800
    sound[:, 120_000 - n : 120_000] *= np.linspace(1, 0, n, dtype=np.float32) ** 3
    sound[:, 120_000:130_000] = 0.0  # a rest: the sound died away before it
    assert figures(sound)["dropouts_s"] == pytest.approx([50_000 / RATE], abs=1e-4)


def test_blocks_give_what_the_whole_gives() -> None:
    random = np.random.default_rng(0)
    sound = tone(6.0)
    for start in random.integers(5_000, 280_000, 12):
        sound[:, start : start + int(random.integers(20, 3_000))] = 0.0
    for start in random.integers(5_000, 280_000, 12):
        sound[0, start : start + int(random.integers(1, 9))] = 1.0
    sound[0, 77] = np.nan
    expected = figures(sound, 6.0)
    assert len(expected["dropouts_s"]) > 3 and expected["clipped_places"] > 3
    for size in (1, 333, 5_000):
        meter = delivery.DeliveryMeter(RATE, 2)
        part = sound if size > 1 else sound[:, :2_000]
        for start in range(0, part.shape[1], size):
            meter.add(part[:, start : start + size])
        wanted = expected if size > 1 else figures(part, 6.0)
        found = meter.finish(6.0).as_dict()
        assert found.pop("end_level_db") == pytest.approx(wanted["end_level_db"])
        assert found == {name: wanted[name] for name in found}
    assert expected["broken_samples"] == 1


def test_malformed_sound_is_refused() -> None:
    with pytest.raises(InputError, match="needed is \\(channels, samples\\)"):
        figures(np.zeros(5, np.float32))
    with pytest.raises(InputError, match="0 channels at 48000 Hz"):
        figures(np.zeros((0, 5), np.float32))
