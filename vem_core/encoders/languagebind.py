"""LanguageBind (Zhu et al. 2024): sound and moving pictures in one space, VeM's LB score.

The network is CLIP's vision transformer; for video each layer first attends over time. The hub's
classes for it are in no package, so the forward pass stands here; weights and config.json are read
as they are published. Only the fully tuned versions (..._FT) are read: the others carry LoRA
layers.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ..errors import MediaError
from ..types import Audio, Samples
from .local import LANGUAGEBIND_SOUND, LANGUAGEBIND_VIDEO, mono_at, require, unit

_MEAN = (0.48145466, 0.4578275, 0.40821073)
_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""Colours of CLIP's training pictures."""
_HOP_MS, _FRAME_MS = 10, 25


@dataclass(frozen=True, kw_only=True, slots=True)
class TowerConfig:
    """What the network's vision_config says; names and defaults are LanguageBind's."""

    hidden_size: int = 768
    intermediate_size: int = 3072
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    patch_size: int = 32
    image_size: int = 224
    hidden_act: str = "quick_gelu"
    layer_norm_eps: float = 1e-5
    add_time_attn: bool = False
    num_frames: int = 1
    lora_r: int = 2
    num_mel_bins: int = 0
    target_length: int = 0
    audio_sample_rate: int = 16_000
    audio_mean: float = 0.5
    audio_std: float = 0.5
    projection_dim: int = 512

    @property
    def n_patches(self) -> int:
        """Patches of one picture or spectrogram."""
        high = int(self.num_mel_bins) or self.image_size
        wide = int(self.target_length) or self.image_size
        return (high // self.patch_size) * (wide // self.patch_size)


def _read_config(place: Path) -> TowerConfig:
    try:
        whole: dict[str, Any] = json.loads((place / "config.json").read_text(encoding="utf-8"))
        vision = whole["vision_config"]
    except (ValueError, KeyError) as error:
        raise MediaError(
            f"'{place / 'config.json'}' describes no LanguageBind network. Put the unchanged files"
            " of one there."
        ) from error
    known = {name: vision[name] for name in TowerConfig.__slots__ if name in vision}
    known["projection_dim"] = whole.get("projection_dim", 512)
    config = TowerConfig(**known)
    if config.lora_r:
        raise MediaError(
            f"The network in '{place}' has LoRA layers; only the fully tuned ones can be read. Take"
            " the version whose name ends in _FT."
        )
    return config


def _read_weights(place: Path) -> Mapping[str, torch.Tensor]:
    """Weights of the tower and its projection, under the names of the hub's files."""
    file = place / "model.safetensors"
    if file.is_file():
        from safetensors.torch import load_file

        found = load_file(file)
    else:
        found = torch.load(place / "pytorch_model.bin", map_location="cpu", weights_only=True)
    return {
        name: value
        for name, value in found.items()
        if name.startswith(("vision_model.", "visual_projection."))
        and not name.endswith("position_ids")
    }


class _Attention(nn.Module):
    def __init__(self, width: int, n_heads: int):
        super().__init__()
        self.n_heads = n_heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, T, D) -> (B, T, D)."""
        # (B, T, D) -> (B, H, T, D / H)
        query, key, value = (
            layer(x).unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
            for layer in (self.q_proj, self.k_proj, self.v_proj)
        )
        heard = functional.scaled_dot_product_attention(query, key, value)
        return self.out_proj(heard.transpose(1, 2).flatten(2))


class _Mlp(nn.Module):
    def __init__(self, config: TowerConfig):
        super().__init__()
        self.fc1 = nn.Linear(config.hidden_size, config.intermediate_size)
        self.fc2 = nn.Linear(config.intermediate_size, config.hidden_size)
        self._quick = config.hidden_act == "quick_gelu"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.fc1(x)
        return self.fc2(x * torch.sigmoid(1.702 * x) if self._quick else functional.gelu(x))


class _Layer(nn.Module):
    def __init__(self, config: TowerConfig):
        super().__init__()
        width, eps = config.hidden_size, config.layer_norm_eps
        self.self_attn = _Attention(width, config.num_attention_heads)
        self.layer_norm1 = nn.LayerNorm(width, eps=eps)
        self.mlp = _Mlp(config)
        self.layer_norm2 = nn.LayerNorm(width, eps=eps)
        self.n_frames = config.num_frames if config.add_time_attn else 0
        if self.n_frames:
            self.temporal_embedding = nn.Parameter(torch.zeros(1, config.num_frames, width))
            self.temporal_attn = _Attention(width, config.num_attention_heads)
            self.temporal_layer_norm1 = nn.LayerNorm(width, eps=eps)
            self.temporal_mlp = _Mlp(config)
            self.temporal_layer_norm2 = nn.LayerNorm(width, eps=eps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B * F, T, D) -> the same."""
        if self.n_frames:
            n_tokens = x.shape[1]
            # (B * F, T, D) -> (B * T, F, D): each place attends to itself over time
            x = x.unflatten(0, (-1, self.n_frames)).transpose(1, 2).flatten(0, 1)
            if self.n_frames != 1:
                x = x + self.temporal_embedding
            x = x + self.temporal_attn(self.temporal_layer_norm1(x))
            x = x + self.temporal_mlp(self.temporal_layer_norm2(x))
            # (B * T, F, D) -> (B * F, T, D)
            x = x.unflatten(0, (-1, n_tokens)).transpose(1, 2).flatten(0, 1)
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class _Embeddings(nn.Module):
    def __init__(self, config: TowerConfig):
        super().__init__()
        self.class_embedding = nn.Parameter(torch.zeros(config.hidden_size))
        self.patch_embedding = nn.Conv2d(
            3, config.hidden_size, config.patch_size, config.patch_size, bias=False
        )
        self.position_embedding = nn.Embedding(config.n_patches + 1, config.hidden_size)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> (B, 1 + patches, D)."""
        patches = self.patch_embedding(pixels).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(len(patches), 1, -1)
        return torch.cat([first, patches], dim=1) + self.position_embedding.weight


class _Vision(nn.Module):
    def __init__(self, config: TowerConfig):
        super().__init__()
        width, eps = config.hidden_size, config.layer_norm_eps
        self.embeddings = _Embeddings(config)
        self.pre_layrnorm = nn.LayerNorm(width, eps=eps)  # spelt as in CLIP's files
        self.encoder = nn.ModuleDict(
            {"layers": nn.ModuleList([_Layer(config) for _ in range(config.num_hidden_layers)])}
        )
        self.post_layernorm = nn.LayerNorm(width, eps=eps)


class Tower(nn.Module):
    """One side of LanguageBind: pictures or spectrograms into the shared space."""

    def __init__(self, config: TowerConfig):
        super().__init__()
        self.config = config
        self.vision_model = _Vision(config)
        self.visual_projection = nn.Linear(config.hidden_size, config.projection_dim, bias=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, F, 3, H, W) -> (B, D); F is num_frames, or 1 for sound."""
        n_frames = pixels.shape[1]
        vision = self.vision_model
        x = vision.pre_layrnorm(vision.embeddings(pixels.flatten(0, 1)))
        for layer in vision.encoder["layers"]:  # pyright: ignore[reportGeneralTypeIssues]
            x = layer(x)
        frames = vision.post_layernorm(x[:, 0]).unflatten(0, (-1, n_frames))
        return self.visual_projection(frames.mean(dim=1))


