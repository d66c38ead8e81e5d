"""Outputs appear under their name only when whole; unreadable inputs get one sentence."""

import contextlib
import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import InputError, MediaError


def check_output(path: str | Path) -> None:
    """Raise MediaError where a file of that name cannot be written: better before the work."""
    path = Path(path)
    if path.is_dir():
        raise MediaError(f"'{path}' is a folder; the name of a file is needed. Add a file name.")
    if not path.parent.is_dir():
        raise MediaError(
            f"The folder '{path.parent}' does not exist, so '{path.name}' cannot be written there."
            " Make the folder or choose another."
        )
    if not os.access(path.parent, os.W_OK):
        raise MediaError(
            f"The folder '{path.parent}' may not be written to. Choose another, or change its"
            " permissions."
        )


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path`, moved onto it when the block ends without an error.

    The temporary name keeps the suffix, since muxers and encoders choose the format by it. On any
    error, an interrupt included, the temporary file is removed and what stood at `path` stays. A
    process that is killed cannot remove it; the next one that writes `path` does.

    Raises:
        MediaError: the folder does not exist or cannot be written.
    """
    path = Path(path)
    check_output(path)
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem[:40]}-", suffix=f".part{path.suffix}", dir=path.parent
        )
    except OSError as error:
        raise MediaError(
            f"'{path}' cannot be written ({error.strerror}). Choose a folder you may write to,"
            " or free some space."
        ) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "rb") as held:
            _lock(held)
            _sweep(path)
            yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp makes files that only their owner can read
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _lock(file: IO[bytes]) -> bool:
    """Claim a temporary file until it is closed or its process dies; False if another has it.

    Windows needs no lock: a file that is open there cannot be removed.
    """
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sweep(path: Path) -> None:
    """Remove what killed processes left beside `path`."""
    pattern = f".{glob.escape(path.stem[:40])}-*.part{glob.escape(path.suffix)}"
    for leftover in path.parent.glob(pattern):
        with contextlib.suppress(OSError):
            with leftover.open("rb") as file:
                stale = _lock(file)
            if stale:
                leftover.unlink()


def write_text_whole(path: str | Path, text: str) -> None:
    """Write UTF-8 text through whole_file."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_text(path: str | Path, what: str) -> str:
    """UTF-8 text of a file; `what` names it in the sentence of the InputError."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"There is no {what} at '{path}'. Correct the path.") from None
    except IsADirectoryError:
        raise InputError(f"'{path}' is a folder; a {what} file is needed.") from None
    except PermissionError:
        raise InputError(f"'{path}' may not be read. Change its permissions.") from None
    except UnicodeDecodeError:
        raise InputError(
            f"'{path}' is not text; a {what} is a UTF-8 text file. Choose another file."
        ) from None


def make_folder(path: Path) -> None:
    """Make a folder where there is none. Raises InputError where that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The folder '{path}' cannot be made ({error.strerror}). Choose another."
        ) from None
