"""The pulse of a piece: candidate tempi, the beats each of them implies, and which one people tap.

Conventions: frames at FRAME_RATE_HZ; periods in frames, not rounded.

Sources: beats by dynamic programming (Ellis, "Beat tracking by dynamic programming", JNMR 2007),
here for all candidates at once; preferred tempo as a log-normal prior (van Noorden & Moelants,
1999).
"""

from dataclasses import dataclass

import numpy as np

from ..units import beat_s_to_bpm
from .onsets import FRAME_RATE_HZ, OnsetCurves

SLOWEST_BPM, FASTEST_BPM = 40.0, 230.0
PREFERRED_BPM = 110.0
LONGEST_LAG_S = 12.0

_STEPS = np.exp(np.linspace(np.log(0.85), np.log(1.18), 25))
"""Ratios of one beat's length to the period that the dynamic programme may choose from."""
_TIGHTNESS = 60.0
_DIVISORS = (1, 2, 3, 4, 6, 8, 12, 16)


@dataclass(frozen=True, kw_only=True, slots=True)
class PulseWeights:
    """Weights of the evidence for a candidate: a conditional logit over the candidates of a piece,
    fitted to rendered pieces whose beats are known (benchmarks/tracking.py --fit)."""

    tempo: float = -5.0
    """Square of the octaves from PREFERRED_BPM."""
    beat: float = 5.6
    """Autocorrelation of the onsets at one beat."""
    bar: float = 6.4
    """The best of the autocorrelations at 2, 3 and 4 beats."""
    strength: float = 3.2
    """Log of the mean onset strength on the beats."""
    half: float = -1.0
    third: float = -4.9
    """Share of the onset strength that lies half, and thirds of, a beat later."""
    weight_half: float = -4.7
    """The same for halves and the length accents of the low register."""
    ternary: float = -2.8
    """What three beats correlate more than two or four."""
    backbeat: float = 10.0
    """How far bass on one beat answers to snare and chords on the next."""

    def values(self) -> np.ndarray:
        return np.array([getattr(self, name) for name in self.__slots__])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pulse:
    """One reading of a piece."""

    period: float
    """Frames."""
    beats: np.ndarray
    """(K,) frames, rising."""
    evidence: np.ndarray
    """In the order of PulseWeights."""
    score: float

    @property
    def tempo_bpm(self) -> float:
        return beat_s_to_bpm(self.period / FRAME_RATE_HZ)


def smooth(curve: np.ndarray, sigma_frames: float = 1.5) -> np.ndarray:
    """Gaussian smoothing."""
    reach = int(4 * sigma_frames)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_frames) ** 2)
    return np.convolve(curve, kernel / kernel.sum(), "same")


def autocorrelation(curve: np.ndarray, n_lags: int) -> np.ndarray:
    """(n_lags,) normalised to 1 at lag 0, unbiased; zeros for a curve that does not move."""
    curve = curve - curve.mean()
    n_fft = 1 << int(np.ceil(np.log2(2 * len(curve))))
    products = np.fft.irfft(np.abs(np.fft.rfft(curve, n_fft)) ** 2, n_fft)[
        : min(n_lags, len(curve))
    ]
    products /= len(curve) - np.arange(len(products))
    padded = np.zeros(n_lags)
    if products[0] > 1e-12:
        padded[: len(products)] = products / products[0]
    return padded


def correlation_at(correlation: np.ndarray, lag: float) -> float:
    """The best value within two frames of a lag; 0 beyond the end."""
    middle = round(lag)
    return (
        float(correlation[max(middle - 2, 0) : middle + 3].max(initial=-1.0))
        if (middle + 3 < len(correlation))
        else 0.0
    )


def candidate_periods(correlation: np.ndarray) -> np.ndarray:
    """Periods within the range of tempi: the strongest lags and their even divisions."""
    shortest = 60 * FRAME_RATE_HZ / FASTEST_BPM
    longest = 60 * FRAME_RATE_HZ / SLOWEST_BPM
    inner = correlation[1:-1]
    peaks = 1 + np.flatnonzero(
        (inner >= correlation[:-2]) & (inner > correlation[2:]) & (inner > 0.02)
    )
    peaks = peaks[(peaks >= shortest) & (peaks < 900)]
    found: list[float] = []
    for peak in sorted(peaks, key=lambda p: -correlation[p])[:12]:
        left, top, right = correlation[peak - 1 : peak + 2]
        exact = peak + 0.5 * (left - right) / min(left - 2 * top + right, -1e-9)
        for period in (exact / divisor for divisor in _DIVISORS):
            if shortest <= period <= longest and all(abs(np.log(period / p)) > 0.02 for p in found):
                found.append(float(period))
    return np.array(found)