def load_tower(place: Path, device: str = "cpu") -> Tower:
    """The tower in a folder.

    Raises:
        MediaError: the files are no LanguageBind network, or one with LoRA layers.
    """
    tower = Tower(_read_config(place))
    try:
        tower.load_state_dict(dict(_read_weights(place)))
    except RuntimeError as error:
        raise MediaError(
            f"The weights in '{place}' do not fit its config.json"
            f" ({str(error).splitlines()[-1].strip()}). Put the unchanged files of one network"
            " there."
        ) from error
    return tower.eval().to(device)


class LanguageBindSound:
    """LanguageBind's side of sound, from a folder."""

    def __init__(self, folder: Path | None = None, device: str = "cpu"):
        place = require(LANGUAGEBIND_SOUND, folder)
        self.name = f"LanguageBind ({place.name})"
        self._device = device
        self._tower = load_tower(place, device)

    @torch.inference_mode()
    def encode_sound(self, sound: Audio | Samples) -> np.ndarray:
        """(D,) of a sound of any length."""
        config = self._tower.config
        mono = torch.from_numpy(mono_at(sound, config.audio_sample_rate))
        pixels = spectrogram_pixels(mono, config).to(self._device)
        return unit(self._tower(pixels[None, None])[0].double().cpu().numpy())


