"""beat_this (Foscarin et al., ISMIR 2024) as a tracker, where a creator has put it on disk.

It is used when both are there: the Python package `beat_this`, and its weights
`beat_this-final0.ckpt` or `beat_this-small0.ckpt` in torch's hub folder (checkpoints/), where
beat_this itself keeps them. Nothing is ever downloaded: without the file the package is not even
imported.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..types import Audio, Samples, samples_of

WEIGHTS = ("beat_this-final0.ckpt", "beat_this-small0.ckpt")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class NeuralBeats:
    """What the network found; seconds, rising."""

    beats_s: np.ndarray
    downbeats_s: np.ndarray


def find_weights() -> Path | None:
    """The weights on disk, the large model before the small one; None without them."""
    import torch

    folder = Path(torch.hub.get_dir()) / "checkpoints"
    return next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)


def neural_beats(audio: Audio | Samples) -> NeuralBeats | None:
    """Beats by beat_this, or None where the package or its weights are not there."""
    if importlib.util.find_spec("beat_this") is None:
        return None
    weights = find_weights()
    if weights is None:
        return None
    from beat_this.inference import Audio2Beats  # pyright: ignore[reportMissingImports]

    to_beats = Audio2Beats(checkpoint_path=str(weights), device="cpu", dbn=False)
    mono = samples_of(audio).values.mean(axis=0)
    beats_s, downbeats_s = to_beats(mono, audio.sample_rate)
    return NeuralBeats(
        beats_s=np.asarray(beats_s, dtype=float), downbeats_s=np.asarray(downbeats_s, dtype=float)
    )
