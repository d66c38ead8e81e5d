"""From a storyboard to a beat plan: a tempo map whose beats fall on the picture's transitions."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..types import BeatPlan, Progress, Storyboard, Tempo, no_progress
from .plan_anchors import Anchors, Path, make_anchors
from .plan_bars import Bars, plan_bars
from .plan_constant import best_constant, constant_beats, steady_tempo
from .plan_report import report_plan
from .plan_search import search
from .plan_settings import PlanSettings
from .plan_timing import Grid, centre_base, extend_beats, solve_grid

TEMPO_RATIO = 0.01
"""Neighbouring base tempi of the first search lie this far apart."""
FINALISTS = 8
LEVELS = 5
ON_GRID_S = 1e-9


def plan_beats(
    storyboard: Storyboard,
    settings: PlanSettings | None = None,
    progress: Progress = no_progress,
) -> BeatPlan:
    """The cheapest tempo map for a storyboard under `settings` (PlanCosts states the prices).

    Kept transitions are met exactly unless the tempo is constant by request. The same storyboard
    and settings give the same plan. Raises whatever `progress` raises.
    """
    settings = settings or PlanSettings()
    anchors = make_anchors(storyboard, settings)
    if not storyboard.transitions:
        base_bpm, beats_s, bars = _steady_plan(storyboard, anchors, settings)
    elif settings.is_constant:
        base_bpm, beats_s, bars = _constant_plan(storyboard, anchors, settings, progress)
    else:
        base_bpm, beats_s, bars = _moving_plan(storyboard, anchors, settings, progress)
    tempi = _tempi(beats_s, storyboard.duration_s)
    hits, misses = report_plan(storyboard, settings, base_bpm, beats_s, bars.downbeats)
    return BeatPlan(
        duration_s=storyboard.duration_s,
        fps=storyboard.fps,
        beats_s=beats_s,
        downbeats=bars.downbeats,
        metre=settings.metre_value,
        tempo=Tempo(base_bpm=base_bpm, min_bpm=min(tempi), max_bpm=max(tempi)),
        hits=hits,
        misses=misses,
    )


def preferred_tempo(storyboard: Storyboard, range_bpm: tuple[float, float]) -> float:
    """The tempo of the range that suits the mean arousal of the shots: calm slow, intense fast."""
    arousal = sum(shot.affect.arousal * shot.duration_s for shot in storyboard.shots)
    low, high = range_bpm
    return low * (high / low) ** min(1.0, arousal / storyboard.duration_s)


def _tempi(beats_s: Sequence[float], duration_s: float) -> list[float]:
    """Local tempi, in BPM, of the beats that lie in the clip."""
    return [
        60.0 / (right - left)
        for left, right in pairwise(beats_s)
        if right > 0 and left < duration_s
    ]


def _candidates(storyboard: Storyboard, settings: PlanSettings) -> tuple[np.ndarray, np.ndarray]:
    """(B,) base tempi in BPM to try, and (B,) what the arousal of the picture says against each."""
    if settings.fixed_tempo_bpm is not None:
        return np.array([settings.fixed_tempo_bpm]), np.zeros(1)
    low, high = settings.range_bpm
    room = settings.tempo_room
    ratio = TEMPO_RATIO / 2 if room == 0 else min(TEMPO_RATIO, max(room / 2, TEMPO_RATIO / 4))
    tempi = np.geomspace(low, high, max(1, math.ceil(math.log(high / low) / ratio)) + 1)
    return tempi, np.array([_prior(storyboard, settings, tempo_bpm) for tempo_bpm in tempi])


def _prior(storyboard: Storyboard, settings: PlanSettings, base_bpm: float) -> float:
    """What the arousal of the picture says against a base tempo."""
    octaves = math.log2(base_bpm / preferred_tempo(storyboard, settings.range_bpm))
    return settings.costs.base_tempo * octaves**2


def _steady_plan(
    storyboard: Storyboard, anchors: Anchors, settings: PlanSettings
) -> tuple[float, tuple[float, ...], Bars]:
    """Nothing to hit: whole bars from the first frame to the last, if the range allows."""
    base_bpm = settings.fixed_tempo_bpm or steady_tempo(
        storyboard.duration_s,
        settings.range_bpm,
        settings.metre_value,
        preferred_tempo(storyboard, settings.range_bpm),
    )
    beats_s = constant_beats(base_bpm, 0.0, storyboard.duration_s)
    return base_bpm, beats_s, _bars(anchors, settings, beats_s, ON_GRID_S)


def _constant_plan(
    storyboard: Storyboard, anchors: Anchors, settings: PlanSettings, progress: Progress
) -> tuple[float, tuple[float, ...], Bars]:
    tempi, priors = _candidates(storyboard, settings)
    base_bpm, phase_s = best_constant(anchors, list(tempi), list(priors), settings, progress)
    beats_s = constant_beats(float(base_bpm), phase_s, storyboard.duration_s)
    tolerance_s = settings.hit_tolerance_ms / 1000
    return float(base_bpm), beats_s, _bars(anchors, settings, beats_s, tolerance_s)


def _moving_plan(
    storyboard: Storyboard, anchors: Anchors, settings: PlanSettings, progress: Progress
) -> tuple[float, tuple[float, ...], Bars]:
    """Search all base tempi roughly, the best few finely, and take the cheapest whole plan.

    The fine search goes twice: the second time around the tempi that the first one's hits suggest.
    """
    tempi, priors = _candidates(storyboard, settings)

    def stage(start: float, end: float) -> Progress:
        return lambda share: progress(start + (end - start) * share)

    rough = search(anchors, list(tempi), settings, levels=1, progress=stage(0.0, 0.4))
    bases = [float(tempi[i]) for i in _spread(np.array([p.cost for p in rough]) + priors, tempi)]
    for start in (0.4, 0.6):
        fine = search(anchors, bases, settings, levels=LEVELS, progress=stage(start, start + 0.2))
        bases = [_centred(path, anchors, settings) for path in fine]
    best: tuple[float, float, tuple[float, ...], Bars] | None = None
    for number, path in enumerate(fine, 1):
        path, grid = _realise(path, anchors, settings)
        beats_s = extend_beats(grid.beats_s, storyboard.duration_s)
        bars = _bars(anchors, settings, beats_s, ON_GRID_S)
        cost = path.cost + _prior(storyboard, settings, grid.base_bpm)
        if best is None or cost < best[0]:
            best = (cost, grid.base_bpm, beats_s, bars)
        progress(0.8 + 0.2 * number / len(fine))
    assert best is not None
    return best[1:]


def _centred(path: Path, anchors: Anchors, settings: PlanSettings) -> float:
    """The base tempo that suits a path's hits."""
    times_s = anchors.times_s[list(path.kept)]
    return centre_base(path, times_s, settings.tempo_room, settings.range_bpm)


