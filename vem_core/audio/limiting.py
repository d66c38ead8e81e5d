"""A look-ahead true-peak limiter, and the gain that brings limited sound to a loudness.

Both work on energies and peaks per window (loudness.Levels): the gain of a limiter moves slowly
against the sound, so the energy it leaves is the energy times the square of its gain.
"""

from dataclasses import dataclass, replace

import numpy as np

from .loudness import WINDOW, Levels, from_db, gated_loudness

LOOK_AHEAD_S = 0.005
RELEASE_S = 0.08
"""Time in which a reduction falls to 1/e of its decibels."""
HEADROOM_DB = 0.1
"""Kept under the ceiling: the moving gain bends the sound between samples a little."""
MOST_DRIVE_DB = 20.0
"""How far beyond the plain static gain the sound is driven into the limiter."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Leveling:
    """One static gain, and the limiter's gain per window after it."""

    gain_db: float
    limiter: np.ndarray
    """(K,) float32 in (0, 1]; interpolated linearly between the centres of windows."""
    loudness_lufs: float | None
    """What the two give."""

    @property
    def deepest_db(self) -> float:
        """Largest reduction by the limiter, in dB."""
        return abs(float(20 * np.log10(self.limiter.min(initial=1.0))))

    def gain(self, start: int, stop: int) -> np.ndarray:
        """(stop - start,) float32: the whole gain of samples start..stop."""
        static = np.float32(from_db(self.gain_db))
        first, last = max(start // WINDOW - 1, 0), min(stop // WINDOW + 2, self.limiter.size)
        near = self.limiter[first:last]
        if near.size == 0 or float(near.min()) == 1.0:
            return np.full(stop - start, static)
        centres = (np.arange(first, last) + 0.5) * WINDOW
        return np.interp(np.arange(start, stop), centres, near * static).astype(np.float32)


def limiter_gain(peaks: np.ndarray, ceiling: float, sample_rate: int) -> np.ndarray:
    """(K,) float32 gain that keeps windows with these peaks under `ceiling`.

    The reduction in dB is held over the look-ahead, released exponentially, and smoothed by a
    Hann window no longer than the look-ahead: at every peak it is at least what the peak needs.
    """
    from scipy.ndimage import maximum_filter1d

    window_s = WINDOW / sample_rate
    if float(peaks.max(initial=0.0)) <= ceiling:
        return np.ones(peaks.size, np.float32)
    need_db = 20 * np.log10(np.maximum(peaks / np.float32(ceiling), 1))
    need_db = maximum_filter1d(need_db, 3)  # the gain is interpolated from both neighbours
    length = max(3, round(LOOK_AHEAD_S / window_s))
    # (K,) highest need from here to `length` windows ahead
    held = maximum_filter1d(need_db, length, origin=-(length // 2))
    # (K,) the highest of what is left of all earlier needs: a running maximum in the log domain
    steps = np.arange(held.size) * (window_s / RELEASE_S)
    with np.errstate(divide="ignore"):
        released = np.log(held, dtype=np.float64)
    released += steps
    np.maximum.accumulate(released, out=released)
    released -= steps
    reduction_db = np.exp(released, out=released).astype(np.float32)
    weights = np.hanning(length + 2)[1:-1].astype(np.float32)
    padded = np.pad(reduction_db, (length - 1, 0), mode="edge")
    smooth_db = np.convolve(padded, weights / weights.sum(), mode="valid")
    return np.exp(smooth_db * np.float32(-np.log(10) / 20))


def level_to(levels: Levels, loudness_lufs: float, true_peak_dbtp: float) -> Leveling:
    """The gain that ends at `loudness_lufs` after limiting to `true_peak_dbtp`.

    Where peaks stand so far above the rest that this takes more than MOST_DRIVE_DB of drive, the
    loudness stays below. Sound under the absolute gate of the measure is raised to full scale to
    be measured; silence gets no gain.
    """
    peak_dbtp = levels.true_peak_dbtp
    plain_lufs = levels.loudness_lufs
    if peak_dbtp is None:
        return Leveling(
            gain_db=0.0, limiter=np.ones(levels.peaks.size, np.float32), loudness_lufs=None
        )
    if plain_lufs is None and peak_dbtp < -1e-3:
        raised = level_to(levels.amplified(-peak_dbtp), loudness_lufs, true_peak_dbtp)
        return replace(raised, gain_db=raised.gain_db - peak_dbtp)
    ceiling = from_db(true_peak_dbtp - HEADROOM_DB)

    def limited(gain_db: float) -> tuple[np.ndarray, float]:
        loud = levels.amplified(gain_db)
        limiter = limiter_gain(loud.peaks, ceiling, levels.sample_rate)
        result = gated_loudness(loud.energy * limiter**2, levels.sample_rate, levels.n_samples)
        return limiter, -np.inf if result is None else result

    gain_db = 0.0 if plain_lufs is None else loudness_lufs - plain_lufs
    most_db = gain_db + MOST_DRIVE_DB
    limiter, reached = limited(gain_db)
    for _ in range(12):
        missing = loudness_lufs - reached
        if abs(missing) < 0.02 or (missing > 0 and gain_db >= most_db):
            break
        # limiting takes back a part of each added dB, so the plain step falls short
        gain_db = min(gain_db + 1.3 * missing, most_db)
        limiter, reached = limited(gain_db)
    return Leveling(
        gain_db=float(gain_db),
        limiter=limiter,
        loudness_lufs=float(reached) if np.isfinite(reached) else None,
    )
