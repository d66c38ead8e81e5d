"""Networks by others, from folders on this machine in the layout of Hugging Face's hub.

One folder holds them all; each network has a subfolder with the files of its repository as they
are. Nothing is ever downloaded: what is not there is named, with its place and where it comes from.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import MediaError, MissingPackageError, MissingWeightsError
from ..places import BOX
from ..types import Audio, Samples, samples_of

ENVIRONMENT = "VEM_NETWORKS"
"""Environment variable that names the folder; else it is `networks` beside VeM's own models."""
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """A published network and what must lie in its folder."""

    folder: str
    files: tuple[tuple[str, ...], ...]
    """Of each group one file must be there."""
    source: str
    """A repository on huggingface.co whose files fit; others of the kind fit as well."""
    licence: str
    """Of those weights, as far as their authors say."""


CLAP = Network(
    folder="clap",
    files=(("config.json",), WEIGHTS, ("preprocessor_config.json",), ("tokenizer.json",)),
    source="laion/larger_clap_music",
    licence="Apache-2.0",
)
CLIP = Network(
    folder="clip",
    files=(("config.json",), WEIGHTS, ("preprocessor_config.json",)),
    source="openai/clip-vit-large-patch14",
    licence="MIT (code)",
)
ENCODEC = Network(
    folder="encodec",
    files=(("config.json",), WEIGHTS),
    source="facebook/encodec_32khz",
    licence="CC-BY-NC-4.0",
)
TAGGER = Network(
    folder="tagger",
    files=(("config.json",), WEIGHTS, ("preprocessor_config.json",)),
    source="MIT/ast-finetuned-audioset-10-10-0.4593",
    licence="BSD-3-Clause",
)
LANGUAGEBIND_SOUND = Network(
    folder="languagebind-audio",
    files=(("config.json",), WEIGHTS),
    source="LanguageBind/LanguageBind_Audio_FT",
    licence="MIT",
)
LANGUAGEBIND_VIDEO = Network(
    folder="languagebind-video",
    files=(("config.json",), WEIGHTS),
    source="LanguageBind/LanguageBind_Video_FT",
    licence="MIT",
)


def networks_folder(folder: Path | None = None) -> Path:
    """The folder of all networks: the one given, the environment's, or the default."""
    if folder is not None:
        return folder
    named = os.environ.get(ENVIRONMENT)
    return Path(named) if named else BOX.parent / "networks"


def require(network: Network, folder: Path | None = None) -> Path:
    """The network's own folder, once every file it needs is there.

    Raises:
        MissingWeightsError: one is not; the text reads on after "not measured: ".
    """
    place = networks_folder(folder) / network.folder
    for group in network.files:
        if not any((place / name).is_file() for name in group):
            raise MissingWeightsError(
                f"needs {group[0]} in {place} (the files of {network.source} on huggingface.co, or"
                " of a network of its kind)"
            )
    return place


def load(cls: Any, place: Path, **settings: Any) -> Any:
    """`cls.from_pretrained` on a folder alone.

    Raises:
        MediaError: the files do not fit the class or are damaged.
    """
    try:
        return cls.from_pretrained(str(place), local_files_only=True, **settings)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        reason = str(error).strip().splitlines()
        raise MediaError(
            f"The network in '{place}' cannot be read ({reason[0] if reason else error!r}). Put the"
            " unchanged files of one repository there."
        ) from error


def load_network(cls: Any, place: Path, device: str) -> Any:
    """A model in evaluation mode on a device; every weight must be in the file."""
    model, told = load(cls, place, output_loading_info=True)
    missing = sorted(told["missing_keys"])
    if missing:
        raise MediaError(
            f"The network in '{place}' lacks weights ({missing[0]} and {len(missing) - 1} more), so"
            f" it is no {cls.__name__}. Put the files of a network of that kind there."
        )
    return model.eval().to(device)


def transformers() -> Any:
    """The package; imported where it is used, since it takes seconds."""
    try:
        import transformers
    except ImportError as error:
        raise MissingPackageError("transformers", "Measuring with CLAP and its like") from error
    return transformers


def pooled(output: Any) -> Any:
    """The embedding: the tensor itself up to transformers 4, a field of the output from 5 on."""
    return getattr(output, "pooler_output", output)


def mono_at(sound: Audio | Samples, sample_rate: int) -> np.ndarray:
    """(T,) float32 mean of the channels at another rate."""
    samples = samples_of(sound)
    mono = samples.values.mean(axis=0)
    if samples.sample_rate != sample_rate:
        import soxr

        mono = soxr.resample(mono, samples.sample_rate, sample_rate, quality="HQ")
    return np.ascontiguousarray(mono, np.float32)


def windows(mono: np.ndarray, length: int) -> list[np.ndarray]:
    """Pieces of `length` samples side by side; the last one ends with the sound and may overlap.

    A shorter sound is one piece as it is.
    """
    if len(mono) <= length:
        return [mono]
    starts = [*range(0, len(mono) - length, length), len(mono) - length]
    return [mono[start : start + length] for start in starts]


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1; zeros stay zeros."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)


def mean_direction(rows: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """(D,) of length 1: the mean of rows of length 1."""
    return unit(unit(np.asarray(rows, np.float64)).mean(axis=0))
