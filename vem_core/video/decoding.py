"""Decoding sound packet by packet and placing its samples by time."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import av
import av.error
import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from ..units import seconds_to_samples
from .opening import Source, decode_packet, find_picture, find_sound, open_media, read_packets
from .stamps import stamp_frames

JUMP_S = 0.05
"""Timestamps that leave the running count of samples by more than this mean a gap or overlap."""
_LEAD_IN_S = 1.0  # decoded before a window, for codecs whose packets lean on earlier ones


class Canvas(Protocol):
    """Takes samples at a rate."""

    rate: int

    def place(self, samples: np.ndarray, at: int) -> None:
        """(C, T) float32 samples that begin at index `at`, which may lie before 0."""
        ...


def find_origin(source: Source) -> float:
    """Container time of the first frame shown, or of the first sample where there is none."""
    with open_media(source) as container:
        picture, sound = find_picture(container), find_sound(container)
        if picture is not None and picture.codec_context is not None:
            for _, time_s in stamp_frames(container, picture):
                return time_s or 0.0
        elif sound is not None:
            for packet in read_packets(container, sound):
                for frame in decode_packet(sound, packet) or ():
                    return float(frame.time or 0.0)
    return 0.0


class SoundRun:
    """Feeds decoded frames to a canvas; starts anew wherever the timestamps jump."""

    def __init__(self, canvas: Canvas, origin_s: float):
        self._canvas = canvas
        self._origin_s = origin_s
        self._layout = ""
        self._resampler: AudioResampler | None = None
        self._input = ("", "", 0)
        self._next_s = 0.0
        self._at = 0

    def add(self, frame: av.AudioFrame) -> None:
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        time_s = self._next_s if frame.time is None else frame.time
        if kind != self._input or abs(time_s - self._next_s) > JUMP_S:
            self._restart(kind, time_s)
        self._next_s += frame.samples / frame.sample_rate
        frame.pts = None  # the resampler is to count samples, not to mend timestamps
        self._place(frame)

    def finish(self) -> None:
        if self._resampler is not None:
            self._place(None)

    def _restart(self, kind: tuple[str, str, int], time_s: float) -> None:
        self.finish()
        self._layout = self._layout or kind[1]
        self._resampler = AudioResampler(format="fltp", layout=self._layout, rate=self._canvas.rate)
        self._input = kind
        self._next_s = time_s
        self._at = seconds_to_samples(time_s - self._origin_s, self._canvas.rate)

    def _place(self, frame: av.AudioFrame | None) -> None:
        assert self._resampler is not None
        for part in self._resampler.resample(frame):
            self._canvas.place(part.to_ndarray(), self._at)
            self._at += part.samples


@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """Packets that could not be decoded."""

    n_packets: int = 0
    first_s: float = 0.0
    """Container time of the first of them."""

    def with_packet(self, time_s: float) -> "Damage":
        """One more packet is damaged, at a container time."""
        first_s = self.first_s if self.n_packets else time_s
        return Damage(n_packets=self.n_packets + 1, first_s=first_s)

    def sentence(self, name: str, origin_s: float) -> str:
        """For the creator; empty where nothing is damaged. `origin_s` is shown as 0 s."""
        if not self.n_packets:
            return ""
        return (
            f"The sound of {name} is damaged from {max(self.first_s - origin_s, 0.0):.2f} s on:"
            f" {self.n_packets} of its packets cannot be decoded and are silent; the rest is used."
        )


Decoded = Iterator[tuple[float, list[av.AudioFrame] | None]]
"""(time of the packet, its frames or None where it is damaged)."""


def decode_sound(source: Source, time_s: float) -> Decoded:
    """Sound from a little before a container time on; None stands for a damaged packet.

    Only files with a picture are sought in: they store times. Others are decoded from their
    start, since libav guesses times in MP3 and ADTS after seeking.
    """
    with open_media(source) as container:
        stream = find_sound(container)
        if stream is None:
            return
        if time_s > 2 * _LEAD_IN_S and find_picture(container) is not None:
            decoded = _decode(container, stream)
            try:
                container.seek(int((time_s - _LEAD_IN_S) / (stream.time_base or 1)), stream=stream)
            except av.error.FFmpegError:
                decoded = iter(())
            first = next(decoded, None)
            if first is not None and first[0] <= time_s:
                yield first
                yield from decoded
                return
    with open_media(source) as container:
        stream = find_sound(container)
        if stream is not None:
            yield from _decode(container, stream)


def _decode(container: InputContainer, stream: AudioStream) -> Decoded:
    time_base = stream.time_base or Fraction(1)
    time_s = 0.0
    for packet in read_packets(container, stream):
        if packet is not None and packet.pts is not None:
            time_s = float(packet.pts * time_base)
        yield time_s, decode_packet(stream, packet)
