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


def bar_shifts(metre: Metre, odd_bar: float) -> tuple[np.ndarray, np.ndarray]:
    """What it takes to come from one place in the bar to another by odd bars alone.

    Returns (bar, bar) sources and costs: row p lists the places s it may come from and the price.
    """
    n_bar = metre.beats_per_bar
    price = np.full(n_bar, np.inf)
    price[0] = 0.0
    for _ in range(n_bar):
        for length in ODD_BARS[metre.name]:
            shifted = np.roll(price, -length % n_bar) + odd_bar
            price = np.minimum(price, shifted)
    place = np.arange(n_bar)
    source = np.broadcast_to(place[None, :], (n_bar, n_bar))
    return source, price[(place[:, None] - source) % n_bar]


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
