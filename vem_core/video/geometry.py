"""From coded pictures to pictures as shown: display matrix, pixel shape, alpha, size."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.sidedata.sidedata import SideData
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
_ITU709, _ITU601 = 1, 5  # swscale's names of colour matrices
_HD_LINES = 720


@dataclass(frozen=True, kw_only=True, slots=True)
class Orientation:
    """How the coded picture is turned for display: first transposed, then mirrored."""

    transposed: bool = False
    mirrored_x: bool = False
    mirrored_y: bool = False

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """(H, W, 3) as coded -> (H, W, 3) as shown."""
        if self.transposed:
            pixels = pixels.transpose(1, 0, 2)
        if self.mirrored_x:
            pixels = pixels[:, ::-1]
        if self.mirrored_y:
            pixels = pixels[::-1]
        return np.ascontiguousarray(pixels)

    @property
    def rotation_deg(self) -> int:
        """Clockwise turn that a player makes: 0, 90, 180 or 270."""
        if self.transposed:
            return 90 if self.mirrored_x else 270
        return 180 if self.mirrored_y else 0


def frame_orientation(frame: av.VideoFrame) -> Orientation:
    """Read the display matrix of a decoded frame, rounded to quarter turns.

    libav's matrix (a b u, c d v, x y w) maps x' = a x + c y, y' = b x + d y.
    """
    for data in cast(Iterable[SideData], frame.side_data):
        if data.type.name == "DISPLAYMATRIX":
            a, b, _, c, d = struct.unpack("=5i", bytes(data)[:20])
            if abs(a) + abs(d) >= abs(b) + abs(c):
                return Orientation(mirrored_x=a < 0, mirrored_y=d < 0)
            return Orientation(transposed=True, mirrored_x=c < 0, mirrored_y=b < 0)
    return Orientation()


@dataclass(frozen=True, kw_only=True, slots=True)
class Geometry:
    """Size as shown, and how to get there."""

    width: int
    height: int
    orientation: Orientation

    def scaled(self, max_width: int) -> tuple[int, int]:
        """(W, H) as shown, no wider than `max_width`."""
        width = min(max_width, self.width)
        return width, max(1, round(self.height * width / self.width))


def frame_geometry(stream: VideoStream, frame: av.VideoFrame) -> Geometry:
    """Geometry of the first frame: pixel shape applied to the width, then the display matrix."""
    ratio = stream.sample_aspect_ratio or Fraction(1)
    if not Fraction(1, 20) <= ratio <= 20:
        ratio = Fraction(1)
    width, height = max(1, round(frame.width * ratio)), frame.height
    orientation = frame_orientation(frame)
    if orientation.transposed:
        width, height = height, width
    return Geometry(width=width, height=height, orientation=orientation)


class Scaler:
    """Decoded frames -> small RGB arrays as shown, by one swscale context."""

    def __init__(self, geometry: Geometry, max_width: int):
        self._reformatter = VideoReformatter()
        self._orientation = geometry.orientation
        width, height = geometry.scaled(max_width)
        if self._orientation.transposed:
            width, height = height, width
        self._size = (width, height)
        self._turned = geometry.orientation != Orientation()

    def scale(self, frame: av.VideoFrame) -> np.ndarray:
        """(H, W, 3) uint8 RGB. What is transparent is shown on black, as players do."""
        with_alpha = any(component.is_alpha for component in frame.format.components)
        small = self._reformatter.reformat(
            frame,
            *self._size,
            "rgba" if with_alpha else "rgb24",
            src_colorspace=_colour_matrix(frame),
            dst_colorspace=_ITU601,  # nothing in RGB; but PyAV 16 heeds the source's only if told
            interpolation="AREA",
        )
        pixels = small.to_ndarray()
        if with_alpha:
            alpha = pixels[:, :, 3:].astype(np.uint16)
            pixels = ((pixels[:, :, :3] * alpha + 127) // 255).astype(np.uint8)
        return self._orientation.apply(pixels) if self._turned else pixels


def _colour_matrix(frame: av.VideoFrame) -> int:
    """swscale's matrix; where the file states none, players take BT.709 for HD, else BT.601."""
    if frame.colorspace == _UNSPECIFIED:
        return _ITU709 if max(frame.height, frame.width * 9 // 16) >= _HD_LINES else _ITU601
    return frame.colorspace
