"""CLAP (Wu et al. 2023): sound and text in one space, through transformers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ..types import Audio, Samples
from .local import (
    CLAP,
    load,
    load_network,
    mean_direction,
    mono_at,
    pooled,
    require,
    transformers,
    unit,
    windows,
)

_BATCH = 8


class Clap:
    """CLAP from a folder.

    Its own front end takes ten seconds at random out of longer sound. Here longer sound is cut into
    windows of ten seconds side by side, so that the figure is the same every time; the embedding of
    the whole is the mean of theirs.

    Raises:
        MissingWeightsError: a file is not in the folder.
        MediaError: the files are no CLAP.
    """

    def __init__(self, folder: Path | None = None, device: str = "cpu"):
        place = require(CLAP, folder)
        package = transformers()
        self.name = f"CLAP ({place.name})"
        self._device = device
        self._model = load_network(package.ClapModel, place, device)
        self._front = load(package.ClapFeatureExtractor, place)
        self._tokenizer = load(package.AutoTokenizer, place)

    @property
    def width(self) -> int:
        return int(self._model.config.projection_dim)

    @torch.inference_mode()
    def encode_windows(self, sound: Audio | Samples) -> np.ndarray:
        """(W, D) of length 1: one row for each ten seconds, in order; what FAD wants."""
        rate = self._front.sampling_rate
        pieces = windows(mono_at(sound, rate), self._front.nb_max_samples)
        rows = []
        for start in range(0, len(pieces), _BATCH):
            inputs = self._front(
                pieces[start : start + _BATCH], sampling_rate=rate, return_tensors="pt"
            )
            found = self._model.get_audio_features(
                input_features=inputs["input_features"].to(self._device, torch.float32),
                is_longer=torch.zeros(len(inputs["input_features"]), 1, dtype=torch.bool),
            )
            rows.append(pooled(found).float().cpu().numpy())
        return unit(np.concatenate(rows).astype(np.float64))

    def encode_sound(self, sound: Audio | Samples) -> np.ndarray:
        """(D,) mean direction of the windows."""
        return mean_direction(self.encode_windows(sound))

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D), one row a text."""
        inputs = self._tokenizer(
            list(texts), padding=True, truncation=True, return_tensors="pt"
        ).to(self._device)
        found = self._model.get_text_features(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
        )
        return unit(pooled(found).cpu().numpy().astype(np.float64))
