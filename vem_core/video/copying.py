"""Copying a file's packets into another container, as they are, on the output's clock."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

import av.error
from av.packet import Packet
from av.stream import Stream

from .opening import (
    Source,
    decode_packet,
    need_picture,
    open_media,
    read_packets,
    source_name,
)
from .stamps import JUMP_BACK_S, nominal_rate, seek_keyframe

PREROLL_S = 0.1
"""Sound before the window that codecs need to start cleanly."""
_DELAY_S = 0.05  # longer than any encoder's delay, by which sound starts before time 0
_TICK_S = 0.0005


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """The part of a file to copy, in its container's time."""

    start_s: float
    end_s: float
    seek: bool
    """Begins after the first frame of the file."""
    to_end: bool
    """Everything to the end of the file, `end_s` being where the picture ends."""


def picture_packets(source: Source, window: Window) -> Iterator[Packet]:
    """The picture's packets in file order, from the keyframe that shows `window.start_s` on.

    Ends with the last packet that shows something before `window.end_s`; later pictures are
    among them only where earlier ones are built on them.
    """
    end_s = float("inf") if window.to_end else window.end_s
    held: list[Packet] = []
    for packet in _from_keyframe(source, window):
        half_tick_s = float(packet.time_base) / 2
        if _seconds(packet, packet.dts) >= end_s - half_tick_s:
            return
        held.append(packet)
        if _seconds(packet, packet.pts) < end_s - half_tick_s and not (
            packet.is_discard and _seconds(packet, packet.pts) >= window.end_s - half_tick_s
        ):
            yield from held
            held = []


def _seconds(packet: Packet, ticks: int | None) -> float:
    return float((ticks or 0) * packet.time_base)


def _from_keyframe(source: Source, window: Window) -> Iterator[Packet]:
    """From the last keyframe that is shown at or before the window's start.

    Pictures that follow it in the file but come before it in time lean on what is left out, and
    are left out too.
    """
    group: list[Packet] = []
    key_s = float("-inf")
    found = False
    for packet in _timed_packets(source, window):
        time_s = _seconds(packet, packet.pts)
        limit_s = window.start_s + float(packet.time_base) / 2
        if not found:
            if packet.is_keyframe and time_s <= limit_s:
                group, key_s = [], time_s
            group.append(packet)
            if _seconds(packet, packet.dts) > limit_s:
                found = True
                yield from (p for p in group if _seconds(p, p.pts) >= key_s)
        elif time_s >= key_s:
            yield packet
    if not found:
        yield from (p for p in group if _seconds(p, p.pts) >= key_s)


def _timed_packets(source: Source, window: Window) -> Iterator[Packet]:
    """The picture's packets from before the window's start on, each with its times."""
    packets = _read(source, window.start_s if window.seek else None)
    first = _first(packets)
    if window.seek and (first is None or not _opens(first, window.start_s)):
        packets = _read(source, None)
        first = _first(packets)
    if first is None:
        return
    if first.pts is None:
        packets.close()
        yield from _read_by_decoding(source)
        return
    yield first
    yield from packets


def _read(source: Source, seek_s: float | None) -> Generator[Packet, None, None]:
    with open_media(source) as container:
        stream = need_picture(container, source_name(source))
        if seek_s is not None:
            seek_keyframe(container, stream, seek_s)
        yield from (packet for packet in read_packets(container, stream) if packet is not None)


def _first(packets: Iterator[Packet]) -> Packet | None:
    try:
        return next(packets, None)
    except av.error.FFmpegError:  # no index to seek by
        return None


def _opens(packet: Packet, start_s: float) -> bool:
    return packet.is_keyframe and packet.pts is not None and _seconds(packet, packet.pts) <= start_s


def _read_by_decoding(source: Source) -> Iterator[Packet]:
    """Packets of a file that states decode times only (H.264 in AVI) or none, all from its start.

    What is shown when is learnt by decoding it all once; that frame order, at the decode times.
    """
    numbers: list[int] = []  # of packets, in the order in which they are shown
    dts: list[int] = []
    with open_media(source) as container:
        stream = need_picture(container, source_name(source))
        stream.thread_type = "AUTO"
        step = round(1 / (nominal_rate(stream) * (stream.time_base or 1)))
        for packet in read_packets(container, stream):
            if packet is not None:
                dts.append(len(dts) * step if packet.dts is None else packet.dts)
                packet.pts = len(dts) - 1
            numbers += [frame.pts for frame in decode_packet(stream, packet) or ()]
    pts = list(dts)
    for number, ticks in zip(numbers, sorted(dts), strict=False):
        pts[number] = ticks
    delay = max((d - p for d, p in zip(dts, pts, strict=True)), default=0)
    for packet, shown, decoded in zip(_read(source, None), pts, dts, strict=True):
        packet.pts, packet.dts = shown, decoded - delay
        yield packet


def other_packets(source: Source, index: int, window: Window, preroll_s: float) -> Iterator[Packet]:
    """Packets of another stream (sound, subtitles) that are heard or seen within the window.

    Sound begins up to `preroll_s` earlier, in containers that can hide it, for codecs that need
    a start. 0 is for containers that would move the whole film for it.
    """
    allowed_s = preroll_s or (_TICK_S if window.seek else _DELAY_S)
    with open_media(source) as container:
        stream = container.streams[index]
        for packet in read_packets(container, stream):
            if packet is None or packet.pts is None:
                continue
            early_s = window.start_s - _seconds(packet, packet.pts)
            length_s = _seconds(packet, packet.duration)
            if -early_s >= window.end_s - window.start_s:
                return
            if stream.type == "audio":
                if early_s < allowed_s:
                    yield packet
            elif early_s < max(length_s, _TICK_S):
                if early_s > 0:  # a subtitle that stands already
                    late = round(early_s / packet.time_base)
                    packet.pts += late
                    packet.dts = packet.pts
                    packet.duration = max(1, (packet.duration or 0) - late)
                yield packet


def on_output_clock(packets: Iterable[Packet], stream: Stream, origin_s: float) -> Iterator[Packet]:
    """Assign packets to an output stream, `origin_s` becoming 0, decode times strictly rising.

    Where time jumps back (joined recordings) it goes on after the packet before, as in reading.
    """
    shift: int | None = None
    last_dts: int | None = None
    for packet in packets:
        if shift is None:
            shift = round(origin_s / packet.time_base)
        dts = packet.pts if packet.dts is None else packet.dts
        if dts is not None:
            if last_dts is not None and dts - shift < last_dts - JUMP_BACK_S / packet.time_base:
                shift = dts - last_dts - max(packet.duration or 0, 1)
            dts -= shift
            if last_dts is not None and dts <= last_dts:
                dts = last_dts + 1
            packet.dts = last_dts = dts
        if packet.pts is not None:
            packet.pts -= shift
            packet.pts = packet.pts if dts is None else max(packet.pts, dts)
        packet.stream = stream
        yield packet


def decode_time(packet: Packet) -> float:
    """Where a packet belongs in the file, in seconds."""
    return _seconds(packet, packet.pts if packet.dts is None else packet.dts)
