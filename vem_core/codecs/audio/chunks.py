"""Long sound through a network in overlapping chunks, so that its memory does not grow with it.

The receptive-field argument: an output frame of a convolutional network depends on the inputs up
to its reach (reach.py) to each side. A chunk that is run with at least that much of its
neighbourhood, its halo, therefore gives the outputs of the whole, and at the true ends of the sound
the halo ends where the whole does, in the same zero padding. What is left is rounding, because
convolutions of other lengths may add up in another order.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

Run = Callable[[int, int], torch.Tensor]
"""(first frame, end) -> (..., (end - first) * per_frame): the network on a stretch of its input."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunks:
    """How to cut; all in frames."""

    core: int
    """What a chunk gives out."""
    halo: int
    """What it is run with at each side besides; the network's reach or more."""
    fade: int = 0
    """Neighbours blend linearly over this many frames to each side of their border: for networks
    that are not convolutional throughout, whose chunks therefore differ a little."""

    def __post_init__(self) -> None:
        if self.core < 1 or self.halo < 0 or not 0 <= 2 * self.fade <= self.core:
            raise ValueError(f"chunks of {self.core} frames, halo {self.halo}, fade {self.fade}")


def in_chunks(run: Run, n_frames: int, chunks: Chunks, per_frame: int) -> Iterator[torch.Tensor]:
    """The network's output for frames 0 to n_frames, piece by piece in order; they only join.

    A sound that fits into one chunk is run whole.

    Args:
        per_frame: how many outputs along the last axis a frame has.
    """
    starts = range(0, n_frames, chunks.core)
    tail: torch.Tensor | None = None  # of the chunk before, over the blend
    for start in starts:
        stop = min(start + chunks.core, n_frames)
        first = max(start - chunks.fade, 0)
        end = min(stop + chunks.fade, n_frames)
        run_first, run_end = max(first - chunks.halo, 0), min(end + chunks.halo, n_frames)
        out = run(run_first, run_end)
        out = out[..., (first - run_first) * per_frame : (end - run_first) * per_frame]
        if tail is not None:
            out = _blended(tail, out)
        keep = (end - stop + chunks.fade) * per_frame if stop < n_frames else 0
        tail = out[..., out.shape[-1] - keep :] if keep else None
        yield out[..., : out.shape[-1] - keep]


def _blended(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """`after`, its start blended with `before`, which covers the same time."""
    n = before.shape[-1]
    share = (torch.arange(n, device=after.device, dtype=after.dtype) + 0.5) / n
    return torch.cat([torch.lerp(before, after[..., :n], share), after[..., n:]], dim=-1)
