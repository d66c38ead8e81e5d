"""Prices of the steps between two kept anchors, for many base tempi and all states at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .plan_settings import PlanSettings

PRICED_SHARE = 0.06
"""The tempo change whose price PlanCosts states."""
ROOM_USED = 0.995
"""Share of the room that the search uses; what is left lets the tempo curve be solved for."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Steps:
    """The cheapest way into each state of an anchor."""

    cost: np.ndarray
    """(B, bar, inner), inf where there is none."""
    back: np.ndarray
    """(B, bar, inner, 4): predecessor in the window, its place in the bar, inner state, units."""


class Edges:
    """Steps from anchor to anchor.

    A state is a place in the bar and an inner state; an inner state is a part of a beat and one of
    `levels` tempi, inner = part * levels + level. Axes: B base tempi, T inner states to, W
    predecessors, F inner states from, A alternative numbers of beats.
    """

    def __init__(self, base_bpm: Sequence[float], settings: PlanSettings, levels: int):
        room = settings.tempo_room * ROOM_USED
        self.beats_s = 60.0 / np.asarray(base_bpm, dtype=float)
        self.costs = settings.costs
        self.divisions = settings.divisions
        self.low, self.high = -math.log1p(room), -math.log1p(-room)
        self.shortest_s = float(self.beats_s.min()) * math.exp(self.low) / self.divisions
        """Hits are never closer than this."""
        level = np.linspace(self.low, self.high, levels) if levels > 1 else np.zeros(1)
        self.slack = (self.high - self.low) / (2 * (levels - 1)) if levels > 1 else self.high
        self.part = np.arange(self.divisions).repeat(levels)
        self.level = np.tile(level, self.divisions)
        to, frm = (slice(None), None, None, None), (None, None, slice(None), None)
        self.shift = self.part[to] - self.part[frm]
        self.tail = np.where(self.part > 0, 1 - self.part / self.divisions, 0.0)[frm]
        self.head = (self.part / self.divisions)[to]
        self.to_level, self.from_level = self.level[to], self.level[frm]
        self.pinned = np.exp(self.from_level) * self.tail + np.exp(self.to_level) * self.head

    def prices(self, gaps_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(B, T, W, F, A) costs of bridging gaps of (W,) seconds, and the parts of a beat it takes.

        Lengths are in base beats. A state between two beats pins the tempo of its whole beat:
        `tail` of that beat follows the hit, `head` precedes it; the whole beats between two hits
        share what is left and so have one tempo, `inner`.
        """
        length = (gaps_s[None, :] / self.beats_s[:, None])[:, None, :, None, None]
        nearest = np.round(length - self.shift / self.divisions)
        units = self.shift + self.divisions * (nearest + np.array([-1, 0, 1]))
        beats = np.maximum(units, 1) / self.divisions
        mean = np.log(length / beats)
        whole = np.round(beats - self.tail - self.head)
        with np.errstate(invalid="ignore", divide="ignore"):
            shared = np.log((length - self.pinned) / np.maximum(whole, 1))
        inner = np.where(whole >= 1, shared, mean)
        cost = (
            self.costs.tempo_offset * mean**2
            + self.costs.tempo_step * (inner - self.from_level) ** 2
            + self.costs.tempo_step * (inner - self.to_level) ** 2
        ) / PRICED_SHARE**2
        allowed = (units >= 1) & (mean >= self.low) & (mean <= self.high)
        inside = (inner >= self.low) & (inner <= self.high)
        allowed &= np.where(whole >= 1, inside, self._agrees(length, whole, mean))
        return np.where(allowed, cost, np.inf), units.astype(int)

    def _agrees(self, length: np.ndarray, whole: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Whether a gap without a whole beat in it agrees with the tempi at its ends."""
        pinned_share = np.maximum(self.tail + self.head, 1e-9)
        mismatch = np.abs(length - self.pinned) / pinned_share
        one_beat = (np.abs(mean - self.from_level) <= self.slack) & (
            self.from_level == self.to_level
        )
        return np.where(whole == 0, mismatch <= self.slack, one_beat)

    def cheapest(self, gaps_s: np.ndarray, before: np.ndarray) -> Steps:
        """The best step into each state; `before`: (B, W, bar, F) costs of the states behind it."""
        prices, units = self.prices(gaps_s)
        n_bases, n_inner = prices.shape[:2]
        n_bar = before.shape[2]
        cost = np.full((n_bases, n_bar, n_inner), np.inf)
        back = np.full((n_bases, n_bar, n_inner, 4), -1)
        valid = np.flatnonzero(np.isfinite(prices))
        if not len(valid):
            return Steps(cost=cost, back=back)
        base, to, window, frm, _ = np.unravel_index(valid, prices.shape)
        taken = units.reshape(-1)[valid]
        crossed = (self.part[frm] + taken) // self.divisions
        place = (np.arange(n_bar)[:, None] - crossed) % n_bar  # (bar, M): where it came from
        value = prices.reshape(-1)[valid] + before[base, window, place, frm]
        group = base * n_inner + to  # ascending, as flatnonzero counts in that order
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        segment = np.cumsum(np.diff(group, prepend=group[0]) > 0)
        lowest = np.minimum.reduceat(value, starts, axis=1)
        index = np.where(value == lowest[:, segment], np.arange(len(valid)), len(valid))
        first = np.minimum.reduceat(index, starts, axis=1)  # (bar, groups)
        bars = np.arange(n_bar)[:, None]
        b, t = base[starts][None, :], to[starts][None, :]
        cost[b, bars, t] = lowest
        found = (window[first], place[bars, first], frm[first], taken[first])
        back[b, bars, t] = np.stack(found, axis=-1)
        return Steps(cost=cost, back=back)
