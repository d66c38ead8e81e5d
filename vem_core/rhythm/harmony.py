"""What sounds between the onsets: chroma, colour and voices, for bars, cuts and seams.

Conventions: frames at FEATURE_RATE_HZ, centred on frame / rate; times in seconds.
"""

from dataclasses import dataclass

import numpy as np

from .onsets import RATE, spectra

FEATURE_RATE_HZ = 20
_HOP = RATE // FEATURE_RATE_HZ
_WINDOW = 4096
_CHUNK_FRAMES = 512
_COLOUR_EDGES_HZ = (30, 80, 160, 320, 640, 1280, 2560, 5120, 11000)
_VOICE_HZ = (200.0, 3500.0)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Features:
    """Slow features of a piece."""

    chroma: np.ndarray
    """(F, 12) energy of the pitch classes, 55 Hz to 2 kHz."""
    colour: np.ndarray
    """(F, 8) log energy in octaves, 0 for silence to about 5."""
    level: np.ndarray
    """(F,) RMS of the frame; analysis_sound puts loud parts near 0.1."""
    voiced: np.ndarray
    """(F,) level of the steady tones in the register of voices, without drums and noise."""
    held: np.ndarray
    """(F,) the part of `voiced` that sounds on from the frame before to the frame after."""

    @property
    def n_frames(self) -> int:
        return len(self.level)


def features(sound: np.ndarray) -> Features:
    """Features of a sound from analysis_sound."""
    n = max(1, len(sound) // _HOP + 1)
    bins_hz = np.fft.rfftfreq(_WINDOW, 1 / RATE)
    pitched = np.flatnonzero((bins_hz > 55) & (bins_hz < 2000))
    classes = np.rint(12 * np.log2(bins_hz[pitched] / 440)).astype(int) % 12
    to_chroma = np.zeros((len(pitched), 12), np.float32)
    to_chroma[np.arange(len(pitched)), classes] = 1
    edges = np.searchsorted(bins_hz, _COLOUR_EDGES_HZ)
    voice = slice(*np.searchsorted(bins_hz, _VOICE_HZ))
    chroma, colour = np.empty((n, 12), np.float32), np.empty((n, 8), np.float32)
    level, voiced, held = (np.zeros(n, np.float32) for _ in range(3))
    for first in range(0, n, _CHUNK_FRAMES):
        count = min(_CHUNK_FRAMES, n - first)
        # One frame more on both sides: `held` compares a frame with its neighbours.
        start = (first - 1) * _HOP - _WINDOW // 2
        magnitudes = spectra(sound, np.hanning(_WINDOW), _HOP, start, count + 2) / (_WINDOW / 4)
        inner = magnitudes[1:-1]
        rows = slice(first, first + count)
        chroma[rows] = inner[:, pitched] ** 2 @ to_chroma
        power = np.add.reduceat(inner**2, edges, axis=1)[:, :-1]
        colour[rows] = np.log1p(1e4 * power)
        level[rows] = np.sqrt((inner**2).sum(axis=1) / 3)
        tones = _tones(magnitudes[:, voice])
        voiced[rows] = np.sqrt((tones[1:-1] ** 2).sum(axis=1) / 3)
        held[rows] = np.sqrt((np.minimum(tones[:-2], tones[2:]) ** 2).sum(axis=1) / 3)
    return Features(chroma=chroma, colour=colour, level=level, voiced=voiced, held=held)


def _tones(magnitudes: np.ndarray) -> np.ndarray:
    """What stands out of the spectrum as a peak: the rest is drums, consonants and noise."""
    reach = 12
    padded = np.pad(magnitudes, ((0, 0), (reach, reach)), mode="edge")
    sums = np.cumsum(np.pad(padded, ((0, 0), (1, 0))), axis=1)
    floor = (sums[:, 2 * reach + 1 :] - sums[:, : -2 * reach - 1]) / (2 * reach + 1)
    tones = np.maximum(magnitudes - 1.5 * floor, 0)
    # A vibrato moves over a few bins between frames; a tone is as wide as that.
    return np.maximum(tones, np.maximum(_shift(tones, 1), _shift(tones, -1)))


def _shift(values: np.ndarray, by: int) -> np.ndarray:
    moved = np.zeros_like(values)
    if by > 0:
        moved[:, by:] = values[:, :-by]
    else:
        moved[:, :by] = values[:, -by:]
    return moved


def between(values: np.ndarray, edges_s: np.ndarray) -> np.ndarray:
    """(K - 1, ...) means of frames between neighbouring times; at least one frame each."""
    frames = np.clip(np.rint(np.asarray(edges_s) * FEATURE_RATE_HZ).astype(int), 0, len(values) - 1)
    sums = np.concatenate(
        [np.zeros_like(values[:1], float), np.cumsum(values, axis=0, dtype=float)]
    )
    stops = np.maximum(frames[1:], frames[:-1] + 1)
    counts = (stops - frames[:-1]).reshape(-1, *[1] * (values.ndim - 1))
    return (sums[stops] - sums[frames[:-1]]) / counts


def at(values: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Values of the frames nearest to the times."""
    frames = np.rint(np.asarray(times_s) * FEATURE_RATE_HZ).astype(int)
    return values[np.clip(frames, 0, len(values) - 1)]
