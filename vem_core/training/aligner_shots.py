"""Moving shots for the aligner's training clips: a picture under a camera, things moving on it.

A shot is a function of time, so that any frame of it can be drawn at any rate.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from .aligner_photos import PICTURE_WIDTH

CANVAS_WIDTH, CANVAS_HEIGHT = 96, 54
WIDEST = PICTURE_WIDTH / CANVAS_WIDTH
"""Pixels of a picture per pixel of the canvas at zoom 1: all of the picture is seen."""
SHUTTER_S = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Swing:
    """Sums of sines: hands that hold a camera, limbs, leaves."""

    amounts: np.ndarray
    rates_hz: np.ndarray
    phases: np.ndarray

    def at(self, time_s: float) -> float:
        return float(
            (self.amounts * np.sin(2 * np.pi * self.rates_hz * time_s + self.phases)).sum()
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """From here to there within a stretch of time, smoothly: whip pans, crash zooms, hops."""

    start_s: float
    length_s: float
    amount: float
    returns: bool = False

    def at(self, time_s: float) -> float:
        share = min(max((time_s - self.start_s) / self.length_s, 0.0), 1.0)
        if self.returns:
            return self.amount * np.sin(np.pi * share)
        return self.amount * (share * share * (3 - 2 * share))


@dataclass(frozen=True, kw_only=True, slots=True)
class Track:
    """A number that changes over time."""

    start: float = 0.0
    speed: float = 0.0
    swings: tuple[Swing, ...] = ()
    moves: tuple[Move, ...] = ()
    later_s: float = 0.0
    """Swings and moves are this far ahead."""

    def at(self, time_s: float) -> float:
        value = self.start + self.speed * time_s
        time_s += self.later_s
        return (
            value + sum(s.at(time_s) for s in self.swings) + sum(m.at(time_s) for m in self.moves)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Path:
    """Where something is: x and y in shares of the picture, logarithm of size, angle."""

    x: Track
    y: Track
    size: Track
    angle: Track

    def at(self, time_s: float) -> tuple[float, float, float, float]:
        return (
            self.x.at(time_s),
            self.y.at(time_s),
            float(np.exp(np.clip(self.size.at(time_s), -2.5, 1.8))),
            self.angle.at(time_s),
        )

    def from_time(self, later_s: float) -> "Path":
        """The same, with swings and moves ahead by so much."""
        tracks = (self.x, self.y, self.size, self.angle)
        x, y, size, angle = (replace(track, later_s=later_s) for track in tracks)
        return Path(x=x, y=y, size=size, angle=angle)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Thing:
    """Something on the picture: a person, a car, a title."""

    pixels: np.ndarray
    """(H, W, 4) uint8, premultiplied by the fourth."""
    path: Path
    depth: float
    """How much the camera moves it: 0 for what is laid over the picture."""
    from_s: float = -1e9
    until_s: float = 1e9
    fade_s: float = 0.0

    def opacity(self, time_s: float) -> float:
        if not self.from_s <= time_s < self.until_s:
            return 0.0
        if not self.fade_s:
            return 1.0
        return min(1.0, (time_s - self.from_s) / self.fade_s, (self.until_s - time_s) / self.fade_s)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Shot:
    """A picture, a camera, things, and a look."""

    pictures: tuple[np.ndarray, np.ndarray]
    """At full and at half size, for close and wide views."""
    camera: Path
    """x and y: the middle of the view in shares of the picture; size: the zoom, 1 shows all."""
    things: tuple[Thing, ...]
    look: np.ndarray
    """See grade."""
    wobble: tuple[float, float, float] | None = None
    """Amount in pixels, rate in Hz, wavelength in pixels: water, heat, leaves."""

    def draw(self, time_s: float) -> np.ndarray:
        """(CANVAS_HEIGHT, CANVAS_WIDTH, 3) uint8 at a time of the shot."""
        x, y, zoom, angle = self.camera.at(time_s)
        canvas = self._view(x, y, zoom, angle)
        if self.wobble is not None:
            canvas = _wobbled(canvas, self.wobble, time_s)
        for thing in self.things:
            opacity = thing.opacity(time_s)
            if opacity > 0:
                _lay(canvas, thing, time_s, opacity, (x, y, zoom, angle))
        before = self.camera.at(time_s - SHUTTER_S)
        run = (x - before[0]) * zoom * CANVAS_WIDTH, (y - before[1]) * zoom * CANVAS_HEIGHT
        blur = min(int(abs(run[0])), 40), min(int(abs(run[1])), 40)
        if max(blur) >= 2:
            canvas = cv2.blur(canvas, (blur[0] + 1, blur[1] + 1))
        return cv2.transform(canvas, self.look)

    def _view(self, x: float, y: float, zoom: float, angle: float) -> np.ndarray:
        level = 0 if zoom > 1.7 else 1
        picture = self.pictures[level]
        scale = WIDEST / zoom / (1 + level)
        cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
        cx, cy = x * picture.shape[1], y * picture.shape[0]
        matrix = np.array(
            [
                [cos, -sin, cx - cos * CANVAS_WIDTH / 2 + sin * CANVAS_HEIGHT / 2],
                [sin, cos, cy - sin * CANVAS_WIDTH / 2 - cos * CANVAS_HEIGHT / 2],
            ]
        )
        return cv2.warpAffine(
            picture,
            matrix,
            (CANVAS_WIDTH, CANVAS_HEIGHT),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101,
        )


def _wobbled(canvas: np.ndarray, wobble: tuple[float, float, float], time_s: float) -> np.ndarray:
    amount, rate_hz, wavelength = wobble
    xs, ys = np.meshgrid(
        np.arange(CANVAS_WIDTH, dtype=np.float32), np.arange(CANVAS_HEIGHT, dtype=np.float32)
    )
    phase = np.float32(2 * np.pi * rate_hz * time_s)
    k = np.float32(2 * np.pi / wavelength)
    moved_x = xs + np.float32(amount) * np.sin(k * ys + phase)
    moved_y = ys + np.float32(amount) * np.sin(k * xs * 0.7 + 1.3 * phase)
    return cv2.remap(canvas, moved_x, moved_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def _lay(
    canvas: np.ndarray,
    thing: Thing,
    time_s: float,
    opacity: float,
    camera: tuple[float, float, float, float],
) -> None:
    x, y, size, angle = thing.path.at(time_s)
    if thing.depth:
        zoom = camera[2] ** thing.depth
        x = 0.5 + (x - 0.5 - (camera[0] - 0.5) * thing.depth) * zoom
        y = 0.5 + (y - 0.5 - (camera[1] - 0.5) * thing.depth) * zoom
        size, angle = size * zoom, angle - camera[3] * thing.depth
    height, width = thing.pixels.shape[:2]
    scale = size * CANVAS_WIDTH / width
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    reach_x = (abs(cos) * width + abs(sin) * height) / 2 + 1
    reach_y = (abs(sin) * width + abs(cos) * height) / 2 + 1
    cx, cy = x * CANVAS_WIDTH, y * CANVAS_HEIGHT
    left, right = max(int(cx - reach_x), 0), min(int(cx + reach_x) + 1, CANVAS_WIDTH)
    top, bottom = max(int(cy - reach_y), 0), min(int(cy + reach_y) + 1, CANVAS_HEIGHT)
    if left >= right or top >= bottom:
        return
    matrix = np.array(
        [
            [cos, -sin, cx - left - cos * width / 2 + sin * height / 2],
            [sin, cos, cy - top - sin * width / 2 - cos * height / 2],
        ]
    )
    laid = cv2.warpAffine(thing.pixels, matrix, (right - left, bottom - top))
    cover = laid[..., 3:].astype(np.float32) * (opacity / 255)
    below = canvas[top:bottom, left:right]
    below[:] = np.minimum(below * (1 - cover) + laid[..., :3] * opacity, 255)
