"""Tokens and masks: who sees what, and that padding is nothing."""

import math

import pytest
import torch

from tests.core.engine.tiny import tiny_condition, tiny_denoiser, tiny_storyboard
from vem_core.model.conditioning import GLOBAL, PER_SHOT, collate, crop, visible_shots

LONG = (4.0, 8.0, 12.0)
SHORT = (2.0, 3.0, 5.0, 7.0, 9.0, 12.0)


def batch_of(*boards: tuple[float, ...]):
    conditions = [tiny_condition(tiny_storyboard(edges)) for edges in boards]
    return collate(conditions, [visible_shots(c) for c in conditions])


def test_each_frame_sees_global_tokens_motif_and_its_own_shot() -> None:
    context = tiny_denoiser().conditions(batch_of(LONG))
    shared = GLOBAL + 40
    assert context.tokens.shape[1] == shared + 3 * PER_SHOT == context.bias.shape[2]
    bias = context.bias[0]
    assert (bias[:, :shared] == 0).all()
    own = bias[:, shared:].unflatten(1, (3, PER_SHOT))
    for frame in range(24):  # half-second frames, shots of four seconds
        for shot in range(3):
            expected = 0.0 if shot == frame // 8 else -math.inf
            assert (own[frame, shot] == expected).all()


def test_strength_zero_is_plain_cross_attention_except_for_padding() -> None:
    context = tiny_denoiser().conditions(batch_of(LONG, SHORT), strength=0.0)
    shared = GLOBAL + 40
    assert (context.bias[1] == 0).all()
    assert (context.bias[0, :, shared + 3 * PER_SHOT :] == -math.inf).all()
    assert (context.bias[0, :, : shared + 3 * PER_SHOT] == 0).all()


def test_a_clip_is_denoised_alike_alone_and_beside_one_with_more_shots() -> None:
    denoiser = tiny_denoiser().eval()
    x = torch.randn(2, denoiser.config.channels, 24, generator=torch.Generator().manual_seed(0))
    sigma = torch.tensor([0.5, 2.0])
    with torch.no_grad():
        both = denoiser(x, sigma, denoiser.conditions(batch_of(LONG, SHORT)))
        alone = denoiser(x[:1], sigma[:1], denoiser.conditions(batch_of(LONG)))
    torch.testing.assert_close(both[:1], alone, atol=1e-5, rtol=1e-4)


def test_a_crop_keeps_the_frames_and_the_shots_that_they_see() -> None:
    condition = tiny_condition(tiny_storyboard(SHORT))
    cropped, seen = crop(condition, visible_shots(condition), 6, 12)  # 3 s to 6 s
    assert cropped.shot_edges_s.tolist() == [3.0, 5.0, 7.0]
    assert cropped.frames.shape[0] == 6 and seen.shape == (6, 2)
    assert torch.equal(seen, visible_shots(cropped))
    assert torch.equal(cropped.pictures, condition.pictures[2:4])


def test_seconds_reach_the_tokens() -> None:
    """The same shots later in the clip are other tokens: start is told, not only order."""
    denoiser = tiny_denoiser()
    early = denoiser.conditions.seconds(torch.tensor([1.0, 2.0, 600.0]))
    assert torch.pdist(early).min() > 1e-3


def test_start_and_duration_go_through_one_map_of_seconds() -> None:
    """VeM's timing embedder: sines of periods 0.5, 1, 2, ... seconds and the logarithm."""
    denoiser = tiny_denoiser()
    seconds = denoiser.conditions.seconds
    told = {}
    seconds.layers.register_forward_pre_hook(lambda _, args: told.update(x=args[0]))
    context = denoiser.conditions(batch_of((3.0, 6.0, 12.0)))
    kinds = denoiser.conditions.kinds.weight
    shots = context.tokens[0, GLOBAL + 40 :].unflatten(0, (3, PER_SHOT))
    start, duration = shots[:, 2] - kinds[GLOBAL + 2], shots[:, 3] - kinds[GLOBAL + 3]
    # shot 1 starts at 3 s and lasts 3 s
    torch.testing.assert_close(start[1], duration[1], atol=1e-5, rtol=1e-4)
    assert (start[2] - duration[1]).abs().max() > 1e-3
    seconds(torch.tensor([0.25]))
    sines, cosines, log = told["x"][0].split([12, 12, 1])
    assert sines[:3].tolist() == pytest.approx([0.0, 1.0, 0.5**0.5], abs=1e-6)
    assert cosines[:3].tolist() == pytest.approx([-1.0, 0.0, 0.5**0.5], abs=1e-6)
    assert log.item() == pytest.approx(math.log(1.25))
