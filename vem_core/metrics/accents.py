"""What sounds where the picture changes: accents at transitions, onsets at peaks of motion.

Conventions
-----------
`strengths` is a curve of onset strength, shape (F,), one value a frame, frame i at i / rate_hz
seconds from the first frame shown; any unit, never negative. Times are ordered arrays of float
seconds. No function listens or looks: who made the curve is the caller's business.

Metrics
-------
accent_lift       Mean onset strength at the transitions over its median elsewhere. 1: no accent.
                  Unlike a hit rate it does not grow with the number of beats.
accent_rank       How often the strength at a transition exceeds the strength elsewhere, ties half
                  (the area under the ROC curve; Mann and Whitney 1947). 0.5: no accent, 1: every
                  transition above everything else. Finite where the lift is not.
av_align          AV-Align (Yariv et al. 2024, TempoTokens) as its code computes it: onsets that lie
                  less than a frame from a peak of optical flow, over onsets + peaks - those. It was
                  made for sound effects; music has onsets where nothing moves.
local_maxima_s    The peaks that AV-Align takes of a curve: values above both neighbours.
"""

import math
import warnings
from fractions import Fraction

import numpy as np

from ..errors import InputError
from .rhythm import validate

REACH_S = 0.07
"""Half a width: the strength at an instant is the greatest within it."""


def _check_curve(strengths: np.ndarray, rate_hz: float) -> None:
    if np.ndim(strengths) != 1 or not np.isfinite(strengths).all():
        raise InputError(
            f"The onset strengths have the shape {np.shape(strengths)}; needed is a plain list of"
            " finite values."
        )
    if len(strengths) and strengths.min() < 0:
        raise InputError("The onset strengths hold a value below 0. Take the positive part.")
    if not math.isfinite(rate_hz) or rate_hz <= 0:
        raise InputError(f"The rate of the strengths is {rate_hz} Hz; it must be above 0.")


def _local_strengths(
    strengths: np.ndarray, rate_hz: float, times_s: np.ndarray, reach_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Greatest strength within reach of each time, and at all frames that no time reaches.

    A frame counts as elsewhere if its own reach holds no time: its maximum shares no sample with
    that of a transition.
    """
    _check_curve(strengths, rate_hz)
    validate(times_s, np.zeros(1))
    reach = max(round(reach_s * rate_hz), 0)
    padded = np.pad(np.asarray(strengths, float), reach, constant_values=0.0)
    loudest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    inside_s = times_s[(times_s >= 0) & (times_s <= (len(strengths) - 1) / rate_hz)]
    at = np.round(inside_s * rate_hz).astype(int)
    touched = np.zeros(len(strengths), bool)
    for frame in at:
        touched[max(frame - 2 * reach, 0) : frame + 2 * reach + 1] = True
    return loudest[at], loudest[~touched]


def accent_lift(
    strengths: np.ndarray, rate_hz: float, transitions_s: np.ndarray, reach_s: float = REACH_S
) -> float:
    """Mean strength at the transitions over the median elsewhere, 0 or more.

    The strength at an instant is the greatest within `reach_s`, at the transitions and elsewhere
    alike. Infinite where only the transitions sound; NaN without transitions, without frames
    elsewhere, or in silence.
    """
    if not len(transitions_s) or not len(strengths):
        return math.nan
    at, elsewhere = _local_strengths(strengths, rate_hz, transitions_s, reach_s)
    if not len(at) or not len(elsewhere):
        return math.nan
    lift, usual = float(at.mean()), float(np.median(elsewhere))
    if usual == 0:
        return math.inf if lift > 0 else math.nan
    return lift / usual


def accent_rank(
    strengths: np.ndarray, rate_hz: float, transitions_s: np.ndarray, reach_s: float = REACH_S
) -> float:
    """Mean share of instants elsewhere that are weaker than a transition, ties half; in [0, 1].

    NaN without transitions or without frames elsewhere.
    """
    if not len(transitions_s) or not len(strengths):
        return math.nan
    at, elsewhere = _local_strengths(strengths, rate_hz, transitions_s, reach_s)
    if not len(at) or not len(elsewhere):
        return math.nan
    ordered = np.sort(elsewhere)
    weaker = np.searchsorted(ordered, at, side="left")
    not_stronger = np.searchsorted(ordered, at, side="right")
    return float((weaker + not_stronger).mean() / (2 * len(ordered)))


def local_maxima_s(curve: np.ndarray, rate_hz: float) -> np.ndarray:
    """Times of the values that are greater than both neighbours; the ends never are."""
    values = np.asarray(curve, float)
    inner = (values[1:-1] > values[:-2]) & (values[1:-1] > values[2:])
    return (np.flatnonzero(inner) + 1) / rate_hz


def av_align(onsets_s: np.ndarray, motion_peaks_s: np.ndarray, fps: Fraction) -> float:
    """Onsets less than a frame from a peak of motion, over onsets + peaks - those; in [0, 1].

    As in the authors' code several onsets may share a peak. 0 where both are empty.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a still picture or silence is no mistake here
        validate(motion_peaks_s, onsets_s)
    if not len(onsets_s) or not len(motion_peaks_s):
        return 0.0
    bounded = np.concatenate([[-math.inf], motion_peaks_s, [math.inf]])
    right = np.searchsorted(motion_peaks_s, onsets_s) + 1
    distance_s = np.minimum(bounded[right] - onsets_s, onsets_s - bounded[right - 1])
    met = int((distance_s < 1 / float(fps)).sum())
    return met / (len(onsets_s) + len(motion_peaks_s) - met)


def evaluate(
    transitions_s: np.ndarray,
    *,
    strengths: np.ndarray,
    rate_hz: float,
    onsets_s: np.ndarray | None = None,
    motion_peaks_s: np.ndarray | None = None,
    fps: Fraction | None = None,
) -> dict[str, float | None]:
    """Every metric of this module by name; None where there is nothing to measure.

    AV-Align is there where onsets, motion peaks and the frame rate are given.
    """
    times_s = np.asarray(transitions_s, float)
    lift = accent_lift(strengths, rate_hz, times_s)
    rank = accent_rank(strengths, rate_hz, times_s)
    scores: dict[str, float | None] = {
        "accent_lift": lift if math.isfinite(lift) else None,
        "accent_rank": None if math.isnan(rank) else rank,
    }
    if onsets_s is not None and motion_peaks_s is not None and fps is not None:
        empty = not len(onsets_s) and not len(motion_peaks_s)
        scores["av_align"] = None if empty else av_align(onsets_s, motion_peaks_s, fps)
    return scores
