"""A random model that plays something: what the tests of commands and nodes need of a model."""

from dataclasses import replace
from pathlib import Path

import torch

from tests.core.engine.tiny import tiny_codec
from vem_core.checkpoint import save_model
from vem_core.codecs.score.latent_codec import PartCodec
from vem_core.composing.style import style_names
from vem_core.encoders.text import LexiconText
from vem_core.engine.conditions import conditioning_widths
from vem_core.engine.music_model import MusicModel
from vem_core.model.denoiser import Denoiser, DenoiserConfig


def audible_model(name: str = "random") -> MusicModel:
    """Untrained, small, of all styles; its codec finds notes in any latents."""
    codec = tiny_codec()
    with torch.no_grad():
        for part in codec.parts:
            assert isinstance(part, PartCodec)
            part.onset_out.bias.fill_(-3.0)
            part.onset_out.weight.mul_(16.0)
            part.value_usual.weight.copy_(torch.tensor([0.0, 0.5, 0.0]))
            part.value_out.weight.mul_(0.2)
    torch.manual_seed(1)
    styles = style_names()
    widths = conditioning_widths(styles, LexiconText(styles), codec.n_channels)
    denoiser = Denoiser(
        DenoiserConfig(conditioning=widths, width=16, context_width=16, n_blocks=2, head_width=8)
    )
    with torch.no_grad():
        for p in denoiser.parameters():
            if not p.any():
                p.normal_(std=0.1)
    model = MusicModel(name=name, styles=styles, codec=codec, denoiser=denoiser.eval())
    return replace(model, codec=codec.eval())


def write_audible_model(path: Path, name: str = "random") -> Path:
    """The same as a file."""
    save_model(path, audible_model(name))
    return path
