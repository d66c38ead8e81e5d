"""Reading videos: what a file holds, and one streaming pass over its frames.

Times come from the container's timestamps only, never from frame count / fps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer

from ..errors import InputError, MediaError
from ..types import Progress, check_seconds, no_progress
from .geometry import Geometry, Scaler, frame_geometry
from .opening import Source, find_sound, need_picture, open_media, source_name
from .sound import Sound, read_audio, read_sound
from .stamps import (
    find_end,
    find_end_by_reading,
    nominal_rate,
    span_frames,
    stamp_frames,
    stamp_frames_from,
)

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
    """Clockwise turn that a player makes; already applied to width and height."""
    has_audio: bool
    codec: str
    """libav's name of the format: h264, hevc, av1, ..."""
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
    """Say what a video holds. Cheap: decodes one frame and reads the packets of the last seconds.

    The duration is exact for a whole file whose time runs on; where recordings were joined and
    time jumps back, only reading tells the end (see read_frames).

    Raises:
        MediaError: not a video, empty, cut off, unreadable or sound only.
    """
    return _probe(source)[0]


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

    A frame lasts until the next one, the last until the end that `probe` finds. Rule for missing
    timestamps: frames take the decode times of their packets in order; without those, 1 / fps
    after the frame before. A frame that does not come later than the one before it is left out,
    as players do; where time jumps back by more than a second (joined recordings), it goes on
    1 / fps after the frame before. Packets that cannot be decoded are passed over;
    the frame before them stands longer.

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
    name = source_name(source)
    info, geometry = _probe(source)
    if start_s >= info.duration_s:
        raise InputError(
            f"{name} lasts {info.duration_s:.3f} s, but the window starts at {start_s:g} s."
            " Start it earlier."
        )
    limit_s = float("inf") if duration_s is None else start_s + duration_s
    length_s = min(limit_s, info.duration_s) - start_s
    scaler = Scaler(geometry, max_width)
    frames = stamp_frames_from(source, info.start_s + start_s if start_s else None)
    n_frames = 0
    for frame, time_s, next_s in span_frames(
        frames, info.start_s, 1 / float(info.fps), info.duration_s
    ):
        half_tick_s = float(frame.time_base or 0) / 2
        if next_s <= start_s + half_tick_s:
            continue
        if time_s >= limit_s - half_tick_s:
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
            f"No picture of {name} from {start_s:g} s on can be decoded. Export the video again."
        )
    progress(1.0)


def _probe(source: Source) -> tuple[VideoInfo, Geometry]:
    name = source_name(source)
    with open_media(source) as container:
        stream = need_picture(container, name)
        frame, start_s = next(stamp_frames(container, stream), (None, None))
        if frame is None:
            raise MediaError(
                f"No picture of {name} can be decoded; the file is damaged or cut off. Copy or"
                " download it again, or export it again."
            )
        start_s = start_s or 0.0
        fps = nominal_rate(stream)
        geometry = frame_geometry(stream, frame)
        has_audio = find_sound(container) is not None
        codec = stream.codec_context.codec.canonical_name
        stated_s = float((stream.duration or 0) * (stream.time_base or 0))
        end_s = find_end(container, stream, fps)
        missing_s = 0.0 if stated_s else _missing_at_end(container, end_s)
    if end_s is None:
        end_s = find_end_by_reading(source, fps)
    end_s = max(end_s, start_s + 1 / float(fps))
    found_s = end_s - start_s
    _check_whole(name, stated_s or found_s + missing_s, found_s)
    info = VideoInfo(
        duration_s=end_s - start_s,
        fps=fps,
        width=geometry.width,
        height=geometry.height,
        rotation_deg=geometry.orientation.rotation_deg,
        has_audio=has_audio,
        codec=codec,
        start_s=start_s,
    )
    return info, geometry


def _missing_at_end(container: InputContainer, picture_end_s: float | None) -> float:
    """Seconds for which a container states a duration but holds neither picture nor sound.

    For formats that state one duration for all streams (Matroska, WebM, FLV).
    """
    if picture_end_s is None or not container.duration:
        return 0.0
    stated_s = container.duration / av.time_base
    sound = find_sound(container)
    if sound is None or stated_s - picture_end_s <= 1.0:
        return max(0.0, stated_s - picture_end_s)
    sound_end_s = find_end(container, sound, Fraction(1))
    return max(0.0, stated_s - max(picture_end_s, sound_end_s or 0.0))


def _check_whole(name: str, stated_s: float, found_s: float) -> None:
    """Refuse a file whose packets stop well before the duration that its picture states."""
    if stated_s - found_s > max(1.0, 0.02 * stated_s):
        raise MediaError(
            f"{name} breaks off: it should last {stated_s:.1f} s, but its picture ends after"
            f" {found_s:.1f} s. Copy or download it again, or export it again."
        )
