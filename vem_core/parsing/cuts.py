"""Hard cuts: proposals judged by what they show, and flashes told from cuts.

A proposed frame is a cut where much of the picture is new (evidence.py), much more than motion
brings from frame to frame around it (so whip pans are none), all over the picture or nearly all of
it (so titles that pop up are none), and where the old picture does not come back right after (a
flash, or something that passes before the lens).
"""

from dataclasses import dataclass

import numpy as np

from ..types import Transition
from .evidence import FAR, NEAR, novelty, picture_change
from .recent import Recent
from .settings import ParseSettings
from .small import SmallFrame

LEAST_NEW = 0.35
PLAINLY_NEW = 0.65
"""From here on the spread of what is new does not matter."""
LEAST_SPREAD = 0.75
ABOVE_MOTION = 0.25
"""By how much the share of new blocks must exceed that between neighbouring frames."""
SAME_AGAIN = 0.4
"""Share of new blocks below which a picture is the one from before."""
FLASH_S = 0.5
FLASH_LUMA = 20.0
"""Of 255: smaller jumps of brightness are no flash of light."""
LARGEST_STEP = 0.6
"""Share of its jump that a flash longer than the shortest shot may lose in one frame."""
LOOK_AHEAD_S = 0.6


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundCut:
    """A judged proposal."""

    index: int
    """Of the first frame of the new shot."""
    transition: Transition


class CutJudge:
    """Told proposals; judges each when enough of what follows has been seen."""

    def __init__(self, recent: Recent, settings: ParseSettings):
        self._recent = recent
        self._caution = settings.caution
        self._shortest_s = settings.shortest_shot_s
        self._pending: set[int] = set()
        self._flash_end = -1
        self.cuts: list[FoundCut] = []
        self.flashes: list[Transition] = []

    def propose(self, indices: list[int]) -> None:
        self._pending.update(index for index in indices if index > 0)

    def judge(self, *, all_of_them: bool = False) -> None:
        """Judge what is ripe, in order of time."""
        for index in sorted(self._pending):
            if not self._recent.holds(index) or not self._recent.holds(index - 1):
                self._pending.discard(index)
                continue
            frame = self._recent.frame(index)
            if not all_of_them and self._recent.newest.time_s < frame.time_s + LOOK_AHEAD_S:
                break
            self._pending.discard(index)
            self._judge(frame)

    def _judge(self, frame: SmallFrame) -> None:
        if frame.index <= self._flash_end:
            return
        before = self._recent.frame(frame.index - 1)
        new = novelty(before.mini, frame.mini, FAR)
        if new.share < min(LEAST_NEW * self._caution, PLAINLY_NEW):
            return
        if new.share < PLAINLY_NEW and new.spread < LEAST_SPREAD:
            return
        if new.share < self._motion(frame.index) + ABOVE_MOTION:
            return
        back = self._comes_back(before, frame)
        if back is not None:
            self._flash_end = back.index
            self._add_flash(before, frame, back)
            return
        if self._came_back(frame):
            return
        strength = picture_change(before.mini, frame.mini)
        transition = Transition(time_s=frame.time_s, strength=strength)
        self.cuts.append(FoundCut(index=frame.index, transition=transition))

    def _motion(self, index: int) -> float:
        """Median share of new blocks between neighbouring frames on both sides of `index`."""
        pairs = [(index + i, index + i + 1) for i in (-4, -3, 1, 2)]
        shares = sorted(
            novelty(self._recent.frame(a).mini, self._recent.frame(b).mini, NEAR).share
            for a, b in pairs
            if self._recent.holds(a) and self._recent.holds(b)
        )
        return shares[(len(shares) - 1) // 2] if shares else 0.0

    def _comes_back(self, before: SmallFrame, frame: SmallFrame) -> SmallFrame | None:
        """The first of a few later frames that shows the old picture again, within a flash's time.

        Up to the shortest shot anything in between is a flash; later only a flash of light is."""
        later = self._probes(frame.index, self._shortest_s)
        jump = frame.luma - before.luma
        if abs(jump) > FLASH_LUMA:
            later += self._after_glow(before, frame)
        return next((other for other in later if _same_again(before, other, frame)), None)

    def _after_glow(self, before: SmallFrame, frame: SmallFrame) -> list[SmallFrame]:
        """The first and the last frame, within FLASH_S, to which brightness sinks back by itself.

        It must sink gradually: the end of a short bright shot takes brightness back in one step."""
        jump = abs(frame.luma - before.luma)
        end = self._recent.at(frame.time_s + FLASH_S).index
        last, sunk = frame, []
        for other in self._recent.span(frame.index + 1, end + 1):
            if abs(other.luma - last.luma) > LARGEST_STEP * jump:
                break
            if abs(other.luma - before.luma) < 0.25 * jump:
                sunk.append(other)
            last = other
        return [*sunk[:1], *sunk[-1:]]

    def _probes(self, index: int, within_s: float) -> list[SmallFrame]:
        """The second next frame, one half way and the last one before `within_s` are over."""
        end_s = self._recent.frame(index).time_s + within_s - 1e-6
        last = min(self._recent.at(end_s).index, self._recent.stop - 1)
        wanted = sorted({min(index + 2, last), (index + last + 1) // 2, last})
        return [self._recent.frame(i) for i in wanted if i > index]

    def _came_back(self, frame: SmallFrame) -> bool:
        """Whether the picture of just before a short disturbance is here again."""
        start_s = frame.time_s - self._shortest_s + 1e-6
        first = self._recent.at(start_s).index + 1
        for index in sorted({first, (first + frame.index - 2) // 2, frame.index - 2}):
            if first <= index < frame.index - 1 and self._recent.holds(index):
                other = self._recent.frame(index)
                between = self._recent.frame(frame.index - 1)
                if not other.plain and _same_again(other, frame, between):
                    return True
        return False

    def _add_flash(self, before: SmallFrame, frame: SmallFrame, back: SmallFrame) -> None:
        end = back.index
        while end - 1 > frame.index:
            other = self._recent.frame(end - 1)
            if novelty(before.mini, other.mini, FAR).share >= SAME_AGAIN:
                break
            end -= 1
        end_s = self._recent.frame(end).time_s
        self.flashes.append(
            Transition(
                time_s=(frame.time_s + end_s) / 2,
                kind="flash",
                duration_s=end_s - frame.time_s,
                strength=0.5 * picture_change(before.mini, frame.mini),
            )
        )


def _same_again(one: SmallFrame, other: SmallFrame, between: SmallFrame) -> bool:
    """Whether `other` shows what `one` does; thumbnails spare most searches."""
    away = np.abs(between.thumb - one.thumb).mean()
    if np.abs(other.thumb - one.thumb).mean() > 0.6 * away:
        return False
    return novelty(one.mini, other.mini, FAR).share < SAME_AGAIN
