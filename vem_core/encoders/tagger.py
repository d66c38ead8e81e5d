"""A music and sound tagger for KLD and IS: any audio classifier that transformers can read.

VeM uses musicnn, whose weights are TensorFlow's; the default here is AST on AudioSet (Gong et al.
2021). Figures of two taggers cannot be compared, so the report names it.
"""

from pathlib import Path

import numpy as np
import torch

from ..types import Audio, Samples
from .local import TAGGER, load, load_network, mono_at, require, transformers, windows

WINDOW_S = 10.0


class Tagger:
    """An audio classifier from a folder.

    Raises:
        MissingWeightsError: a file is not in the folder.
        MediaError: the files are no audio classifier.
    """

    def __init__(self, folder: Path | None = None, device: str = "cpu"):
        place = require(TAGGER, folder)
        package = transformers()
        self._device = device
        self._model = load_network(package.AutoModelForAudioClassification, place, device)
        self._front = load(package.AutoFeatureExtractor, place)
        self.name = f"{type(self._model).__name__} ({self._model.config.num_labels} tags)"

    @property
    def labels(self) -> tuple[str, ...]:
        """Tags in the order of the posteriors."""
        named = self._model.config.id2label
        return tuple(str(named[i]) for i in sorted(named))

    @torch.inference_mode()
    def posteriors(self, sound: Audio | Samples) -> np.ndarray:
        """(K,) shares that add up to 1: the softmax over the tags, mean over windows of 10 s."""
        rate = self._front.sampling_rate
        shares = []
        for piece in windows(mono_at(sound, rate), round(WINDOW_S * rate)):
            inputs = self._front(piece, sampling_rate=rate, return_tensors="pt").to(self._device)
            logits = self._model(**inputs).logits
            shares.append(torch.softmax(logits[0].double(), dim=-1).cpu().numpy())
        mean = np.mean(shares, axis=0)
        return mean / mean.sum()
