"""Frames at an even rate out of the one pass, for whoever else wants to look: the aligner."""

from collections.abc import Callable

import numpy as np

from ..video.reader import VideoFrame

Sink = Callable[[float, np.ndarray], None]
"""Told (time_s, pixels (H, W, 3) uint8 RGB) at every tick."""


class RateSampler:
    """A frame consumer for parse_video: hands the frame on screen at each tick to a sink.

    Ticks are at n / rate_hz, n = 0, 1, ...; a frame that spans several ticks is handed on as often,
    so the n-th call is always the n-th tick. Nothing is kept.
    """

    def __init__(self, sink: Sink, *, width: int, height: int, rate_hz: float = 16.0):
        self._sink = sink
        self._size = (width, height)
        self._rate_hz = rate_hz
        self._tick = 0

    def __call__(self, frame: VideoFrame) -> None:
        import cv2

        end_s = frame.time_s + frame.duration_s
        small = None
        while self._tick / self._rate_hz < end_s - 1e-6:
            if small is None:
                small = cv2.resize(frame.pixels, self._size, interpolation=cv2.INTER_AREA)
            self._sink(self._tick / self._rate_hz, small)
            self._tick += 1
