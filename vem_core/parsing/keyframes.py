"""One picture per shot: sharp, neither black nor white, away from the shot's edges.

While the video streams by, the best frame of every quarter second is held, as JPEG; once it is
certain between which transitions it lies, only the few best of each stretch stay, and of stretches
that are over the best one. Where all of them come to more than BUDGET_BYTES they are halved in
width, as often as it takes; so memory is bounded however long the video is.
"""

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .small import SmallFrame

SLOT_S = 0.25
KEPT_PER_STRETCH = 3
JUMP = 16.0
"""Mean change of a frame, of 255, that looks like a cut: both sides then have their candidate."""
QUALITY = 88
DIM, GLARING = 45.0, 215.0
"""Mean luma outside of which a frame is a poor picture of its shot."""
EDGE_SHARE = 0.15
BUDGET_BYTES = 12_000_000
"""Some 800 shots at full width."""
LEAST_WIDTH = 40


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Keyframe:
    """The picture that stands for a shot."""

    time_s: float
    jpeg: bytes

    @property
    def pixels(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB."""
        return _pixels(self.jpeg)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A shot whose features are not known yet."""

    start_s: float
    end_s: float
    margin_s: float = 0.0
    """How far the dissolves and fades at its edges reach into it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    time_s: float
    score: float
    jpeg: bytes


class KeyframePicker:
    """Told every frame; asked for a picture of each shot at the end."""

    def __init__(self, width: int):
        self._width = width
        self._slot = -1
        self._last_change = 0.0
        self._best: tuple[float, float, np.ndarray] | None = None  # score, time, pixels
        self._open: list[_Candidate] = []  # may still lie on either side of a transition
        self._settled: dict[float, list[_Candidate]] = {}  # by the start of their stretch
        self._n_bytes = 0

    def see(self, frame: SmallFrame, pixels: np.ndarray) -> None:
        """`pixels`: the frame as large as keyframes shall be, (H, W, 3) uint8 RGB."""
        slot = int(frame.time_s / SLOT_S)
        jump = frame.change > JUMP and frame.change > 2 * self._last_change
        if slot != self._slot or jump:
            self._close_slot()
            self._slot = slot
        self._last_change = frame.change
        score = _score(frame)
        if self._best is None or score > self._best[0]:
            self._best = (score, frame.time_s, pixels)

    def settle(self, before_s: float, boundaries_s: Sequence[float]) -> None:
        """No boundary before `before_s` will come any more: thin out what lies there."""
        while self._open and self._open[0].time_s < before_s:
            candidate = self._open.pop(0)
            i = bisect.bisect_right(boundaries_s, candidate.time_s + 1e-6)
            start_s = boundaries_s[i - 1] if i else 0.0
            if start_s not in self._settled:
                self._close_stretch(start_s)
            stretch = self._settled.setdefault(start_s, [])
            stretch.append(candidate)
            self._n_bytes += len(candidate.jpeg)
            if len(stretch) > KEPT_PER_STRETCH:
                self._drop(stretch, min(stretch, key=lambda c: c.score))
            if self._n_bytes > BUDGET_BYTES and self._width >= 2 * LEAST_WIDTH:
                self._halve()

    def _close_stretch(self, end_s: float) -> None:
        """Keep the best picture of the stretch that ends where a new one starts."""
        if not self._settled:
            return
        start_s = next(reversed(self._settled))
        stretch = self._settled[start_s]
        best = _best_inside(stretch, Span(start_s=start_s, end_s=max(end_s, start_s + 1e-6)))
        for candidate in [c for c in stretch if c is not best]:
            self._drop(stretch, candidate)

    def _drop(self, stretch: list[_Candidate], candidate: _Candidate) -> None:
        stretch.remove(candidate)
        self._n_bytes -= len(candidate.jpeg)

    def _halve(self) -> None:
        """All settled pictures, and those to come, at half the width."""
        self._width //= 2
        for stretch in self._settled.values():
            stretch[:] = [
                _Candidate(c.time_s, c.score, _to_jpeg(_pixels(c.jpeg), self._width))
                for c in stretch
            ]
        self._n_bytes = sum(len(c.jpeg) for stretch in self._settled.values() for c in stretch)

    @property
    def n_held(self) -> int:
        """Pictures held at the moment."""
        return len(self._open) + sum(map(len, self._settled.values()))

    def pick(self, spans: Sequence[Span]) -> list[Keyframe]:
        """The best picture of each span, in order; ends the picking.

        A span so short that no picture of it was held gets the nearest one."""
        self._close_slot()
        settled = [c for stretch in self._settled.values() for c in stretch]
        candidates = sorted(settled + self._open, key=lambda c: c.time_s)
        times_s = [c.time_s for c in candidates]
        picked = []
        for span in spans:
            low = bisect.bisect_left(times_s, span.start_s - 1e-6)
            high = bisect.bisect_left(times_s, span.end_s - 1e-6)
            if low == high:
                low = max(min(low, len(candidates) - 1), 0)
                high = low + 1
            best = _best_inside(candidates[low:high], span)
            picked.append(Keyframe(time_s=best.time_s, jpeg=best.jpeg))
        return picked

    def _close_slot(self) -> None:
        if self._best is not None:
            score, time_s, pixels = self._best
            self._open.append(_Candidate(time_s, score, _to_jpeg(pixels, self._width)))
            self._best = None


def _best_inside(candidates: Sequence[_Candidate], span: Span) -> _Candidate:
    """The best score, less near the edges of the span."""
    length_s = span.end_s - span.start_s
    wanted_s = min(max(span.margin_s, EDGE_SHARE * length_s), length_s / 2)

    def rank(candidate: _Candidate) -> float:
        room_s = min(candidate.time_s - span.start_s, span.end_s - candidate.time_s)
        return candidate.score * (0.2 + 0.8 * min(1.0, max(room_s, 0.0) / wanted_s))

    return max(candidates, key=rank)


def _score(frame: SmallFrame) -> float:
    """Sharpness times fair exposure."""
    import cv2

    grey = cv2.cvtColor(frame.mini, cv2.COLOR_RGB2GRAY)
    sharpness = float(cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))[1][0, 0])
    exposure = min(1.0, frame.luma / DIM, (255 - frame.luma) / (255 - GLARING))
    if frame.plain:
        exposure *= 0.01
    return exposure * math.log1p(sharpness)


def _pixels(jpeg: bytes) -> np.ndarray:
    import cv2

    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise InputError("A keyframe is not a JPEG. Parse the video again.")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _to_jpeg(pixels: np.ndarray, width: int) -> bytes:
    import cv2

    scale = width / max(pixels.shape[:2])
    if scale < 1:
        size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
