"""Where bars begin: dynamic programming over the beats.

A bar of the metre's length is free, another length has a price, and a hit that is not on a downbeat
has one too; so a 2/4 or 3/4 bar appears where it pays.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..types import Metre

ODD_BARS = {"4/4": (2, 3), "3/4": (2,), "6/8": (1, 3)}
"""Lengths in beats that may replace a bar of the metre."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bars:
    """Indices of the downbeats among the beats, and what they cost."""

    downbeats: tuple[int, ...]
    cost: float


def plan_bars(n_points: int, wishes: Mapping[int, float], metre: Metre, odd_bar: float) -> Bars:
    """Choose downbeats among `n_points` beats.

    `wishes` tells what it costs when a beat is not a downbeat. The first bar may be a pickup and
    the last one may be cut off; neither is odd.
    """
    wish = np.zeros(n_points)
    for beat, price in wishes.items():
        wish[beat] = price
    missed = np.concatenate([[0.0], np.cumsum(wish)])
    lengths = [(metre.beats_per_bar, 0.0), *((odd, odd_bar) for odd in ODD_BARS[metre.name])]
    cost = np.full(n_points, np.inf)
    back = np.full(n_points, -1)
    for beat in range(n_points):
        if beat < metre.beats_per_bar:
            cost[beat] = missed[beat]  # a pickup
        for length, price in lengths:
            start = beat - length
            if start < 0:
                continue
            total = cost[start] + price + missed[beat] - missed[start + 1]
            if total < cost[beat] - 1e-12:
                cost[beat], back[beat] = total, start
    last = range(max(0, n_points - metre.beats_per_bar), n_points)
    ends = [cost[beat] + missed[-1] - missed[beat + 1] for beat in last]
    beat = last[int(np.argmin(ends))]
    downbeats = [beat]
    while back[beat] >= 0:
        beat = int(back[beat])
        downbeats.append(beat)
    return Bars(downbeats=tuple(reversed(downbeats)), cost=float(min(ends)))
