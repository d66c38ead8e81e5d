"""Reading videos: what a file holds, and one streaming pass over its frames.

Times come from the container's timestamps only, never from frame count / fps.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from ..errors import InputError, MediaError
from ..types import Progress, check_seconds, no_progress
from .geometry import Geometry, Scaler, frame_geometry
from .opening import (
    Source,
    decode_packet,
    find_sound,
    need_picture,
    open_media,
    read_packets,
    source_name,
)
from .sound import Sound, read_audio, read_sound

__all__ = [
    "Sound",
    "Source",
    "VideoFrame",
    "VideoInfo",
    "probe",
    "read_audio",
    "read_frames",
    "read_sound",
]

DEFAULT_FPS = Fraction(25)
"""For files that state no rate and hold a single frame."""
_USUAL_RATES = tuple(
    Fraction(n, d)
    for n, d in ((24, 1), (25, 1), (30, 1), (48, 1), (50, 1), (60, 1), (100, 1), (120, 1))
) + tuple(Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120))
_END_OF_TIME = 1 << 62


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoInfo:
    """What a video file holds, learnt from its first frame and its packets."""

    duration_s: float
    """From the first frame shown to the end of the last one."""
    fps: Fraction
    """Nominal: the mean rate, set to the usual rate that it rounds to (30000/1001, ...)."""
    width: int
    height: int
    """As shown: turned by the display matrix, with square pixels."""
    rotation_deg: int
    has_audio: bool
    codec: str
    start_s: float
    """Container time of the first frame shown: what is time 0 here."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class VideoFrame:
    """One frame as shown, scaled down."""

    time_s: float
    duration_s: float
    """Until the next frame."""
    pixels: np.ndarray
    """(H, W, 3) uint8 RGB."""


def probe(source: Source) -> VideoInfo:
    """Say what a video holds. Decodes one frame and reads the last packets; the exact end.

    Raises:
        MediaError: not a video, empty, cut off, unreadable or sound only.
    """
    with open_media(source) as container:
        stream = need_picture(container, source_name(source))
        return _probe(container, stream, source_name(source))[0]


def read_frames(
    source: Source,
    *,
    max_width: int = 320,
    start_s: float = 0.0,
    duration_s: float | None = None,
    progress: Progress = no_progress,
) -> Iterator[VideoFrame]:
    """Decode a video frame by frame, scaled down to `max_width` by swscale; memory stays flat.

    With `start_s` and `duration_s` only that window: time 0 is `start_s` exactly, the frame on
    screen then is the first one, and first and last durations are cut at the window's edges. The
    last frame's time_s + duration_s is the exact end of the video (or the window).

    A frame lasts until the next one, the last until the end that `probe` finds. Rule for
    missing timestamps: frames take the decode times of their packets in order; without those,
    1 / fps after the frame before. A frame that does not come later than the one before it is
    left out, as players do; where time jumps back by more than a second (joined recordings), it
    goes on 1 / fps after the frame before. Packets that cannot be decoded are passed over.

    Raises:
        InputError: the window is not inside the video.
        MediaError: as `probe`; or no frame can be decoded.
    """
    check_seconds("The start of the window", start_s)
    if duration_s is not None:
        check_seconds("The duration of the window", duration_s)
    if duration_s == 0:
        raise InputError("The window lasts 0 s. Give a longer duration.")
    if max_width < 1:
        raise InputError(f"The width to read at is {max_width}; 1 or more is needed. Correct it.")
    return _read_frames(source, max_width, start_s, duration_s, progress)


def _read_frames(
    source: Source,
    max_width: int,
    start_s: float,
    duration_s: float | None,
    progress: Progress,
) -> Iterator[VideoFrame]:
    with open_media(source) as container:
        name = source_name(source)
        stream = need_picture(container, name)
        info, geometry = _probe(container, stream, name)
        _check_window(name, info, start_s)
        end_s = info.duration_s
        if duration_s is not None:
            end_s = min(end_s, start_s + duration_s)
        length_s = end_s - start_s
        tick_s = float(stream.time_base or 0)
        _seek(container, stream, info.start_s + start_s)
        scaler = Scaler(geometry, max_width)
        limit_s = float("inf") if duration_s is None else start_s + duration_s
        n_frames = 0
        for frame, time_s, next_s in _timed(container, stream, info):
            if next_s <= start_s + tick_s / 2:
                continue
            if time_s >= limit_s - tick_s / 2:
                break
            shown_s = max(time_s - start_s, 0.0)
            yield VideoFrame(
                time_s=shown_s,
                duration_s=min(next_s, limit_s) - start_s - shown_s,
                pixels=scaler.scale(frame),
            )
            n_frames += 1
            progress(min(1.0, shown_s / length_s))
        if not n_frames:
            raise MediaError(
                f"No picture of {name} between {start_s:g} s and {end_s:g} s can be decoded."
                " Export the video again."
            )
        progress(1.0)