def _spread(costs: np.ndarray, tempi: np.ndarray) -> list[int]:
    """The cheapest tempi that are not nearly the same as a cheaper one."""
    chosen: list[int] = []
    for index in costs.argsort(kind="stable"):
        if all(abs(math.log(tempi[index] / tempi[other])) > TEMPO_RATIO / 2 for other in chosen):
            chosen.append(int(index))
        if len(chosen) == FINALISTS:
            break
    return chosen


def _realise(path: Path, anchors: Anchors, settings: PlanSettings) -> tuple[Path, Grid]:
    """Solve for the beats of a path; where the room does not hold its hits, the lightest goes."""
    room = settings.tempo_room
    while True:
        times_s = anchors.times_s[list(path.kept)]
        base_bpm = _centred(path, anchors, settings)
        grid = solve_grid(path, times_s, room, base_bpm)
        if grid.worst <= 1e-9 or len(path.kept) == 1:
            return path, grid
        distance = [abs(position - grid.worst_beat - 0.5) for position in path.positions_beats]
        near = sorted(range(len(path.kept)), key=distance.__getitem__)[:2]
        victim = min(near, key=lambda k: float(anchors.skip_costs[path.kept[k]]))
        path = path.without(victim, float(anchors.skip_costs[path.kept[victim]]))


def _bars(
    anchors: Anchors, settings: PlanSettings, beats_s: tuple[float, ...], tolerance_s: float
) -> Bars:
    """Bars whose first beats meet what should be felt most: stars, strong hits, start and end."""
    wishes: dict[int, float] = {}
    points_s = np.array(beats_s)
    for time_s, wish in zip(anchors.times_s, anchors.downbeat_wishes, strict=True):
        beat = int(np.abs(points_s - time_s).argmin())
        if abs(points_s[beat] - time_s) <= tolerance_s:
            wishes[beat] = wishes.get(beat, 0.0) + float(wish)
    return plan_bars(len(beats_s), wishes, settings.metre_value, settings.costs.odd_bar)
