"""The whole training: music baked, codec, denoiser, beat adapter, and the model file at the end.

Every stage goes on from where it was stopped. What was trained is what is loaded: the settings lie
beside the weights, and a folder with other settings is refused.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from ..checkpoint import load_model, save_model
from ..codecs.score.beats import BeatTable
from ..codecs.score.latent_codec import CodecConfig, ScoreCodec
from ..composing.style import style_names
from ..encoders.text import LexiconText
from ..engine.conditions import conditioning_widths
from ..engine.music_model import MusicModel
from ..errors import InputError
from ..model.denoiser import Denoiser, DenoiserConfig
from ..types import Progress, no_progress
from .clips import Clip, ClipBatches, encode_clips
from .codec_stage import codec_loss_of
from .crew import Crew, join_crew
from .denoiser_stage import DropShares, denoiser_loss_of, train_only_adapters
from .loop import LoopSettings, Trainer
from .pieces import BakeSettings, bake, read_pieces
from .stated import OTHER_TRAINING, state_settings


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainSettings:
    """Everything that decides a training run."""

    name: str = "vem-score"
    music: BakeSettings = field(default_factory=BakeSettings)
    codec: CodecConfig = field(default_factory=CodecConfig)
    codec_loop: LoopSettings = field(
        default_factory=lambda: LoopSettings(steps=6000, learning_rate=2e-3)
    )
    codec_batch_beats: int = 256
    width: int = 256
    n_blocks: int = 6
    batch_frames: int = 3072
    denoiser_loop: LoopSettings = field(default_factory=lambda: LoopSettings(steps=40_000))
    beats_loop: LoopSettings = field(
        default_factory=lambda: LoopSettings(steps=10_000, learning_rate=5e-4)
    )
    start_from: str = ""
    """A model file to go on from: its codec is kept as it is, its denoiser is trained further."""
    only_adapters: bool = False
    """Stage 3 moves the beat adapters alone; False: adapters and denoiser together."""
    drops: DropShares = field(default_factory=DropShares)


def train(
    folder: Path,
    music: Path,
    settings: TrainSettings,
    *,
    device: str = "cpu",
    workers: int = 1,
    progress: Progress = no_progress,
) -> Path:
    """Train a model; returns the path of the model file in `folder`.

    Under `accelerate launch` every process calls this, and they train together (crew.py).

    Args:
        folder: for states, metrics, curves and the model.
        music: for the baked pieces; baked first where they are missing.
        workers: processes that bake.

    Raises:
        InputError: a folder was used with other settings.
    """
    crew, device = join_crew(device)
    if crew.leads:
        state_settings(folder, settings, OTHER_TRAINING)
        bake(music, settings.music, workers=workers, progress=_part(progress, 0.0, 0.1))
    crew.wait()
    styles = style_names()
    start = load_model(Path(settings.start_from), device=device) if settings.start_from else None
    if start:
        codec = start.codec
    else:
        part = _part(progress, 0.1, 0.2)
        codec = train_codec(folder / "codec", music, settings, device, crew, part)
    clips = encode_clips(read_pieces(music), codec, styles)
    denoiser = train_denoiser(
        folder,
        clips,
        codec,
        settings,
        start=start.denoiser if start else None,
        crew=crew,
        progress=_part(progress, 0.2, 1.0),
    )
    model = MusicModel(name=settings.name, styles=styles, codec=codec, denoiser=denoiser)
    path = folder / f"{settings.name}.safetensors"
    if crew.leads:
        save_model(path, model)
    crew.wait()
    return path


def train_codec(
    folder: Path,
    music: Path,
    settings: TrainSettings,
    device: str,
    crew: Crew,
    progress: Progress,
) -> ScoreCodec:
    """Stage 1; the moving average of the weights is what goes on, frozen."""
    torch.manual_seed(settings.codec_loop.seed)
    codec = ScoreCodec(settings.codec).to(device)
    table = BeatTable([piece.tensor for piece in read_pieces(music)])
    loss_of = codec_loss_of(codec, table, settings.codec_batch_beats)
    trainer = Trainer(codec, loss_of, settings.codec_loop, folder, crew)
    trainer.run(progress=progress)
    codec.load_state_dict(trainer.average)
    return codec.eval().requires_grad_(False)


def train_denoiser(
    folder: Path,
    clips: list[Clip],
    codec: ScoreCodec,
    settings: TrainSettings,
    *,
    start: Denoiser | None = None,
    crew: Crew | None = None,
    progress: Progress = no_progress,
) -> Denoiser:
    """Stages 2 and 3; returns the moving average of the weights.

    Raises:
        InputError: `start` is of another size than the settings say.
    """
    styles = style_names()
    widths = conditioning_widths(styles, LexiconText(styles), codec.n_channels)
    config = DenoiserConfig(conditioning=widths, width=settings.width, n_blocks=settings.n_blocks)
    torch.manual_seed(settings.denoiser_loop.seed)
    denoiser = Denoiser(config).to(next(codec.parameters()).device)
    if start is not None:
        if start.config != config:
            raise InputError(
                f"'{settings.start_from}' is a model of width {start.config.width} with"
                f" {start.config.n_blocks} blocks and cannot be trained further with the width"
                f" {config.width} and {config.n_blocks} blocks of the settings. Give both the same."
            )
        denoiser.load_state_dict(start.state_dict())
    batches = ClipBatches(clips, settings.batch_frames)
    for with_beats, loop, name in (
        (False, settings.denoiser_loop, "denoiser"),
        (True, settings.beats_loop, "beats"),
    ):
        denoiser.adapters.requires_grad_(with_beats)  # stage 2 goes past them
        if with_beats and settings.only_adapters:
            train_only_adapters(denoiser)
        loss_of = denoiser_loss_of(
            denoiser,
            batches,
            codec,
            with_beats=with_beats,
            shares=settings.drops,
            seed=loop.seed,
            crew=crew,
        )
        trainer = Trainer(denoiser, loss_of, loop, folder / name, crew)
        share = 0.8 if with_beats else 0.0
        trainer.run(progress=_part(progress, share, 1.0 if with_beats else 0.8))
        denoiser.load_state_dict(trainer.average)
    return denoiser.eval().requires_grad_(False)


def quick_settings(settings: TrainSettings, steps: int) -> TrainSettings:
    """The same training with `steps` steps a stage: to see whether all of it runs."""

    def quick(loop: LoopSettings) -> LoopSettings:
        return replace(loop, steps=steps, log_every=1, save_every=max(steps // 2, 1))

    return replace(
        settings,
        codec_loop=quick(settings.codec_loop),
        denoiser_loop=quick(settings.denoiser_loop),
        beats_loop=quick(settings.beats_loop),
    )


def _part(progress: Progress, low: float, high: float) -> Progress:
    return lambda share: progress(low + (high - low) * share)
