"""The T-UNet against diffusers' own net and against VeM's equations, with hand-computed values."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.core.model.small_unet import (
    CHANNELS,
    ROWS,
    random_everywhere,
    small_context,
    small_tunet,
    small_unet,
)
from vem_core.errors import InputError, MediaError, MissingWeightsError
from vem_core.model.attention import HIDDEN, StoryboardAttention
from vem_core.model.audioldm2 import Streams, published_unet
from vem_core.model.unet import GuidedPlace, coarser, coarser_bias

pytest.importorskip("diffusers")


def noisy(n_frames: int = 11) -> torch.Tensor:
    shape = (2, CHANNELS * ROWS, n_frames)
    return torch.randn(shape, generator=torch.Generator().manual_seed(5))


def published_streams() -> Streams:
    generator = torch.Generator().manual_seed(6)
    return Streams(
        language_of_audio=torch.randn(2, 8, 6, generator=generator),
        words=torch.randn(2, 4, 10, generator=generator),
        words_there=torch.tensor([[True, True, True, False], [True, True, False, False]]),
    )


@pytest.mark.parametrize("variant", ["base", "large"])
@pytest.mark.parametrize("guided", ["levels", "places"])
@pytest.mark.parametrize("visible", [True, False])
@torch.no_grad()
def test_before_training_it_is_the_published_net(variant: str, guided: str, visible: bool) -> None:
    """11 frames are no multiple of 8, so every level rounds up."""
    unet, streams, x = small_unet(variant), published_streams(), noisy()
    assert streams.words_there is not None
    steps = torch.tensor([3.0, 700.0])
    before = unet(
        x.unflatten(1, (CHANNELS, ROWS)).transpose(2, 3),
        steps,
        encoder_hidden_states=streams.language_of_audio,
        encoder_hidden_states_1=streams.words,
        encoder_attention_mask_1=streams.words_there,
    ).sample
    context = small_context()
    if visible:
        context = replace(context, bias=torch.zeros_like(context.bias))
    net = small_tunet(unet, guided=guided)
    after = net.network(x, steps, context, streams)
    assert torch.equal(after, before.transpose(2, 3).flatten(1, 2))
    told = replace(context, tokens=context.tokens + 1)
    assert torch.equal(net.network(x, steps, told, streams), after)


def test_where_the_storyboard_attends() -> None:
    """Levels 1 to 3 have attention, as encoder and as decoder, and the middle has."""
    last = {"down_1_1", "down_2_1", "down_3_1", "mid_0", "up_0_2", "up_1_2", "up_2_2"}
    assert set(small_tunet().places) == last
    assert len(small_tunet(guided="places").places) == 3 * 2 + 1 + 3 * 3
    assert len(small_tunet().adapters) == 4


@torch.no_grad()
def test_with_its_share_the_storyboard_is_heard_and_hidden_tokens_are_not() -> None:
    net, x, sigma = random_everywhere(small_tunet()), noisy(), torch.tensor([0.5, 3.0])
    context, streams = small_context(), published_streams()
    plain = net(x, sigma, context, streams)
    hidden = context.bias.clone()
    hidden[:, :, 4] = HIDDEN
    without = net(x, sigma, replace(context, bias=hidden), streams)
    changed = context.tokens.clone()
    changed[:, 4] += 1
    told = replace(context, tokens=changed)
    assert (net(x, sigma, told, streams) - plain).abs().max() > 1e-4
    assert torch.equal(net(x, sigma, replace(told, bias=hidden), streams), without)


@torch.no_grad()
def test_without_gpt2_and_t5_the_streams_are_fed_by_the_global_tokens() -> None:
    net, x, sigma = small_tunet(), noisy(), torch.tensor([0.5, 3.0])
    context = small_context()
    silent = Streams(language_of_audio=torch.zeros(2, 3, 6), words=torch.zeros(2, 3, 10))
    assert torch.equal(net(x, sigma, context), net(x, sigma, context, silent))
    torch.nn.init.normal_(net.streams_in[1].weight)  # type: ignore[arg-type]
    plain = net(x, sigma, context)
    for token, heard in ((0, True), (2, True), (3, False)):
        changed = context.tokens.clone()
        changed[:, token] += 1
        moved = (net(x, sigma, replace(context, tokens=changed)) - plain).abs().max()
        assert (moved > 1e-6) == heard


def test_masks_of_coarser_levels() -> None:
    # five frames, a cut after the third: in pairs the second frame straddles it, the third is short
    shots = torch.tensor([[[1.0, 0], [1, 0], [1, 0], [0, 1], [0, 1]]])
    pairs = torch.tensor([[[1.0, 0], [0.5, 0.5], [0, 1]]])
    torch.testing.assert_close(coarser_bias(shots.log(), 2), pairs.log())
    torch.testing.assert_close(coarser_bias(shots, 2, multiply=True), pairs)
    fours = torch.tensor([[[0.75, 0.25], [0, 1]]])
    torch.testing.assert_close(coarser_bias(shots.log(), 4), fours.log())
    assert torch.equal(coarser_bias(shots.log(), 1), shots.log())


def test_activations_of_coarser_levels_and_eq_10() -> None:
    activations = torch.tensor([[[0.0], [1.0], [4.0]]])
    torch.testing.assert_close(coarser(activations, 2), torch.tensor([[[0.5], [4.0]]]))
    net = small_tunet()
    adapter = net.adapters[1]
    with torch.no_grad():
        adapter.gamma.weight[:, 0, 1] = 2.0  # type: ignore[index]
        adapter.beta.weight[:, 0, 1] = 3.0  # type: ignore[index]
    context = replace(small_context(3, 1), activations=activations.expand(-1, -1, 3))
    # z + 2a z + 3a with z = 5: a = 0.5 gives 5 + 5 + 1.5, a = 4 gives 5 + 40 + 12
    out = net._adapted(torch.full((1, 4, 2, 6), 5.0), 1, context)
    torch.testing.assert_close(out[0, :, 0], torch.full((4, 6), 11.5))
    torch.testing.assert_close(out[0, :, 1], torch.full((4, 6), 57.0))


def test_sg_catt_is_eq_8_for_every_row_of_a_frame() -> None:
    """One head of width 2, logits by hand: softmax over the tokens that the frame may see."""
    attention = StoryboardAttention(width=2, context_width=2, head_width=2)
    with torch.no_grad():
        attention.q.weight.copy_(torch.eye(2))
        attention.kv.weight.copy_(torch.cat([torch.eye(2), torch.eye(2)]))
        attention.out.weight.copy_(torch.eye(2))
    place = GuidedPlace(attention, keeps_self_attention=True)
    context = replace(small_context(2, 1), tokens=torch.tensor([[[3.0, 4.0], [4.0, -3.0]]]))
    mask = torch.tensor([[[0.0, 0.0], [HIDDEN, 0.0]]])  # frame 0 sees both, frame 1 the second
    x = torch.tensor([[[1.0, 1.0], [1.0, -1.0], [1.0, 1.0], [1.0, -1.0]]])  # two rows a frame
    # keys of unit mean square: (3, 4) / 3.5355 and (4, -3) / 3.5355; queries have it already;
    # so the logits of (1, 1) are 7 / 3.5355 / 1.4142 = 1.4 and 0.2, those of (1, -1) -0.2 and 1.4
    share = 1 / (1 + torch.tensor([0.2 - 1.4, 1.4 + 0.2]).exp())
    first, second = torch.tensor([3.0, 4.0]), torch.tensor([4.0, -3.0])
    rows = [s * first + (1 - s) * second for s in share]
    expected = torch.stack([*rows, second, second])[None]
    own = torch.nn.Identity()
    assert torch.equal(place(x, own, context, mask), x)
    with torch.no_grad():
        assert place.share is not None
        place.share.fill_(1.0)
        torch.testing.assert_close(place(x, own, context, mask), expected, atol=1e-4, rtol=1e-4)
        place.share.fill_(0.25)
        mixed = 0.75 * x + 0.25 * expected
        torch.testing.assert_close(place(x, own, context, mask), mixed, atol=1e-4, rtol=1e-4)


def test_everything_new_learns_and_checkpoints_change_no_gradient() -> None:
    gradients = []
    for checkpoints in (False, True):
        net = random_everywhere(small_tunet(checkpoints=checkpoints)).train()
        net(noisy(), torch.tensor([0.5, 3.0]), small_context()).square().mean().backward()
        gradients.append({name: p.grad for name, p in net.named_parameters()})
    new = ("places", "adapters", "streams_in", "frames_in", "overall_in")
    for name, plain in gradients[0].items():
        if name.startswith(new):
            assert plain is not None and plain.abs().max() > 0, name
        if plain is not None:
            torch.testing.assert_close(gradients[1][name], plain)


def test_plain_replacement_has_no_self_attention_left() -> None:
    net = small_tunet(keeps_self_attention=False)
    names = {name.rsplit(".", 2)[0] for name in net.state_dict() if "attentions.5" in name}
    assert not any(".attn1" in name for name in names if "down_blocks" in name)
    with torch.no_grad():
        out = net(noisy(), torch.tensor([0.5, 3.0]), small_context())
    assert out.isfinite().all()


def test_published_folder_is_read_and_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        MissingWeightsError, match=r"no 'config.json' in the folder .*unet.*CC BY-NC"
    ):
        published_unet(tmp_path)
    unet = small_unet()
    unet.save_pretrained(tmp_path / "unet")
    found = published_unet(tmp_path).state_dict()
    assert found.keys() == unet.state_dict().keys()
    assert all(torch.equal(found[name], value) for name, value in unet.state_dict().items())
    (tmp_path / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"cut short")
    with pytest.raises(MediaError, match="cannot be read"):
        published_unet(tmp_path)


def test_a_unet_of_other_channels_is_refused() -> None:
    with pytest.raises(InputError, match="2 channels of 4 rows, 8 joined; the latents have 16"):
        small_tunet(rows=4)
