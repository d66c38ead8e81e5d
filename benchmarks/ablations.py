"""Ablations of the music model: the same budget on the same music, one step left out at a time.

    .venv/bin/python benchmarks/ablations.py train CONFIG.json... --music DIR --model FILE --out DIR
    .venv/bin/python benchmarks/ablations.py table CONFIG.json... --model FILE --out DIR [--n 24]

Each file of benchmarks/ablations states a variant whole: what is left out, sizes, steps, seeds.
`train` goes on from where it was stopped; --music is a folder of baked pieces (`vem train` makes
it, or it is baked first), --model gives the codec, which all variants share. `table` composes for
storyboards that no training saw and prints, with 95 % intervals over clips and seeds: how the
onsets of the music follow arousal shot by shot, how its chords follow valence, how much stronger
what begins at planned hits is than elsewhere, and at how many hits the model let something begin
by itself. Beside it stands what VeM's Table 4 says of the same step.
"""

import argparse
import json
import math
import sys
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Literal, get_args, get_type_hints

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))
from composer import random_storyboard

from vem_core.checkpoint import load_model
from vem_core.codecs.score.latent_codec import ScoreCodec
from vem_core.composing.style import style_names
from vem_core.encoders.text import LexiconText
from vem_core.engine.conditions import conditioning_widths
from vem_core.engine.music_model import MusicModel
from vem_core.errors import InputError
from vem_core.generation import ModelSettings, decode_music, sample_music
from vem_core.metrics.score import brightness, hit_contrast, onset_density, spearman
from vem_core.metrics.semantic import mean_with_interval
from vem_core.model.attention import HIDDEN
from vem_core.model.conditioning import (
    GLOBAL,
    PER_SHOT,
    ConditionEncoder,
    ConditioningBatch,
    Context,
    Drops,
)
from vem_core.model.denoiser import Denoiser, DenoiserConfig
from vem_core.rhythm.tempo_map import plan_beats
from vem_core.training.clips import Clip, ClipBatches, encode_clips
from vem_core.training.denoiser_stage import denoiser_loss_of
from vem_core.training.loop import LoopSettings, Trainer
from vem_core.training.pieces import BakeSettings, bake, read_pieces

TEST_SEED = 20_000
PICTURE = 1
"""Which of a shot's tokens is its picture (text, picture, start, duration)."""


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """One variant; every field stands in its file."""

    name: str
    vem: str
    """What VeM's Table 4 says about the same step."""
    mask: Literal["storyboard", "none"]
    """none: plain cross-attention, every frame sees all shots."""
    times: bool
    """Whether start and duration of a shot are told."""
    tokens: Literal["shots", "frames"]
    """frames: as GVMGen, pictures alone, one a second, in no order; words and times left out."""
    adapter: Literal["scale-shift", "in-attention", "none"]
    width: int
    n_blocks: int
    batch_frames: int
    steps: int
    """Of stage 2, without beats; those of stage 3 follow, with them."""
    beat_steps: int
    learning_rate: float
    beat_learning_rate: float
    n_pieces: int
    seeds: list[int]


