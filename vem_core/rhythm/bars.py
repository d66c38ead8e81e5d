"""Which beats are the first of their bars: bass, weight and new chords gather there.

Conventions: features of beats are standardised (mean 0, deviation 1) before they are added.
"""

from dataclasses import dataclass

import numpy as np

from .harmony import Features, between
from .onsets import FRAME_RATE_HZ, OnsetCurves

_LOW, _TOTAL, _CHORD = 1.0, 0.2, 1.2
"""Weights of the signs: bass and kick, all onsets, change of chroma."""
_SLIP = 8.0
"""Cost of a bar that is longer or shorter than the others, in deviations of the sum of signs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bars:
    """The bars of a beat track."""

    beats_per_bar: int
    downbeats: tuple[int, ...]
    """Indices of beats."""
    clarity: float
    """Deviations by which the downbeats stand out of the other beats."""


def beat_signs(curves: OnsetCurves, features: Features, beats_s: np.ndarray) -> np.ndarray:
    """(K,) how much each beat sounds like the first of a bar."""
    frames = np.clip(np.rint(beats_s * FRAME_RATE_HZ).astype(int), 3, curves.n_frames - 4)
    around = frames[:, None] + np.arange(-3, 4)
    low, total = curves.registers[0][around].max(axis=1), curves.total[around].max(axis=1)
    edges_s = np.concatenate(
        [[2 * beats_s[0] - beats_s[1]], beats_s, [2 * beats_s[-1] - beats_s[-2]]]
    )
    chroma = np.sqrt(between(features.chroma, edges_s))
    chroma /= np.linalg.norm(chroma, axis=1, keepdims=True) + 1e-6
    change = 1 - (chroma[1:] * chroma[:-1]).sum(axis=1)
    parts = (_LOW * _standard(low), _TOTAL * _standard(total), _CHORD * _standard(change))
    return np.sum(parts, axis=0)


def _standard(values: np.ndarray) -> np.ndarray:
    deviation = float(values.std())
    return np.clip((values - values.mean()) / deviation, -3, 3) if deviation > 1e-9 else values * 0


def find_bars(signs: np.ndarray, correlations: dict[int, float]) -> Bars:
    """The bar length whose downbeats stand out most, and its downbeats.

    correlations: beats in a bar -> autocorrelation of the onsets at that many beats. The phase may
    slip where a bar is cut or extended, at a price.
    """
    readings = {n: _phases(signs, n) for n in correlations if len(signs) >= 2 * n}
    if not readings:
        return Bars(beats_per_bar=4, downbeats=(0,), clarity=0.0)
    scores = {n: clarity + 2.0 * correlations[n] for n, (_, clarity) in readings.items()}
    best = max(scores, key=lambda n: scores[n])
    downbeats, clarity = readings[best]
    return Bars(beats_per_bar=best, downbeats=downbeats, clarity=clarity)


def _phases(signs: np.ndarray, n: int) -> tuple[tuple[int, ...], float]:
    """Downbeats n beats apart by a Viterbi search over the place in the bar, and their clarity."""
    emission = np.tile(-signs[:, None] / (n - 1), (1, n))
    emission[:, 0] = signs
    score, origin = emission[0].copy(), np.zeros((len(signs), n), int)
    for k in range(1, len(signs)):
        onward = np.roll(score, 1)
        slip = score.max() - _SLIP
        origin[k] = np.where(onward >= slip, np.roll(np.arange(n), 1), int(score.argmax()))
        score = np.maximum(onward, slip) + emission[k]
    place = int(score.argmax())
    places = np.empty(len(signs), int)
    for k in range(len(signs) - 1, -1, -1):
        places[k] = place
        place = int(origin[k, place])
    first = places == 0
    clarity = float(signs[first].mean() - signs[~first].mean()) if first.any() else 0.0
    return tuple(int(i) for i in np.flatnonzero(first)), clarity


def given_bars(beats_s: np.ndarray, downbeats_s: np.ndarray) -> Bars:
    """Bars from the times of their first beats, as another tracker gives them."""
    if not len(downbeats_s):
        return Bars(beats_per_bar=4, downbeats=(0,), clarity=0.0)
    nearest = np.abs(beats_s[:, None] - downbeats_s[None]).argmin(axis=0)
    downbeats = np.unique(nearest)
    lengths = np.diff(downbeats)
    n = int(np.median(lengths)) if len(lengths) else 4
    regular = float(np.mean(lengths == n)) if len(lengths) else 0.0
    return Bars(
        beats_per_bar=max(n, 1), downbeats=tuple(int(i) for i in downbeats), clarity=3 * regular
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Division:
    """What happens between the beats."""

    parts: int
    """Even parts that a beat falls into: 3 where onsets fall on thirds rather than halves, else
    2."""
    strength: float
    """Mean onset strength on those parts over the one on the beats, 0 and more."""


def beat_division(curves: OnsetCurves, beats_s: np.ndarray) -> Division:
    """Halves or thirds, and whether anything sounds there."""
    wide = np.lib.stride_tricks.sliding_window_view(np.pad(curves.total, 2), 5).max(axis=1)
    interval_s = np.diff(beats_s)

    def strength(share: float) -> float:
        frames = np.rint((beats_s[:-1] + share * interval_s) * FRAME_RATE_HZ).astype(int)
        return float(wide[np.clip(frames, 0, len(wide) - 1)].mean())

    on, half = max(strength(0.0), 0.05), max(strength(0.5), 0.0)
    both_thirds = min(strength(1 / 3), strength(2 / 3))  # a swung eighth fills only the second
    if both_thirds > max(0.15, half + 0.15):
        return Division(parts=3, strength=both_thirds / on)
    return Division(parts=2, strength=half / on)
