"""Ducking: music goes down in time for speech or other sound of the film, and comes back after it.

The side chain is the level of the own sound in the speech band, with hysteresis and hold. Since
the whole film is known beforehand, the music is down when the first syllable comes.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import InputError

FRAME_S = 0.01
_SMOOTHING_FRAMES = 5
_SPEECH_BAND_HZ = (300.0, 3400.0)
_SHORTEST_S = 0.08
"""Shorter bursts are clicks, not words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DuckSettings:
    """How music gives way."""

    depth_db: float = 12.0
    """How far the music goes down; 0 leaves it alone."""
    down_s: float = 0.3
    up_s: float = 0.6
    threshold_db: float = -40.0
    """Level of the own sound in the speech band (dBFS, rms, after its gain) that opens the duck."""
    hysteresis_db: float = 6.0
    """How far below the threshold the level falls before the duck closes."""
    hold_s: float = 0.5
    """How long the music stays down after the last sound: pauses in speech are not filled."""

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("Ducking", self.depth_db, 0.0, 60.0),
            ("The time in which music goes down", self.down_s, 0.0, 10.0),
            ("The time in which music comes back", self.up_s, 0.0, 10.0),
            ("The threshold of ducking", self.threshold_db, -90.0, 0.0),
            ("The hysteresis of ducking", self.hysteresis_db, 0.0, 40.0),
            ("The hold of ducking", self.hold_s, 0.0, 10.0),
        ):
            if not math.isfinite(value) or not low <= value <= high:
                raise InputError(
                    f"{name} is {value}; needed is a number between {low:g} and {high:g}."
                    " Correct it."
                )


class SpeechMeter:
    """Takes stereo blocks and gives their level in the speech band per frame of FRAME_S."""

    def __init__(self, sample_rate: int):
        from scipy.signal import butter

        high = min(_SPEECH_BAND_HZ[1], 0.45 * sample_rate)
        low = min(_SPEECH_BAND_HZ[0], high / 2)
        self._rate = sample_rate
        sections = butter(2, (low, high), btype="bandpass", fs=sample_rate, output="sos")
        self._filter = np.asarray(sections, dtype=np.float32)
        self._state = np.zeros((len(self._filter), 2, 2), np.float32)
        self._held = np.zeros(0, np.float32)
        self._powers: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        from scipy.signal import sosfilt

        band, self._state = sosfilt(self._filter, block, axis=-1, zi=self._state)
        power = np.concatenate([self._held, 0.5 * np.einsum("ct,ct->t", band, band)])
        size = round(FRAME_S * self._rate)
        n_frames = power.size // size
        self._powers.append(power[: n_frames * size].reshape(n_frames, size).mean(axis=1))
        self._held = power[n_frames * size :]

    def finish(self) -> np.ndarray:
        """(N,) power per frame, smoothed over 50 ms."""
        from scipy.ndimage import uniform_filter1d

        powers = [*self._powers, *([self._held.mean(keepdims=True)] if self._held.size else [])]
        joined = np.concatenate(powers) if powers else np.zeros(0, np.float32)
        return uniform_filter1d(joined.astype(np.float64), _SMOOTHING_FRAMES, mode="nearest")


def find_activity(power: np.ndarray, settings: DuckSettings) -> list[tuple[float, float]]:
    """Spans in seconds in which the side chain is open, the hold included; in order, apart."""
    open_power = 10 ** (settings.threshold_db / 10)
    close_power = 10 ** ((settings.threshold_db - settings.hysteresis_db) / 10)
    audible = power > close_power
    edges = np.flatnonzero(np.diff(np.concatenate([[0], audible, [0]]).astype(np.int8)))
    spans: list[tuple[float, float]] = []
    for first, last in edges.reshape(-1, 2):
        start_s, end_s = first * FRAME_S, last * FRAME_S
        if power[first:last].max() <= open_power or end_s - start_s < _SHORTEST_S:
            continue
        end_s += settings.hold_s
        if spans and start_s <= spans[-1][1]:
            spans[-1] = (spans[-1][0], end_s)
        else:
            spans.append((float(start_s), float(end_s)))
    return spans


def duck_curve(
    spans: Iterable[tuple[float, float]], duration_s: float, settings: DuckSettings
) -> np.ndarray:
    """(N,) gain in dB (0 or less) per FRAME_S from 0 s on: straight ramps around spans."""
    n_frames = math.ceil(duration_s / FRAME_S) + 2
    times_s = np.arange(n_frames) * FRAME_S
    share = np.zeros(n_frames)
    for start_s, end_s in spans:
        first = max(0, math.floor((start_s - settings.down_s) / FRAME_S))
        last = min(n_frames, math.ceil((end_s + settings.up_s) / FRAME_S) + 1)
        near_s = times_s[first:last]
        before = (start_s - near_s) / max(settings.down_s, 1e-9)
        after = (near_s - end_s) / max(settings.up_s, 1e-9)
        share[first:last] = np.maximum(
            share[first:last], np.clip(1 - np.maximum(before, after), 0, 1)
        )
    return -settings.depth_db * share