def follow(strength: np.ndarray, periods: np.ndarray) -> list[np.ndarray]:
    """Best beats for each candidate: strong onsets, close to its period apart.

    strength: (F,); periods: (F, N) or (1, N) frames, the local period of each candidate.
    Returns one array of rising frames a candidate.
    """
    n, n_candidates = len(strength), periods.shape[1]
    longest = int(np.ceil(periods.max() * _STEPS[-1])) + 1
    total = np.zeros((n + longest, n_candidates))
    origin = np.empty((n, n_candidates), np.int32)
    column = np.arange(n_candidates)[:, None]
    row = np.arange(n_candidates)
    lags, penalty = np.zeros(0, int), np.zeros(0)
    for frame in range(n):
        if frame == 0 or len(periods) > 1:
            local = periods[min(frame, len(periods) - 1)][:, None]
            lags = np.rint(local * _STEPS).astype(int)
            penalty = _TIGHTNESS * np.log(lags / local) ** 2
        gains = total[frame + longest - lags, column] - penalty
        best = gains.argmax(axis=1)
        total[frame + longest] = strength[frame] + gains[row, best]
        origin[frame] = frame - lags[row, best]
    return [_walk_back(total[longest:, i], origin[:, i], periods[-1, i]) for i in row]


def _walk_back(total: np.ndarray, origin: np.ndarray, period: float) -> np.ndarray:
    tail = max(0, len(total) - int(np.ceil(period)))
    frame = tail + int(total[tail:].argmax())
    beats = []
    while frame >= 0:
        beats.append(frame)
        frame = int(origin[frame])
    return np.array(beats[::-1], dtype=int)


def _widest(curve: np.ndarray, reach: int) -> np.ndarray:
    """Maximum over `reach` frames to both sides."""
    padded = np.pad(curve, reach, constant_values=-1.0)
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Signs:
    """What is heard around each frame; (F,) maxima over a few frames to both sides."""

    strength: np.ndarray
    """Onsets of all registers."""
    low: np.ndarray
    """Onsets of the low register."""
    high: np.ndarray
    """Onsets of the middle and the high register."""
    weight: np.ndarray
    """length_accents of the low register."""


def length_accents(low: np.ndarray) -> np.ndarray:
    """(F,) onsets of the low register times the seconds until the next one: long bass notes start
    on
    beats, short ones lead to them (Povel & Essens, "Perception of temporal patterns", 1985)."""
    accents = np.zeros_like(low)
    inner = low[1:-1]
    peaks = 1 + np.flatnonzero((inner > low[:-2]) & (inner >= low[2:]) & (inner > 0.25))
    strong = [p for p in peaks if inner[p - 1] >= low[max(p - 6, 0) : p + 7].max()]
    gaps_s = np.diff(np.array([*strong, len(low)])) / FRAME_RATE_HZ
    accents[strong] = np.minimum(low[strong], 1.5) * np.minimum(gaps_s, 1.2)
    return accents


def evidence(signs: Signs, correlation: np.ndarray, period: float, beats: np.ndarray) -> np.ndarray:
    """What speaks for beats at these frames, in the order of PulseWeights."""
    earlier, later = beats[:-1], beats[1:]
    halves = (earlier + later) // 2
    thirds = np.concatenate([(2 * earlier + later) // 3, (earlier + 2 * later) // 3])
    on = max(float(signs.strength[beats].mean()), 0.05)
    multiples = [correlation_at(correlation, m * period) for m in (2, 3, 4)]
    octaves = np.log2(beat_s_to_bpm(period / FRAME_RATE_HZ) / PREFERRED_BPM)
    return np.array(
        [
            octaves**2,
            correlation_at(correlation, period),
            max(multiples),
            np.log(on),
            _share(signs.strength, halves, beats),
            _share(signs.strength, thirds, beats),
            _share(signs.weight, halves, beats),
            max(0.0, multiples[1] - max(multiples[0], multiples[2], 0)),
            _alternation(signs.low[beats], signs.high[beats]),
        ]
    )


def _share(curve: np.ndarray, elsewhere: np.ndarray, beats: np.ndarray) -> float:
    """How much of a curve lies elsewhere rather than on the beats, in [0, 1]."""
    on, off = (max(float(curve[frames].mean()), 0.0) for frames in (beats, elsewhere))
    return (off + 0.02) / (on + off + 0.04)


def _alternation(low: np.ndarray, high: np.ndarray) -> float:
    """In [0, 1]: 1 where odd beats have only low onsets and even beats only high ones, or
    reversed."""
    sign = np.where(np.arange(len(low)) % 2, 1.0, -1.0)
    shares = [float((sign * c).mean() / max(np.abs(c).mean(), 0.05)) for c in (low, high)]
    return min(abs(shares[0] - shares[1]) / 2, 1.0)


def read_pulses(curves: OnsetCurves, weights: PulseWeights) -> list[Pulse]:
    """All readings of a piece, the best first; empty where nothing repeats."""
    strength = smooth(curves.total)
    correlation = autocorrelation(strength, int(LONGEST_LAG_S * FRAME_RATE_HZ))
    periods = candidate_periods(correlation)
    periods = periods[periods < curves.n_frames / 4]
    if not len(periods):
        return []
    signs = Signs(
        strength=_widest(strength, 2),
        low=_widest(curves.registers[0], 3),
        high=_widest(curves.registers[1] + curves.registers[2], 3),
        weight=_widest(length_accents(curves.registers[0]), 3),
    )
    pulses = []
    for period, beats in zip(periods, follow(strength, periods[None]), strict=True):
        if len(beats) < 4:
            continue
        for phase in (beats, (beats[:-1] + beats[1:]) // 2):  # off-beats can be the louder onsets
            seen = evidence(signs, correlation, period, phase)
            score = float(seen @ weights.values())
            pulses.append(Pulse(period=float(period), beats=phase, evidence=seen, score=score))
    return sorted(pulses, key=lambda pulse: -pulse.score)
