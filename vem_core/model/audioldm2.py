"""AudioLDM-2's U-Net as published: its sizes, its weights from a local folder, its conditions."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from ..published import PublishedPart, package, read_part, require_part

PURPOSE = "The paper's U-Net"
UNET = PublishedPart(
    folder="unet",
    files=(
        ("config.json",),
        ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"),
    ),
    source="cvssp/audioldm2-music or cvssp/audioldm2-large",
    licence="CC BY-NC-SA 4.0: not for commercial use, nor what is trained from it",
    free_way="Where that licence does not fit, train this net from random weights.",
)


@lru_cache(maxsize=1)
def audioldm2_sizes() -> dict[str, dict[str, Any]]:
    """AudioLDM-2's published sizes by name, base (also audioldm2-music) and large.

    Channels per head are 32 as in its own configuration; diffusers' argument for it, misnamed
    attention_head_dim, counts heads. A folder of published weights brings its own config.json,
    which is what counts then.
    """
    return json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Streams:
    """AudioLDM-2's own conditions, in place of our global tokens."""

    language_of_audio: torch.Tensor
    """(B, T, 768)"""
    words: torch.Tensor
    """(B, T, 1024)"""
    words_there: torch.Tensor | None = None
    """(B, T) bool; None: all are words."""


def random_unet(sizes: dict[str, Any]) -> Any:
    """diffusers' net of these sizes (audioldm2_sizes), with the random weights of the moment.

    Raises:
        MissingPackageError: diffusers is not installed.
    """
    return package("diffusers", PURPOSE).AudioLDM2UNet2DConditionModel(**sizes)


def published_unet(folder: Path) -> Any:
    """AudioLDM-2's published folder `unet`, ready to train; its licence is non-commercial.

    Raises:
        MissingWeightsError: a file is not there.
        MediaError: the files are damaged or of another kind.
        MissingPackageError: diffusers is not installed.
    """
    place = require_part(UNET, folder)
    net = read_part(package("diffusers", PURPOSE).AudioLDM2UNet2DConditionModel, place)
    return net.requires_grad_(True)
