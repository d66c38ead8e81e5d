"""How well music meets a picture in time, and how well beats meet beats.

Conventions
-----------
Times are one-dimensional arrays of float seconds in order, from the first frame shown. Beats may
begin before the clip and end after it; transitions lie in it. `reference` is what is there to be
met, `estimated` what tries to meet it. A window is half a width: |beat - transition| <= window. No
function loads, tracks or rounds anything.

Metrics
-------
hit_rate                Share of transitions with a beat in the window. The window says everything:
                        beats at random at 120 BPM meet 28 % of all transitions within 70 ms.
chance_hit_rate         What the same beats reach at a random phase: the exact expectation over a
                        uniform cyclic shift through the clip. Report it beside every hit rate.
wilson_interval         Confidence interval of a hit rate (Wilson 1927).
nearest_errors_s        Signed distance to the nearest beat; its mean absolute value is the MAE.
match_events            Largest one-to-one matching in a window, as mir_eval.util.match_events.
f_measure               Precision, recall and F from that matching, as mir_eval.beat.f_measure with
                        no trimming (Dixon 2007, window 70 ms).
event_iou               Matched / (reference + estimated - matched). With true and generated beats
                        it is BIoU, with transitions and beats TBIoU, at 0.5 s (VeM, eq. 11 and 12).
                        Comparable only at one tempo: above 60 BPM every instant has a beat within
                        0.5 s, and TBIoU becomes transitions / beats.
beat_coverage           BCS and BHS of one clip as LORIS computes them (Yu et al. 2023): times fall
                        into bins of one second; BCS = common / generated, BHS = common / true bins.
coverage_summary        Their means over clips, CSD and HSD (standard deviations, ddof 1), and F1 of
                        the means. Bins of a second saturate: this says little about synchrony.
evaluate                All that apply to one clip, as a dict ready for JSON.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

import numpy as np

from ..errors import InputError
from ..units import seconds_to_frames

HIT_WINDOWS_S = (0.04, 0.07, 0.1)
F_WINDOW_S = 0.07
IOU_WINDOW_S = 0.5
BIN_S = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Matching:
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float
    f_measure: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """BCS and BHS of one clip."""

    coverage: float
    """Common bins / bins of the estimate (a precision, though named coverage)."""
    hit: float
    """Common bins / bins of the reference."""


def validate(reference_s: np.ndarray, estimated_s: np.ndarray) -> None:
    """Raise InputError unless both are ordered lists of finite seconds; warn where one is empty."""
    for name, times_s in (("reference", reference_s), ("estimated", estimated_s)):
        if np.ndim(times_s) != 1:
            raise InputError(
                f"The {name} times have the shape {np.shape(times_s)}; needed is a plain list."
            )
        if not len(times_s):
            warnings.warn(f"The {name} times are empty.", stacklevel=3)
            continue
        if not np.isfinite(times_s).all():
            raise InputError(f"The {name} times hold a value that is not a number. Remove it.")
        if (np.diff(times_s) < 0).any():
            raise InputError(f"The {name} times are not in order. Sort them.")
        if np.abs(times_s).max() > 24 * 3600:
            raise InputError(
                f"The {name} times reach {np.abs(times_s).max():g} s, more than a day. Were"
                " milliseconds given? Seconds are needed."
            )


def _check_window(window_s: float) -> None:
    if not math.isfinite(window_s) or window_s < 0:
        raise InputError(f"The window is {window_s} s; it must be 0 or more. Correct it.")


def _check_duration(duration_s: float) -> None:
    if not math.isfinite(duration_s) or duration_s <= 0:
        raise InputError(f"The clip lasts {duration_s} s; it must be more than 0. Correct it.")


def nearest_errors_s(transitions_s: np.ndarray, beats_s: np.ndarray) -> np.ndarray:
    """(N,) beat - transition for the beat nearest to each transition: positive where it is late.

    Empty where there are no transitions or no beats.
    """
    validate(transitions_s, beats_s)
    if not len(transitions_s) or not len(beats_s):
        return np.zeros(0)
    right = np.clip(np.searchsorted(beats_s, transitions_s), 0, len(beats_s) - 1)
    left = np.maximum(right - 1, 0)
    late, early = beats_s[right] - transitions_s, beats_s[left] - transitions_s
    return np.where(np.abs(late) < np.abs(early), late, early)


def mean_absolute_error_s(transitions_s: np.ndarray, beats_s: np.ndarray) -> float:
    """Mean distance from a transition to its nearest beat; NaN where nothing is to measure."""
    errors_s = nearest_errors_s(transitions_s, beats_s)
    return float(np.abs(errors_s).mean()) if len(errors_s) else math.nan


def count_hits(transitions_s: np.ndarray, beats_s: np.ndarray, window_s: float) -> int:
    """Number of transitions with a beat at most `window_s` away; one beat may serve several."""
    _check_window(window_s)
    return int((np.abs(nearest_errors_s(transitions_s, beats_s)) <= window_s).sum())


def hit_rate(transitions_s: np.ndarray, beats_s: np.ndarray, window_s: float) -> float:
    """Share of transitions with a beat at most `window_s` away; NaN without transitions."""
    hits = count_hits(transitions_s, beats_s, window_s)
    return hits / len(transitions_s) if len(transitions_s) else math.nan


def chance_hit_rate(beats_s: np.ndarray, window_s: float, duration_s: float) -> float:
    """Expected hit rate of the same beats after a random shift around the clip.

    Under a uniform cyclic shift every instant is met with the same probability, the share of the
    clip that the beats' windows cover: the sum over the gaps between neighbouring beats, the last
    and the first included, of min(gap, 2 * window), over the duration. Hence no transitions are
    needed. Beats outside the clip do not count.
    """
    _check_window(window_s)
    _check_duration(duration_s)
    validate(np.zeros(1), beats_s)
    inside_s = beats_s[(beats_s >= 0) & (beats_s < duration_s)]
    if not len(inside_s):
        return 0.0
    gaps_s = np.diff(inside_s, append=inside_s[0] + duration_s)
    return float(np.minimum(gaps_s, 2 * window_s).sum() / duration_s)


def wilson_interval(n_hits: int, n_total: int, confidence: float = 0.95) -> tuple[float, float]:
    """(low, high) of a share, by Wilson's score; (0, 1) where nothing was counted."""
    if not 0 <= n_hits <= n_total:
        raise InputError(f"{n_hits} hits of {n_total} cannot be. Correct the counts.")
    if not 0 < confidence < 1:
        raise InputError(f"The confidence is {confidence}; it must lie between 0 and 1.")
    if not n_total:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = n_hits / n_total
    centre = share + z**2 / (2 * n_total)
    spread = z * math.sqrt(share * (1 - share) / n_total + z**2 / (4 * n_total**2))
    scale = 1 + z**2 / n_total
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def match_events(
    reference_s: np.ndarray, estimated_s: np.ndarray, window_s: float
) -> list[tuple[int, int]]:
    """A largest set of pairs (reference, estimated) at most `window_s` apart, each used once.

    Going through both lists in order and pairing the earliest two that reach each other is optimal:
    if a largest matching pairs either of them otherwise, exchanging partners keeps its size, since
    all windows are equally wide and the lists are in order.
    """
    _check_window(window_s)
    validate(reference_s, estimated_s)
    pairs = []
    i = j = 0
    while i < len(reference_s) and j < len(estimated_s):
        if abs(reference_s[i] - estimated_s[j]) <= window_s:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif reference_s[i] < estimated_s[j]:
            i += 1
        else:
            j += 1
    return pairs


