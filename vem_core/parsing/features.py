"""What shots look like and how they move: a few numbers for about 8 frames a second.

Colours are read in HSV: brightness is V, saturation is S, each in [0, 1]; the hue shares are
weighted by saturation and brightness, so grey and black have no hue. Motion is the mean length of
optical flow (dense inverse search, Kroeger et al. 2016) between a frame and the one before it, per
second and in picture widths.
"""

import math
from array import array

import numpy as np

from ..types import Motion, Picture
from .small import SmallFrame

SAMPLES_HZ = 8.0
N_HUES = 12
FLOW_WIDTH = 80
STILL = 0.1
"""Mean change of a frame, of 255, below which nothing moves: no flow is computed."""
FLICKER = 0.015
"""Share of its brightness by which a frame may differ: in a fade, flow would see motion."""
NEW_PICTURE = 40.0
"""Mean change above which two frames have nothing to do with each other: no flow either."""
FLOW_PEAK = 95
_COLUMNS = 6 + N_HUES
"""time, brightness, saturation, contrast, warmth, motion, hues"""


class FeatureTable:
    """Rows of features, some 80 bytes each, for a whole video."""

    def __init__(self) -> None:
        self._rows = array("f")
        self._next_s = 0.0
        self._before: tuple[SmallFrame, np.ndarray] | None = None

    def see(self, frame: SmallFrame, picture: np.ndarray) -> None:
        """Take a row where one is due; `picture`: (H, W, 3) uint8 RGB."""
        due = frame.time_s >= self._next_s - 1e-9
        if due:
            motion = self._motion(frame, picture)
            self._rows.extend((frame.time_s, *_colours(picture, frame.mini), motion))
            self._rows.extend(_hues(frame.mini))
            self._next_s = max(self._next_s + 1 / SAMPLES_HZ, frame.time_s)
        soon = frame.time_s + 2 * frame.duration_s >= self._next_s - 1e-9
        self._before = (frame, _grey(picture)) if soon else None

    def _motion(self, frame: SmallFrame, picture: np.ndarray) -> float:
        """Mean flow to the frame before, widths per second; NaN where there is none to compare."""
        if self._before is None or frame.change > NEW_PICTURE:
            return math.nan
        before, grey_before = self._before
        if abs(frame.luma - before.luma) > FLICKER * (before.luma + 16):
            return math.nan
        if frame.change < STILL:
            return 0.0
        flow = _flow(grey_before, _grey(picture))
        widths = float(np.hypot(flow[..., 0], flow[..., 1]).mean()) / flow.shape[1]
        return widths / (frame.time_s - before.time_s)

    def _table(self) -> np.ndarray:
        return np.frombuffer(self._rows, dtype=np.float32).reshape(-1, _COLUMNS)

    def describe(self, start_s: float, end_s: float, keyframe_s: float) -> tuple[Picture, Motion]:
        """Means over a shot; of the nearest sample where a shot is too short to hold one."""
        table = self._table()
        times_s = table[:, 0]
        inside = (times_s >= start_s - 1e-4) & (times_s < end_s - 1e-4)
        if not inside.any():
            inside[np.argmin(np.abs(times_s - (start_s + end_s) / 2))] = True
        rows = table[inside]
        brightness, saturation, contrast, warmth = rows[:, 1:5].mean(axis=0)
        hues = rows[:, 6:].sum(axis=0)
        colourful = hues.sum() > 0.02 * len(rows)
        speeds = rows[:, 5][np.isfinite(rows[:, 5])]
        picture = Picture(
            keyframe_s=keyframe_s,
            brightness=_share(brightness),
            saturation=_share(saturation),
            contrast=_share(contrast),
            warmth=round(float(np.clip(warmth, -1, 1)), 4),
            hues=_shares_of_one(hues) if colourful else (0.0,) * N_HUES,
        )
        motion = Motion(
            mean=round(float(speeds.mean()), 4) if speeds.size else 0.0,
            peak=_peak(speeds) if speeds.size else 0.0,
        )
        return picture, motion


def _share(value: float) -> float:
    return round(float(np.clip(value, 0, 1)), 4)


def _peak(speeds: np.ndarray) -> float:
    return round(max(float(np.percentile(speeds, FLOW_PEAK)), float(speeds.mean())), 4)


def _shares_of_one(weights: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(w), 4) for w in weights / weights.sum())


def _grey(picture: np.ndarray) -> np.ndarray:
    import cv2

    height = max(1, round(picture.shape[0] * FLOW_WIDTH / picture.shape[1]))
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    size = (max(FLOW_WIDTH, 16), max(height, 16))  # dense inverse search needs some pixels
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def _flow(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    import cv2

    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    search.setFinestScale(0)
    return search.calc(before, after, np.zeros((*before.shape, 2), np.float32))


def _colours(picture: np.ndarray, mini: np.ndarray) -> tuple[float, float, float, float]:
    """Brightness, saturation, contrast (twice the deviation of luma), warmth (red - blue)."""
    import cv2

    hsv = cv2.cvtColor(mini, cv2.COLOR_RGB2HSV)
    _, saturation, value, _ = (x / 255 for x in cv2.mean(hsv))
    # saturation of near-black pixels is noise: weigh it by value
    weighed = float((hsv[..., 1].astype(np.float32) * hsv[..., 2]).mean()) / 255**2
    saturation = weighed / max(value, 1e-3)
    grey = cv2.cvtColor(mini, cv2.COLOR_RGB2GRAY)
    contrast = 2 * float(cv2.meanStdDev(grey)[1][0, 0]) / 255
    red, _, blue, _ = cv2.mean(mini)
    warmth = 2 * (red - blue) / max(red + blue, 16.0)
    return value, saturation, contrast, warmth


def _hues(mini: np.ndarray) -> np.ndarray:
    """(12,) weights of hues from red on, each centred on a multiple of 30 degrees."""
    import cv2

    hsv = cv2.cvtColor(mini, cv2.COLOR_RGB2HSV)
    hue = ((hsv[..., 0].astype(np.int32) + 7) % 180) // 15  # OpenCV halves degrees
    weight = hsv[..., 1].astype(np.float32) * hsv[..., 2] / 255**2
    counts = np.bincount(hue.ravel(), weights=weight.ravel(), minlength=N_HUES)
    return counts / hue.size
