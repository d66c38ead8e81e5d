"""The form: where phrases begin and end, which return, and where the piece closes."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from ..types import BeatPlan, Hit
from .grid import Bar, Grid

Label = Literal["A", "B", "C"]

_LENGTH_COST = {1: 3.0, 2: 1.1, 3: 1.0, 4: 0.0, 5: 1.0, 6: 1.4}
_CYCLE: tuple[Label, ...] = ("A", "A", "B", "A")
_LONG: tuple[Label, ...] = ("A", "A", "B", "A", "C", "A", "B", "A")


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrase:
    """Bars that belong together: a tune, its harmony, a breath at the end."""

    index: int
    label: Label
    """A theme, B contrast, C interlude in which the tune rests."""
    bars: tuple[Bar, ...]
    turn: int
    """How often this label was heard before."""
    closed: bool
    """Ends at rest (a full cadence), not on the way."""
    energy: float
    """Mean arousal."""
    valence: float
    climax: bool
    last: bool
    upbeat: bool = False
    """The first bar is cut short and only leads in."""

    @property
    def start(self) -> int:
        return self.bars[0].start

    @property
    def end(self) -> int:
        return self.bars[-1].end


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """Phrases up to `final`, the step of the closing chord, which rings to the end of the clip."""

    phrases: tuple[Phrase, ...]
    final: int

    def phrase_at(self, step: int) -> Phrase:
        """The phrase that holds a step; the closing chord belongs to the last."""
        for phrase in self.phrases:
            if step < phrase.end:
                return phrase
        return self.phrases[-1]


def find_final(grid: Grid, plan: BeatPlan) -> int:
    """The step of the closing chord.

    After a calm last shot it rings for two to three seconds, after an intense one for one. A
    downbeat is preferred, in a calm end a strong cut even more; few cuts should come after it, and
    an intense last shot should not be all ring.
    """
    end_s = plan.duration_s
    calm = 1.0 - float(grid.arousal[-1])
    ideal_s = min(0.9 + 1.8 * calm, 0.35 * end_s)
    hits = [(grid.step_at(hit.beat_s), hit) for hit in plan.hits]
    best, best_score = max(grid.first, (grid.n_steps - 1) // grid.beat * grid.beat), -np.inf
    for step in range(grid.first, grid.n_steps):
        ring_s = end_s - float(grid.times_s[step])
        here = [hit for at, hit in hits if at == step]
        if ring_s > max(4.5, 0.1 * end_s) or ring_s < 0.5 or (grid.level(step) < 2 and not here):
            continue
        score = {4: 1.2, 3: 0.6}.get(grid.level(step), 0.0)
        score += 2.0 * calm * max((hit.weight for hit in here), default=0.0)
        score -= (2.0 - calm) * abs(np.log2(ring_s / ideal_s))
        score -= 0.8 * sum(at > step for at, _ in hits)
        covered = float(
            (grid.shot[step:] == grid.shot[-1]).sum() / (grid.shot == grid.shot[-1]).sum()
        )
        score -= 2.5 * (1.0 - calm) * covered
        if score > best_score:
            best, best_score = step, score
    return best


def make_form(grid: Grid, plan: BeatPlan) -> Form:
    """Divide the piece into phrases and name them."""
    final = find_final(grid, plan)
    body = [
        Bar(index=bar.index, start=bar.start, length=min(bar.length, final - bar.start))
        for bar in grid.bars
        if bar.start < final
    ]
    if not body:  # the closing chord is all there is room for
        body = [Bar(index=0, start=0, length=max(final, 1))]
    upbeat = len(body) > 1 and body[0].end - max(grid.first, 0) <= grid.bar_steps / 2
    groups = _group(body[1:] if upbeat else body, grid, plan.hits)
    if upbeat:
        groups[0].insert(0, body[0])
    labels = _label(groups, grid)
    energies = [grid.mean(grid.arousal, g[0].start, g[-1].end) for g in groups]
    climax = int(np.argmax([e + 0.02 * i for i, e in enumerate(energies)]))
    seen: dict[str, int] = {}
    phrases = []
    for i, (bars, label) in enumerate(zip(groups, labels, strict=True)):
        last = i == len(groups) - 1
        following = labels[i + 1] if not last else ""
        phrases.append(
            Phrase(
                index=i,
                label=label,
                bars=tuple(bars),
                turn=seen.get(label, 0),
                closed=last or (label == "A" and following != "A" and i > 0),
                energy=energies[i],
                valence=grid.mean(grid.valence, bars[0].start, bars[-1].end),
                climax=i == climax and len(groups) > 2,
                last=last,
                upbeat=upbeat and i == 0,
            )
        )
        seen[label] = seen.get(label, 0) + 1
    return Form(phrases=tuple(phrases), final=final)


def _group(bars: list[Bar], grid: Grid, hits: tuple[Hit, ...]) -> list[list[Bar]]:
    """Phrases of four bars where the picture allows, of 2 to 6 where a strong cut asks for it.

    Shortest path over the bar lines: each length has a cost, each bar line a reward by the weight
    of the cut on it and by how much the mood changes there.
    """
    reward = _rewards(bars, grid, hits)
    n = len(bars)
    cost = [0.0] + [np.inf] * n
    back = [0] * (n + 1)
    for j in range(1, n + 1):
        for length, price in _LENGTH_COST.items():
            i = j - length
            if i >= 0 and cost[i] + price - reward[j] < cost[j]:
                cost[j], back[j] = cost[i] + price - reward[j], i
    edges = [n]
    while edges[-1] > 0:
        edges.append(back[edges[-1]])
    edges.reverse()
    return [bars[a:b] for a, b in pairwise(edges)]


def _rewards(bars: list[Bar], grid: Grid, hits: tuple[Hit, ...]) -> list[float]:
    weight: dict[int, float] = {}
    for hit in hits:
        step = grid.step_at(hit.beat_s)
        weight[step] = max(weight.get(step, 0.0), hit.weight)
    top = max(weight.values(), default=1.0) or 1.0
    rewards = [0.0] * (len(bars) + 1)
    span = 2 * grid.bar_steps
    for j, bar in enumerate(bars[1:], 1):
        at = bar.start
        change = abs(
            grid.mean(grid.arousal, at, at + span) - grid.mean(grid.arousal, at - span, at)
        ) + 0.5 * abs(
            grid.mean(grid.valence, at, at + span) - grid.mean(grid.valence, at - span, at)
        )
        rewards[j] = 0.5 * weight.get(at, 0.0) / top + 1.6 * max(change - 0.12, 0.0)
    return rewards


def _label(groups: list[list[Bar]], grid: Grid) -> list[Label]:
    """AABA, in long pieces with an interlude; the theme always returns at the end."""
    n = len(groups)
    if n == 1:
        return ["A"]
    if n == 2:
        return ["A", "A"]
    if n == 3:
        return ["A", "B", "A"]
    cycle = _CYCLE if n <= 5 else _LONG
    labels: list[Label] = [cycle[i % len(cycle)] for i in range(n)]
    labels[-1] = "A"
    if n > 5:
        labels[-2] = "B" if labels[-2] == "C" else labels[-2]
        calm = grid.mean(grid.arousal, groups[0][0].start, groups[0][-1].end) < 0.2
        if calm and n > 6:
            labels = ["C", *labels[:-2], "A"]
    return labels
