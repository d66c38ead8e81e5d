"""SG-CAtt and the adapters against VeM's equations, with values worked out by hand."""

import math

import pytest
import torch

from vem_core.model.adapter import BeatAdapter, InAttention, activations_at_frames
from vem_core.model.attention import (
    HIDDEN,
    SelfAttention,
    StoryboardAttention,
    attend,
    rotary_angles,
    shot_visibility,
    visibility_to_bias,
)

FRAMES_S = torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0])  # middles at 0.5, 1.5, 2.5, 3.5


def test_a_frame_sees_the_shot_that_covers_its_middle() -> None:
    visibility = shot_visibility(FRAMES_S, torch.tensor([0.0, 1.5, 2.6, 4.0]), torch.zeros(2))
    expected = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]])
    torch.testing.assert_close(visibility, expected)


def test_a_dissolve_is_a_ramp_around_its_middle() -> None:
    visibility = shot_visibility(FRAMES_S, torch.tensor([0.0, 2.0, 4.0]), torch.tensor([2.0]))
    # ramp from 1.0 to 3.0: at 1.5 a quarter is over, at 2.5 three quarters
    expected = torch.tensor([[1.0, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])
    torch.testing.assert_close(visibility, expected)


def test_every_frame_sees_something_also_outside_the_clip_and_in_overlapping_ramps() -> None:
    frames_s = torch.linspace(-1, 5, 61)
    edges_s, widths_s = torch.tensor([0.0, 1.0, 1.1, 1.2, 4.0]), torch.tensor([1.0, 0.5, 2.0])
    visibility = shot_visibility(frames_s, edges_s, widths_s)
    torch.testing.assert_close(visibility.sum(dim=1), torch.ones(60))
    assert visibility.min() >= 0


def attention() -> StoryboardAttention:
    torch.manual_seed(0)
    return StoryboardAttention(width=16, context_width=8, head_width=8)


def test_changing_a_shot_changes_only_the_frames_that_it_covers() -> None:
    layer = attention()
    visibility = shot_visibility(FRAMES_S, torch.tensor([0.0, 2.0, 4.0]), torch.zeros(1))
    bias = visibility_to_bias(visibility)[None]
    x, tokens = torch.randn(1, 4, 16), torch.randn(1, 2, 8)
    changed = tokens.clone()
    changed[:, 1] += 1
    before, after = layer(x, tokens, bias), layer(x, changed, bias)
    assert torch.equal(before[:, :2], after[:, :2])
    assert (before[:, 2:] - after[:, 2:]).abs().min() > 0


def test_strength_goes_from_plain_cross_attention_to_the_full_mask() -> None:
    visibility = torch.tensor([[1.0, 0.0]])
    torch.testing.assert_close(visibility_to_bias(visibility, 0.0), torch.zeros(1, 2))
    assert visibility_to_bias(visibility, 0.75)[0, 1].item() == pytest.approx(math.log(0.25))
    assert visibility_to_bias(visibility, 1.0)[0, 1].item() == -math.inf


def test_the_product_as_printed_in_eq_8_does_not_hide_other_shots() -> None:
    layer = attention()
    x, tokens = torch.randn(1, 1, 16), torch.randn(1, 2, 8)
    changed = tokens.clone()
    changed[:, 1] += 1
    mask = torch.tensor([[[1.0, 0.0]]])
    literal = layer(x, tokens, mask, multiply=True) - layer(x, changed, mask, multiply=True)
    assert literal.abs().max() > 1e-3
    bias = visibility_to_bias(mask)
    assert torch.equal(layer(x, tokens, bias), layer(x, changed, bias))


def test_rotary_self_attention_knows_only_distances() -> None:
    torch.manual_seed(0)
    layer = SelfAttention(width=16, head_width=8)
    x = torch.randn(1, 6, 16)
    angles = rotary_angles(9, 8, torch.device("cpu"))
    torch.testing.assert_close(layer(x, angles[:6]), layer(x, angles[3:]), atol=1e-5, rtol=1e-4)
    shuffled = x[:, [1, 0, 2, 3, 4, 5]]
    assert (layer(x, angles[:6])[:, 3] - layer(shuffled, angles[:6])[:, 3]).abs().max() > 1e-4


def test_attention_in_bfloat16_on_a_cpu_is_the_same_attention() -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(2, 3, 4, 8), torch.randn(2, 3, 6, 8), torch.randn(2, 3, 6, 8)
    bias = torch.randn(2, 1, 4, 6)
    bias[:, :, 1:3, 2:5] = HIDDEN
    exact = attend(q, k, v, bias)
    short = [x.bfloat16() for x in (q, k, v, bias)]
    torch.testing.assert_close(attend(*short).float(), exact, atol=0.03, rtol=0.03)
    torch.testing.assert_close(attend(*short[:3]).float(), attend(q, k, v), atol=0.03, rtol=0.03)
    v[:, :, 2:5] += 9.0
    torch.testing.assert_close(attend(q, k, v, bias)[:, :, 1:3], exact[:, :, 1:3])


@pytest.mark.parametrize("kind", [BeatAdapter, InAttention])
def test_adapters_start_as_the_identity_and_learn(kind: type) -> None:
    adapter = kind(6, 3)
    z, activations = torch.randn(2, 5, 6), torch.randn(2, 5, 3)
    assert torch.equal(adapter(z, activations), z)
    adapter(z, activations).square().sum().backward()
    gradients = [p.grad for p in adapter.parameters() if p.grad is not None]
    assert any(g.abs().max() > 0 for g in gradients)


def test_adapter_is_eq_10() -> None:
    adapter = BeatAdapter(1, 1, kernel_size=1)
    with torch.no_grad():
        adapter.gamma.weight.fill_(2.0)
        adapter.beta.weight.fill_(3.0)
    # z + 2a z + 3a with z = 5, a = 0.5: 5 + 5 + 1.5
    out = adapter(torch.tensor([[[5.0]]]), torch.tensor([[[0.5]]]))
    assert out.item() == pytest.approx(11.5)


def test_activations_are_taken_at_the_middles_of_latent_frames() -> None:
    activations = torch.tensor([[0.0], [10.0]])
    taken = activations_at_frames(activations, torch.tensor([1.0, 2.0]), FRAMES_S)
    torch.testing.assert_close(taken, torch.tensor([[0.0], [5.0], [10.0], [10.0]]))
    single = activations_at_frames(activations[:1], torch.tensor([1.0]), FRAMES_S)
    assert single.shape == (4, 1)
