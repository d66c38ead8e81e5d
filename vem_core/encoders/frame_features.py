"""What GVMGen's evaluation model reads, second by second: CLIP of frames, EnCodec of music."""

from pathlib import Path

import numpy as np
import torch

from ..types import Audio, Samples
from .local import (
    CLIP,
    ENCODEC,
    load,
    load_network,
    mono_at,
    pooled,
    require,
    transformers,
)

_BATCH = 16


class ClipFrames:
    """CLIP's picture side: one vector a frame (768 numbers for ViT-L/14).

    Raises:
        MissingWeightsError: a file is not in the folder.
        MediaError: the files are no CLIP.
    """

    frame_rate_hz = 1.0

    def __init__(self, folder: Path | None = None, device: str = "cpu"):
        place = require(CLIP, folder)
        package = transformers()
        self.name = f"CLIP ({place.name})"
        self._device = device
        self._model = load_network(package.CLIPModel, place, device)
        self._front = load(package.CLIPImageProcessor, place)

    @property
    def width(self) -> int:
        return int(self._model.config.projection_dim)

    @torch.inference_mode()
    def encode(self, frames: np.ndarray) -> np.ndarray:
        """(F, D) float32 of (F, H, W, 3) uint8 RGB frames, as the network gives them."""
        rows = []
        for start in range(0, len(frames), _BATCH):
            inputs = self._front(list(frames[start : start + _BATCH]), return_tensors="pt")
            found = self._model.get_image_features(
                pixel_values=inputs["pixel_values"].to(self._device)
            )
            rows.append(pooled(found).float().cpu().numpy())
        return np.concatenate(rows)


class EncodecSeconds:
    """EnCodec's encoder (Defossez et al. 2022), the mean of its frames over each second.

    GVMGen's code does not say how 50 frames become one vector; the mean is this project's choice.

    Raises:
        MissingWeightsError: a file is not in the folder.
        MediaError: the files are no EnCodec.
    """

    def __init__(self, folder: Path | None = None, device: str = "cpu"):
        place = require(ENCODEC, folder)
        self.name = f"EnCodec ({place.name})"
        self._device = device
        self._model = load_network(transformers().EncodecModel, place, device)

    @property
    def width(self) -> int:
        return int(self._model.config.hidden_size)

    @torch.inference_mode()
    def encode(self, sound: Audio | Samples) -> np.ndarray:
        """(T, D) float32, one row for each second begun."""
        config = self._model.config
        mono = torch.from_numpy(mono_at(sound, config.sampling_rate)).to(self._device)
        waveform = mono.expand(1, config.audio_channels, -1)
        rows = []
        for second in torch.split(waveform, config.sampling_rate, dim=-1):
            if second.shape[-1] < config.sampling_rate:
                missing = config.sampling_rate - second.shape[-1]
                second = torch.nn.functional.pad(second, (0, missing))
            rows.append(self._model.encoder(second)[0].mean(dim=-1).float().cpu().numpy())
        return np.stack(rows)
