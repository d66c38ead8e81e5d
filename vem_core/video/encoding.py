"""Sound -> packets, a little at a time, so that a film's sound is never encoded all at once."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import OutputContainer
from av.packet import Packet

from ..errors import InputError
from ..types import SoundStream
from ..units import seconds_to_samples
from .containers import Container

_BLOCK = 8192
_BITS_PER_CHANNEL = {"aac": 128_000, "libopus": 96_000}
# At this rate the fast coder, with neither noise substitution nor intensity stereo, leaves less
# noise above the masking threshold than the default one, overshoots as little, keeps nearer to the
# rate and takes a third of the time; with them its peaks rise by 1 dB on drums.
_OPTIONS = {"aac": {"aac_coder": "fast", "aac_pns": "0", "aac_is": "0"}}


class SoundTrack:
    """A stream of the output that encodes sound to exactly `duration_s`, from `offset_s` on.

    Longer sound is cut, shorter sound gets silence. The first packet lies before the first sample
    by the encoder's delay, which the container's edit list or codec delay takes off again.
    """

    def __init__(
        self,
        output: OutputContainer,
        container: Container,
        audio: SoundStream,
        *,
        duration_s: float,
        offset_s: float,
    ):
        self._audio = audio
        self.rate = container.sound_rate(audio.sample_rate)
        self._layout = container.sound_layout(audio.n_channels)
        self.stream: Any = output.add_stream(
            container.sound_codec, rate=self.rate, options=_OPTIONS.get(container.sound_codec)
        )
        self.stream.layout = self._layout
        self.stream.bit_rate = _BITS_PER_CHANNEL[container.sound_codec] * audio.n_channels
        if container.sound_codec == "libopus":
            self.stream.format = "flt"  # its first choice is 16 bit
        self._n_wanted = seconds_to_samples(duration_s, self.rate)
        self._n_input = seconds_to_samples(duration_s, audio.sample_rate) + 1
        self._offset = seconds_to_samples(offset_s, self.rate)

    def packets(self) -> Iterator[Packet]:
        """The whole sound, encoded as it is asked for."""
        at = self._offset
        for block in self._blocks():
            frame = self._frame(block, self.rate)
            frame.pts, frame.time_base = at, Fraction(1, self.rate)
            at += frame.samples
            yield from self._assigned(self.stream.encode(frame))
        yield from self._assigned(self.stream.encode(None))

    def _assigned(self, packets: list[Packet]) -> Iterator[Packet]:
        for packet in packets:
            packet.stream = self.stream
            yield packet

    def _blocks(self) -> Iterator[np.ndarray]:
        """(C, T) at the encoder's rate, `_n_wanted` samples in all."""
        n_left = self._n_wanted
        for block in self._resampled():
            block = block[:, :n_left]
            n_left -= block.shape[1]
            if block.shape[1]:
                yield block
        while n_left > 0:
            yield np.zeros((self._audio.n_channels, min(n_left, _BLOCK)), np.float32)
            n_left -= _BLOCK

    def _input_blocks(self) -> Iterator[np.ndarray]:
        """The source's samples in short blocks, as far as they are needed."""
        n_left = self._n_input
        for block in self._audio.open():
            if not np.isfinite(block).all():
                raise InputError(
                    "The sound holds values that are not numbers (NaN or infinite). Make it again."
                )
            for start in range(0, min(block.shape[1], n_left), _BLOCK):
                yield block[:, start : min(start + _BLOCK, n_left)]
            n_left -= block.shape[1]
            if n_left <= 0:
                return

    def _resampled(self) -> Iterator[np.ndarray]:
        blocks = self._input_blocks()
        if self.rate == self._audio.sample_rate:
            yield from blocks
            return
        resampler = AudioResampler(format="fltp", layout=self._layout, rate=self.rate)
        for block in blocks:
            for frame in resampler.resample(self._frame(block, self._audio.sample_rate)):
                yield frame.to_ndarray()
        for frame in resampler.resample(None):
            yield frame.to_ndarray()

    def _frame(self, samples: np.ndarray, rate: int) -> av.AudioFrame:
        samples = np.ascontiguousarray(samples)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=self._layout)
        frame.sample_rate = rate
        return frame
