"""From the raw features of a clip to the tokens that the denoiser attends to (VeM 1.3, eq. 6).

Of the six parts of eq. 6 the theme caption and the tags are the same for every shot and become
tokens that all frames see; shot text, shot picture, start and duration become four tokens a shot
that only its own frames see. Start and duration go through one learned map of seconds.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import nn

from ..types import Conditioning
from .attention import HIDDEN, shot_visibility, visibility_to_bias

PER_SHOT = 4
GLOBAL = 3
"""Theme caption, tags, and what holds for the whole piece."""
TIME_OCTAVES = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditioningWidths:
    """Sizes of the raw features."""

    text: int
    picture: int
    overall: int
    frame: int
    activation: int
    reference: int
    """Channels of the latents."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ConditioningBatch:
    """Several clips' conditioning of one length, padded to the most shots and reference frames."""

    frames: torch.Tensor
    """(B, L, D)"""
    activations: torch.Tensor
    """(B, L, D)"""
    texts: torch.Tensor
    """(B, S, 3, D)"""
    pictures: torch.Tensor
    """(B, S, D)"""
    times_s: torch.Tensor
    """(B, S, 2) start and duration of each shot."""
    visibility: torch.Tensor
    """(B, L, S) in [0, 1]; padded shots are nowhere visible."""
    overall: torch.Tensor
    """(B, D)"""
    reference: torch.Tensor
    """(B, C, M)"""
    reference_there: torch.Tensor
    """(B, M) bool."""
    reference_at: torch.Tensor
    """(B, L) int64 frame of the reference that a latent frame takes up; -1: none."""

    def to(self, device: torch.device) -> "ConditioningBatch":
        """The batch on a device."""
        return ConditioningBatch(
            **{name: getattr(self, name).to(device) for name in self.__slots__}
        )

    def take(self, items: torch.Tensor) -> "ConditioningBatch":
        """Some clips of the batch, by their indices."""
        return ConditioningBatch(**{name: getattr(self, name)[items] for name in self.__slots__})


def visible_shots(condition: Conditioning) -> torch.Tensor:
    """(L, S) float32: shot_visibility of a clip."""
    return shot_visibility(
        condition.frame_times_s, condition.shot_edges_s, condition.edge_widths_s.double()
    ).float()


def crop(
    condition: Conditioning, visibility: torch.Tensor, start: int, stop: int
) -> tuple[Conditioning, torch.Tensor]:
    """The latent frames from `start` up to `stop`, and the shots that they see."""
    seen = (visibility[start:stop] > 0).any(dim=0).nonzero()[:, 0]
    first, last = int(seen[0]), int(seen[-1])
    shots = slice(first, last + 1)
    cropped = replace(
        condition,
        frame_times_s=condition.frame_times_s[start : stop + 1],
        frames=condition.frames[start:stop],
        activations=condition.activations[start:stop],
        reference_at=condition.reference_at[start:stop],
        texts=condition.texts[shots],
        pictures=condition.pictures[shots],
        shot_edges_s=condition.shot_edges_s[first : last + 2],
        edge_widths_s=condition.edge_widths_s[first:last],
    )
    return cropped, visibility[start:stop, shots]


def collate(conditions: list[Conditioning], visibility: list[torch.Tensor]) -> ConditioningBatch:
    """Join clips of equal numbers of latent frames."""
    n_shots = max(len(c.pictures) for c in conditions)
    n_told = max(c.reference.shape[1] for c in conditions)
    times_s = [
        torch.stack([c.shot_edges_s[:-1], c.shot_edges_s.diff()], dim=1).float() for c in conditions
    ]
    there = [torch.arange(n_told) < c.reference.shape[1] for c in conditions]
    return ConditioningBatch(
        frames=torch.stack([c.frames for c in conditions]),
        activations=torch.stack([c.activations for c in conditions]),
        texts=torch.stack([_padded(c.texts, n_shots, 0) for c in conditions]),
        pictures=torch.stack([_padded(c.pictures, n_shots, 0) for c in conditions]),
        times_s=torch.stack([_padded(t, n_shots, 0) for t in times_s]),
        visibility=torch.stack([_padded(v, n_shots, 1) for v in visibility]),
        overall=torch.stack([c.overall for c in conditions]),
        reference=torch.stack([_padded(c.reference, n_told, 1) for c in conditions]),
        reference_there=torch.stack(there),
        reference_at=torch.stack([c.reference_at for c in conditions]),
    )


def _padded(x: torch.Tensor, size: int, dim: int) -> torch.Tensor:
    missing = list(x.shape)
    missing[dim] = size - x.shape[dim]
    return torch.cat([x, x.new_zeros(missing)], dim=dim) if missing[dim] else x


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Context:
    """What every block of the denoiser reads."""

    tokens: torch.Tensor
    """(B, T, D)"""
    bias: torch.Tensor
    """(B, L, T) additive attention bias, or the 0/1 mask where `multiply`."""
    frames: torch.Tensor
    """(B, L, D) added to the latents at the entrance."""
    overall: torch.Tensor
    """(B, D) joins the embedding of the noise level."""
    activations: torch.Tensor
    """(B, L, D_activation) for the adapters."""
    multiply: bool = False
    """The mask of eq. 8 as printed, for comparison only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drops:
    """Which conditions are hidden: (B,) bool each; None hides nothing."""

    storyboard: torch.Tensor | None = None
    """Shots, texts, and what holds for the whole piece."""
    texts: torch.Tensor | None = None
    reference: torch.Tensor | None = None
    beats: torch.Tensor | None = None

    def to(self, device: torch.device) -> "Drops":
        """The same on a device."""
        moved = {name: getattr(self, name) for name in self.__slots__}
        return Drops(**{name: None if x is None else x.to(device) for name, x in moved.items()})

    def take(self, items: torch.Tensor) -> "Drops":
        """Those of some clips of the batch."""
        all_ = {name: getattr(self, name) for name in self.__slots__}
        return Drops(**{name: None if x is None else x[items] for name, x in all_.items()})


class SecondsEmbedding(nn.Module):
    """A learned map of seconds (VeM's timing embedder): sines of many periods, then an MLP."""

    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2 * TIME_OCTAVES + 1, width), nn.SiLU(), nn.Linear(width, width)
        )

    def forward(self, time_s: torch.Tensor) -> torch.Tensor:
        """(...,) seconds -> (..., width)."""
        octaves = torch.arange(TIME_OCTAVES, device=time_s.device)
        angles = 2 * math.pi * time_s[..., None] / (0.5 * 2.0**octaves)
        log_s = time_s.clamp_min(0).log1p()[..., None]
        return self.layers(torch.cat([angles.sin(), angles.cos(), log_s], dim=-1))


