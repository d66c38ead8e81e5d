"""Muxing: the video's own packets, copied bit for bit, with other sound."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import av
import av.error
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition

from ..errors import InputError, MediaError
from ..files import whole_file
from ..types import Audio, Progress, SoundStream, check_seconds, no_progress, stream_of
from .containers import Container, check_fits, container_for
from .copying import PREROLL_S, Window, decode_time, on_output_clock, other_packets, picture_packets
from .encoding import SoundTrack
from .opening import Source, need_picture, open_media, source_name
from .reader import probe, read_sound
from .tracks import copy_chapters, copy_picture, copy_rest, copy_sounds, copy_tags

MuxMode = Literal["replace", "add"]
BREAK_S = 2.0
"""Picture that ends by more than this before its last packet is damaged; decoding may run ahead."""
LENGTH_TOLERANCE_S = 0.05
"""Music whose length differs from the picture's by more than this is mentioned."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MuxReport:
    """What was written."""

    duration_s: float
    """Of picture and sound, as shown."""
    lead_in_s: float
    """Picture before `start_s` that is shown; the music waits for it. Less than one frame in MP4
    and MOV, back to the last keyframe in Matroska and WebM."""
    notes: tuple[str, ...]
    """Sentences for the creator about anything that is not as asked."""


def mux(
    source: Source,
    audio: Audio | SoundStream,
    output: str | Path,
    *,
    mode: MuxMode = "replace",
    start_s: float = 0.0,
    duration_s: float | None = None,
    progress: Progress = no_progress,
) -> MuxReport:
    """Write the video of `source` with the sound `audio` to `output`; the picture is not touched.

    Picture packets are copied as they are, with subtitles, chapters, rotation, colour and HDR data
    as far as the container can hold them (what it cannot is named in the report's notes). The
    container follows from the suffix of `output`: .mp4, .m4v, .mov (AAC) or .mkv, .webm (Opus).
    Sample 0 of `audio` meets the first frame shown, or `start_s`; the sound is cut, or silence
    added, to the length of the picture.

    mode: 'replace' leaves out the video's own sound; 'add' keeps it as the first track, the music
    is the second one.

    With `start_s` and `duration_s` only that window is written. A copied picture can only begin at
    a keyframe: MP4 and MOV hold the pictures from the keyframe before `start_s` on, and tell
    players to begin with the one on screen at `start_s`; Matroska and WebM cannot, and begin at
    the keyframe. The music starts `lead_in_s` after that, so that it stays with the picture. At
    the end a few pictures after the window may be left, where earlier ones are built on them.

    Raises:
        InputError: mode, window, sound or suffix is not usable.
        MediaError: the source cannot be read, the container cannot hold its picture, or writing
            failed. Nothing is left at `output` then, or what was there before.
    """
    if mode not in get_args(MuxMode):
        raise InputError(f"The mode is '{mode}'; needed is 'replace' or 'add'.")
    container = container_for(output)
    if isinstance(audio, Audio):
        audio = stream_of(audio)
    window = _window(source, container, start_s, duration_s)
    job = _Job(source, window, container)
    try:
        with whole_file(output) as temporary:
            job.write(temporary, audio, mode, progress)
    except (av.error.FFmpegError, OSError) as error:
        raise MediaError(
            f"'{Path(output).name}' could not be written ({_reason(error)}). Free some space, or"
            " write to another folder or another kind of file."
        ) from error
    progress(1.0)
    return MuxReport(
        duration_s=job.lead_in_s + job.sound_s,
        lead_in_s=job.lead_in_s,
        notes=tuple(job.notes(audio, start_s)),
    )


def _window(
    source: Source, container: Container, start_s: float, duration_s: float | None
) -> Window:
    """The part of the source to copy, checked against what it holds."""
    check_seconds("The start of the window", start_s)
    if duration_s is not None:
        check_seconds("The duration of the window", duration_s)
    info = probe(source)
    check_fits(info.codec, container)
    if start_s >= info.duration_s or duration_s == 0:
        raise InputError(
            f"{source_name(source)} lasts {info.duration_s:.3f} s; the window from {start_s:g} s on"
            " leaves nothing of it. Change the window."
        )
    end_s = min(info.duration_s, start_s + (duration_s or info.duration_s))
    return Window(
        start_s=info.start_s + start_s,
        end_s=info.start_s + end_s,
        seek=start_s > 0,
        to_end=end_s >= info.duration_s,
    )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


