"""The beat plan as a grid of sixteenths: bars, times, and what the picture asks for."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..types import BeatPlan, Metre, Storyboard
from ..units import beats_to_seconds, seconds_to_beats


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A bar of the plan, in grid steps; the first and the last may be cut short."""

    index: int
    start: int
    length: int

    @property
    def end(self) -> int:
        return self.start + self.length


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Grid:
    """Steps of the piece: `first` is the first at or after 0 s, `end` is where the clip ends."""

    metre: Metre
    beats_s: tuple[float, ...]
    bars: tuple[Bar, ...]
    first: int
    end: float
    n_steps: int
    times_s: np.ndarray
    """(n_steps + 1,) time of each step."""
    arousal: np.ndarray
    """(n_steps,) of the shot that is seen."""
    valence: np.ndarray
    shot: np.ndarray
    """(n_steps,) index of the shot that is seen."""
    bar_of: np.ndarray
    """(n_steps,) index of the bar."""

    @property
    def beat(self) -> int:
        return self.metre.steps_per_beat

    @property
    def bar_steps(self) -> int:
        """Steps of a regular bar."""
        return self.beat * self.metre.beats_per_bar

    def bar_at(self, step: int) -> Bar:
        """The bar that holds `step`."""
        return self.bars[int(self.bar_of[min(max(step, 0), self.n_steps - 1)])]

    def level(self, step: int) -> int:
        """Metric weight: 4 downbeat, 3 middle of the bar, 2 beat, 1 eighth, 0 sixteenth."""
        bar = self.bar_at(step)
        at = step - bar.start
        if at == 0:
            return 4
        if at % self.beat == 0:
            halves = self.beat == 6 or (bar.length == 4 * self.beat and at == 2 * self.beat)
            return 3 if halves else 2
        return 1 if at % 2 == 0 else 0

    def step_at(self, time_s: float) -> int:
        """The grid step nearest to a time."""
        return round(seconds_to_beats(time_s, self.beats_s) * self.beat)

    def mean(self, values: np.ndarray, start: int, end: int) -> float:
        """Mean of a per-step array over [start, end), inside the clip."""
        start = min(max(start, 0), self.n_steps - 1)
        return float(values[start : max(end, start + 1)].mean())


def make_grid(storyboard: Storyboard, plan: BeatPlan) -> Grid:
    """Lay storyboard and plan on one grid."""
    beat = plan.metre.steps_per_beat
    end = seconds_to_beats(plan.duration_s, plan.beats_s) * beat
    n_steps = max(math.ceil(end - 1e-6), 1)
    times_s = np.array([beats_to_seconds(i / beat, plan.beats_s) for i in range(n_steps + 1)])
    first = min(int(np.searchsorted(times_s, -1e-6)), n_steps - 1)
    # A cut that lies a little after a step still belongs to it: that is where the hit sounds.
    seen_s = times_s[:-1] + 0.4 * np.diff(times_s)
    shot = np.array([storyboard.shot_index(max(float(t), 0.0)) for t in seen_s])
    bars = _make_bars(plan, n_steps)
    bar_of = np.zeros(n_steps, dtype=int)
    for bar in bars:
        bar_of[bar.start : bar.end] = bar.index
    return Grid(
        metre=plan.metre,
        beats_s=plan.beats_s,
        bars=bars,
        first=first,
        end=end,
        n_steps=n_steps,
        times_s=times_s,
        arousal=np.array([storyboard.shots[i].affect.arousal for i in shot]),
        valence=np.array([storyboard.shots[i].affect.valence for i in shot]),
        shot=shot,
        bar_of=bar_of,
    )


def _make_bars(plan: BeatPlan, n_steps: int) -> tuple[Bar, ...]:
    beat = plan.metre.steps_per_beat
    starts = {i * beat for i in plan.downbeats} or {0}
    last = max(starts)
    starts |= set(range(last, n_steps, beat * plan.metre.beats_per_bar)) | {0}
    inside = sorted(start for start in starts if start < n_steps)
    edges = [*inside, n_steps]
    return tuple(Bar(index=i, start=a, length=b - a) for i, (a, b) in enumerate(pairwise(edges)))