def spectrogram_pixels(mono: torch.Tensor, config: TowerConfig) -> torch.Tensor:
    """(3, mel bins, frames): three stretches of the log-mel spectrogram as the three colours.

    LanguageBind takes one stretch at random from each third of a sound longer than ten seconds;
    here it is the middle one of each, so that a figure can be had twice. A shorter sound is
    repeated.
    """
    from torchaudio.compliance.kaldi import fbank

    least = round(config.audio_sample_rate * _FRAME_MS / 1000)
    mono = functional.pad(mono, (0, max(least - len(mono), 0)))
    mel = fbank(
        (mono - mono.mean())[None],
        htk_compat=True,
        sample_frequency=config.audio_sample_rate,
        use_energy=False,
        window_type="hanning",
        num_mel_bins=int(config.num_mel_bins),
        dither=0.0,
        frame_length=_FRAME_MS,
        frame_shift=_HOP_MS,
    )
    length = int(config.target_length)
    if len(mel) < length:
        mel = mel.repeat(math.ceil(length / len(mel)), 1)[:length]
    thirds = np.array_split(np.arange(len(mel) - length + 1), 3)
    starts = [int(third[len(third) // 2]) if len(third) else 0 for third in thirds]
    stretches = torch.stack([mel[start : start + length] for start in starts])
    # (3, frames, bins) -> (3, bins, frames)
    return (stretches.transpose(1, 2) - config.audio_mean) / (2 * config.audio_std)


class LanguageBindVideo:
    """LanguageBind's side of moving pictures, from a folder."""

    frame_rate_hz = 4.0
    """It takes a fixed number of frames, usually 8: so many a shot of two seconds has."""

    def __init__(self, folder: Path | None = None, device: str = "cpu"):
        place = require(LANGUAGEBIND_VIDEO, folder)
        self.name = f"LanguageBind ({place.name})"
        self._device = device
        self._tower = load_tower(place, device)

    @torch.inference_mode()
    def encode_frames(self, frames: np.ndarray) -> np.ndarray:
        """(D,) of (F, H, W, 3) uint8 RGB frames; num_frames of them, evenly spaced, are used."""
        config = self._tower.config
        chosen = np.linspace(0, len(frames) - 1, config.num_frames).astype(int)
        pixels = frame_pixels(frames[chosen], config.image_size).to(self._device)
        return unit(self._tower(pixels[None])[0].double().cpu().numpy())


def frame_pixels(frames: np.ndarray, size: int) -> torch.Tensor:
    """(F, H, W, 3) uint8 -> (F, 3, size, size): short side scaled, middle cut out, normalised."""
    pixels = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float() / 255
    height, width = pixels.shape[-2:]
    scale = size / min(height, width)
    wanted = (max(math.floor(height * scale), size), max(math.floor(width * scale), size))
    pixels = functional.interpolate(pixels, wanted, mode="bilinear", align_corners=False)
    top, left = (wanted[0] - size) // 2, (wanted[1] - size) // 2
    pixels = pixels[..., top : top + size, left : left + size]
    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (_MEAN, _DEVIATION))
    return (pixels - mean) / deviation
