"""What a shared space of sound, picture and text must offer to be scored with.

Any pair of encoders into one space will do; clap.py has one of sound and text, languagebind.py one
of sound and moving pictures. All embeddings are (D,) or (N, D) float64 of length 1.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ..types import Audio, Samples


class SoundEncoder(Protocol):
    """Puts sound into the space."""

    name: str

    def encode_sound(self, sound: Audio | Samples) -> np.ndarray:
        """(D,) of a sound of any length, rate and number of channels."""
        ...


class PictureEncoder(Protocol):
    """Puts moving pictures into the space."""

    name: str
    frame_rate_hz: float
    """How many frames a second it wants; where it takes a fixed number, enough for short shots."""

    def encode_frames(self, frames: np.ndarray) -> np.ndarray:
        """(D,) of (F, H, W, 3) uint8 RGB frames at frame_rate_hz, one or more."""
        ...


class TextEncoder(Protocol):
    """Puts text into the space."""

    name: str

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D), one row a text."""
        ...
