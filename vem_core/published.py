"""Networks published by others, read from folders on this machine, never downloaded.

A folder holds the files of one folder of a repository, unchanged. What is not there is named with
its place, its source and its licence, and with a way that needs no such licence.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import MediaError, MissingPackageError, MissingWeightsError


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedPart:
    """One folder of a repository."""

    folder: str
    """Its name in the repository and on this machine."""
    files: tuple[tuple[str, ...], ...]
    """Of each group one file must be there."""
    source: str
    """A repository on huggingface.co."""
    licence: str
    """Of its weights."""
    free_way: str
    """A sentence: what to do instead where the licence does not fit."""


def require_part(part: PublishedPart, folder: Path) -> Path:
    """The part's own folder in `folder`, once every file it needs is there.

    Raises:
        MissingWeightsError: a file is not there.
    """
    place = folder / part.folder
    for group in part.files:
        if not any((place / name).is_file() for name in group):
            raise MissingWeightsError(
                f"There is no '{group[0]}' in the folder '{place}'. Put the files of the folder"
                f" '{part.folder}' of {part.source} (huggingface.co; {part.licence}) there,"
                f" unchanged. {part.free_way}"
            )
    return place


def package(name: str, purpose: str) -> Any:
    """An optional package, imported where it is used, since that takes seconds.

    Raises:
        MissingPackageError: it is not installed.
    """
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPackageError(name, purpose) from error


def read_part(cls: Any, place: Path) -> Any:
    """`cls.from_pretrained` on a folder alone, as float32, in evaluation mode.

    Raises:
        MediaError: the files are damaged, or of another kind of network.
    """
    from safetensors import SafetensorError

    try:
        named = _class_named(place)
        if named and named != cls.__name__:
            raise ValueError(f"it holds a {named}, needed is a {cls.__name__}")
        model, told = cls.from_pretrained(
            str(place), local_files_only=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, SafetensorError) as error:
        reason = str(error).strip().splitlines()
        raise MediaError(
            f"The network in '{place}' cannot be read ({reason[0] if reason else error!r}). Put the"
            " unchanged files of one repository there."
        ) from error
    missing = sorted(told["missing_keys"])
    if missing:
        raise MediaError(
            f"The network in '{place}' lacks weights ({missing[0]} and {len(missing) - 1} more), so"
            f" it is no {cls.__name__}. Put the files of a network of that kind there."
        )
    return model.float().eval().requires_grad_(False)


def _class_named(place: Path) -> str:
    """The class that config.json names, in diffusers' way or in transformers'; "" for none."""
    said = json.loads((place / "config.json").read_text(encoding="utf-8"))
    return str(said.get("_class_name") or next(iter(said.get("architectures") or ()), ""))