def read_ablation(path: Path) -> Ablation:
    """A variant from its file.

    Raises:
        InputError: a field is unknown, missing or of another kind.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    wrong = {field.name for field in fields(Ablation)} ^ set(data)
    if wrong:
        raise InputError(f"'{path}' misses or does not know: {', '.join(sorted(wrong))}.")
    for name, hint in get_type_hints(Ablation).items():
        allowed = get_args(hint)
        if allowed and all(isinstance(a, str) for a in allowed) and data[name] not in allowed:
            raise InputError(f"'{name}' of '{path}' is {data[name]!r}; needed: {allowed}.")
    return Ablation(**data)


class _Silent(nn.Module):
    """Says nothing of any time."""

    def __init__(self, width: int):
        super().__init__()
        self.width = width

    def forward(self, time_s: torch.Tensor) -> torch.Tensor:
        return time_s.new_zeros(*time_s.shape, self.width)


class AblatedEncoder(ConditionEncoder):
    """The condition encoder with a step left out."""

    def __init__(self, ablation: Ablation, config: DenoiserConfig):
        super().__init__(config.conditioning, config.context_width, config.width)
        self.ablation = ablation
        if not ablation.times:
            self.seconds = _Silent(config.context_width)  # type: ignore[assignment]

    def forward(
        self,
        batch: ConditioningBatch,
        *,
        strength: float = 1.0,
        multiply: bool = False,
        drops: Drops | None = None,
    ) -> Context:
        if self.ablation.mask == "none":
            strength = 0.0
        context = super().forward(batch, strength=strength, multiply=multiply, drops=drops)
        return self._frames_only(context, batch) if self.ablation.tokens == "frames" else context

    def _storyboard_tokens(
        self, batch: ConditioningBatch, drops: Drops
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Without a mask nothing but the sum binds a shot's words and picture to its times.

        Attention is blind to order: start and duration as tokens of their own would say nothing
        about which shot they belong to. VeM joins the six parts of a shot (eq. 6).
        """
        shared, own = super()._storyboard_tokens(batch, drops)
        if self.ablation.mask == "none" and self.ablation.times:
            times = own[:, :, PICTURE + 1 :].sum(dim=2, keepdim=True)
            own = torch.cat([own[:, :, : PICTURE + 1] + times, own[:, :, PICTURE + 1 :]], dim=2)
        return shared, own

    def _frames_only(self, context: Context, batch: ConditioningBatch) -> Context:
        """Leaves of the storyboard one picture token a second, all seen by all.

        A token that stands there n times weighs as one whose bias is log n: the shots' seconds.
        """
        n_own = batch.pictures.shape[1] * PER_SHOT
        seconds = batch.times_s[:, :, 1].round().clamp_min(1)
        bias = context.bias.clone()
        own = bias[:, :, -n_own:].unflatten(2, (-1, PER_SHOT))
        pictures = own[..., PICTURE] + seconds.log()[:, None]
        own.fill_(HIDDEN)
        own[..., PICTURE] = pictures
        bias[:, :, : GLOBAL - 1] = HIDDEN  # theme and tags
        return Context(
            tokens=context.tokens, bias=bias, frames=context.frames, overall=context.overall,
            activations=context.activations, multiply=context.multiply,
        )  # fmt: skip


def build(ablation: Ablation, codec: ScoreCodec, seed: int) -> Denoiser:
    """The denoiser of a variant at its start."""
    styles = style_names()
    adapter = "scale-shift" if ablation.adapter == "none" else ablation.adapter
    config = DenoiserConfig(
        conditioning=conditioning_widths(styles, LexiconText(styles), codec.n_channels),
        width=ablation.width,
        n_blocks=ablation.n_blocks,
        adapter=adapter,
    )
    torch.manual_seed(seed)
    denoiser = Denoiser(config)
    torch.manual_seed(seed)  # all variants draw the weights they share alike
    denoiser.conditions = AblatedEncoder(ablation, config)
    return denoiser


def train(
    ablation: Ablation, seed: int, clips: list[Clip], codec: ScoreCodec, folder: Path
) -> Denoiser:
    """Both stages of one variant; the same number of steps with the adapter or without."""
    denoiser = build(ablation, codec, seed)
    batches = ClipBatches(clips, ablation.batch_frames)
    stages = (
        ("denoiser", False, ablation.steps, ablation.learning_rate),
        ("beats", ablation.adapter != "none", ablation.beat_steps, ablation.beat_learning_rate),
    )
    for name, with_beats, steps, rate in stages:
        denoiser.adapters.requires_grad_(with_beats)
        loop = LoopSettings(steps=steps, learning_rate=rate, seed=seed, save_every=200)
        loss_of = denoiser_loss_of(denoiser, batches, codec, with_beats=with_beats, seed=seed)
        trainer = Trainer(denoiser, loss_of, loop, folder / name)
        trainer.run(progress=partial(_tell, f"{folder.name} {name}"))
        denoiser.load_state_dict(trainer.average)
    return denoiser.eval().requires_grad_(False)


def _tell(label: str, share: float) -> None:
    print(f"\r{label}: {100 * share:3.0f} %", end="", file=sys.stderr, flush=True)


def folder_of(out: Path, ablation: Ablation, seed: int) -> Path:
    return out / ablation.name / f"seed-{seed}"


