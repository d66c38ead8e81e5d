"""Who proposes cuts: PySceneDetect's detectors over our own frames, and a look for sudden change.

A proposer is told every frame once and answers with the indices of frames that may be the first of
a new shot. It proposes generously; transitions.py looks at the evidence and decides. PySceneDetect
counts frames here and never sees a time: times are those of the frames, also where the frame rate
varies.
"""

from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..errors import MissingPackageError
from .settings import ParseSettings
from .small import SmallFrame

if TYPE_CHECKING:
    from scenedetect.detector import SceneDetector

ADAPTIVE_RATIO, ADAPTIVE_WINDOW = 3.5, 3
"""Tuned best over BBC, AutoShot and ClipShots in PySceneDetect's own benchmark."""
ADAPTIVE_FLOOR = 4.0
"""min_content_val. 15 by default there, to keep false cuts out; here the evidence does that."""
CONTENT_THRESHOLD = 27.0
HISTOGRAM_THRESHOLD = 0.2
SUDDEN_CHANGE, SUDDEN_RATIO = 16.0, 1.6


class CutProposer(Protocol):
    """Told every frame in order, as SmallFrame and as picture of about 160 x 90; answers with
    indices of possible first frames of shots."""

    def see(self, frame: SmallFrame, picture: np.ndarray) -> list[int]: ...

    def finish(self) -> list[int]: ...


def make_proposers(settings: ParseSettings) -> list[CutProposer]:
    """The proposers that `settings` ask for.

    Raises:
        MissingPackageError: the package of the detector is not installed.
    """
    if not settings.finds_transitions:
        return []
    if settings.detector == "transnetv2":
        from .transnet import TransNetProposer

        return [TransNetProposer(threshold=0.5 * min(settings.caution, 1.9))]
    proposers: list[CutProposer] = [SceneDetectProposer(settings)]
    if settings.detector == "adaptive":
        proposers.append(SuddenChange(settings.caution))
    return proposers


class SceneDetectProposer:
    """One of PySceneDetect's detectors, without its shortest scene: transitions.py minds that."""

    def __init__(self, settings: ParseSettings):
        self._detector = _scene_detector(settings)

    def see(self, frame: SmallFrame, picture: np.ndarray) -> list[int]:
        import cv2
        from scenedetect import FrameTimecode

        count = FrameTimecode(frame.index, Fraction(25))  # any rate: only the count is read back
        bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        return [cut.frame_num for cut in self._detector.process_frame(count, bgr)]

    def finish(self) -> list[int]:
        return []


def _scene_detector(settings: ParseSettings) -> "SceneDetector":
    try:
        from scenedetect.detectors import AdaptiveDetector, ContentDetector, HistogramDetector
    except ImportError:
        raise MissingPackageError("scenedetect-headless", "Finding cuts") from None
    if settings.detector == "adaptive":
        return AdaptiveDetector(
            adaptive_threshold=ADAPTIVE_RATIO * settings.caution,
            window_width=ADAPTIVE_WINDOW,
            min_content_val=ADAPTIVE_FLOOR * settings.caution,
            min_scene_len=0,
        )
    if settings.detector == "content":
        return ContentDetector(threshold=CONTENT_THRESHOLD * settings.caution, min_scene_len=0)
    threshold = min(HISTOGRAM_THRESHOLD * settings.caution, 1.0)
    return HistogramDetector(threshold=threshold, min_scene_len=0)


class SuddenChange:
    """Proposes frames that change much more than each of their neighbours.

    It catches what Adaptive passes over: cuts in the midst of fast motion, where the mean of the
    neighbourhood is high, and cuts among the first and last frames.
    """

    REACH = 3

    def __init__(self, caution: float):
        self._least = SUDDEN_CHANGE * caution
        self._recent: deque[tuple[int, float]] = deque(maxlen=2 * self.REACH + 1)

    def see(self, frame: SmallFrame, picture: np.ndarray) -> list[int]:
        self._recent.append((frame.index, frame.change))
        if frame.index < self.REACH:
            return []
        return self._judge(len(self._recent) - 1 - self.REACH)

    def finish(self) -> list[int]:
        n = len(self._recent)
        return [index for i in range(max(n - self.REACH, 0), n) for index in self._judge(i)]

    def _judge(self, position: int) -> list[int]:
        window: Sequence[tuple[int, float]] = tuple(self._recent)
        index, change = window[position]
        others = [other for i, (_, other) in enumerate(window) if i != position]
        if change >= self._least and change >= SUDDEN_RATIO * max(others, default=0.0):
            return [index]
        return []
