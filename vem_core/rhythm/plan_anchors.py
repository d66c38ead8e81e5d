"""What music may hit, at what price it is missed, and a path through the kept ones."""

import math
from dataclasses import dataclass, replace

import numpy as np

from ..types import Storyboard, Transition
from .plan_settings import STARRED_WEIGHT, PlanSettings, transition_weight

SAME_PLACE_S = 1e-3
"""A transition this near the start or end of the clip is the start or end."""
STAR_WISH, START_WISH, END_WISH = 10.0, 3.0, 2.5
"""How much more than a strong hit a star, and the start and end, ask for a downbeat."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Anchors:
    """Points that music may hit: the start, the transitions, the end of the clip."""

    times_s: np.ndarray
    """(N,) increasing."""
    skip_costs: np.ndarray
    """(N,) what leaving a point out costs."""
    part_costs: np.ndarray
    """(N, divisions) what placing it on each part of a beat costs; inf where it may not go."""
    downbeat_wishes: np.ndarray
    """(N,) what placing it anywhere but on a downbeat costs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Path:
    """The kept anchors and where they lie on the grid of beats."""

    base_bpm: float
    kept: tuple[int, ...]
    """Indices of anchors."""
    units: tuple[int, ...]
    """Grid positions in parts of a beat; the beat at or before the first kept anchor is 0."""
    divisions: int
    cost: float

    @property
    def positions_beats(self) -> tuple[float, ...]:
        return tuple(unit / self.divisions for unit in self.units)

    def without(self, number: int, price: float) -> "Path":
        """The same grid with the kept anchor of that number let go, at a price."""
        units = self.units[:number] + self.units[number + 1 :]
        shift = units[0] // self.divisions * self.divisions
        return replace(
            self,
            kept=self.kept[:number] + self.kept[number + 1 :],
            units=tuple(unit - shift for unit in units),
            cost=self.cost + price,
        )


def make_anchors(storyboard: Storyboard, settings: PlanSettings) -> Anchors:
    """Anchors of a storyboard, with their costs.

    A starred transition costs more to skip than all plain ones together.
    """
    costs = settings.costs
    weights = [transition_weight(t) for t in storyboard.transitions]
    plain = sum(w for w in weights if w < STARRED_WEIGHT)
    rows = [
        (t.time_s, w + plain * t.starred, costs.half_beat * w, _downbeat_wish(t))
        for t, w in zip(storyboard.transitions, weights, strict=True)
    ]
    for place_s, price, edge_wish, end in (
        (0.0, costs.late_start, START_WISH, 0),
        (storyboard.duration_s, costs.loose_end, END_WISH, -1),
    ):
        price += costs.off_downbeat * edge_wish  # missing it is worse than any beat
        if rows and abs(rows[end][0] - place_s) < SAME_PLACE_S:
            time_s, skip, half, wish = rows[end]
            rows[end] = (time_s, skip + price, half + price, wish + edge_wish)
        else:
            row = (place_s, price, math.inf, edge_wish)
            rows.insert(0 if end == 0 else len(rows), row)
    times_s, skips, halves, wishes = (np.array(column) for column in zip(*rows, strict=True))
    part_costs = halves[:, None].repeat(settings.divisions, axis=1)
    part_costs[:, 0] = 0.0
    return Anchors(
        times_s=times_s,
        skip_costs=skips,
        part_costs=part_costs,
        downbeat_wishes=costs.off_downbeat * wishes,
    )


def _downbeat_wish(transition: Transition) -> float:
    return STAR_WISH if transition.starred else transition.strength**2