def _check_window(name: str, info: VideoInfo, start_s: float) -> None:
    if start_s >= info.duration_s:
        raise InputError(
            f"{name} lasts {info.duration_s:.3f} s, but the window starts at {start_s:g} s."
            " Start it earlier."
        )


def _timed(
    container: InputContainer, stream: VideoStream, info: VideoInfo
) -> Iterator[tuple[av.VideoFrame, float, float]]:
    """(frame, its time, the time of the next frame or the end), rebased to the first frame."""
    step_s = 1 / float(info.fps)
    held: av.VideoFrame | None = None
    held_s = shift_s = 0.0
    for frame, stamp_s in _stamped(container, stream):
        time_s = held_s + step_s if stamp_s is None else stamp_s - info.start_s + shift_s
        if held is not None:
            if time_s < held_s - 1.0:
                shift_s += held_s + step_s - time_s
                time_s = held_s + step_s
            if time_s <= held_s:
                continue
            yield held, held_s, time_s
        held, held_s = frame, time_s
    if held is not None:
        known = not shift_s and info.duration_s > held_s
        yield held, held_s, info.duration_s if known else held_s + step_s


def _stamped(
    container: InputContainer, stream: VideoStream
) -> Iterator[tuple[av.VideoFrame, float | None]]:
    """Decoded frames in display order, each with its time in the container, None if unknown."""
    time_base = stream.time_base or Fraction(1)
    decode_times: list[int] = []  # of packets without presentation time; a heap
    for packet in read_packets(container, stream):
        if packet is not None and packet.pts is None and packet.dts is not None:
            heapq.heappush(decode_times, packet.dts)
        for frame in decode_packet(stream, packet) or ():
            pts = frame.pts
            if pts is None and decode_times:
                pts = heapq.heappop(decode_times)
            yield frame, None if pts is None else float(pts * time_base)


def _seek(container: InputContainer, stream: VideoStream, time_s: float) -> None:
    """Go to the keyframe at or before a container time."""
    time_base = stream.time_base or Fraction(1)
    first = stream.start_time or 0
    target = int(time_s / time_base)
    container.seek(target if target > first else min(first, 0), stream=stream)


def _probe(container: InputContainer, stream: VideoStream, name: str) -> tuple[VideoInfo, Geometry]:
    stream.thread_type = "AUTO"
    first = next(_stamped(container, stream), None)
    if first is None:
        raise MediaError(
            f"No picture of {name} can be decoded; the file is damaged or cut off. Copy or"
            " download it again, or export it again."
        )
    frame, start_s = first
    fps = _nominal_rate(stream)
    geometry = frame_geometry(stream, frame)
    start_s = start_s or 0.0
    end_s = max(_end_of_picture(container, stream, fps), start_s + 1 / float(fps))
    _check_whole(stream, name, start_s, end_s)
    info = VideoInfo(
        duration_s=end_s - start_s,
        fps=fps,
        width=geometry.width,
        height=geometry.height,
        rotation_deg=geometry.orientation.rotation_deg,
        has_audio=find_sound(container) is not None,
        codec=stream.codec_context.name,
        start_s=start_s,
    )
    return info, geometry


def _nominal_rate(stream: VideoStream) -> Fraction:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 0 < rate <= 1000:
            nearest = min(_USUAL_RATES, key=lambda usual, r=rate: abs(usual - r))
            return nearest if abs(nearest - rate) <= rate / 5000 else Fraction(rate)
    return DEFAULT_FPS


def _end_of_picture(container: InputContainer, stream: VideoStream, fps: Fraction) -> float:
    """Container time at which the last packet's frame ends, read off the end of the file.

    The stated durations are not used: a container's covers its sound too, and may be missing.
    """
    try:
        container.seek(_END_OF_TIME, stream=stream)
        end_s = _last_end(container, stream, fps)
    except av.error.FFmpegError:
        end_s = None
    if end_s is None:  # no index to seek by, or the file ends before what its index names
        _seek(container, stream, 0.0)
        end_s = _last_end(container, stream, fps)
    return end_s or 0.0


def _last_end(container: InputContainer, stream: VideoStream, fps: Fraction) -> float | None:
    time_base = stream.time_base or Fraction(1)
    ends = [
        (stamp * time_base) + (packet.duration * time_base if packet.duration else 1 / fps)
        for packet in read_packets(container, stream)
        if packet is not None
        and not packet.is_discard
        and (stamp := packet.dts if packet.pts is None else packet.pts) is not None
    ]
    return float(max(ends)) if ends else None


def _check_whole(stream: VideoStream, name: str, start_s: float, end_s: float) -> None:
    """Refuse a file whose packets stop well before the duration that it states."""
    if not stream.duration or not stream.time_base:
        return
    stated_s = float(stream.duration * stream.time_base)
    found_s = end_s - start_s
    if stated_s - found_s > max(1.0, 0.02 * stated_s):
        raise MediaError(
            f"{name} breaks off: it should last {stated_s:.1f} s, but its picture ends after"
            f" {found_s:.1f} s. Copy or download it again, or export it again."
        )
