"""Where notes start: spectral flux in three registers, coarse for tracking and fine for placing.

Conventions: times are seconds from the first sample; curves are float32, one value a frame, their
frames centred on frame / rate. A click at t has the peak of its curve at t: differences are taken
symmetrically around a frame, so the curves carry no delay to be removed later.

Sources: spectral flux with maximum filter (Böck & Widmer, "Maximum filter vibrato suppression for
onset detection", DAFx 2013).
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import soxr

from ..types import Audio, Samples, samples_of

RATE = 24_000
"""Sample rate of the analysis in Hz."""
FRAME_RATE_HZ = 100
HOP = RATE // FRAME_RATE_HZ
WINDOW = 1024
N_BANDS = 48
REGISTERS_HZ = ((0.0, 180.0), (180.0, 2_200.0), (2_200.0, 12_000.0))
"""Kick and bass; snare, voices and chords; hats and consonants."""

FINE_RATE_HZ = 1_000
FINE_HOP = RATE // FINE_RATE_HZ
FINE_WINDOW = 216
"""Nine milliseconds, after a ramp of one."""
N_FINE_BANDS = 24

_CHUNK_FRAMES = 4_096
_FLOOR = 1e-12


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class OnsetCurves:
    """Spectral flux of a piece."""

    registers: np.ndarray
    """(3, F) low, middle, high; each scaled to a mean of 1 over its strongest frames."""
    total: np.ndarray
    """(F,) what the tracker follows."""

    @property
    def n_frames(self) -> int:
        return len(self.total)


def analysis_sound(audio: Audio | Samples) -> np.ndarray:
    """(T,) float32 mono at RATE, RMS of the loud parts scaled to 0.1; zeros where it is silent.

    Where the channels cancel in the sum (phase-inverted stereo) the first one stands for all.
    """
    waveform = samples_of(audio).values
    mono = waveform.mean(axis=0)
    power = float(np.mean(waveform**2)) if waveform.size else 0.0
    if power > 0 and float(np.mean(mono**2)) < 0.01 * power:
        mono = waveform[0]
    if audio.sample_rate != RATE:
        mono = soxr.resample(mono, audio.sample_rate, RATE, quality="HQ")
    mono = np.asarray(mono, dtype=np.float32)
    if not len(mono):
        return mono
    blocks = mono[: len(mono) // HOP * HOP].reshape(-1, HOP)
    levels = np.sqrt((blocks**2).mean(axis=1)) if len(blocks) else np.zeros(1)
    levels = levels[levels > 1e-3 * levels.max(initial=0.0)]  # pauses do not count as quiet music
    loud = float(np.percentile(levels, 90)) if len(levels) else 0.0
    return mono * np.float32(0.1 / loud) if loud > 1e-6 else np.zeros_like(mono)


def spectra(sound: np.ndarray, window: np.ndarray, hop: int, start: int, n: int) -> np.ndarray:
    """(n, len(window) // 2 + 1) magnitudes of frames that start at start, start + hop, ...

    What lies before the first and after the last sample is silence.
    """
    stop = start + (n - 1) * hop + len(window)
    piece = np.zeros(stop - start, np.float32)
    low, high = max(start, 0), min(stop, len(sound))
    if low < high:
        piece[low - start : high - start] = sound[low:high]
    frames = np.lib.stride_tricks.sliding_window_view(piece, len(window))[::hop]
    return np.abs(np.fft.rfft(frames * window.astype(np.float32), axis=1))


@lru_cache(maxsize=8)
def _filterbank(n_bands: int, window: int, low_hz: float, high_hz: float) -> np.ndarray:
    """(window // 2 + 1, n_bands) triangles, evenly spaced on the mel scale, each summing to 1."""
    edges = _mel_spaced_hz(n_bands + 2, low_hz, high_hz) / (RATE / window)
    bins = np.arange(window // 2 + 1)[:, None]
    rise = (bins - edges[:-2]) / np.maximum(edges[1:-1] - edges[:-2], 1.0)
    fall = (edges[2:] - bins) / np.maximum(edges[2:] - edges[1:-1], 1.0)
    bank = np.clip(np.minimum(rise, fall), 0, None)
    bank = (bank / np.maximum(bank.sum(axis=0), _FLOOR)).astype(np.float32)
    bank.setflags(write=False)  # shared between calls
    return bank


def band_centres_hz(n_bands: int, low_hz: float, high_hz: float) -> np.ndarray:
    """(n_bands,) peaks of the triangles."""
    return _mel_spaced_hz(n_bands + 2, low_hz, high_hz)[1:-1]


def _mel_spaced_hz(n: int, low_hz: float, high_hz: float) -> np.ndarray:
    low, high = (2595 * math.log10(1 + hz / 700) for hz in (low_hz, high_hz))
    return 700 * (10 ** (np.linspace(low, high, n) / 2595) - 1)


def onset_curves(sound: np.ndarray) -> OnsetCurves:
    """Coarse curves at FRAME_RATE_HZ of a sound from analysis_sound."""
    n = max(1, len(sound) // HOP + 1)
    bank = _filterbank(N_BANDS, WINDOW, 30.0, 11_000.0)
    centres_hz = band_centres_hz(N_BANDS, 30.0, 11_000.0)
    hann = np.hanning(WINDOW)
    levels = np.empty((n, N_BANDS), np.float32)
    for first in range(0, n, _CHUNK_FRAMES):
        count = min(_CHUNK_FRAMES, n - first)
        levels[first : first + count] = np.log1p(
            20 * spectra(sound, hann, HOP, first * HOP - WINDOW // 2, count) @ bank
        )
    flux = _flux(levels, 1)
    registers = np.stack(
        [
            flux[:, (centres_hz >= low) & (centres_hz < high)].sum(axis=1)
            for low, high in REGISTERS_HZ
        ]
    )
    registers = np.stack([_scaled(curve) for curve in registers])
    total = _scaled(flux.sum(axis=1)) + 0.5 * registers[0]
    return OnsetCurves(registers=registers, total=total - local_mean(total, 0.5, FRAME_RATE_HZ))


def _flux(levels: np.ndarray, lag: int) -> np.ndarray:
    """Rise of each band from `lag` frames before to `lag` frames after, against the loudest of the
    band and its neighbours before, so that a gliding voice is not an onset."""
    before = _with_neighbours(levels)
    flux = np.zeros_like(levels)
    flux[lag:-lag] = np.maximum(levels[2 * lag :] - before[: -2 * lag], 0)
    return flux


def _scaled(curve: np.ndarray) -> np.ndarray:
    """The curve over the mean of its strongest tenth; zeros stay zeros."""
    n = max(1, len(curve) // 10)
    strong = float(np.partition(curve, len(curve) - n)[len(curve) - n :].mean())
    return (curve / strong if strong > 1e-6 else curve * 0).astype(np.float32)


def local_mean(curve: np.ndarray, span_s: float, rate_hz: float) -> np.ndarray:
    """Moving average over `span_s` seconds, centred; the ends average what there is."""
    half = max(1, round(span_s * rate_hz / 2))
    sums = np.concatenate([[0.0], np.cumsum(curve, dtype=np.float64)])
    index = np.arange(len(curve))
    low, high = np.maximum(index - half, 0), np.minimum(index + half + 1, len(curve))
    return ((sums[high] - sums[low]) / (high - low)).astype(np.float32)


def fine_curve(sound: np.ndarray, centre_s: float, reach_s: float) -> np.ndarray:
    """(2 * reach * FINE_RATE_HZ + 1,) fine flux around a time; the middle value is the one there.

    Each millisecond, what sounds in the 10 ms after is compared with the 10 ms before. The windows
    are heaviest beside that instant, so a click, a drum and the step of an organ all have their
    peak where they start; a window symmetric in time would find the click early.
    """
    reach = round(reach_s * FINE_RATE_HZ)
    n = 2 * reach + 1
    first = round(centre_s * RATE) - reach * FINE_HOP
    ramp = FINE_HOP  # a millisecond; a hard edge would smear every tone over all bands
    after = np.concatenate([np.hanning(2 * ramp)[:ramp], np.hanning(2 * FINE_WINDOW)[FINE_WINDOW:]])
    bank = _filterbank(N_FINE_BANDS, len(after), 60.0, 11_000.0)
    later = np.sqrt(spectra(sound, after, FINE_HOP, first - ramp, n) @ bank)
    start = first - len(after)
    earlier = np.sqrt(spectra(sound, after[::-1], FINE_HOP, start, n) @ bank)
    return np.maximum(later - _with_neighbours(earlier), 0).sum(axis=1)


def _with_neighbours(levels: np.ndarray) -> np.ndarray:
    """The loudest of each band and the two beside it."""
    loudest = levels.copy()
    loudest[:, 1:] = np.maximum(loudest[:, 1:], levels[:, :-1])
    loudest[:, :-1] = np.maximum(loudest[:, :-1], levels[:, 1:])
    return loudest
