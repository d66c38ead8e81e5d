"""Stage 1 of VeM's training, its other half: the aligner, by cross-entropy (VeM eq. 9)."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F

from ..checkpoint import save_aligner
from ..rhythm.aligner import Aligner, AlignerConfig
from ..types import Progress, no_progress
from .aligner_clips import AlignerBatches, BakedClips, ClipSettings, bake_clips
from .loop import LoopSettings, Losses, LossOf, Trainer
from .stated import OTHER_TRAINING, state_settings

ALIGNER_NAME = "vem-aligner"


@dataclass(frozen=True, kw_only=True, slots=True)
class AlignerTrainSettings:
    """Everything that decides the training of an aligner."""

    clips: ClipSettings = field(default_factory=ClipSettings)
    network: AlignerConfig = field(default_factory=AlignerConfig)
    loop: LoopSettings = field(
        default_factory=lambda: LoopSettings(
            steps=2400,
            learning_rate=2e-3,
            warmup_steps=100,
            ema_decay=0.995,
            bfloat16=True,
            log_every=25,
            save_every=100,
        )
    )
    batch_clips: int = 5
    crop_ticks: int = 80
    margin_ticks: int = 8
    """At the ends of a crop, where the network cannot see what comes before and after; no loss."""
    positive_weight: float = 3.0
    """Of ticks with a transition: they are one in forty."""


def aligner_loss(
    logits: torch.Tensor, targets: torch.Tensor, positive_weight: float
) -> torch.Tensor:
    """VeM eq. 9 with a weight w: -mean(w f log p + (1 - f) log(1 - p)), soft labels f.

    Args:
        logits: (B, T)
        targets: (B, T) in [0, 1]
    """
    weight = logits.new_tensor(positive_weight)
    return F.binary_cross_entropy_with_logits(logits, targets, pos_weight=weight)


def aligner_loss_of(
    aligner: Aligner, batches: AlignerBatches, settings: AlignerTrainSettings
) -> LossOf:
    """The loss of one step, for the training loop."""
    device = aligner.out.weight.device
    inner = slice(settings.margin_ticks, settings.crop_ticks - settings.margin_ticks)

    def loss_of(step: int, generator: torch.Generator) -> Losses:
        frames, targets = batches.draw(generator)
        logits, _ = aligner(frames.to(device))
        logits, targets = logits[:, inner], targets[:, inner].to(device)
        with torch.no_grad():
            sure = targets == 1
            n_sure = sure.sum().clamp(min=1)
            found = ((logits > 0) & sure).sum() / n_sure
            false = ((logits > 0) & (targets == 0)).sum() / n_sure
        loss = aligner_loss(logits, targets, settings.positive_weight)
        return {"loss": loss, "found": found, "false_per_true": false}

    return loss_of


def train_aligner(
    folder: Path,
    clips: Path,
    settings: AlignerTrainSettings,
    *,
    device: str = "cpu",
    progress: Progress = no_progress,
) -> Path:
    """Bake clips where they are missing, train, and write the weights; goes on where it stopped.

    Args:
        folder: for state, metrics, curve and weights.
        clips: for the baked clips.

    Returns:
        The path of the weights: the moving average, as checkpoint.load_aligner reads them.

    Raises:
        InputError: a folder was used with other settings.
        MissingPackageError: a package that carries sample photographs is not installed.
    """
    state_settings(folder, settings, OTHER_TRAINING)
    bake_clips(clips, settings.clips, lambda share: progress(0.3 * share))
    torch.manual_seed(settings.loop.seed)
    aligner = Aligner(settings.network).to(device)
    aligner = aligner.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    batches = AlignerBatches(BakedClips(clips), settings.batch_clips, settings.crop_ticks)
    loss_of = aligner_loss_of(aligner, batches, settings)
    trainer = Trainer(aligner, loss_of, settings.loop, folder)
    trainer.run(progress=lambda share: progress(0.3 + 0.7 * share))
    aligner.load_state_dict(trainer.average)
    path = folder / f"{ALIGNER_NAME}.safetensors"
    save_aligner(path, aligner.eval())
    return path
