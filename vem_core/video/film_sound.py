"""A film's own sound as a stream: decoded again for every pass, so that length costs no memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ..types import SoundStream
from ..units import seconds_to_samples
from .decoding import Damage, SoundRun, decode_sound, find_origin
from .opening import Source, source_name

_SILENCE = 1 << 16
_BLOCK = 1 << 16
"""Samples to gather before they are given out: a decoder's frames of 1024 are dear to pass on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmSound:
    """What is heard in a film."""

    stream: SoundStream | None
    """None where the film is silent by itself."""
    warnings: list[str] = field(default_factory=list)
    """What of it could not be decoded, a sentence each; complete once the stream was read."""


def open_film_sound(source: Source, duration_s: float) -> FilmSound:
    """The own sound of a film from its first frame on, for `duration_s` seconds.

    The stream's blocks are (C, n) float32 at the file's rate and come to that length exactly;
    stretches without sound are silence. It is one run of the decoder, as `read_sound`'s.

    Raises:
        MediaError: the file is not a media file.
    """
    origin_s = find_origin(source)
    first = next((f for _, frames in decode_sound(source, 0.0) for f in frames or ()), None)
    if first is None:
        return FilmSound(stream=None)
    rate, n_channels = first.sample_rate, first.layout.nb_channels
    n_samples = seconds_to_samples(duration_s, rate)
    warnings: list[str] = []

    def blocks() -> Iterator[np.ndarray]:
        strip, damage = _Strip(rate, n_channels, n_samples), Damage()
        run = SoundRun(strip, origin_s)
        for time_s, frames in decode_sound(source, origin_s):
            if frames is None:
                damage = damage.with_packet(time_s)
            for frame in frames or ():
                run.add(frame)
            if strip.n_waiting >= _BLOCK:
                yield strip.take()
            if strip.n_samples >= n_samples:
                break
        run.finish()
        strip.silence_to(n_samples)
        yield strip.take()
        warnings[:] = [damage.sentence(source_name(source), origin_s)] if damage.n_packets else []

    stream = SoundStream(sample_rate=rate, n_samples=n_samples, open=blocks, n_channels=n_channels)
    return FilmSound(stream=stream, warnings=warnings)


class _Strip:
    """Samples placed by time, given out block by block in order, gaps filled with silence."""

    def __init__(self, rate: int, n_channels: int, limit: int):
        self.rate = rate
        self.n_samples = 0
        self._n_channels = n_channels
        self._limit = limit
        self._n_taken = 0
        self._blocks = [np.zeros((n_channels, 0), np.float32)]

    def place(self, samples: np.ndarray, at: int) -> None:
        """What lies before the samples already there, or past the end, is cut."""
        self.silence_to(min(at, self._limit))
        samples = samples[:, max(0, self.n_samples - at) : max(0, self._limit - at)]
        if samples.shape[1]:
            self._blocks.append(samples)
            self.n_samples += samples.shape[1]

    def silence_to(self, at: int) -> None:
        while self.n_samples < at:
            length = min(_SILENCE, at - self.n_samples)
            self._blocks.append(np.zeros((self._n_channels, length), np.float32))
            self.n_samples += length

    @property
    def n_waiting(self) -> int:
        """Samples placed but not taken."""
        return self.n_samples - self._n_taken

    def take(self) -> np.ndarray:
        """(C, n) all that waits."""
        blocks, self._blocks = self._blocks, [np.zeros((self._n_channels, 0), np.float32)]
        self._n_taken = self.n_samples
        return np.concatenate(blocks, axis=1)