def f_measure(
    reference_s: np.ndarray, estimated_s: np.ndarray, window_s: float = F_WINDOW_S
) -> Matching:
    """Precision, recall and F by one-to-one matching; all 0 where either list is empty."""
    matched = len(match_events(reference_s, estimated_s, window_s))
    if not matched:
        return Matching(precision=0.0, recall=0.0, f_measure=0.0)
    precision, recall = matched / len(estimated_s), matched / len(reference_s)
    return Matching(
        precision=precision,
        recall=recall,
        f_measure=2 * precision * recall / (precision + recall),
    )


def event_iou(
    reference_s: np.ndarray, estimated_s: np.ndarray, window_s: float = IOU_WINDOW_S
) -> float:
    """BIoU of two lists of beats, TBIoU of transitions and beats; 0 where both are empty."""
    matched = len(match_events(reference_s, estimated_s, window_s))
    union = len(reference_s) + len(estimated_s) - matched
    return matched / union if union else 0.0


def beat_coverage(reference_s: np.ndarray, estimated_s: np.ndarray, duration_s: float) -> Coverage:
    """BCS and BHS of one clip over whole seconds; 0 where the list below the line is empty.

    Times outside the clip do not count.
    """
    _check_duration(duration_s)
    validate(reference_s, estimated_s)
    n_bins = math.ceil(duration_s / BIN_S)
    reference, estimated = (_bins(t, duration_s, n_bins) for t in (reference_s, estimated_s))
    common = int((reference & estimated).sum())
    return Coverage(
        coverage=common / int(estimated.sum()) if estimated.any() else 0.0,
        hit=common / int(reference.sum()) if reference.any() else 0.0,
    )