def run_training(ablations: list[Ablation], music: Path, model: Path, out: Path) -> None:
    codec = load_model(model).codec
    n_pieces = {ablation.n_pieces for ablation in ablations}
    if len(n_pieces) != 1:
        raise InputError("The variants name different numbers of pieces; all must train on one.")
    bake(music, BakeSettings(n_pieces=n_pieces.pop()))
    clips = encode_clips(read_pieces(music), codec, style_names())
    for ablation in ablations:
        for seed in ablation.seeds:
            folder = folder_of(out, ablation, seed)
            denoiser = train(ablation, seed, clips, codec, folder)
            torch.save(denoiser.state_dict(), folder / "denoiser.pt")
            print(f"\n{ablation.name}, seed {seed}: trained", flush=True)


FIGURES = ("arousal rho", "valence rho", "accent at hits", "own onsets at hits")


def measure(model: MusicModel, n: int, sampling: ModelSettings) -> dict[str, list[float]]:
    """Figures of n pieces for storyboards of their own, the same for every variant."""
    rng = np.random.default_rng(TEST_SEED)
    found: dict[str, list[float]] = {name: [] for name in FIGURES}
    for index in range(n):
        board = random_storyboard(rng, int(rng.integers(5, 15)))
        plan = plan_beats(board)
        style = style_names()[index % len(style_names())]
        sampled = sample_music(model, board, plan, sampling, style=style, seed=index)
        decoded = decode_music(model, sampled)
        arousal = [shot.affect.arousal for shot in board.shots]
        valence = [shot.affect.valence for shot in board.shots]
        figures = (
            spearman(arousal, onset_density(decoded.score, board)),
            spearman(valence, brightness(decoded.score, board)),
            hit_contrast(decoded.score, plan),
            1 - decoded.struck / len(plan.hits) if plan.hits else math.nan,
        )
        for name, value in zip(FIGURES, figures, strict=True):
            if not math.isnan(value):
                found[name].append(value)
    return found


def run_table(ablations: list[Ablation], model: Path, out: Path, n: int) -> None:
    codec = load_model(model).codec
    print(f"| variant | {' | '.join(FIGURES)} | VeM's Table 4 |\n|{' --- |' * (len(FIGURES) + 2)}")
    for ablation in ablations:
        rows: dict[str, list[float]] = {name: [] for name in FIGURES}
        seeds = [
            s for s in ablation.seeds if (folder_of(out, ablation, s) / "denoiser.pt").exists()
        ]
        sampling = ModelSettings(beat_strength=0.0 if ablation.adapter == "none" else 1.5)
        for seed in seeds:
            denoiser = build(ablation, codec, seed).eval().requires_grad_(False)
            path = folder_of(out, ablation, seed) / "denoiser.pt"
            denoiser.load_state_dict(torch.load(path, weights_only=True))
            made = MusicModel(
                name=ablation.name, styles=style_names(), codec=codec, denoiser=denoiser
            )
            for name, values in measure(made, n, sampling).items():
                rows[name] += values
        cells = []
        for values in rows.values():
            mean, low, high = mean_with_interval(values, np.random.default_rng(0))
            cells.append(f"{mean:.3f} ({low:.3f} to {high:.3f})" if values else "not measured")
        print(f"| {ablation.name}, {len(seeds)} seeds | {' | '.join(cells)} | {ablation.vem} |")
    first = ablations[0]
    print(
        f"\nbudget: {first.steps} + {first.beat_steps} steps of {first.batch_frames} frames on"
        f" {first.n_pieces} pieces; {n} storyboards a seed"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("train", "table"))
    parser.add_argument("configs", type=Path, nargs="+")
    parser.add_argument("--music", type=Path, default=Path("out/ablations/music"))
    parser.add_argument("--model", type=Path, required=True, help="a VeM model: its codec is used")
    parser.add_argument("--out", type=Path, default=Path("out/ablations"))
    parser.add_argument("--n", type=int, default=24, help="storyboards of the table, per seed")
    arguments = parser.parse_args()
    ablations = [read_ablation(path) for path in arguments.configs]
    if arguments.what == "train":
        run_training(ablations, arguments.music, arguments.model, arguments.out)
    else:
        run_table(ablations, arguments.model, arguments.out, arguments.n)


if __name__ == "__main__":
    main()
