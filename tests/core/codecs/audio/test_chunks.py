"""Chunks join to the whole, and what a chunk needs around it is what the networks look at."""

import pytest
import torch

from tests.core.codecs.audio.tiny import MELS, tiny_oobleck, tiny_vae, tiny_vocoder
from vem_core.codecs.audio.chunks import Chunks, in_chunks
from vem_core.codecs.audio.reach import oobleck_reach, vae_reach, vocoder_reach


@pytest.mark.parametrize(
    ("n_frames", "core", "halo", "fade"),
    [(1, 8, 2, 0), (8, 8, 2, 4), (9, 8, 2, 4), (40, 8, 3, 0), (41, 8, 3, 2), (43, 8, 0, 4)],
)
def test_pieces_join_to_the_whole(n_frames: int, core: int, halo: int, fade: int) -> None:
    signal = torch.randn(3, n_frames, generator=torch.Generator().manual_seed(0))
    longest = 0

    def run(first: int, end: int) -> torch.Tensor:
        nonlocal longest
        longest = max(longest, end - first)
        return signal[:, first:end].repeat_interleave(2, dim=1)

    pieces = list(in_chunks(run, n_frames, Chunks(core=core, halo=halo, fade=fade), 2))
    torch.testing.assert_close(torch.cat(pieces, dim=1), signal.repeat_interleave(2, dim=1))
    assert longest <= core + 2 * (halo + fade)


def test_neighbours_blend_linearly_around_their_border() -> None:
    # the first chunk says 0, the second 1; they blend over frames 2 to 5
    pieces = in_chunks(
        lambda first, end: torch.full((end - first,), float(first > 0)),
        8,
        Chunks(core=4, halo=0, fade=2),
        1,
    )
    expected = torch.tensor([0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1])
    torch.testing.assert_close(torch.cat(list(pieces)), expected)


def reach_of(run, n_in: int, per_out: int) -> float:
    """Largest distance, in inputs, between an output in the middle and an input that it feels."""
    x = run.input(n_in).double().requires_grad_(True)
    out = run.network(x)
    middle = out.shape[-1] // 2
    out[..., middle].sum().backward()
    assert x.grad is not None
    felt = x.grad.abs().reshape(-1, n_in).sum(dim=0).nonzero()[:, 0]
    at = middle * per_out if per_out > 0 else middle // -per_out
    return max(at - int(felt[0]), int(felt[-1]) - at) / max(per_out, 1)


class Probe:
    """A network whose last axis is time, and an input for it."""

    def __init__(self, network, shape: tuple[int, ...]):
        self.network = network
        self._shape = shape

    def input(self, n: int) -> torch.Tensor:
        return torch.randn(*self._shape, n, generator=torch.Generator().manual_seed(1))


def convolutions_of(vae):
    """The autoencoder without what looks at all of its input."""
    for module in vae.modules():
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.GroupNorm):
                setattr(module, name, torch.nn.Identity())
    for side in (vae.encoder, vae.decoder):
        side.mid_block.attentions = torch.nn.ModuleList([None])  # type: ignore[list-item]
    return vae


def test_reaches_bound_what_the_networks_feel_and_hardly_more() -> None:
    oobleck = tiny_oobleck().double()
    encoder, decoder = oobleck_reach((2, 4, 4))
    felt = reach_of(Probe(oobleck.encoder, (1, 2)), 80 * 32, 32)
    assert 0.8 * encoder < felt <= encoder
    felt = reach_of(Probe(oobleck.decoder, (1, 4)), 60, -32)
    assert 0.8 * decoder < felt <= decoder
    vae = convolutions_of(tiny_vae()).double()
    encoder, decoder = vae_reach(3, 1)
    encode = Probe(lambda x: vae.encoder(x.transpose(2, 3)).transpose(2, 3), (1, 1, MELS))
    felt = reach_of(encode, 60 * 4, 4)
    assert 0.6 * encoder < felt <= encoder
    decode = Probe(lambda x: vae.decoder(x.transpose(2, 3)).transpose(2, 3), (1, 2, MELS // 4))
    felt = reach_of(decode, 60, -4)
    assert 0.6 * decoder < felt <= decoder
    vocoder = tiny_vocoder().double()
    config = vocoder.config
    bound = vocoder_reach(
        config.upsample_rates,
        config.upsample_kernel_sizes,
        config.resblock_kernel_sizes,
        config.resblock_dilation_sizes,
    )
    felt = reach_of(Probe(lambda x: vocoder(x.transpose(1, 2)), (1, MELS)), 80, -160)
    assert 0.8 * bound < felt <= bound
