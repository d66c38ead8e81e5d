"""Trained models in ComfyUI: their files in models/vem, their memory in ComfyUI's hands."""
# pyright: reportMissingImports=false

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import comfy.model_management
import comfy.model_patcher
import folder_paths
import torch

from ..vem_core import places
from ..vem_core.errors import MissingWeightsError

if TYPE_CHECKING:
    from ..vem_core.engine.music_model import MusicModel

KIND = "vem"
"""Name of the folder under ComfyUI's models, and in its extra_model_paths.yaml."""


def register_models() -> None:
    """Tell ComfyUI where models lie: in models/vem first, then in the box."""
    own = os.path.join(folder_paths.models_dir, KIND)
    folder_paths.add_model_folder_path(KIND, own, is_default=True)
    folder_paths.add_model_folder_path(KIND, str(places.BOX))
    folder_paths.folder_names_and_paths[KIND][1].add(".safetensors")


def list_models() -> list[str]:
    """Names of the models there are; that of the box always, to say where it should be."""
    names = set(folder_paths.get_filename_list(KIND)) - {places.DEFAULT_ALIGNER}
    return sorted(names | {places.DEFAULT_MODEL}, key=lambda n: (n != places.DEFAULT_MODEL, n))


def find_model(name: str) -> Path:
    """The file of a model in ComfyUI's folders or in the box.

    Raises:
        MissingWeightsError: there is none of that name.
    """
    path = folder_paths.get_full_path(KIND, name) if name in list_models() else None
    if path is None:
        folders = " or ".join(f"'{folder}'" for folder in folder_paths.get_folder_paths(KIND))
        raise MissingWeightsError(
            f"There is no model '{name}' in {folders}. Put the file into one of these folders, or"
            " use the node Compose, which needs none."
        )
    return Path(path)


def model_stamp(name: str) -> str:
    """Changes when the file changes; for fingerprint_inputs."""
    try:
        stat = find_model(name).stat()
    except (MissingWeightsError, OSError):
        return f"absent {name}"
    return f"{name} {stat.st_mtime_ns} {stat.st_size}"


class VemNetworks(torch.nn.Module):
    """The networks of a model as the one module that ComfyUI moves and frees."""

    def __init__(self, model: "MusicModel"):
        super().__init__()
        self.codec = model.codec
        self.denoiser = model.denoiser


@dataclass(frozen=True, kw_only=True, slots=True, eq=False, repr=False)
class LoadedModel:
    """A model that ComfyUI may move off the GPU between two uses."""

    music: "MusicModel"
    patcher: comfy.model_patcher.ModelPatcher

    def __repr__(self) -> str:
        # ComfyUI writes the inputs of a node that failed into its history
        return f"LoadedModel({self.music.name!r})"

    def ready(self) -> "MusicModel":
        """The model, all of it on the device that ComfyUI chose."""
        # whole: these layers cannot be streamed in parts, and weigh little
        comfy.model_management.load_models_gpu([self.patcher], force_full_load=True)
        return self.music


def load(path: Path) -> LoadedModel:
    """Read a model into main memory. Raises what load_model raises."""
    from ..vem_core.checkpoint import load_model

    music = load_model(path)
    patcher = comfy.model_patcher.ModelPatcher(
        VemNetworks(music),
        load_device=comfy.model_management.get_torch_device(),
        offload_device=comfy.model_management.unet_offload_device(),
    )
    return LoadedModel(music=music, patcher=patcher)
