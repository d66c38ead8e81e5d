"""From coarse beats to exact ones: each beat is moved to the attack beside it, then onto a smooth
pulse.

Conventions: times in seconds from the first sample.
"""

from dataclasses import dataclass

import numpy as np

from .onsets import FINE_RATE_HZ, fine_curve

REACH_S = 0.05
"""Attacks are looked for this far to both sides."""
_SPREAD_S = 0.022
"""Standard deviation of a beat's attack around where it is expected."""
_NEIGHBOURS = 6
"""Beats to both sides that a beat's place is averaged over."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Attacks:
    """The attack beside each expected time; arrays of one length."""

    times_s: np.ndarray
    clarity: np.ndarray
    """Height over the surroundings and half the height of the piece's strong attacks: 0 none, about
    1
    plain, 2 at most."""


def find_attacks(
    sound: np.ndarray,
    expected_s: np.ndarray,
    *,
    reach_s: float = REACH_S,
    spread_s: float = _SPREAD_S,
) -> Attacks:
    """The steepest rise near each time; near ones win over equal far ones.

    sound: from analysis_sound. Where nothing rises, the expected time comes back with clarity 0.
    """
    times_s = np.array(expected_s, float)
    peaks, around = np.zeros(len(times_s)), np.zeros(len(times_s))
    reach = round(reach_s * FINE_RATE_HZ)
    distance_s = np.arange(-reach, reach + 1) / FINE_RATE_HZ
    nearness = np.exp(-0.5 * (distance_s / spread_s) ** 2)
    for index, time_s in enumerate(times_s):
        curve = fine_curve(sound, time_s, reach_s)
        judged = curve * nearness
        best = int(judged.argmax())
        if curve[best] <= 1e-4:
            continue
        times_s[index] += distance_s[best] + _peak_offset(curve, best) / FINE_RATE_HZ
        peaks[index], around[index] = curve[best], np.median(curve)
    strong = float(np.percentile(peaks, 90)) if len(peaks) else 0.0
    return Attacks(times_s=times_s, clarity=peaks / (around + 0.5 * strong + 1e-9))


def _peak_offset(curve: np.ndarray, peak: int) -> float:
    """Where between its neighbours the peak lies, in [-0.5, 0.5], by a parabola."""
    if not 0 < peak < len(curve) - 1:
        return 0.0
    left, top, right = curve[peak - 1 : peak + 2]
    bend = left - 2 * top + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def smooth_pulse(attacks: Attacks) -> np.ndarray:
    """(K,) beats: around each, a straight line through its neighbours' attacks.

    Weighted by clarity and, in three rounds, against outliers (a syncopation, a flam): weights fall
    off beyond 10 ms from the line.
    """
    times_s = attacks.times_s
    n = len(times_s)
    span = min(_NEIGHBOURS, (n - 1) // 2)
    weights = np.clip(attacks.clarity, 0.02, 2.0) ** 2
    offsets = np.arange(-span, span + 1)
    index = np.clip(np.arange(n)[:, None] + offsets, 0, n - 1)
    inside = (np.arange(n)[:, None] + offsets >= 0) & (np.arange(n)[:, None] + offsets < n)
    x = index - np.arange(n)[:, None]
    y = times_s[index]
    fitted = times_s.copy()
    robust = np.ones_like(y)
    for _ in range(3):
        w = weights[index] * inside * robust
        total = w.sum(axis=1)
        mean_x, mean_y = (w * x).sum(axis=1) / total, (w * y).sum(axis=1) / total
        dx, dy = x - mean_x[:, None], y - mean_y[:, None]
        slope = (w * dx * dy).sum(axis=1) / np.maximum((w * dx**2).sum(axis=1), 1e-12)
        fitted = mean_y - slope * mean_x
        error_s = np.abs(y - (mean_y[:, None] + slope[:, None] * dx))
        robust = 1 / np.maximum(1, error_s / 0.010) ** 2
    return fitted


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Accents:
    """Attacks on beats and on the even parts of beats; arrays (K - 1, divisions)."""

    clarity: np.ndarray
    """In [0, 1]; from 0.4 on an accent is heard."""
    offset_s: np.ndarray
    """From the grid to the attack; positive where the music plays late."""


def find_accents(sound: np.ndarray, beats_s: np.ndarray, divisions: int) -> Accents:
    """What sounds on the grid of a piece. A swung eighth is too far from the half beat to count."""
    parts = np.arange(divisions) / divisions
    grid_s = beats_s[:-1, None] + parts * np.diff(beats_s)[:, None]  # (K - 1, divisions)
    attacks = find_attacks(sound, grid_s.ravel(), reach_s=0.03, spread_s=0.012)
    return Accents(
        clarity=np.clip(attacks.clarity.reshape(grid_s.shape), 0, 1),
        offset_s=attacks.times_s.reshape(grid_s.shape) - grid_s,
    )
