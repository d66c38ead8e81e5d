"""Tar files whose bytes follow from their members alone: no times, no owners, one order.

The layout is webdataset's: the members of a sample stand side by side and share their name up to
the first dot. Written with the standard library, so that building needs no package beside VeM's
own; webdataset reads it (tests/core/data/test_shards.py).
"""

import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from ..errors import MediaError

Members = dict[str, bytes]
"""What follows the first dot of a member's name -> its bytes."""


def write_tar(file: IO[bytes], samples: Iterable[tuple[str, Members]]) -> None:
    """Write (key, members) one after the other."""
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for key, members in samples:
            for name in sorted(members):
                info = tarfile.TarInfo(f"{key}.{name}")
                info.size, info.mode = len(members[name]), 0o644
                tar.addfile(info, io.BytesIO(members[name]))


def tar_bytes(samples: Iterable[tuple[str, Members]]) -> bytes:
    held = io.BytesIO()
    write_tar(held, samples)
    return held.getvalue()


def read_tar(source: Path | bytes) -> Iterator[tuple[str, Members]]:
    """(key, members) in the order of the file.

    Raises:
        MediaError: the file is no tar or is cut off.
    """
    name = f"'{source}'" if isinstance(source, Path) else "A tar"
    file = source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
    key, members = "", Members()
    try:
        with file, tarfile.open(fileobj=file, mode="r:") as tar:
            for info in tar:
                head, _, rest = info.name.partition(".")
                if head != key and members:
                    yield key, members
                    members = {}
                key = head
                held = tar.extractfile(info)
                members[rest] = held.read() if held else b""
                if len(members[rest]) != info.size:
                    raise tarfile.ReadError("a member is cut off")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise MediaError(f"{name} is damaged ({error}). Build the shards again.") from None
    if members:
        yield key, members
