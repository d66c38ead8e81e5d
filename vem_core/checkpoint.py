"""Weights on disk: one safetensors file with its configuration in the header.

The only place that reads weights. What does not fit gets one sentence, never a guess.
"""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from .codecs.score.latent_codec import CodecConfig, ScoreCodec
from .engine.music_model import MusicModel
from .errors import VemError
from .files import whole_file
from .model.conditioning import ConditioningWidths
from .model.denoiser import Denoiser, DenoiserConfig
from .places import BOX, DEFAULT_ALIGNER, find_model
from .rhythm.aligner import Aligner, AlignerConfig

FORMAT = "vem.model/1"
ALIGNER_FORMAT = "vem.aligner/1"

Config = TypeVar("Config")


class WeightsError(VemError):
    """A file of weights that cannot be used."""


def save_model(path: Path, model: MusicModel) -> None:
    """Write a model, float32 weights as float16 (they are read back as float32)."""
    from safetensors.torch import save_file

    tensors = {
        f"{prefix}.{name}": (value.half() if value.is_floating_point() else value).contiguous()
        for prefix, module in (("codec", model.codec), ("denoiser", model.denoiser))
        for name, value in module.state_dict().items()
    }
    header = {
        "format": FORMAT,
        "name": model.name,
        "styles": json.dumps(model.styles),
        "codec": json.dumps(asdict(model.codec.config)),
        "denoiser": json.dumps(asdict(model.denoiser.config)),
    }
    with whole_file(path) as temporary:
        save_file(tensors, temporary, metadata=header)


def load_model(path: Path | None = None, device: str = "cpu") -> MusicModel:
    """Read a model; without a path the one that comes with VeM.

    Raises:
        MissingWeightsError: there is no such file.
        WeightsError: the file is cut short, is no VeM model, or was written by another version.
    """
    path = find_model(path)
    header, tensors = _open(path, FORMAT, device)
    return _build(path, header, tensors, device)


def save_aligner(path: Path, aligner: Aligner) -> None:
    """Write an aligner, its weights as float16 (they are read back as float32)."""
    from safetensors.torch import save_file

    tensors = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in aligner.state_dict().items()
    }
    header = {"format": ALIGNER_FORMAT, "aligner": json.dumps(asdict(aligner.config))}
    with whole_file(path) as temporary:
        save_file(tensors, temporary, metadata=header)


def load_aligner(path: Path | None = None, device: str = "cpu") -> Aligner:
    """Read an aligner; without a path the one that comes with VeM.

    Raises:
        MissingWeightsError: there is no such file.
        WeightsError: the file is cut short, is no VeM aligner, or was written by another version.
    """
    path = find_model(path or BOX / DEFAULT_ALIGNER)
    header, tensors = _open(path, ALIGNER_FORMAT, device)
    try:
        given = json.loads(header["aligner"])
        lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
        aligner = Aligner(_read(AlignerConfig, given | lists))
        _fill(aligner, tensors, "")
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise _foreign(path, error) from error
    aligner.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return aligner.eval().requires_grad_(False)


def _open(path: Path, wanted: str, device: str) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    """Header and tensors of a file of weights in the format `wanted`."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device=device) as stored:
            header = stored.metadata() or {}
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(
            f"'{path}' cannot be read as a model ({error}); it is cut short or not a .safetensors"
            " file. Copy or download it again."
        ) from error
    if header.get("format") != wanted:
        raise WeightsError(
            f"'{path}' is not a model of VeM ({wanted} is needed, it says"
            f" '{header.get('format', 'nothing')}'). Choose another file."
        )
    return header, tensors


def _foreign(path: Path, error: Exception) -> WeightsError:
    return WeightsError(
        f"'{path}' does not fit this version of VeM ({str(error).splitlines()[0]})."
        " Use the model that came with this version."
    )


def _build(
    path: Path, header: dict[str, str], tensors: dict[str, torch.Tensor], device: str
) -> MusicModel:
    try:
        codec = ScoreCodec(_read(CodecConfig, json.loads(header["codec"])))
        given = json.loads(header["denoiser"])
        widths = _read(ConditioningWidths, given.pop("conditioning"))
        denoiser = Denoiser(_read(DenoiserConfig, given, conditioning=widths))
        styles = tuple(json.loads(header["styles"]))
        _fill(codec, tensors, "codec.")
        _fill(denoiser, tensors, "denoiser.")
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise _foreign(path, error) from error
    for module in (codec, denoiser):
        module.to(device).eval().requires_grad_(False)
    return MusicModel(name=header["name"], styles=styles, codec=codec, denoiser=denoiser)


def _read(kind: type[Config], given: dict[str, Any], **already: Any) -> Config:
    """A configuration whose every field is given, and nothing else.

    Raises:
        ValueError: a field is missing or unknown.
    """
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    said = set(given) | set(already)
    if said != known:
        raise ValueError(f"{kind.__name__}: {', '.join(sorted(said ^ known))} missing or unknown")
    return kind(**given, **already)


def _fill(module: nn.Module, tensors: dict[str, torch.Tensor], prefix: str) -> None:
    own = {
        name.removeprefix(prefix): value.float() if value.is_floating_point() else value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
    module.load_state_dict(own)