class _Job:
    """One mux: what is copied from where to where."""

    def __init__(self, source: Source, window: Window, container: Container):
        self._source = source
        self._window = window
        self._container = container
        self._notes: list[str] = []
        extent = _extent(source, window)
        begin_s = extent.shown_s if container.hides_lead_in else extent.first_s
        self.hidden_s = begin_s - extent.first_s
        """Of picture that is in the file for decoders only."""
        self.lead_in_s = max(0.0, window.start_s - begin_s)
        """Of picture that is shown before the music's first sample."""
        self._end_s = extent.end_s
        self.sound_s = extent.end_s - window.start_s
        self._origin_s = window.start_s - self.lead_in_s

    def write(self, path: Path, audio: SoundStream, mode: MuxMode, progress: Progress) -> None:
        with (
            open_media(self._source) as source,
            av.open(
                f"file:{path}",
                "w",
                format=self._container.format,
                container_options=dict(self._container.options),
            ) as output,
        ):
            streams = self._streams(source, output, audio, mode)
            copy_tags(source, output)
            end_s = self._window.end_s
            copy_chapters(source, output, self._origin_s, end_s)
            length_s = self.lead_in_s + self.sound_s
            seen_s = 0.0
            for packet in heapq.merge(*streams, key=decode_time):
                if packet.stream.type == "video":
                    length = (packet.duration or 0) * packet.time_base
                    seen_s = max(seen_s, decode_time(packet) + float(length))
                output.mux(packet)
                progress(min(1.0, max(0.0, decode_time(packet) / length_s)))
        if length_s - seen_s > BREAK_S:
            raise MediaError(
                f"The picture of {source_name(self._source)} cannot be read from"
                f" {seen_s:.1f} s on; the file is damaged. Copy or export it again."
            )

    def _streams(
        self, source: InputContainer, output: OutputContainer, audio: SoundStream, mode: MuxMode
    ) -> list[Iterator[Packet]]:
        """Packets of every stream of the output; the streams are added in their order."""
        stream = need_picture(source, source_name(self._source))
        picture = copy_picture(source, stream, output)
        packets = picture_packets(self._source, self._window)
        streams = [on_output_clock(packets, picture, self._origin_s)]
        copied: list[tuple[int, Any]] = []
        if mode == "add":
            copied = copy_sounds(source, output)
            if not copied:
                streams += self._own_sound(output)
        music = self._track(output, audio)
        music.stream.disposition = Disposition.default.value
        if len(streams) + len(copied) > 1:
            music.stream.disposition = 0
            music.stream.metadata["title"] = "Music"
        streams.append(music.packets())
        rest, left_out = copy_rest(source, output)
        if left_out:
            self._notes.append(
                f"A {self._container.suffix} file cannot hold {', '.join(left_out)}; left out."
            )
        reach = replace(self._window, start_s=self._origin_s, end_s=self._end_s)
        preroll_s = PREROLL_S if self._container.hides_lead_in else 0.0
        for index, track in copied + rest:
            others = other_packets(self._source, index, reach, preroll_s)
            streams.append(on_output_clock(others, track, self._origin_s))
        return streams

    def _track(self, output: OutputContainer, audio: SoundStream) -> SoundTrack:
        return SoundTrack(
            output,
            self._container,
            audio,
            duration_s=self.sound_s,
            offset_s=self.lead_in_s,
        )

    def _own_sound(self, output: OutputContainer) -> list[Iterator[Packet]]:
        """The video's own sound encoded anew, for containers that cannot hold it as it is."""
        start_s = self._window.start_s - probe(self._source).start_s
        sound = read_sound(self._source, start_s=start_s, duration_s=self.sound_s)
        if sound.audio is None:
            self._notes.append("The video has no sound of its own; the music is the only track.")
            return []
        self._notes.append(
            f"The video's own sound cannot be copied into a {self._container.suffix} file; it was"
            " encoded anew."
        )
        if sound.warning:
            self._notes.append(sound.warning)
        track = self._track(output, stream_of(sound.audio))
        track.stream.disposition = Disposition.default.value
        return [track.packets()]

    def notes(self, audio: SoundStream, start_s: float) -> Iterator[str]:
        """Everything that is not as asked, in words."""
        yield from self._notes
        if self.hidden_s > 0.001:
            yield (
                f"The file also holds {self.hidden_s:.2f} s of picture before the start, from the"
                " last keyframe on, which the rest is built on; players are told not to show it."
            )
        if not self._container.hides_lead_in and self.lead_in_s > 0.001:
            yield (
                f"The picture starts {self.lead_in_s:.2f} s before {start_s:g} s, at the last"
                f" keyframe: a copied picture cannot start elsewhere in a {self._container.suffix}"
                " file. The music starts where it belongs; MP4 and MOV can hide that part."
            )
        if audio.duration_s is None:
            return
        if audio.duration_s > self.sound_s + LENGTH_TOLERANCE_S:
            yield (
                f"The music lasts {audio.duration_s:.2f} s, the picture {self.sound_s:.2f} s; the"
                " end of the music was cut off."
            )
        elif audio.duration_s < self.sound_s - LENGTH_TOLERANCE_S:
            yield (
                f"The music lasts {audio.duration_s:.2f} s, the picture {self.sound_s:.2f} s; it"
                " ends in silence."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Extent:
    """Container times of what is copied."""

    first_s: float
    """The first picture, a keyframe."""
    shown_s: float
    """The picture on screen when the window starts."""
    end_s: float
    """Where the last picture ends."""


def _extent(source: Source, window: Window) -> _Extent:
    first_s, shown_s, end_s = float("inf"), float("-inf"), 0.0
    for packet in picture_packets(source, window):
        time_s = float((packet.pts or 0) * packet.time_base)
        first_s = min(first_s, time_s)
        if time_s <= window.start_s + float(packet.time_base) / 2:
            shown_s = max(shown_s, time_s)
        end_s = max(end_s, time_s + float((packet.duration or 0) * packet.time_base))
        if window.to_end and decode_time(packet) > window.start_s:
            break
    if first_s == float("inf"):
        raise MediaError(f"No picture of {source_name(source)} can be copied. Export it again.")
    return _Extent(
        first_s=first_s,
        shown_s=max(shown_s, first_s),
        end_s=window.end_s if window.to_end else max(end_s, window.end_s),
    )
