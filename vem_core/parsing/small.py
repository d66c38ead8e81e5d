"""What every finder works on: one frame in small sizes.

Sizes go by area, so that upright, wide and square videos cost the same.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..video.reader import VideoFrame

PICTURE_AREA = 160 * 90
MINI_AREA = 80 * 45
THUMB_SIZE = (16, 9)
DARK_LUMA, BRIGHT_LUMA = 28.0, 228.0
"""Of 255: a thumbnail wholly below (above) is a black (white) picture."""

LUMA_WEIGHTS = np.array((0.299, 0.587, 0.114), dtype=np.float32)
"""ITU-R BT.601, as in JPEG."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SmallFrame:
    """A frame, shrunk to what can be kept for some seconds."""

    index: int
    """Counts the frames read from 0."""
    time_s: float
    duration_s: float
    mini: np.ndarray
    """(H, W, 3) uint8 RGB, about 80 x 45."""
    thumb: np.ndarray
    """(9 * 16 * 3,) float32: 16 x 9 whatever the shape of the video."""
    luma: float
    """Mean of the thumbnail, 0 ... 255."""
    luma_low: float
    luma_high: float
    """Extremes of the thumbnail."""
    change: float
    """Mean absolute difference of mini to the frame before, 0 ... 255; 0 for the first."""

    @property
    def dark(self) -> bool:
        return self.luma_high < DARK_LUMA

    @property
    def bright(self) -> bool:
        return self.luma_low > BRIGHT_LUMA

    @property
    def plain(self) -> bool:
        """Nothing but black or white."""
        return self.dark or self.bright


def shrink_picture(frame: VideoFrame) -> np.ndarray:
    """(H, W, 3) uint8 RGB of about 160 x 90 pixels."""
    return _to_area(frame.pixels, PICTURE_AREA)


def shrink(frame: VideoFrame, picture: np.ndarray, before: SmallFrame | None) -> SmallFrame:
    """The smaller sizes; `picture` is shrink_picture(frame), `before` is the frame before it."""
    import cv2

    mini = _to_area(picture, MINI_AREA)
    thumb = cv2.resize(mini, THUMB_SIZE, interpolation=cv2.INTER_AREA).astype(np.float32)
    luma = thumb @ LUMA_WEIGHTS  # (9, 16, 3) -> (9, 16)
    change = 0.0
    if before is not None and before.mini.shape == mini.shape:
        change = float(cv2.absdiff(mini, before.mini).mean())
    return SmallFrame(
        index=0 if before is None else before.index + 1,
        time_s=frame.time_s,
        duration_s=frame.duration_s,
        mini=mini,
        thumb=thumb.reshape(-1),
        luma=float(luma.mean()),
        luma_low=float(luma.min()),
        luma_high=float(luma.max()),
        change=change,
    )


def _to_area(pixels: np.ndarray, area: int) -> np.ndarray:
    """Scale down to about `area` pixels; smaller pictures stay as they are."""
    import cv2

    height, width = pixels.shape[:2]
    scale = math.sqrt(area / (width * height))
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
