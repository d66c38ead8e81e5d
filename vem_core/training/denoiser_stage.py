"""Stages 2 and 3: the denoiser without beats, then the beat adapter (VeM 1.7)."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import torch

from ..codecs.score.latent_codec import ScoreCodec
from ..diffusion.schedule import lognormal_sigmas
from ..model.conditioning import ConditioningBatch, Drops
from ..model.denoiser import Denoiser
from .clips import ClipBatches
from .codec_stage import LEAD_WEIGHT
from .crew import Crew
from .loop import Losses, LossOf

CHORD_WEIGHT = 3.0
"""A wrong chord moves the notes of four parts; in a trial chords were the last to settle."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DropShares:
    """How often a condition is hidden in training."""

    storyboard: float = 0.1
    texts: float = 0.3
    reference: float = 0.1
    beats: float = 0.1

    def draw(self, n: int, generator: torch.Generator, *, all_beats: bool) -> Drops:
        """Hidden conditions of a batch; with `all_beats` no item has beats."""

        def coin(share: float) -> torch.Tensor:
            return torch.rand(n, generator=generator) < share

        return Drops(
            storyboard=coin(self.storyboard),
            texts=coin(self.texts),
            reference=coin(self.reference),
            beats=coin(1.1 if all_beats else self.beats),
        )


def channel_weights(codec: ScoreCodec) -> torch.Tensor:
    """(C,) with mean 1: the choices that all else hangs on, tune and chords, weigh more."""
    weights = torch.ones(codec.n_channels)
    weights[codec.channels_of("lead")] = LEAD_WEIGHT
    weights[codec.channels_of("chords")] = CHORD_WEIGHT
    return weights / weights.mean()


def denoiser_losses(
    denoiser: Denoiser,
    z: torch.Tensor,
    batch: ConditioningBatch,
    drops: Drops,
    weights: torch.Tensor,
    generator: torch.Generator,
    crew: Crew | None = None,
) -> Losses:
    """Squared error of the denoised latents, weighted by EDM's 1 / c_out^2 and per channel.

    Args:
        z: (B, C, L) latents.
        weights: (C,) per channel.
        crew: the loss is over this process's share of the batch.
    """
    sigma = lognormal_sigmas(len(z), generator).to(z)
    noise = torch.randn(z.shape, generator=generator).to(z)
    if crew and crew.size > 1:
        own = crew.share(len(z)).to(z.device)
        z, sigma, noise = z[own], sigma[own], noise[own]
        batch, drops = batch.take(own), drops.take(own)
    context = denoiser.conditions(batch, drops=drops)
    denoised = denoiser(z + sigma[:, None, None] * noise, sigma, context)
    error = (denoised - z) ** 2 * denoiser.scalings.loss_weight(sigma)[:, None, None]
    return {"loss": (error * weights[:, None]).mean(), "plain": error.mean()}


class AheadOfTime:
    """Draws the batch of the next step in a thread while this step trains.

    Each batch depends on (seed, step) alone, so what is drawn ahead is what would be drawn.
    """

    def __init__(self, batches: ClipBatches, seed: int):
        self.batches = batches
        self.seed = seed
        self._worker = ThreadPoolExecutor(1)
        self._next: tuple[int, Future] | None = None

    def batch(self, step: int) -> tuple[torch.Tensor, ConditioningBatch]:
        """(B, C, L) latents and their conditioning for a step."""
        ready = self._next
        drawn = ready[1].result() if ready and ready[0] == step else self._draw(step)
        self._next = (step + 1, self._worker.submit(self._draw, step + 1))
        return drawn

    def _draw(self, step: int) -> tuple[torch.Tensor, ConditioningBatch]:
        return self.batches.draw(torch.Generator().manual_seed(self.seed * 1_000_003 + step))


def denoiser_loss_of(
    denoiser: Denoiser,
    batches: ClipBatches,
    codec: ScoreCodec,
    *,
    with_beats: bool,
    shares: DropShares | None = None,
    seed: int = 0,
    crew: Crew | None = None,
) -> LossOf:
    """The loss of a step; `with_beats` is stage 3."""
    shares, crew = shares or DropShares(), crew or Crew()
    device = next(denoiser.parameters()).device
    weights = channel_weights(codec).to(device)
    ahead = AheadOfTime(batches, seed)

    def loss_of(step: int, generator: torch.Generator) -> Losses:
        z, batch = ahead.batch(step)
        drops = shares.draw(len(z), generator, all_beats=not with_beats).to(device)
        return denoiser_losses(
            denoiser, z.to(device), batch.to(device), drops, weights, generator, crew
        )

    return loss_of


def train_only_adapters(denoiser: Denoiser) -> None:
    """Freeze all but the beat adapters: what VeM's third stage optimises."""
    denoiser.requires_grad_(False)
    for parameter in denoiser.beat_parameters():
        parameter.requires_grad_(True)
