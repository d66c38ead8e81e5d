"""Stage 1: the autoencoder of the score codec."""

import numpy as np
import torch
import torch.nn.functional as F

from ..codecs.score.beats import BeatBatch, BeatTable
from ..codecs.score.latent_codec import PartCodec, ScoreCodec
from ..codecs.score.tensor import SLOTS
from ..types import PARTS
from .loop import Losses, LossOf

VALUE_WEIGHT = 0.6
LEAD_WEIGHT = 3.0


def codec_losses(codec: ScoreCodec, batch: BeatBatch, generator: torch.Generator) -> Losses:
    """Onsets by binary cross-entropy, values of true notes by squares, chords by cross-entropy.

    The decoder sees latents with noise of a level drawn per beat; the sums are per beat.
    """
    z = codec.encode_beats(batch)
    level = torch.rand(len(z), 1, generator=generator) * codec.config.noise
    noise = torch.randn(z.shape, generator=generator) * level
    z = z + noise.to(z)
    losses: Losses = {}
    total = z.new_zeros(())
    for part in PARTS:
        notes = batch.parts[part]
        module: PartCodec = codec.part(part)
        slots = module.decode_slots(z[:, codec.channels_of(part)], batch.compound)
        logits = module.onset_out(slots)
        wanted = torch.zeros_like(logits)
        wanted[notes.slot, notes.row] = 1
        onset = F.binary_cross_entropy_with_logits(logits, wanted, reduction="sum") / len(z)
        values = module.values_at(slots, notes.slot, notes.row)
        value = F.mse_loss(values, notes.units, reduction="sum") / len(z)
        losses[f"{part}_onset"], losses[f"{part}_value"] = onset, value
        total = total + (LEAD_WEIGHT if part == "lead" else 1.0) * (onset + VALUE_WEIGHT * value)
    logits = codec.chords.decode(z[:, codec.channels_of("chords")])
    chord = z.new_zeros(())
    for i, part_logits in enumerate(logits):
        target = batch.chords[..., i].flatten()
        chord = chord + F.cross_entropy(part_logits.flatten(0, 1), target) * SLOTS
    losses["chords"] = chord
    losses["loss"] = total + chord
    return losses


def codec_loss_of(codec: ScoreCodec, table: BeatTable, batch_beats: int) -> LossOf:
    """The loss of a step over `batch_beats` random beats.

    Every process of a crew takes all of them: the batch normalisation is over the whole batch.
    """

    def loss_of(step: int, generator: torch.Generator) -> Losses:
        beats = torch.randint(table.n_beats, (batch_beats,), generator=generator)
        device = next(codec.parameters()).device
        return codec_losses(codec, table.batch(np.asarray(beats)).to(device), generator)

    return loss_of


def codec_figures(codec: ScoreCodec, table: BeatTable, n_beats: int = 8192) -> dict[str, float]:
    """Per part: F1 of (onset, row) and mean relative error of velocities; share of equal chords."""
    codec.eval()
    device = next(codec.parameters()).device
    batch = table.batch(np.arange(min(n_beats, table.n_beats))).to(device)
    figures = {}
    with torch.no_grad():
        z = codec.encode_beats(batch)
        for part in PARTS:
            module = codec.part(part)
            slots = module.decode_slots(z[:, codec.channels_of(part)], batch.compound)
            heard = module.onset_out(slots) > 0
            notes = batch.parts[part]
            wanted = torch.zeros_like(heard)
            wanted[notes.slot, notes.row] = True
            both = float((heard & wanted).sum())
            figures[f"{part}_f1"] = 2 * both / max(float(heard.sum() + wanted.sum()), 1.0)
            values = module.values_at(slots, notes.slot, notes.row)
            error = (values - notes.units).abs() / (notes.units + 2).abs()
            figures[f"{part}_velocity_error"] = float(error[:, 0].mean()) if len(error) else 0.0
        logits = codec.chords.decode(z[:, codec.channels_of("chords")])
        chosen = torch.stack([part.argmax(dim=-1) for part in logits], dim=-1)
        figures["chords_equal"] = float((chosen == batch.chords).all(dim=-1).float().mean())
    codec.train()
    return figures
