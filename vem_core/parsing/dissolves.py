"""Dissolves: stretches where each picture is a blend of the one before and the one after.

For a dissolve from A to B the frame half way is their mean, so
    r = |f(t) - (f(t-h) + f(t+h)) / 2| / |f(t+h) - f(t-h)|
is near 0 once h reaches over half of it; at a cut r is 1/2, in a pan about 0.87 (three unrelated
pictures), in noise more. Candidates come from r over thumbnails at several h. Each is then
measured: the share alpha(t) of B in f(t), by projection on B - A, gives middle and duration; the
fit must hold cell by cell, in most of the picture, and B must show something else than A.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import Transition
from .evidence import novelty, picture_change, same_but_lighter
from .recent import Recent
from .settings import ParseSettings
from .small import SmallFrame

HALVES_S = (0.125, 0.2, 0.32, 0.5, 0.75, 1.1, 1.65)
BATCH_S = 0.5
MAX_BLEND_ERROR = 0.33
"""r of a candidate."""
LEAST_CHANGE = 14.0
"""Root mean square between A and B, of 255."""
CLUSTER_GAP_S = 0.5
SHORTEST_S, LONGEST_S = 0.14, 3.6
MIN_FRAMES = 3
LEAST_NEW = 0.6
CELL_CHANGE, CELL_ERROR = 12.0, 0.4
LEAST_CHANGED, LEAST_BLENDED = 0.5, 0.65
"""Shares of the cells that change, and of those that follow the blend."""
MOST_DETAIL = 0.85
TRIES = 6
HALF_STRENGTH_S = 1.0
"""A transition that lasts so long has half the strength of a cut between the same pictures."""


def suddenness(duration_s: float) -> float:
    """Factor on the strength of a gradual transition: 1 for a cut, less the longer it takes."""
    return 1.0 / (1.0 + duration_s / HALF_STRENGTH_S)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    centre: int
    half_s: float
    time_s: float
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ramp:
    """A measured blend."""

    start_s: float
    middle_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


class DissolveFinder:
    """Told nothing but that there is a new frame; looks at `recent`."""

    def __init__(self, recent: Recent, settings: ParseSettings):
        self._recent = recent
        self._caution = settings.caution
        self._next_s = 0.0
        self._done = {half: 0 for half in HALVES_S}
        self._cluster: list[_Candidate] = []
        self.dissolves: list[Transition] = []

    def look(self, *, to_the_end: bool = False) -> None:
        """Search what has come since the last look; measure clusters that are over."""
        newest_s = self._recent.newest.time_s
        if newest_s < self._next_s and not to_the_end:
            return
        self._next_s = newest_s + BATCH_S
        found = [hit for half in HALVES_S for hit in self._search(half)]
        self._cluster += found
        last_s = max((hit.time_s for hit in self._cluster), default=-math.inf)
        if to_the_end or newest_s > last_s + HALVES_S[-1] + BATCH_S + CLUSTER_GAP_S:
            self._settle(self._cluster)
            self._cluster = []
        elif self._cluster and newest_s > self._cluster[0].time_s + 2 * LONGEST_S:
            # motion may go on hitting for ever: settle the older part while its frames are held
            edge_s = newest_s - LONGEST_S
            self._settle([hit for hit in self._cluster if hit.time_s < edge_s])
            self._cluster = [hit for hit in self._cluster if hit.time_s >= edge_s]

    def _search(self, half_s: float) -> list[_Candidate]:
        """Candidates of one reach among the frames that have `half_s` seconds on both sides."""
        recent = self._recent
        last = recent.at(recent.newest.time_s - half_s).index
        start = max(self._done[half_s], recent.first)
        self._done[half_s] = max(last + 1, start)
        first_s = recent.frame(recent.first).time_s
        centres = [f for f in recent.span(start, last + 1) if f.time_s - half_s >= first_s]
        if not centres:
            return []
        before = np.stack([recent.at(f.time_s - half_s).thumb for f in centres])
        after = np.stack([recent.at(f.time_s + half_s).thumb for f in centres])
        middle = np.stack([f.thumb for f in centres])  # (F, 432)
        change = np.sqrt(np.square(after - before).mean(axis=1))
        error = np.sqrt(np.square(middle - (before + after) / 2).mean(axis=1)) / (change + 2)
        hits = np.flatnonzero((error < MAX_BLEND_ERROR) & (change > LEAST_CHANGE * self._caution))
        return [
            _Candidate(
                centre=centres[i].index,
                half_s=half_s,
                time_s=centres[i].time_s,
                score=float(change[i] * (0.5 - error[i])),
            )
            for i in hits
        ]

    def _settle(self, cluster: Sequence[_Candidate]) -> None:
        """Measure the best candidates; what one explains, the others need not."""
        left = sorted(cluster, key=lambda hit: -hit.score)
        for _ in range(TRIES):
            if not left:
                return
            best = left[0]
            ramp = self._measure(best)
            centre_s, reach_s = best.time_s, best.half_s / 2
            if ramp is not None and (found := self._judge(ramp)) is not None:
                self.dissolves.append(found)
                centre_s, reach_s = ramp.middle_s, ramp.duration_s
            left = [hit for hit in left if abs(hit.time_s - centre_s) > reach_s and hit != best]

    def _measure(self, hit: _Candidate) -> _Ramp | None:
        """Where the share of the new picture rises from 0 to 1; twice, the second time with the
        pictures right beside the ramp as A and B, as pictures go on moving."""
        middle_s, reach_s = hit.time_s, hit.half_s
        ramp = None
        for _ in range(3):
            ramp = self._ramp(middle_s - reach_s, middle_s + reach_s)
            if ramp is None:
                return None
            middle_s, reach_s = ramp.middle_s, 0.55 * ramp.duration_s + 0.04
        return ramp

    def _ramp(self, start_s: float, end_s: float) -> _Ramp | None:
        recent = self._recent
        if start_s < recent.frame(recent.first).time_s - 0.5 or end_s - start_s > LONGEST_S + 0.5:
            return None
        a, b = recent.at(start_s), recent.at(end_s)
        frames = recent.span(a.index, b.index + 1)
        if len(frames) < MIN_FRAMES + 2:
            return None
        alpha = blend_shares(frames)
        times_s = np.array([f.time_s + f.duration_s / 2 for f in frames])
        low, high = _crossing(alpha, times_s, 0.15), _crossing(alpha, times_s, 0.85)
        middle_s = _crossing(alpha, times_s, 0.5)
        slope_s = (high - low) / 0.7
        return _Ramp(
            start_s=middle_s - slope_s / 2, middle_s=middle_s, end_s=middle_s + slope_s / 2
        )

    def _judge(self, ramp: _Ramp) -> Transition | None:
        recent = self._recent
        if not SHORTEST_S <= ramp.duration_s <= LONGEST_S:
            return None
        a = recent.at(ramp.start_s - 0.02)
        b = recent.at(ramp.end_s + 0.02)
        frames = recent.span(a.index, b.index + 1)
        if len(frames) < MIN_FRAMES + 2 or a.plain or b.plain:
            return None
        if same_but_lighter(a.thumb, b.thumb) or not _blends(frames):
            return None
        if detail_ratio(frames) > MOST_DETAIL:
            return None
        if novelty(a.mini, b.mini).share < min(LEAST_NEW * self._caution, 0.9):
            return None
        # a boundary between shots lies between two frames: at the one nearest to the middle
        near = min(frames, key=lambda f: abs(f.time_s - ramp.middle_s))
        return Transition(
            time_s=near.time_s,
            kind="dissolve",
            duration_s=ramp.duration_s,
            strength=picture_change(a.mini, b.mini) * suddenness(ramp.duration_s),
        )


def blend_shares(frames: Sequence[SmallFrame]) -> np.ndarray:
    """(F,) share of the last frame in each frame, where the rest is the first: least squares."""
    thumbs = np.stack([f.thumb for f in frames])
    step = thumbs[-1] - thumbs[0]
    return (thumbs - thumbs[0]) @ step / max(float(step @ step), 1e-6)


def _crossing(alpha: np.ndarray, times_s: np.ndarray, level: float) -> float:
    """Time at which `alpha` passes `level` for the last time from below, interpolated."""
    below = np.flatnonzero(alpha < level)
    i = int(below[-1]) if below.size else 0
    if i + 1 >= len(alpha):
        return float(times_s[-1])
    share = (level - alpha[i]) / max(float(alpha[i + 1] - alpha[i]), 1e-6)
    return float(times_s[i] + np.clip(share, 0, 1) * (times_s[i + 1] - times_s[i]))


def detail_ratio(frames: Sequence[SmallFrame]) -> float:
    """Detail half way, as share of what it would be if one picture moved on into the other.

    Detail is the mean square of the gradient. In a double exposure of unrelated pictures it is
    half of theirs (the classic parabola of variance in a dissolve); motion keeps it.
    """
    alpha = blend_shares(frames)
    middle = [f for f, share in zip(frames, alpha, strict=True) if 0.3 < share < 0.7]
    if not middle:
        return 1.0
    ends = (_detail(frames[0]) + _detail(frames[-1])) / 2
    return float(np.mean([_detail(f) for f in middle])) / max(ends, 1e-6)


def _detail(frame: SmallFrame) -> float:
    pixels = frame.mini.astype(np.float32)
    return float(
        np.square(np.diff(pixels, axis=0)).mean() + np.square(np.diff(pixels, axis=1)).mean()
    )


def _blends(frames: Sequence[SmallFrame]) -> bool:
    """Whether most of the picture changes, gradually, and is a mixture of first and last."""
    alpha = blend_shares(frames)
    steps = np.diff(alpha)
    if steps.max() > 0.45 or steps.min() < -0.12:
        return False
    thumbs = np.stack([f.thumb for f in frames]).reshape(len(frames), -1, 3)  # (F, cells, 3)
    a, b = thumbs[0], thumbs[-1]
    change = np.abs(b - a).max(axis=1)
    live = np.maximum(a.max(axis=1), b.max(axis=1)) > 32
    inner = np.flatnonzero((alpha > 0.15) & (alpha < 0.85))
    if not inner.size or not live.any():
        return False
    share = alpha[inner, None, None]
    errors = np.abs(thumbs[inner] - (1 - share) * a - share * b).max(axis=2)  # (inner, cells)
    moves = live & (change > CELL_CHANGE)
    if moves.sum() < LEAST_CHANGED * live.sum():
        return False
    blended = errors.mean(axis=0)[moves] < CELL_ERROR * change[moves]
    return bool(blended.mean() >= LEAST_BLENDED)
