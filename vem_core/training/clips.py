"""Training clips: latents and conditioning of baked pieces, cropped into batches of one length."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from ..codecs.score.latent_codec import ScoreCodec
from ..encoders.text import LexiconText
from ..engine.conditions import encode_clip
from ..engine.themes import encode_themes
from ..model.conditioning import ConditioningBatch, collate, crop, visible_shots
from ..types import Conditioning
from .pieces import Piece

LENGTHS = (16, 24, 32, 48, 64)
"""Lengths of batches in latent frames; the longest is the sampler's window."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Clip:
    """One piece as the denoiser learns it."""

    z: torch.Tensor
    """(C, L)"""
    condition: Conditioning
    visibility: torch.Tensor
    """(L, S)"""


@torch.no_grad()
def encode_clips(pieces: Iterable[Piece], codec: ScoreCodec, styles: tuple[str, ...]) -> list[Clip]:
    """Latents by the frozen codec, conditioning by the frozen encoders."""
    codec.eval()
    text = LexiconText(styles)
    clips = []
    for piece in pieces:
        condition = encode_clip(
            piece.storyboard,
            piece.plan,
            style=piece.style,
            key=piece.key,
            styles=styles,
            text=text,
            reference=encode_themes(codec, piece.themes),
        )
        clips.append(
            Clip(
                z=codec.encode_tensor(piece.tensor),
                condition=condition,
                visibility=visible_shots(condition),
            )
        )
    return clips


class ClipBatches:
    """Random crops of equal length, drawn by a generator alone."""

    def __init__(self, clips: list[Clip], batch_frames: int):
        """`batch_frames`: latent frames a batch holds, whatever its length."""
        self.batch_frames = batch_frames
        self._by_length = {
            length: [clip for clip in clips if clip.z.shape[1] >= length] for length in LENGTHS
        }
        self._lengths = [length for length in LENGTHS if self._by_length[length]]
        frames = [sum(c.z.shape[1] for c in self._by_length[n]) for n in self._lengths]
        # long crops teach form; the short ones exist for pieces that have no more
        self._shares = torch.tensor(frames, dtype=torch.float64) * torch.tensor(
            self._lengths, dtype=torch.float64
        )

    def draw(self, generator: torch.Generator) -> tuple[torch.Tensor, ConditioningBatch]:
        """(B, C, L) latents and their conditioning."""
        length = self._lengths[int(torch.multinomial(self._shares, 1, generator=generator))]
        clips = self._by_length[length]
        n = max(self.batch_frames // length, 1)
        z, conditions, visibility = [], [], []
        for index in torch.randint(len(clips), (n,), generator=generator).tolist():
            clip = clips[index]
            room = clip.z.shape[1] - length
            start = int(torch.randint(room + 1, (1,), generator=generator))
            cropped, seen = crop(clip.condition, clip.visibility, start, start + length)
            z.append(clip.z[:, start : start + length])
            conditions.append(cropped)
            visibility.append(seen)
        return torch.stack(z), collate(conditions, visibility)
