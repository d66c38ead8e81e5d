"""The same denoiser, sampler and windows over the latents of audio codecs, by frame times alone."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import vem_core
from tests.core.codecs.audio.tiny import tiny_oobleck
from tests.core.engine.tiny import tiny_condition, tiny_plan, tiny_storyboard
from tests.core.model.small_unet import CONTEXT, small_unet
from vem_core.codecs.audio.oobleck_codec import OobleckCodec
from vem_core.diffusion.prediction import PREDICTIONS, Kind
from vem_core.engine.sampling import SampleSettings, sample_latents
from vem_core.model.conditioning import (
    ConditioningWidths,
    Drops,
    collate,
    visible_shots,
)
from vem_core.model.denoiser import Denoiser, DenoiserConfig
from vem_core.model.unet import TUNet, TUNetConfig
from vem_core.types import Conditioning, MusicLatents

pytest.importorskip("diffusers")


def condition_at(frame_times_s: torch.Tensor, channels: int) -> Conditioning:
    """A clip of three shots on the clock of some codec, without a lead sheet."""
    told = tiny_condition()
    n_frames = len(frame_times_s) - 1
    generator = torch.Generator().manual_seed(7)
    return replace(
        told,
        frame_times_s=frame_times_s,
        frames=torch.randn(n_frames, 4, generator=generator),
        activations=torch.rand(n_frames, 3, generator=generator),
        reference=torch.zeros(channels, 0),
        reference_at=torch.full((n_frames,), -1),
    )


def widths_of(condition: Conditioning) -> ConditioningWidths:
    return ConditioningWidths(
        text=condition.texts.shape[2],
        picture=condition.pictures.shape[1],
        overall=len(condition.overall),
        frame=condition.frames.shape[1],
        activation=condition.activations.shape[1],
        reference=condition.reference.shape[0],
    )


def audio_denoiser(condition: Conditioning, kind: Kind | None = None) -> Denoiser:
    torch.manual_seed(3)
    sizes = DenoiserConfig(
        conditioning=widths_of(condition), width=16, context_width=16, n_blocks=2, head_width=8
    )
    denoiser = Denoiser(sizes, PREDICTIONS[kind] if kind else None)
    with torch.no_grad():
        for parameter in denoiser.parameters():
            if not parameter.any():
                parameter.normal_(std=0.1)
    return denoiser.eval()


@pytest.mark.parametrize("kind", [None, "noise", "v", "flow"])
def test_the_transformer_makes_sound_of_64_channels(kind: Kind | None) -> None:
    vae = tiny_oobleck((2, 4, 4, 8, 8))
    codec = OobleckCodec(vae)
    plan = tiny_plan(tiny_storyboard())
    # Stable Audio's clock and width; the tiny autoencoder itself has 4 channels
    condition = condition_at(codec.frame_times_s(plan), 64)
    settings = SampleSettings(steps=2, guidance_scale=2.0, window=100, overlap=20)
    z = sample_latents(audio_denoiser(condition, kind), condition, settings)
    assert z.shape == (64, 259) and z.isfinite().all()  # 12 s * 21.53 Hz = 258.4
    latents = MusicLatents(z=z[:4], frame_times_s=condition.frame_times_s, codec=codec.name)
    sound = codec.decode(latents)
    assert sound.waveform.shape == (2, 259 * 2048)
    assert 12.0 <= sound.waveform.shape[1] / sound.sample_rate < 12.05


def test_the_paper_net_is_sampled_by_the_same_call() -> None:
    condition = condition_at(torch.arange(24, dtype=torch.float64) * 0.5, 16)
    torch.manual_seed(4)
    sizes = TUNetConfig(conditioning=widths_of(condition), rows=8, context_width=CONTEXT)
    net = TUNet(sizes, small_unet()).eval()
    z = sample_latents(net, condition, SampleSettings(steps=2, window=16, overlap=8))
    assert z.shape == (16, 23) and z.isfinite().all()
    assert net.sigma_range[1] == pytest.approx(83.82, rel=1e-3)
    batch = collate([condition], [visible_shots(condition)])
    hidden = torch.ones(1, dtype=torch.bool)
    told = net.conditions(batch), net.conditions(batch, drops=Drops(storyboard=hidden))
    assert told[0].tokens.shape == told[1].tokens.shape


def test_only_times_tie_the_denoiser_to_a_codec() -> None:
    """Twice as slow a clock under twice as long shots: the same sight, so the same latents."""
    condition = condition_at(torch.arange(25, dtype=torch.float64) * 0.5, 64)
    slower = replace(
        condition,
        frame_times_s=condition.frame_times_s * 2,
        shot_edges_s=condition.shot_edges_s * 2,
    )
    assert torch.equal(visible_shots(condition), visible_shots(slower))
    other = replace(slower, shot_edges_s=condition.shot_edges_s)
    assert not torch.equal(visible_shots(condition), visible_shots(other))
    denoiser = audio_denoiser(condition)
    x, sigma = torch.randn(1, 64, 24), torch.ones(1)
    with torch.no_grad():
        # start and length are told as well: here they say nothing
        denoiser.conditions.seconds.layers[-1].weight.zero_()  # type: ignore[operator]
        outs = [
            denoiser(x, sigma, denoiser.conditions(collate([c], [visible_shots(c)])))
            for c in (condition, slower, other)
        ]
    assert torch.equal(outs[0], outs[1])
    assert (outs[2] - outs[0]).abs().max() > 1e-5


def test_nothing_in_model_or_diffusion_names_a_codec() -> None:
    """No import of one (tests/test_imports.py), and no identifier or text that tells them apart."""
    names = re.compile(r"oobleck|hifigan|vocoder|midi|\bscore\b|\bstems?\b|sample_rate|hop_length")
    root = Path(vem_core.__file__).parent
    files = [*(root / "model").glob("*.py"), *(root / "diffusion").glob("*.py")]
    assert len(files) > 8
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        used |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        used |= {text for text in texts if isinstance(text, str) and len(text) < 40}
        assert not [name for name in used if names.search(name.lower())], path.name
