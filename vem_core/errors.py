"""Errors that a creator can mend.

Every message is in the creator's words and has three parts: what was found, what is needed, what
to do. vem_core knows no widget and no command-line flag; nodes/ and cli.py add the name of the
place.
"""


class VemError(Exception):
    """Base of everything this project raises on purpose; the text alone is shown to the creator."""


class InputError(VemError):
    """A value, a time, a text or a document that cannot be used as given."""


class MediaError(VemError):
    """A media file that cannot be read or written."""


class MissingPackageError(VemError):
    """An optional package is not installed; the text names what to install."""

    def __init__(self, package: str, purpose: str):
        super().__init__(
            f"{purpose} needs the Python package '{package}', which is not installed. "
            f"Install it with: pip install {package}"
        )


class MissingWeightsError(VemError):
    """Weights are not on disk; the text names the file, its folder and where it comes from."""
