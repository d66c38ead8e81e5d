"""Which transitions to keep, and how many beats lie between them: dynamic programming.

After peers' practice (Find Tempo in scoring software): nodes are the points that music may hit, an
edge is a number of beats (or parts of a beat) between two kept nodes and so a local tempo. A path
pays for the weight it skips, for hits between beats, for tempi off the base and for tempo steps.
All base tempi are searched at once: arrays carry one row for each.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import Progress, Storyboard, no_progress
from ..units import bpm_to_beat_s
from .plan_settings import STARRED_WEIGHT, PlanCosts, PlanSettings, transition_weight

SAME_PLACE_S = 1e-3
"""A transition this near the start or end of the clip is the start or end."""
PRICED_SHARE = 0.06
"""The tempo change whose price PlanCosts states."""
WINDOW = 40
"""Kept neighbours have at most this many skipped points between them."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Anchors:
    """Points that music may hit: the start, the transitions, the end of the clip."""

    times_s: np.ndarray
    """(N,) increasing."""
    skip_costs: np.ndarray
    """(N,) what leaving a point out costs."""
    phase_costs: np.ndarray
    """(N, divisions) what placing it on each part of a beat costs; inf where it may not go."""
    transition_of: tuple[int | None, ...]
    """Index of the transition, None for the bare start or end."""


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
        return Path(
            base_bpm=self.base_bpm,
            kept=self.kept[:number] + self.kept[number + 1 :],
            units=tuple(unit - shift for unit in units),
            divisions=self.divisions,
            cost=self.cost + price,
        )


def make_anchors(storyboard: Storyboard, settings: PlanSettings) -> Anchors:
    """Anchors of a storyboard, with their costs.

    A starred transition costs more to skip than all plain ones together.
    """
    costs = settings.costs
    weights = [transition_weight(t) for t in storyboard.transitions]
    plain = sum(w for w in weights if w < STARRED_WEIGHT)
    skips = [w + plain * (w == STARRED_WEIGHT) for w in weights]
    rows: list[tuple[float, float, float, int | None]] = [
        (t.time_s, skip, costs.half_beat * weight, i)
        for i, (t, skip, weight) in enumerate(
            zip(storyboard.transitions, skips, weights, strict=True)
        )
    ]
    for at_s, price, place in (
        (0.0, costs.late_start, 0),
        (storyboard.duration_s, costs.loose_end, -1),
    ):
        if rows and abs(rows[place][0] - at_s) < SAME_PLACE_S:
            time_s, skip, half, index = rows[place]
            rows[place] = (time_s, skip + price, half + price, index)
        else:
            rows.insert(0 if place == 0 else len(rows), (at_s, price, math.inf, None))
    parts = np.array([row[2] for row in rows])[:, None].repeat(settings.divisions, axis=1)
    parts[:, 0] = 0.0
    return Anchors(
        times_s=np.array([row[0] for row in rows]),
        skip_costs=np.array([row[1] for row in rows]),
        phase_costs=parts,
        transition_of=tuple(row[3] for row in rows),
    )


def search(
    anchors: Anchors,
    base_bpm: Sequence[float],
    settings: PlanSettings,
    *,
    levels: int,
    progress: Progress = no_progress,
) -> list[Path]:
    """The cheapest path for each base tempo.

    `levels` is the number of values that the tempo at a hit may take, spread over the room; a beat
    that is hit in its middle has that tempo throughout. With one level a step is priced as twice
    the distance from the base.
    """
    room = settings.tempo_room * 0.995  # what is left lets the tempo curve be solved for
    edges = _Edges(
        beats_s=np.array([bpm_to_beat_s(tempo_bpm) for tempo_bpm in base_bpm]),
        divisions=settings.divisions,
        log_low=-math.log1p(room),
        log_high=-math.log1p(-room),
        levels=levels,
        costs=settings.costs,
    )
    n, states = len(anchors.times_s), settings.divisions * levels
    skipped = np.concatenate([[0.0], np.cumsum(anchors.skip_costs)])
    total = np.full((len(base_bpm), n, states), np.inf)
    back = np.full((len(base_bpm), n, states, 2), -1)  # predecessor * states + its state; units
    phase_costs = anchors.phase_costs.repeat(levels, axis=1)
    for j in range(n):
        total[:, j] = skipped[j]
        first = max(0, j - WINDOW)
        if j > first:
            gaps_s = anchors.times_s[j] - anchors.times_s[first:j]
            waste = skipped[j] - skipped[first + 1 : j + 1]
            cost, units = edges.prices(gaps_s)
            cost += (total[:, first:j] + waste[None, :, None])[:, :, :, None]
            flat = cost.reshape(len(base_bpm), -1, states)
            best = flat.argmin(axis=1)
            found = np.take_along_axis(flat, best[:, None], axis=1)[:, 0]
            taken = np.take_along_axis(units.reshape(flat.shape), best[:, None], axis=1)[:, 0]
            better = found < total[:, j]
            total[:, j] = np.where(better, found, total[:, j])
            back[:, j, :, 0] = np.where(better, best + first * states, -1)
            back[:, j, :, 1] = np.where(better, taken, -1)
        total[:, j] += phase_costs[j]
        progress((j + 1) / n)
    ends = total + (skipped[-1] - skipped[1:])[None, :, None]
    return [
        _walk(ends[b], back[b], float(tempo_bpm), levels, settings.divisions)
        for b, tempo_bpm in enumerate(base_bpm)
    ]