def _bins(times_s: np.ndarray, duration_s: float, n_bins: int) -> np.ndarray:
    """(n_bins,) whether anything falls into each second."""
    inside_s = times_s[(times_s >= 0) & (times_s < duration_s)]
    bins = np.zeros(n_bins, dtype=bool)
    bins[np.floor(inside_s / BIN_S).astype(int)] = True
    return bins


def coverage_summary(clips: Sequence[Coverage]) -> dict[str, float]:
    """BCS, CSD, BHS, HSD and F1 over at least two clips."""
    if len(clips) < 2:
        raise InputError(
            f"{len(clips)} clips were scored; a standard deviation needs at least two. Score more."
        )
    coverage = np.array([clip.coverage for clip in clips])
    hit = np.array([clip.hit for clip in clips])
    bcs, bhs = float(coverage.mean()), float(hit.mean())
    return {
        "bcs": bcs,
        "csd": float(coverage.std(ddof=1)),
        "bhs": bhs,
        "hsd": float(hit.std(ddof=1)),
        "f1": 2 * bcs * bhs / (bcs + bhs) if bcs + bhs else 0.0,
    }


def evaluate(
    transitions_s: np.ndarray,
    beats_s: np.ndarray,
    *,
    duration_s: float,
    fps: Fraction,
    reference_beats_s: np.ndarray | None = None,
) -> dict[str, float | int | list[float] | None]:
    """Every metric of one clip by name; None where there is nothing to measure.

    With `reference_beats_s`, the beats of the clip's true music, those that compare beats as well.
    Precision, recall, F and the IoUs count the beats inside the clip.
    """
    _check_duration(duration_s)
    transitions_s, beats_s = np.asarray(transitions_s, float), np.asarray(beats_s, float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # None says it already
        heard_s = beats_s[(beats_s >= 0) & (beats_s <= duration_s)]
        error_s = mean_absolute_error_s(transitions_s, beats_s)
        matching = f_measure(transitions_s, heard_s)
        scores: dict[str, float | int | list[float] | None] = {
            "n_transitions": len(transitions_s),
            "n_beats": len(heard_s),
        }
        for window_s in HIT_WINDOWS_S:
            name = f"hit_rate_{1000 * window_s:.0f}_ms"
            hits = count_hits(transitions_s, beats_s, window_s)
            scores[name] = _or_none(hit_rate(transitions_s, beats_s, window_s))
            scores[f"{name}_chance"] = chance_hit_rate(heard_s, window_s, duration_s)
            scores[f"{name}_interval"] = list(wilson_interval(hits, len(transitions_s)))
        scores |= {
            "mean_absolute_error_ms": _or_none(1000 * error_s),
            "mean_absolute_error_frames": _or_none(seconds_to_frames(error_s, fps)),
            "precision_70_ms": matching.precision,
            "recall_70_ms": matching.recall,
            "f_measure_70_ms": matching.f_measure,
            "tbiou_500_ms": event_iou(transitions_s, heard_s),
        }
        if reference_beats_s is not None:
            true_s = np.asarray(reference_beats_s, float)
            coverage = beat_coverage(true_s, beats_s, duration_s)
            scores |= {
                "biou_500_ms": event_iou(true_s, heard_s),
                "bcs": coverage.coverage,
                "bhs": coverage.hit,
            }
    return scores


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