class ConditionEncoder(nn.Module):
    """Tokens, mask and frame features of a batch of clips."""

    def __init__(self, widths: ConditioningWidths, context_width: int, width: int):
        super().__init__()
        self.text = nn.Linear(widths.text, context_width)
        self.picture = nn.Sequential(
            nn.Linear(widths.picture, context_width),
            nn.SiLU(),
            nn.Linear(context_width, context_width),
        )
        self.seconds = SecondsEmbedding(context_width)
        self.overall = nn.Linear(widths.overall, context_width)
        self.reference = nn.Linear(widths.reference, context_width)
        self.kinds = nn.Embedding(GLOBAL + PER_SHOT + 1, context_width)
        self.places = nn.Embedding(64, context_width)
        """Which frame of the reference a token is."""
        self.take_up = nn.Linear(widths.reference, width, bias=False)
        """The reference at the frames that take it up."""
        self.null = nn.Embedding(GLOBAL + PER_SHOT, context_width)
        self.to_frames = nn.Sequential(
            nn.Linear(widths.frame, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.to_level = nn.Linear(context_width, width)

    def forward(
        self,
        batch: ConditioningBatch,
        *,
        strength: float = 1.0,
        multiply: bool = False,
        drops: Drops | None = None,
    ) -> Context:
        """Encode.

        Args:
            strength: of the storyboard mask, in [0, 1]; 0 is plain cross-attention.
            multiply: the 0/1 mask of eq. 8 for the product as printed.
            drops: conditions to hide per item (guidance, and training for it).
        """
        drops = drops or Drops()
        shared, own = self._storyboard_tokens(batch, drops)
        told = self.reference(batch.reference.transpose(1, 2)) + self.kinds.weight[-1]
        told = told + self.places.weight[: told.shape[1]]
        there = batch.reference_there
        for hidden in (drops.storyboard, drops.reference):
            there = there if hidden is None else there & ~hidden[:, None]
        tokens = torch.cat([shared, told, own.flatten(1, 2)], dim=1)
        activations = batch.activations
        if drops.beats is not None:
            activations = activations * (~drops.beats)[:, None, None]
        return Context(
            tokens=tokens,
            bias=self._mask(batch, there, strength, multiply),
            frames=self.to_frames(batch.frames) + self._taken_up(batch, there),
            overall=self.to_level(shared[:, GLOBAL - 1]),
            activations=activations,
            multiply=multiply,
        )

    def _storyboard_tokens(
        self, batch: ConditioningBatch, drops: Drops
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, GLOBAL, D) and (B, S, PER_SHOT, D)."""
        words = batch.texts
        if drops.texts is not None:
            words = words * (~drops.texts)[:, None, None, None]
        texts = self.text(words)
        shared = torch.stack([texts[:, 0, 0], texts[:, 0, 1], self.overall(batch.overall)], dim=1)
        start, duration = self.seconds(batch.times_s).unbind(dim=2)
        own = torch.stack([texts[:, :, 2], self.picture(batch.pictures), start, duration], dim=2)
        if drops.storyboard is not None:
            hidden = drops.storyboard[:, None, None]
            shared = torch.where(hidden, self.null.weight[:GLOBAL], shared)
            own = torch.where(hidden[..., None], self.null.weight[GLOBAL:], own)
        kinds = self.kinds.weight
        return shared + kinds[:GLOBAL], own + kinds[GLOBAL:-1]

    def _taken_up(self, batch: ConditioningBatch, there: torch.Tensor) -> torch.Tensor:
        """(B, L, D): what of the reference the form puts at each frame; 0 where nothing."""
        taken = self.take_up(batch.reference.transpose(1, 2)) * there[..., None]
        if not taken.shape[1]:
            return taken.new_zeros(*batch.reference_at.shape, taken.shape[2])
        index = batch.reference_at.clamp_min(0)[..., None].expand(-1, -1, taken.shape[2])
        return taken.gather(1, index) * (batch.reference_at >= 0)[..., None]

    def _mask(
        self, batch: ConditioningBatch, there: torch.Tensor, strength: float, multiply: bool
    ) -> torch.Tensor:
        """(B, L, T): all frames see the global tokens and the reference, and their own shot."""
        padded = batch.visibility.amax(dim=1) == 0
        hidden = 0.0 if multiply else HIDDEN
        seen = 1.0 if multiply else 0.0
        own = batch.visibility if multiply else visibility_to_bias(batch.visibility, strength)
        own = own.masked_fill(padded[:, None], hidden).repeat_interleave(PER_SHOT, dim=2)
        n_frames = own.shape[1]
        told = torch.where(there, seen, hidden)[:, None].expand(-1, n_frames, -1)
        shared = own.new_full((len(own), n_frames, GLOBAL), seen)
        return torch.cat([shared, told, own], dim=2)
