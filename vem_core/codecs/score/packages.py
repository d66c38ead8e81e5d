"""The optional packages that scores need, each with a sentence for when it is missing."""

import importlib
from typing import Any

from ...errors import MissingPackageError


def load_pedalboard() -> Any:
    """The package of the effects.

    Raises:
        MissingPackageError: it is not installed.
    """
    return _load("pedalboard", "The sound of the instruments")


def load_soxr() -> Any:
    """The package that resamples.

    Raises:
        MissingPackageError: it is not installed.
    """
    return _load("soxr", "The sound of the instruments")


def load_symusic() -> Any:
    """The package of MIDI files.

    Raises:
        MissingPackageError: it is not installed.
    """
    return _load("symusic", "Reading and writing MIDI files")


def _load(package: str, purpose: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingPackageError(package, purpose) from error
