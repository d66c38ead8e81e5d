"""Fingerprints that survive another encoding, another size and a shifted start.

Sound: one word of 32 bits every 64 ms, the signs of the differences of energy between
neighbouring bands and neighbouring frames (Haitsma and Kalker 2002). Picture: twice a second a grey
thumbnail of 8 by 9; what counts are the signs of the differences between neighbours (dHash), with
"about equal" as a third sign, so that plain pictures are no noise.
"""

from dataclasses import dataclass

import numpy as np

from ..encoders.local import mono_at
from ..types import Samples

SOUND_RATE_HZ = 15.625
PICTURE_RATE_HZ = 2.0
THUMB_WIDTH, THUMB_HEIGHT = 9, 8
_RATE, _HOP, _FRAME, _BANDS = 8_000, 512, 4_096, 33
_LOW_HZ, _HIGH_HZ = 200.0, 3_000.0
_DECIDED = 4
"""Difference of grey, of 255, above which one of two neighbours is the brighter."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Fingerprint:
    """Of one clip."""

    words: np.ndarray
    """(N,) uint32 at SOUND_RATE_HZ; 0 in silence."""
    thumbs: np.ndarray
    """(M, 8, 9) uint8 at PICTURE_RATE_HZ."""

    def signs(self) -> np.ndarray:
        """(M, 64) int8: 1 brighter, -1 darker than the neighbour on the left, 0 about equal."""
        steps = np.diff(self.thumbs.astype(np.int16), axis=2)
        signs = np.where(np.abs(steps) < _DECIDED, 0, np.sign(steps)).astype(np.int8)
        return signs.reshape(len(signs), (THUMB_WIDTH - 1) * THUMB_HEIGHT)


def sound_words(sound: Samples) -> np.ndarray:
    """(N,) uint32 fingerprint of a sound."""
    mono = np.pad(mono_at(sound, _RATE), (0, _FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(mono, _FRAME)[::_HOP]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(_FRAME), axis=1)) ** 2
    edges = np.geomspace(_LOW_HZ, _HIGH_HZ, _BANDS + 1) * _FRAME / _RATE
    sums = np.concatenate([np.zeros((len(frames), 1)), np.cumsum(spectrum, axis=1)], axis=1)
    energy = np.diff(sums[:, np.rint(edges).astype(int)], axis=1)
    slope = energy[:, :-1] - energy[:, 1:]
    bits = np.diff(slope, axis=0) > 0
    words = bits @ (np.uint64(1) << np.arange(_BANDS - 1, dtype=np.uint64))
    quiet = energy[1:].sum(axis=1) < 1e-6 * max(float(energy.sum(axis=1).max()), 1e-12)
    return np.where(quiet, 0, words).astype(np.uint32)


class Thumbs:
    """Gathers thumbnails: a sink of parsing/sampling.RateSampler."""

    def __init__(self) -> None:
        self._rows: list[np.ndarray] = []

    def __call__(self, time_s: float, pixels: np.ndarray) -> None:
        grey = pixels.astype(np.uint16) @ np.array([77, 150, 29], np.uint16) >> 8
        self._rows.append(grey.astype(np.uint8))

    def finish(self) -> np.ndarray:
        """(M, 8, 9) uint8"""
        return np.array(self._rows, np.uint8).reshape(-1, THUMB_HEIGHT, THUMB_WIDTH)