def _walk(ends: np.ndarray, back: np.ndarray, base_bpm: float, levels: int, divisions: int) -> Path:
    """Follow the cheapest path from its last anchor to its first."""
    states = ends.shape[1]
    j, state = divmod(int(ends.argmin()), states)
    cost = float(ends[j, state])
    kept, steps = [j], []
    while back[j, state, 0] >= 0:
        steps.append(int(back[j, state, 1]))
        j, state = divmod(int(back[j, state, 0]), states)
        kept.append(j)
    units = np.cumsum([state // levels, *reversed(steps)])
    return Path(
        base_bpm=base_bpm,
        kept=tuple(reversed(kept)),
        units=tuple(int(u) for u in units),
        divisions=divisions,
        cost=cost,
    )


class _Edges:
    """Prices of the steps between two kept anchors, for all base tempi and states at once."""

    def __init__(
        self,
        *,
        beats_s: np.ndarray,
        divisions: int,
        log_low: float,
        log_high: float,
        levels: int,
        costs: PlanCosts,
    ):
        self.beats_s = beats_s
        self.divisions = divisions
        self.log_low, self.log_high = log_low, log_high
        self.costs = costs
        level = np.linspace(log_low, log_high, levels) if levels > 1 else np.zeros(1)
        self.slack = (log_high - log_low) / (2 * (levels - 1)) if levels > 1 else log_high
        phase = np.arange(divisions)
        # state = phase * levels + level; axes: (B, W, from state, to state, alternative)
        self.from_phase = phase.repeat(levels)[:, None, None]
        self.to_phase = phase.repeat(levels)[None, :, None]
        self.from_level = np.tile(level, divisions)[:, None, None]
        self.to_level = np.tile(level, divisions)[None, :, None]
        self.alternatives = np.array([-1, 0, 1])
        self.tail = np.where(self.from_phase > 0, 1 - self.from_phase / divisions, 0.0)
        self.head = self.to_phase / divisions
        self.rounded = np.exp(self.from_level) * self.tail + np.exp(self.to_level) * self.head

    def prices(self, gaps_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(B, W, S, S) costs of bridging each gap from each state to each, and the units it takes.

        Lengths are in base beats. A state between two beats pins the tempo of its beat: `tail` of
        that beat follows it, `head` precedes it; the whole beats between share what is left.
        """
        length = (gaps_s[None, :] / self.beats_s[:, None])[:, :, None, None, None]
        shift = self.to_phase - self.from_phase
        nearest = np.round(length - shift / self.divisions)
        units = shift + self.divisions * (nearest + self.alternatives)
        beats = np.maximum(units, 1) / self.divisions
        mean = np.log(length / beats)
        whole = np.round(beats - self.tail - self.head)
        left = length - self.rounded
        some = whole >= 1
        with np.errstate(invalid="ignore", divide="ignore"):
            inner = np.where(some, np.log(left / np.maximum(whole, 1)), mean)
        cost = self.costs.tempo_offset * mean**2
        cost = cost + self.costs.tempo_step * (
            (inner - self.from_level) ** 2 + (inner - self.to_level) ** 2
        )
        cost = cost / PRICED_SHARE**2
        low, high = self.log_low, self.log_high
        allowed = (units >= 1) & (mean >= low) & (mean <= high)
        allowed &= np.where(some, (inner >= low) & (inner <= high), self._fits(length, whole, mean))
        cost = np.where(allowed, cost, np.inf)
        best = cost.argmin(axis=-1)[..., None]
        return (
            np.take_along_axis(cost, best, axis=-1)[..., 0],
            np.take_along_axis(np.broadcast_to(units, cost.shape), best, axis=-1)[..., 0].astype(
                int
            ),
        )

    def _fits(self, length: np.ndarray, whole: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Whether a gap without a whole beat in it agrees with the tempi of its ends."""
        part = np.maximum(self.tail + self.head, 1e-9)
        mismatch = np.abs(length - self.rounded) / part
        same_beat = (np.abs(mean - self.from_level) <= self.slack) & (
            self.from_level == self.to_level
        )
        return np.where(whole == 0, mismatch <= self.slack, same_beat)
