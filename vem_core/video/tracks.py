"""Which of a file's streams go into the new container, with all that is said about them."""

from fractions import Fraction
from typing import Any

from av.container import InputContainer, OutputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from ..errors import MediaError
from .opening import find_picture, find_sound, is_cover

# Tags of pictures that players tell apart by, hence kept; the muxer chooses the others.
_MP4_TAGS = {"avc1", "avc3", "hvc1", "hev1", "dvh1", "dvhe", "dva1", "dvav", "vp09", "av01", "mp4v"}
_TEXT = {
    "mp4": {"mov_text"},
    "mov": {"mov_text"},
    "matroska": {"subrip", "ass", "webvtt", "hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle"},
    "webm": {"webvtt"},
}
_SOUND = {
    "mp4": {"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"},
    "mov": {"aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s24le", "pcm_f32le"},
    "matroska": {
        *("mp3", "ac3", "eac3", "opus", "vorbis", "flac"),
        *("pcm_s16le", "pcm_s24le", "pcm_f32le", "dts", "truehd"),
    },
    "webm": {"opus", "vorbis"},
}
# How tags begin that described the old file and not the film.
_STALE_TAGS = ("major_brand", "minor_version", "compatible_brands", "encoder", "duration")
_STALE_STREAM_TAGS = ("duration", "bps", "number_of_", "_statistics", "encoder")


def copy_picture(source: InputContainer, stream: VideoStream, output: OutputContainer) -> Any:
    """Add the picture's stream to the output: parameters, HDR and rotation data, names."""
    copied: Any = _add(stream, output)
    tag = stream.codec_context.codec_tag
    family = output.format.name
    if (family == "mp4" and tag in _MP4_TAGS) or (family == "mov" and "mov" in source.format.name):
        copied.codec_context.codec_tag = tag
    elif family in ("mp4", "mov") and stream.codec_context.name == "hevc":
        copied.codec_context.codec_tag = "hvc1"  # players by Apple open no other
    elif stream.codec_context.name == "prores":
        copied.codec_context.codec_tag = tag
    if stream.average_rate:
        copied.codec_context.framerate = stream.average_rate
    _describe(stream, copied)
    return copied


def copy_sounds(source: InputContainer, output: OutputContainer) -> list[tuple[int, Any]]:
    """Add the source's own sound: (index in the source, stream of the output) for each track.

    Empty where the track that players play cannot be copied; it is to be encoded anew then. AAC
    from MP4 is not copied into Matroska, where readers do not take off its delay.
    """
    main = find_sound(source)
    from_mov, to_mkv = "mov" in source.format.name, output.format.name == "matroska"
    copied = []
    for stream in source.streams.audio:
        name = stream.codec_context.codec.canonical_name if stream.codec_context else ""
        fits = name in _SOUND[output.format.name] or (name == "aac" and to_mkv and not from_mov)
        if fits:
            track: Any = _add(stream, output)
            _describe(stream, track)
            if stream is main:
                track.disposition = (stream.disposition | Disposition.default).value
            copied.append((stream.index, track))
        elif stream is main:
            return []
    return copied


def copy_rest(
    source: InputContainer, output: OutputContainer
) -> tuple[list[tuple[int, Any]], list[str]]:
    """Add subtitles, fonts and cover art; also says, in words, what the container cannot hold."""
    family = output.format.name
    copied: list[tuple[int, Any]] = []
    left_out: list[str] = []
    for stream in source.streams:
        if stream.type == "subtitle":
            name = stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
            if name not in _TEXT[family]:
                left_out.append(f"subtitles ({name})")
                continue
        elif stream.type == "video":
            if stream is find_picture(source):
                continue
            if not is_cover(stream) or family not in ("mp4", "mov"):
                left_out.append("cover art" if is_cover(stream) else "a further picture")
                continue
        elif stream.type == "attachment":
            if family != "matroska":
                left_out.append("an attached file")
                continue
        elif stream.type == "data" and (stream.name or "") not in ("tmcd", "timecode", "bin_data"):
            left_out.append(f"a data track ({stream.name or 'unknown'})")
            continue
        else:
            continue
        track: Any = _add(stream, output)
        _describe(stream, track)
        copied.append((stream.index, track))
    return copied, left_out


def copy_chapters(
    source: InputContainer, output: OutputContainer, origin_s: float, end_s: float
) -> None:
    """Chapters within the window, on the output's clock: `origin_s` becomes 0."""
    chapters = []
    for chapter in source.chapters():
        time_base = chapter["time_base"] or Fraction(1)
        start = max(float(chapter["start"] * time_base), origin_s) - origin_s
        end = min(float(chapter["end"] * time_base), end_s) - origin_s
        if end > start:
            chapters.append(
                {
                    "id": chapter["id"],
                    "start": round(start * 1000),
                    "end": round(end * 1000),
                    "time_base": Fraction(1, 1000),
                    "metadata": dict(chapter["metadata"]),
                }
            )
    if chapters:
        output.set_chapters(chapters)


def copy_tags(source: InputContainer, output: OutputContainer) -> None:
    """Title, date, place and the like; not what described the old file."""
    output.metadata.update(_fresh(source.metadata, _STALE_TAGS))


def _add(stream: Any, output: OutputContainer) -> Any:
    try:
        return output.add_stream_from_template(stream, opaque=True)
    except ValueError as error:  # PyAV's word for a codec that the muxer refuses
        raise MediaError(
            f"A track of the video ({stream.type}) cannot be copied into this kind of file"
            f" ({error}). Write another kind, for example .mkv."
        ) from error


def _describe(stream: Stream, copied: Any) -> None:
    copied.metadata.update(_fresh(stream.metadata, _STALE_STREAM_TAGS))
    copied.disposition = stream.disposition.value


def _fresh(tags: dict[str, str], stale: tuple[str, ...]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.lower().startswith(stale)}
