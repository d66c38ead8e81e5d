"""Decoded frames with their times, and where a picture ends: container timestamps only."""

import heapq
from collections.abc import Iterator
from fractions import Fraction

import av
import av.error
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from .opening import Source, decode_packet, need_picture, open_media, read_packets, source_name

DEFAULT_FPS = Fraction(25)
"""For files that state no rate, as some with a single frame."""
_USUAL_RATES = tuple(Fraction(n) for n in (24, 25, 30, 48, 50, 60, 100, 120)) + tuple(
    Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)
)

Stamped = Iterator[tuple[av.VideoFrame, float | None]]
"""Frames in display order, each with its time in the container, None where there is none."""

JUMP_BACK_S = 1.0
"""Time that goes back by more than this starts a new recording; by less it is a late frame."""
_END_OF_TIME = 1 << 62
_TAIL_S = 5.0
_TAIL_FRAMES = 20  # more than any codec reorders


def seek_keyframe(container: InputContainer, stream: Stream, time_s: float) -> None:
    """Go to the keyframe at or before a container time. Raises av.error.FFmpegError."""
    container.seek(int(time_s / (stream.time_base or Fraction(1))), stream=stream)


def nominal_rate(stream: VideoStream) -> Fraction:
    """The mean rate of a stream, set to the usual rate that it rounds to."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 0 < rate <= 1000:
            nearest = min(_USUAL_RATES, key=lambda usual, r=rate: abs(usual - r))
            return nearest if abs(nearest - rate) <= rate / 5000 else Fraction(rate)
    return DEFAULT_FPS


def stamp_frames(container: InputContainer, stream: VideoStream) -> Stamped:
    """Decode from where the container stands.

    Where packets lack presentation times (H.264 in AVI), frames take the decode times of their
    packets in order.
    """
    stream.thread_type = "AUTO"
    time_base = stream.time_base or Fraction(1)
    decode_times: list[int] = []  # of packets whose frames are still to come; a heap
    by_decode_time = False
    for packet in read_packets(container, stream):
        if packet is not None and not packet.is_discard:
            by_decode_time = by_decode_time or packet.pts is None
            if packet.dts is not None:
                heapq.heappush(decode_times, packet.dts)
        for frame in decode_packet(stream, packet) or ():
            ticks = heapq.heappop(decode_times) if decode_times else None
            ticks = ticks if by_decode_time else frame.pts
            yield frame, None if ticks is None else float(ticks * time_base)


def stamp_frames_from(source: Source, time_s: float | None) -> Stamped:
    """Frames from the keyframe before a container time on; from the first one for None.

    Where the file has no index to seek by, or the index leads past the time, decoding starts at
    the first frame.
    """
    if time_s is not None:
        with open_media(source) as container:
            stream = need_picture(container, source_name(source))
            frames = stamp_frames(container, stream)
            try:
                seek_keyframe(container, stream, time_s)
            except av.error.FFmpegError:
                frames = iter(())
            frame, stamp_s = next(frames, (None, None))
            if frame is not None and stamp_s is not None and stamp_s <= time_s:
                yield frame, stamp_s
                yield from frames
                return
    with open_media(source) as container:
        yield from stamp_frames(container, need_picture(container, source_name(source)))


def span_frames(
    frames: Stamped, origin_s: float, step_s: float, end_s: float
) -> Iterator[tuple[av.VideoFrame, float, float]]:
    """(frame, its time, the time of the next one), rebased to `origin_s`.

    The last frame ends at `end_s`, rebased. A frame without a time comes `step_s` after the one
    before; one that does not come later than the one before is left out; after a jump back time
    goes on from the frame before.
    """
    held: av.VideoFrame | None = None
    held_s = shift_s = 0.0
    for frame, stamp_s in frames:
        if stamp_s is not None:
            time_s = stamp_s - origin_s + shift_s
        else:
            time_s = 0.0 if held is None else held_s + step_s
        if held is not None:
            if time_s < held_s - JUMP_BACK_S:
                shift_s += held_s + step_s - time_s
                time_s = held_s + step_s
            if time_s <= held_s:
                continue
            yield held, held_s, time_s
        held, held_s = frame, time_s
    if held is not None:
        known = not shift_s and end_s > held_s
        yield held, held_s, end_s if known else held_s + step_s


def find_end(container: InputContainer, stream: Stream, fps: Fraction) -> float | None:
    """Container time at which a stream ends, read off its last packets.

    The stated durations are not used: a container's covers its sound too, and may be missing.
    None where the file cannot be read from its end; then `find_end_by_reading` is needed.
    """
    try:
        container.seek(_END_OF_TIME, stream=stream)
        rough_s = _last_end(container, stream, fps)
        if rough_s is None:
            return None
        seek_keyframe(container, stream, rough_s - max(_TAIL_S, _TAIL_FRAMES / float(fps)))
        end_s = _last_end(container, stream, fps)
    except av.error.FFmpegError:
        return None
    return rough_s if end_s is None else max(rough_s, end_s)


def find_end_by_reading(source: Source, fps: Fraction) -> float:
    """As find_end, from a pass over all packets (nothing is decoded)."""
    with open_media(source) as container:
        stream = need_picture(container, source_name(source))
        return _last_end(container, stream, fps) or 0.0


def _last_end(container: InputContainer, stream: Stream, fps: Fraction) -> float | None:
    time_base = stream.time_base or Fraction(1)
    step = round(1 / (fps * time_base))
    n_packets, last = 0, None
    for packet in read_packets(container, stream):
        if packet is None or packet.is_discard:
            continue
        n_packets += 1
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is not None:
            end = stamp + (packet.duration or step)
            last = end if last is None else max(last, end)
    if last is None:  # a bare stream without any times: frames follow each other at the rate
        return float(n_packets / fps) if n_packets else None
    return float(last * time_base)
