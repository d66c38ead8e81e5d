"""Opening media files, so that a path is always a path and every failure is one sentence.

Sources are read through Python file objects with every libav protocol switched off: 'concat:...',
'http:...' or '-x.mp4' are names of files like any other, and a playlist cannot make libav open a
second file or reach for the network.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from ..errors import MediaError

READ_SIZE = 1 << 16
_GENERATE_PTS = 1  # AVFMT_FLAG_GENPTS, which PyAV sets; it guesses wrong for H.264 in AVI
# Formats that are lists of other files or single pictures; libav calls both containers.
_PLAYLISTS = {"hls", "dash", "concat", "sdp", "rtsp", "imf"}
_STILLS = {"image2", "image2pipe", "ico"}


class ByteSource(Protocol):
    """A seekable binary file object: BytesIO, an open file."""

    def read(self, size: int = -1, /) -> bytes: ...
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def tell(self) -> int: ...


Source = str | os.PathLike[str] | IO[bytes] | ByteSource
"""A path (always a path, never a URL) or a seekable binary file object."""


class _Bytes:
    """What libav may see of a file: no name, since libav would read meaning into it, and a place
    of its own, so that several readers can share one file object."""

    def __init__(self, file: Any):
        self._file = file
        self._at = 0

    def read(self, size: int) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(size)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 1:
            offset, whence = self._at + offset, 0
        self._at = self._file.seek(offset, whence)
        return self._at

    def tell(self) -> int:
        return self._at


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 else f"{text[:80]}...{text[-80:]}"


def source_name(source: Source) -> str:
    """How to call the source in a sentence."""
    if isinstance(source, str | os.PathLike):
        return f"'{_short(Path(Path(source).name))}'"
    return "The file in memory"


@contextmanager
def open_media(source: Source) -> Iterator[InputContainer]:
    """Open a media file for demuxing; closed again when the block ends.

    A file object is read from its beginning and left open.

    Raises:
        MediaError: no such file, a folder, no permission, empty, or nothing that libav knows.
    """
    name = source_name(source)
    with _open_bytes(source) as file:
        file.seek(0)
        if not file.read(1):
            raise MediaError(
                f"{name} is empty (0 bytes). Choose another file, or copy or download it again."
            )
        file.seek(0)
        try:
            container = av.open(
                _Bytes(file),
                mode="r",
                buffer_size=READ_SIZE,
                container_options={"protocol_whitelist": "none"},
                metadata_errors="replace",
            )
        except (av.error.FFmpegError, ValueError) as error:
            raise _not_media(name, error) from error
        with container:
            _refuse_lists_and_stills(name, container)
            if container.format.name == "avi":
                container.flags &= ~_GENERATE_PTS
            yield container


@contextmanager
def _open_bytes(source: Source) -> Iterator[Any]:
    if not isinstance(source, str | os.PathLike):
        if not hasattr(source, "seek") or isinstance(source, io.TextIOBase):
            raise MediaError(
                "The source is neither a path nor a seekable binary file. Give one of the two."
            )
        yield source
        return
    path = Path(source)
    try:
        if path.is_dir():
            raise MediaError(f"'{path}' is a folder; a media file is needed. Choose a file in it.")
        file = path.open("rb", buffering=0)
    except FileNotFoundError:
        raise MediaError(f"There is no file at '{path}'. Correct the path.") from None
    except PermissionError:
        raise MediaError(f"'{path}' may not be read. Change its permissions.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MediaError(
            f"'{_short(path)}' cannot be opened ({reason}). Correct the path."
        ) from None
    with file:
        yield file


def _not_media(name: str, error: Exception) -> MediaError:
    if "moov atom not found" in str(getattr(error, "log", "")):
        return MediaError(
            f"{name} is cut off: the index of the file is missing. Export, copy or download the"
            " file again."
        )
    return MediaError(
        f"{name} is not a video or sound file that can be read, or it is cut off near its start."
        " Choose another file, or export it again, for example as MP4."
    )


def _refuse_lists_and_stills(name: str, container: InputContainer) -> None:
    formats = set(container.format.name.split(","))
    if formats & _PLAYLISTS:
        raise MediaError(
            f"{name} is a playlist, not a video: it only names other files. Choose the video."
        )
    if formats & _STILLS or any(f.endswith("_pipe") for f in formats):
        raise MediaError(f"{name} is a still picture, not a video. Choose a video file.")


def find_picture(container: InputContainer) -> VideoStream | None:
    """The first stream of moving pictures; cover art and thumbnails are passed over."""
    for stream in container.streams.video:
        if not is_cover(stream):
            return stream
    return None


def is_cover(stream: Stream) -> bool:
    """Cover art or a thumbnail: a still that poses as video."""
    flags = stream.disposition
    return bool(flags & type(flags).attached_pic or flags & type(flags).timed_thumbnails)


def find_sound(container: InputContainer) -> AudioStream | None:
    """The sound that a player would play: the one marked as default, else the first."""
    streams = list(container.streams.audio)
    marked = [s for s in streams if s.disposition & type(s.disposition).default]
    return next(iter(marked or streams), None)


def need_picture(container: InputContainer, name: str) -> VideoStream:
    """find_picture, or a MediaError that says what the file holds instead."""
    stream = find_picture(container)
    if stream is None and find_sound(container) is not None:
        raise MediaError(f"{name} holds sound only, no moving picture. Choose a video file.")
    if stream is None:
        raise MediaError(f"{name} holds no moving picture. Choose a video file.")
    if stream.codec_context is None:
        raise MediaError(
            f"The picture of {name} is in a format that cannot be decoded here. Export the video"
            " again, for example as MP4 with H.264."
        )
    return stream


def read_packets(container: InputContainer, stream: Stream) -> Iterator[Packet | None]:
    """Packets of one stream until the end or the first place that cannot be read; then None."""
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except av.error.FFmpegError:
        pass  # damage inside the file: what came before it is used
    yield None


def decode_packet(stream: VideoStream | AudioStream, packet: Packet | None) -> list[Any] | None:
    """Frames that a packet gives (for None: the last ones); None where it is damaged."""
    try:
        return stream.decode(packet)
    except MemoryError:
        raise
    except EOFError:
        return []
    except av.error.FFmpegError:
        return None
