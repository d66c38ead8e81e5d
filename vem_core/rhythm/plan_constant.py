"""Plans of constant tempo: the phase, and in a range the tempo, that meet most of the picture."""

import math
from collections.abc import Sequence

import numpy as np

from ..types import Metre, Progress, no_progress
from ..units import bpm_to_beat_s
from .plan_anchors import Anchors
from .plan_settings import PlanSettings

PHASE_STEP_S = 2e-3


def constant_beats(base_bpm: float, phase_s: float, duration_s: float) -> tuple[float, ...]:
    """Beats `phase_s` after the clip's start and every beat around, as few as cover the clip."""
    beat_s = bpm_to_beat_s(base_bpm)
    first = -math.ceil((phase_s - 1e-9) / beat_s)
    last = max(first + 1, math.ceil((duration_s - phase_s - 1e-9) / beat_s))
    return tuple(phase_s + k * beat_s for k in range(first, last + 1))


def steady_tempo(
    duration_s: float, range_bpm: tuple[float, float], metre: Metre, preferred_bpm: float
) -> float:
    """The tempo nearest the preferred one at which whole bars fill the clip.

    Where the range has none: whole beats; where it has none of these either, the preferred tempo.
    """
    for group in (metre.beats_per_bar, 1):
        slowest = math.ceil(range_bpm[0] * duration_s / 60 / group - 1e-9)
        fastest = math.floor(range_bpm[1] * duration_s / 60 / group + 1e-9)
        tempi = [60 * group * n / duration_s for n in range(max(1, slowest), fastest + 1)]
        if tempi:
            return min(tempi, key=lambda tempo_bpm: abs(math.log(tempo_bpm / preferred_bpm)))
    return preferred_bpm


def best_phase(anchors: Anchors, base_bpm: float, settings: PlanSettings) -> tuple[float, float]:
    """(phase_s, cost): where to put the beats of one constant tempo, and the weight it misses.

    A hit counts in full where exact and falls off with the square of its error to nothing at the
    tolerance. The phase is searched in steps of 2 ms and then moved to the weighted mean error.
    """
    beat_s = bpm_to_beat_s(base_bpm)
    phases = np.arange(0.0, beat_s, PHASE_STEP_S)
    phase_s = float(phases[_missed(anchors, phases, beat_s, settings)[0].argmin()])
    for _ in range(5):
        shift_s = float(_missed(anchors, np.array([phase_s]), beat_s, settings)[1][0])
        phase_s += shift_s
    phase_s %= beat_s
    if beat_s - phase_s < 1e-9:
        phase_s = 0.0
    return phase_s, float(_missed(anchors, np.array([phase_s]), beat_s, settings)[0][0])


def _missed(
    anchors: Anchors, phases_s: np.ndarray, beat_s: float, settings: PlanSettings
) -> tuple[np.ndarray, np.ndarray]:
    """(P,) cost of each phase, and (P,) the mean error in seconds of what it meets."""
    tolerance_s = settings.hit_tolerance_ms / 1000
    part_s = beat_s / settings.divisions
    units = (anchors.times_s[None, :] - phases_s[:, None]) / part_s  # (P, N)
    nearest = np.round(units)
    error_s = (units - nearest) * part_s
    part = nearest.astype(int) % settings.divisions
    closeness = np.clip(1 - (error_s / tolerance_s) ** 2, 0, 1)
    worth = anchors.skip_costs - anchors.part_costs[np.arange(len(anchors.times_s)), part]
    gain = closeness * np.maximum(worth, 0)
    pull = np.where(closeness > 0, np.maximum(worth, 0), 0.0)
    shift_s = (pull * error_s).sum(axis=1) / np.maximum(pull.sum(axis=1), 1e-12)
    return anchors.skip_costs.sum() - gain.sum(axis=1), shift_s


def best_constant(
    anchors: Anchors,
    tempi_bpm: Sequence[float],
    priors: Sequence[float],
    settings: PlanSettings,
    progress: Progress = no_progress,
) -> tuple[float, float]:
    """(tempo_bpm, phase_s) of the cheapest of several constant tempi."""
    found = []
    for number, (tempo_bpm, prior) in enumerate(zip(tempi_bpm, priors, strict=True), 1):
        phase_s, missed = best_phase(anchors, tempo_bpm, settings)
        found.append((missed + prior, tempo_bpm, phase_s))
        progress(number / len(tempi_bpm))
    _, tempo_bpm, phase_s = min(found)
    return tempo_bpm, phase_s
