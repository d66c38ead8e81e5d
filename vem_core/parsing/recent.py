"""The last seconds of a video, by frame index: what the finders look back on."""

import bisect

from .small import SmallFrame

KEPT_S = 9.0
KEPT_FRAMES = 160
"""At least as many, for detectors that answer late at low frame rates."""


class Recent:
    """Holds the frames of the last KEPT_S seconds, and never fewer than KEPT_FRAMES."""

    def __init__(self) -> None:
        self._frames: list[SmallFrame] = []
        self._times_s: list[float] = []

    def push(self, frame: SmallFrame) -> None:
        self._frames.append(frame)
        self._times_s.append(frame.time_s)
        if len(self._frames) >= 2 * KEPT_FRAMES:
            old = bisect.bisect_left(self._times_s, frame.time_s - KEPT_S)
            old = min(old, len(self._frames) - KEPT_FRAMES)
            if old >= len(self._frames) // 4:  # in bulk: removing one by one would be slow
                del self._frames[:old]
                del self._times_s[:old]

    @property
    def first(self) -> int:
        """Index of the oldest frame held; frames() must not be empty."""
        return self._frames[0].index

    @property
    def newest(self) -> SmallFrame:
        return self._frames[-1]

    @property
    def stop(self) -> int:
        """One more than the index of the newest frame; 0 before the first."""
        return self._frames[-1].index + 1 if self._frames else 0

    def holds(self, index: int) -> bool:
        return bool(self._frames) and self.first <= index < self.stop

    def frame(self, index: int) -> SmallFrame:
        """The frame of that index; held frames only."""
        return self._frames[index - self.first]

    def at(self, time_s: float) -> SmallFrame:
        """The frame on screen at `time_s`; the oldest or newest one outside of what is held."""
        position = bisect.bisect_right(self._times_s, time_s + 1e-9) - 1
        return self._frames[max(position, 0)]

    def span(self, start: int, stop: int) -> list[SmallFrame]:
        """Frames of the indices in [start, stop) that are held."""
        low = max(start - self.first, 0)
        return self._frames[low : max(stop - self.first, low)]
