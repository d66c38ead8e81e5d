"""Beats in batches: what the networks of the latent codec read and write."""

from dataclasses import dataclass

import numpy as np
import torch

from ...types import PARTS, Part
from .tensor import SLOTS, PartNotes, ScoreTensor

VALUES = 3
_LOUD, _LONG, _LATE = 127.0, 3.0, 0.25


def values_to_units(values: torch.Tensor) -> torch.Tensor:
    """(N, 3) velocity, duration in steps, offset in steps -> numbers around 0, spread about 1."""
    velocity, duration, offset = values.unbind(dim=-1)
    return torch.stack(
        [4 * velocity / _LOUD - 2, duration.log2() / _LONG * 2 - 1, offset / _LATE], dim=-1
    )


def units_to_values(units: torch.Tensor) -> torch.Tensor:
    """Inverse of values_to_units."""
    velocity, duration, offset = units.unbind(dim=-1)
    return torch.stack(
        [(velocity + 2) / 4 * _LOUD, ((duration + 1) / 2 * _LONG).exp2(), offset * _LATE], dim=-1
    )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PartBeats:
    """Notes of one part over a batch of beats."""

    slot: torch.Tensor
    """(N,) int64 index into beats * SLOTS, not falling."""
    row: torch.Tensor
    """(N,) int64."""
    units: torch.Tensor
    """(N, 3) float32, see values_to_units."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class BeatBatch:
    """A batch of beats; each stands for itself."""

    parts: dict[Part, PartBeats]
    chords: torch.Tensor
    """(B, SLOTS, 3) int64."""
    compound: torch.Tensor
    """(B, 1) float32: 1 where a beat has six steps."""

    @property
    def n_beats(self) -> int:
        return len(self.chords)

    def to(self, device: torch.device) -> "BeatBatch":
        """The batch on a device."""
        parts: dict[Part, PartBeats] = {
            part: PartBeats(
                slot=notes.slot.to(device), row=notes.row.to(device), units=notes.units.to(device)
            )
            for part, notes in self.parts.items()
        }
        return BeatBatch(
            parts=parts, chords=self.chords.to(device), compound=self.compound.to(device)
        )


class BeatTable:
    """All beats of many pieces, from which any choice of beats makes a batch."""

    def __init__(self, tensors: list[ScoreTensor]):
        self.n_beats = sum(tensor.n_beats for tensor in tensors)
        firsts = np.cumsum([0, *(tensor.n_beats for tensor in tensors)])
        self.firsts: list[int] = firsts.tolist()
        """Index of the first beat of each piece, and the end."""
        self._chords = torch.from_numpy(np.concatenate([tensor.chords for tensor in tensors]))
        compound = [np.full(t.n_beats, t.steps_per_beat == SLOTS) for t in tensors]
        self._compound = torch.from_numpy(np.concatenate(compound)).float()[:, None]
        self._notes: dict[Part, tuple[np.ndarray, np.ndarray, torch.Tensor]] = {}
        for part in PARTS:
            places = [
                tensor.parts[part].places + np.array([first, 0, 0])
                for tensor, first in zip(tensors, firsts, strict=False)
            ]
            joined = np.concatenate(places)
            starts = np.searchsorted(joined[:, 0], np.arange(self.n_beats + 1))
            values = np.concatenate([tensor.parts[part].values for tensor in tensors])
            units = values_to_units(torch.from_numpy(values)).float()
            self._notes[part] = (joined, starts, units)

    def batch(self, beats: np.ndarray) -> BeatBatch:
        """The beats of the given indices, in that order."""
        parts = {}
        for part, (places, starts, units) in self._notes.items():
            first, count = starts[beats], starts[beats + 1] - starts[beats]
            ends = np.cumsum(count)
            chosen = np.repeat(first - ends + count, count) + np.arange(count.sum())
            beat = np.repeat(np.arange(len(beats)), count)
            parts[part] = PartBeats(
                slot=torch.from_numpy(beat * SLOTS + places[chosen, 1]),
                row=torch.from_numpy(places[chosen, 2]),
                units=units[torch.from_numpy(chosen)],
            )
        index = torch.from_numpy(beats)
        return BeatBatch(parts=parts, chords=self._chords[index], compound=self._compound[index])


def notes_of(slot: torch.Tensor, row: torch.Tensor, units: torch.Tensor) -> PartNotes:
    """Notes of a decoded part; `slot` counts through the beats of one piece."""
    beat, at = slot // SLOTS, slot % SLOTS
    return PartNotes(
        places=torch.stack([beat, at, row], dim=1).cpu().numpy(),
        values=units_to_values(units.double()).cpu().numpy(),
    )
