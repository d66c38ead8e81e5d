"""Which transitions to keep, and how many beats lie between them: dynamic programming.

After the practice of scoring software (Find Tempo in Digital Performer, Dorico): nodes are the
points that music may hit, an edge is a number of beats, or parts of a beat, between two kept nodes
and so a local tempo. A path pays for the weight it skips, for hits between beats, for tempi off the
base, for tempo steps, and for hits off the downbeat or the odd bars that bring them there.
"""

from collections.abc import Sequence

import numpy as np

from ..types import Progress, no_progress
from .plan_anchors import Anchors, Path
from .plan_bars import bar_shifts
from .plan_edges import Edges
from .plan_settings import PlanSettings

NEAR_S = 4.0
FEWEST_BACK, MOST_BACK = 8, 24
"""A hit may follow any point up to NEAR_S before it, but at least and at most so many that are not
too close to it."""


def search(
    anchors: Anchors,
    base_bpm: Sequence[float],
    settings: PlanSettings,
    *,
    levels: int,
    progress: Progress = no_progress,
) -> list[Path]:
    """The cheapest path for each base tempo.

    A state of an anchor is its place in the bar, its part of a beat and one of `levels` tempi
    there, spread over the room; a beat that is hit in its middle has that tempo throughout. With
    one level a tempo step is priced as if both sides stepped from the base.
    """
    edges = Edges(base_bpm, settings, levels)
    n_bases, n, n_bar = len(base_bpm), len(anchors.times_s), settings.metre_value.beats_per_bar
    place_costs = _place_costs(anchors, n_bar).repeat(levels, axis=2)
    odd_source, odd_cost = bar_shifts(settings.metre_value, settings.costs.odd_bar)
    skipped = np.concatenate([[0.0], np.cumsum(anchors.skip_costs)])
    total = np.empty((n_bases, n, n_bar, settings.divisions * levels))
    left = np.empty_like(total)  # the same after the odd bars that may follow the hit
    odd = np.empty(total.shape, dtype=np.int32)
    back = np.full((*total.shape, 4), -1, dtype=np.int32)
    for j in range(n):
        total[:, j] = skipped[j]
        first, stop = _neighbours(anchors.times_s, j, edges.shortest_s)
        if stop > first:
            waste = skipped[j] - skipped[first + 1 : stop + 1]
            steps = edges.cheapest(
                anchors.times_s[j] - anchors.times_s[first:stop],
                left[:, first:stop] + waste[None, :, None, None],
            )
            better = steps.cost < total[:, j]
            total[:, j] = np.where(better, steps.cost, total[:, j])
            steps.back[..., 0] += first
            back[:, j] = np.where(better[..., None], steps.back, -1)
        total[:, j] += place_costs[j]
        moved = total[:, j][:, odd_source] + odd_cost[None, :, :, None]  # (B, bar, source, inner)
        odd[:, j] = np.take_along_axis(
            np.broadcast_to(odd_source[None, :, :, None], moved.shape),
            moved.argmin(axis=2)[:, :, None],
            axis=2,
        )[:, :, 0]
        left[:, j] = moved.min(axis=2)
        progress((j + 1) / n)
    ends = total + (skipped[-1] - skipped[1:])[None, :, None, None]
    return [
        _walk(ends[b], back[b], odd[b], float(tempo_bpm), settings.divisions)
        for b, tempo_bpm in enumerate(base_bpm)
    ]


def _neighbours(times_s: np.ndarray, j: int, shortest_s: float) -> tuple[int, int]:
    """First and stop index of the anchors that may precede anchor j."""
    stop = int(np.searchsorted(times_s[:j], times_s[j] - shortest_s, side="right"))
    near = int(np.searchsorted(times_s, times_s[j] - NEAR_S))
    return max(0, stop - MOST_BACK, min(stop - FEWEST_BACK, near)), stop


def _place_costs(anchors: Anchors, n_bar: int) -> np.ndarray:
    """(N, bar, parts) what it costs to put each anchor there."""
    costs = anchors.part_costs[:, None, :] + anchors.downbeat_wishes[:, None, None]
    costs = costs.repeat(n_bar, axis=1)
    costs[:, 0, 0] = anchors.part_costs[:, 0]
    return costs


def _walk(
    ends: np.ndarray, back: np.ndarray, odd: np.ndarray, base_bpm: float, divisions: int
) -> Path:
    """Follow the cheapest path from its last anchor to its first."""
    j, place, inner = (int(k) for k in np.unravel_index(ends.argmin(), ends.shape))
    cost = float(ends[j, place, inner])
    levels = ends.shape[2] // divisions
    kept, steps = [j], []
    while back[j, place, inner, 0] >= 0:
        j, place, inner, units = (int(k) for k in back[j, place, inner])
        place = int(odd[j, place, inner])
        steps.append(units)
        kept.append(j)
    units = np.cumsum([inner // levels, *reversed(steps)])
    return Path(
        base_bpm=base_bpm,
        kept=tuple(reversed(kept)),
        units=tuple(int(u) for u in units),
        divisions=divisions,
        cost=cost,
    )
