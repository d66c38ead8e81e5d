"""Fades: the picture goes gradually to black or white, or comes from there.

A stretch of plain frames (all black or all white) between pictures is
- a fade where brightness runs to it and away from it gradually: at its middle;
- a cut where one side is hard: at that side's edge, where the eye is hit;
- two cuts where both are: the detectors find these.
At the edges of the clip there is no picture on one side, hence no transition.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from ..types import Transition
from .cuts import SAME_AGAIN
from .dissolves import suddenness
from .evidence import novelty, picture_change
from .recent import Recent
from .small import SmallFrame

LONGEST_RAMP_S = 3.0
LONGEST_FLASH_S = 0.8
MIN_RAMP_S, MIN_RAMP_FRAMES = 0.12, 3
STEP = 0.2
"""Of 255 a frame: slower changes of brightness are no ramp."""
LEAST_STEP_SHARE = 0.2
"""Of the mean step up to there: a picture that goes on brightening by itself ends the ramp."""
HARD_STEP = 25.0
"""Of 255: pale pictures come out of white in smaller steps than this."""
LARGEST_SHARE = 0.6
"""Of the way from picture to plain that a ramp may go in one frame."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainStretch:
    """Black or white frames [start, stop) and the ramps around them."""

    start_s: float
    middle_s: float
    """The frame edge nearest to the middle; the later of two."""
    end_s: float
    ramp_start_s: float
    ramp_end_s: float
    soft_in: bool
    soft_out: bool
    edge: bool
    """It touches the start or the end of the clip."""
    same_picture: bool
    """The picture after it is the one from before."""
    strength: float

    @property
    def is_flash(self) -> bool:
        """A short plain stretch with a hard side, inside one shot: the detectors tell it."""
        short = self.ramp_end_s - self.ramp_start_s < LONGEST_FLASH_S
        return self.same_picture and short and not (self.soft_in and self.soft_out)

    @property
    def explains(self) -> bool:
        """Whether what was found inside its ramps is part of it."""
        return (self.soft_in or self.soft_out) and not self.is_flash

    @property
    def transition(self) -> Transition | None:
        """The fade or the cut that this is; None where the detectors find what there is."""
        if self.edge or not self.explains:
            return None
        if not self.soft_in:
            return Transition(time_s=self.start_s, strength=self.strength)
        if not self.soft_out:
            return Transition(time_s=self.end_s, strength=self.strength)
        duration_s = self.ramp_end_s - self.ramp_start_s
        return Transition(
            time_s=self.middle_s,
            kind="fade",
            duration_s=duration_s,
            strength=self.strength * suddenness(duration_s),
        )


class FadeFinder:
    """Told every frame, after it was pushed to `recent`."""

    def __init__(self, recent: Recent):
        self._recent = recent
        self._first: SmallFrame | None = None  # of the plain frames that are on screen
        self._before: list[SmallFrame] = []
        self._before_is_edge = False
        self._waiting: list[tuple[SmallFrame, SmallFrame, list[SmallFrame], bool]] = []
        self.stretches: list[PlainStretch] = []

    def see(self, frame: SmallFrame) -> None:
        if frame.plain and (self._first is None or self._first.dark == frame.dark):
            if self._first is None:
                self._open(frame)
        elif self._first is not None:
            self._waiting.append((self._first, frame, self._before, self._before_is_edge))
            self._first = None
            if frame.plain:
                self._open(frame)
        while self._waiting and frame.time_s > self._waiting[0][1].time_s + LONGEST_RAMP_S:
            self._close(*self._waiting.pop(0))

    def finish(self) -> None:
        for waiting in self._waiting:
            self._close(*waiting)
        self._waiting = []
        if self._first is not None:
            frame = self._recent.newest
            end_s = frame.time_s + frame.duration_s
            self._append(self._first, end_s, self._before, [], edge=True)
            self._first = None

    def _open(self, frame: SmallFrame) -> None:
        self._first = frame
        start = self._recent.at(frame.time_s - LONGEST_RAMP_S).index
        self._before = self._recent.span(start, frame.index)
        self._before_is_edge = frame.index == 0

    def _close(
        self, first: SmallFrame, after: SmallFrame, before: list[SmallFrame], edge: bool
    ) -> None:
        stop = self._recent.at(after.time_s + LONGEST_RAMP_S).index + 1
        self._append(first, after.time_s, before, self._recent.span(after.index, stop), edge=edge)

    def _append(
        self,
        first: SmallFrame,
        end_s: float,
        before: list[SmallFrame],
        after: list[SmallFrame],
        *,
        edge: bool,
    ) -> None:
        ramp_in = ramp(before[::-1], first)
        ramp_out = ramp(after, first)
        far = (before[-len(ramp_in) - 1 :] or [first])[0]
        beyond = after[min(len(ramp_out), len(after) - 1)] if after else first
        self.stretches.append(
            PlainStretch(
                start_s=first.time_s,
                middle_s=self._nearest_edge((first.time_s + end_s) / 2),
                end_s=end_s,
                ramp_start_s=ramp_in[-1].time_s if ramp_in else first.time_s,
                ramp_end_s=ramp_out[-1].time_s + ramp_out[-1].duration_s if ramp_out else end_s,
                soft_in=is_soft(ramp_in, first, far),
                soft_out=is_soft(ramp_out, first, beyond),
                edge=edge,
                same_picture=novelty(far.mini, beyond.mini).share < SAME_AGAIN,
                strength=picture_change(far.mini, beyond.mini),
            )
        )

    def _nearest_edge(self, time_s: float) -> float:
        frame = self._recent.at(time_s)
        end_s = frame.time_s + frame.duration_s
        return frame.time_s if time_s - frame.time_s < end_s - time_s - 1e-6 else end_s


def ramp(frames: Sequence[SmallFrame], plain: SmallFrame) -> list[SmallFrame]:
    """The first of `frames`, going away from the plain stretch, that leave it step by step."""
    steps: list[SmallFrame] = []
    reached = 0.0
    for frame in frames:
        distance = abs(frame.luma - plain.luma)
        usual = reached / max(len(steps), 1)
        if distance - reached < max(STEP, LEAST_STEP_SHARE * usual):
            break
        steps.append(frame)
        reached = distance
    return steps


def is_soft(steps: Sequence[SmallFrame], plain: SmallFrame, far: SmallFrame) -> bool:
    """Whether the ramp takes time, and no single frame of it does nearly all."""
    levels = [plain.luma, *(step.luma for step in steps), far.luma]
    largest = max(abs(b - a) for a, b in itertools.pairwise(levels))
    if plain.bright and largest < HARD_STEP:
        return True
    if len(steps) < MIN_RAMP_FRAMES:
        return False
    whole = abs(steps[-1].luma - plain.luma)
    lasts_s = abs(steps[-1].time_s - steps[0].time_s)
    return lasts_s >= MIN_RAMP_S and largest < LARGEST_SHARE * whole
