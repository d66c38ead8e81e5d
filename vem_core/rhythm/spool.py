"""Sound written once from its start to its end, then read as often as wanted, in flat memory."""

import tempfile
from collections.abc import Iterator

import numpy as np

from ..errors import MediaError
from ..types import Samples, SoundStream

HELD_BYTES = 1 << 26
"""Up to this much stays in memory (three minutes of stereo); more lies in a temporary file, which
the system removes even if the process is killed."""
BLOCK = 1 << 17
"""Samples in a block that is read back."""


class SoundSpool:
    """Takes (C, n) float32 blocks in order; `stream` gives them back."""

    def __init__(self, n_channels: int, sample_rate: int):
        self.n_channels = n_channels
        self.sample_rate = sample_rate
        self.n_samples = 0
        # Closed with the last stream that reads it: no block of code outlives them all.
        self._file = tempfile.SpooledTemporaryFile(max_size=HELD_BYTES)  # noqa: SIM115

    def append(self, block: np.ndarray) -> None:
        """Write a block after those before.

        Raises:
            MediaError: the temporary folder is full or cannot be written.
        """
        frames = np.ascontiguousarray(block.T, dtype=np.float32)  # (C, n) -> (n, C)
        try:
            self._file.seek(0, 2)
            self._file.write(frames.data.cast("B") if frames.size else b"")
        except OSError as error:
            raise MediaError(
                f"The temporary folder '{tempfile.gettempdir()}' cannot hold the music"
                f" ({error.strerror}); {self.n_samples * self.n_channels * 4 >> 20} MB were"
                " written. Free some space there."
            ) from error
        self.n_samples += block.shape[1]

    def read(self, start: int, stop: int) -> np.ndarray:
        """(C, stop - start) of what was written; silence beyond its ends. Not for two threads at
        once."""
        low, high = max(start, 0), max(min(stop, self.n_samples), 0)
        n = max(high - low, 0)
        self._file.seek(4 * self.n_channels * low)
        data = self._file.read(4 * self.n_channels * n)
        frames = np.frombuffer(data, np.float32).reshape(n, self.n_channels)
        out = np.zeros((self.n_channels, stop - start), np.float32)
        out[:, low - start : low - start + n] = frames.T
        return out

    def stream(self) -> SoundStream:
        """All that was written so far."""
        n_samples = self.n_samples

        def blocks() -> Iterator[np.ndarray]:
            for start in range(0, n_samples, BLOCK):
                yield self.read(start, min(start + BLOCK, n_samples))

        return SoundStream(
            sample_rate=self.sample_rate,
            n_samples=n_samples,
            open=blocks,
            n_channels=self.n_channels,
        )


def whole(stream: SoundStream) -> Samples:
    """All of a stream in one piece of memory; its length must be known."""
    assert stream.n_samples is not None
    values = np.empty((stream.n_channels, stream.n_samples), np.float32)
    start = 0
    for block in stream.open():
        values[:, start : start + block.shape[1]] = block
        start += block.shape[1]
    assert start == stream.n_samples
    return Samples(values=values, sample_rate=stream.sample_rate)
