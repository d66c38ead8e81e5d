"""Sound as a row of blocks, so that a feature film is mixed in the memory of a short clip.

A block is (C, n) float32. `prepare` mends what is not a number, folds surround down to stereo,
resamples and cuts to an exact length.
"""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..errors import InputError, MissingPackageError
from ..types import SoundStream

BLOCK = 1 << 17
"""Samples in a block of `prepare`; a multiple of loudness.WINDOW."""

_AHEAD = 4
_HALF_POWER = 0.5**0.5
_CLIP_RUN = 3

# ITU-R BS.775: centre and surrounds join at -3 dB, the effects channel (LFE) is left out.
# What a number of channels means, and their order, as in video/containers.py: 3.0, quad, 5.0, ...
_L, _R, _C, _OFF = (1.0, 0.0), (0.0, 1.0), (_HALF_POWER, _HALF_POWER), (0.0, 0.0)
_LS, _RS, _BACK = (_HALF_POWER, 0.0), (0.0, _HALF_POWER), (0.5, 0.5)
_FOLDS = {
    1: ((1.0, 1.0),),
    2: (_L, _R),
    3: (_L, _R, _C),
    4: (_L, _R, _LS, _RS),
    5: (_L, _R, _C, _LS, _RS),
    6: (_L, _R, _C, _OFF, _LS, _RS),
    7: (_L, _R, _C, _OFF, _BACK, _LS, _RS),
    8: (_L, _R, _C, _OFF, _LS, _RS, _LS, _RS),
}


class SourceCheck:
    """Counts what a source brings: samples, those that are no numbers, clipped places, peak."""

    def __init__(self) -> None:
        self.n_samples = 0
        self.n_broken = 0
        self.n_clipped = 0
        self.n_values = 0
        self.peak = 0.0

    def mend(self, block: np.ndarray) -> np.ndarray:
        """The block with NaN and infinity replaced by 0; never written in place."""
        self.n_samples += block.shape[1]
        self.n_values += block.size
        finite = np.isfinite(block)
        if not finite.all():
            self.n_broken += int(block.size - np.count_nonzero(finite))
            block = np.where(finite, block, np.float32(0))
        if block.size:
            level = np.abs(block)
            peak = float(level.max())
            self.peak = max(self.peak, peak)
            if peak > 0.9999:
                self.n_clipped += _flat_tops(level)
        return block


def _flat_tops(level: np.ndarray) -> int:
    """Places where three or more samples in a row sit at full scale, as converters clip."""
    full = np.abs(level - 1.0) < 1e-4
    run = full[:, 2:] & full[:, 1:-1] & full[:, :-2]
    starts = run.copy()
    starts[:, 1:] &= ~run[:, :-1]
    return int(np.count_nonzero(starts))


def ahead(blocks: Generator[np.ndarray]) -> Generator[np.ndarray]:
    """The same blocks, made by a thread of their own a few ahead of whoever takes them.

    What `blocks` raises is raised here; it is closed when this is.
    """
    end = np.zeros((0, 0), np.float32)
    try:
        with ThreadPoolExecutor(1) as maker:
            waiting = deque(maker.submit(next, blocks, end) for _ in range(_AHEAD))
            while (block := waiting.popleft().result()) is not end:
                waiting.append(maker.submit(next, blocks, end))
                yield block
    finally:
        blocks.close()


def fold_to_stereo(block: np.ndarray) -> np.ndarray:
    """(C, n) -> (2, n) by ITU-R BS.775; mono goes to both sides.

    Raises:
        InputError: more than 8 channels.
    """
    n_channels = block.shape[0]
    if n_channels == 2:
        return block
    if n_channels == 1:
        return np.concatenate([block, block])
    if n_channels not in _FOLDS:
        raise InputError(
            f"The sound has {n_channels} channels; mono, stereo and surround of up to 8 channels"
            " can be mixed. Fold it down to stereo first."
        )
    fold = np.asarray(_FOLDS[n_channels], dtype=np.float32).T
    return fold @ block


def prepare(
    stream: SoundStream, sample_rate: int, n_samples: int, check: SourceCheck | None = None
) -> Iterator[np.ndarray]:
    """Stereo blocks at `sample_rate`, all (2, BLOCK) but the last; `n_samples` in sum.

    A shorter source is followed by silence, a longer one is cut.
    """
    sent = 0
    held: list[np.ndarray] = []
    n_held = 0
    for piece in _resampled(stream, sample_rate, check or SourceCheck()):
        held.append(piece)
        n_held += piece.shape[1]
        if n_held < BLOCK:
            continue
        joined = np.concatenate(held, axis=1) if len(held) > 1 else held[0]
        whole = min(n_held, n_samples - sent) // BLOCK * BLOCK
        for start in range(0, whole, BLOCK):
            yield joined[:, start : start + BLOCK]
        sent += whole
        held, n_held = [joined[:, whole:]], n_held - whole
        if sent + n_held >= n_samples:
            break
    rest = np.concatenate(held, axis=1) if held else np.zeros((2, 0), np.float32)
    while sent < n_samples:
        size = min(BLOCK, n_samples - sent)
        block, rest = rest[:, :size], rest[:, size:]
        if block.shape[1] < size:
            block = np.pad(block, ((0, 0), (0, size - block.shape[1])))
        yield block
        sent += size


def _resampled(stream: SoundStream, sample_rate: int, check: SourceCheck) -> Iterator[np.ndarray]:
    """Mended stereo pieces of any length at `sample_rate`."""
    if stream.sample_rate == sample_rate:
        for block in stream.open():
            yield fold_to_stereo(check.mend(block))
        return
    try:
        import soxr
    except ImportError as error:
        raise MissingPackageError("soxr", "Changing the sample rate") from error
    resampler = soxr.ResampleStream(stream.sample_rate, sample_rate, 2, dtype="float32")
    for block in stream.open():
        frames = np.ascontiguousarray(fold_to_stereo(check.mend(block)).T)
        yield resampler.resample_chunk(frames).T
    yield resampler.resample_chunk(np.zeros((0, 2), np.float32), last=True).T
