"""How much moves from frame to frame, for AV-Align: a consumer of the parser's one pass."""

from array import array

import numpy as np

from ..metrics.accents import local_maxima_s
from ..video.reader import VideoFrame

FLOW_WIDTH = 80


class MotionCurve:
    """Mean optical flow of each frame against the one before.

    AV-Align takes Farneback's flow of whole frames; this is dense inverse search at 80 pixels
    (Kroeger et al. 2016), a hundredth of the work. Eight bytes a frame are kept.
    """

    def __init__(self) -> None:
        self._times_s = array("d")
        self._lengths = array("f")
        self._before: np.ndarray | None = None
        self._search = None

    def __call__(self, frame: VideoFrame) -> None:
        import cv2

        if self._search is None:
            self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        grey = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY)
        height = max(round(grey.shape[0] * FLOW_WIDTH / grey.shape[1]), 16)
        grey = cv2.resize(grey, (FLOW_WIDTH, height), interpolation=cv2.INTER_AREA)
        length = 0.0
        if self._before is not None and not np.array_equal(self._before, grey):
            flow = self._search.calc(self._before, grey, np.zeros((*grey.shape, 2), np.float32))
            length = float(np.hypot(flow[..., 0], flow[..., 1]).mean())
        self._before = grey
        self._times_s.append(frame.time_s)
        self._lengths.append(length)

    def peaks_s(self) -> np.ndarray:
        """Times of the frames that move more than both their neighbours.

        As in AV-Align the first frame counts as moving like the second.
        """
        if len(self._lengths) < 3:
            return np.zeros(0)
        lengths = np.array(self._lengths)
        lengths[0] = lengths[1]
        places = local_maxima_s(lengths, 1.0).astype(int)
        return np.array(self._times_s)[places]
