"""Sampling with a tiny random model: seeds, redone shots, windows, hidden conditions."""

from dataclasses import replace

import pytest
import torch

from tests.core.engine.tiny import (
    KEY,
    tiny_condition,
    tiny_denoiser,
    tiny_model,
    tiny_plan,
    tiny_storyboard,
)
from vem_core.engine.sampling import SampleSettings, guided_denoiser, sample_latents
from vem_core.errors import InputError
from vem_core.model.conditioning import Drops, collate, visible_shots
from vem_core.types import PARTS

QUICK = SampleSettings(steps=4, seed=3)


def test_the_seed_alone_decides_and_another_seed_is_another_piece() -> None:
    condition, denoiser = tiny_condition(), tiny_denoiser()
    first = sample_latents(denoiser, condition, QUICK)
    torch.manual_seed(99)
    assert torch.equal(first, sample_latents(denoiser, condition, QUICK))
    other = sample_latents(denoiser, condition, replace(QUICK, seed=4))
    assert (first - other).abs().max() > 0.1


@pytest.mark.parametrize("sampler", ["euler", "heun", "dpmpp_2m"])
def test_redoing_a_shot_leaves_the_rest_bit_for_bit(sampler: str) -> None:
    model, condition = tiny_model(), tiny_condition()
    settings = replace(QUICK, sampler=sampler)
    earlier = model.sample(condition, settings)
    again = model.redo(
        condition,
        replace(settings, seed=8),
        earlier=earlier,
        storyboard=tiny_storyboard(),
        shots=[1],
    )
    assert torch.equal(again.z[:, :8], earlier.z[:, :8])
    assert torch.equal(again.z[:, 16:], earlier.z[:, 16:])
    assert (again.z[:, 8:16] - earlier.z[:, 8:16]).abs().min(dim=0).values.max() > 0
    assert (again.z[:, 8:16] != earlier.z[:, 8:16]).all()


def test_redo_names_what_does_not_fit() -> None:
    model, condition = tiny_model(), tiny_condition()
    earlier = model.sample(condition, QUICK)
    with pytest.raises(InputError, match="There is no shot 4"):
        model.redo(condition, QUICK, earlier=earlier, storyboard=tiny_storyboard(), shots=[3])
    longer = tiny_storyboard((4.0, 8.0, 13.0))
    with pytest.raises(InputError, match="24 frames, this clip 26"):
        model.redo(tiny_condition(longer), QUICK, earlier=earlier, storyboard=longer, shots=[0])


def test_hidden_conditions_are_not_read() -> None:
    """Music without storyboard: other moods and words change nothing."""
    denoiser = tiny_denoiser()
    x, sigma = torch.randn(1, denoiser.config.channels, 24), torch.ones(1)
    board = tiny_storyboard()
    shots = tuple(replace(shot, caption="rock") for shot in board.shots)
    other = replace(board, theme="sad and dark", shots=shots)
    hidden = torch.ones(1, dtype=torch.bool)

    @torch.no_grad()
    def denoised(storyboard, drops: Drops, themes: float = 1.0) -> torch.Tensor:
        condition = tiny_condition(storyboard)
        condition = replace(condition, reference=themes * condition.reference)
        batch = collate([condition], [visible_shots(condition)])
        return denoiser(x, sigma, denoiser.conditions(batch, drops=drops))

    for drops in (Drops(storyboard=hidden), Drops(texts=hidden)):
        assert torch.equal(denoised(board, drops), denoised(other, drops))
    assert (denoised(board, Drops()) - denoised(other, Drops())).abs().max() > 1e-4
    for drops in (Drops(storyboard=hidden), Drops(reference=hidden)):
        assert torch.equal(denoised(board, drops), denoised(board, drops, themes=2.0))
    assert not torch.equal(denoised(board, Drops()), denoised(board, Drops(), themes=2.0))
    moved = tiny_storyboard((4.0, 8.0, 12.0))
    weaker = replace(moved, transitions=())
    assert torch.equal(denoised(moved, Drops(beats=hidden)), denoised(weaker, Drops(beats=hidden)))
    assert not torch.equal(denoised(moved, Drops()), denoised(weaker, Drops()))


def test_guidance_scales_what_the_storyboard_and_the_beats_add() -> None:
    denoiser = tiny_denoiser().eval()
    x, sigma = torch.randn(1, denoiser.config.channels, 24), torch.ones(1)
    condition = tiny_condition()

    @torch.no_grad()
    def denoised(guidance_scale: float, beat_scale: float) -> torch.Tensor:
        settings = replace(QUICK, guidance_scale=guidance_scale, beat_scale=beat_scale)
        return guided_denoiser(denoiser, condition, settings)(x, sigma)

    plain, beats = denoised(1, 0), denoised(1, 2) - denoised(1, 0)
    torch.testing.assert_close(beats, 2 * (denoised(1, 1) - plain), atol=1e-5, rtol=1e-4)
    story = denoised(3, 0) - plain
    torch.testing.assert_close(story, 2 * (denoised(2, 0) - plain), atol=1e-5, rtol=1e-4)
    assert story.abs().max() > 1e-4 and beats.abs().max() > 1e-4


def test_long_pieces_are_windowed_and_short_ones_are_not() -> None:
    denoiser = tiny_denoiser()
    condition = tiny_condition()
    whole = sample_latents(denoiser, condition, replace(QUICK, window=64, overlap=32))
    exact = sample_latents(denoiser, condition, replace(QUICK, window=24, overlap=8))
    assert torch.equal(whole, exact)
    windows = sample_latents(denoiser, condition, replace(QUICK, window=12, overlap=6))
    assert windows.shape == whole.shape and torch.isfinite(windows).all()
    # neighbours across the edge of a window differ no more than elsewhere
    jumps = windows.diff(dim=1).norm(dim=0)
    assert jumps[[5, 11, 17]].max() < 3 * jumps.mean()


def test_latents_become_a_score_on_the_beats_of_the_plan() -> None:
    model = tiny_model()
    board = tiny_storyboard()
    plan = tiny_plan(board)
    condition = model.encode(board, plan, style="house", key=KEY, seed=1)
    latents = model.sample(condition, QUICK)
    score = model.decode(latents, plan, style="house", key=KEY).score
    assert score.beats_s == plan.beats_s and [part for part, _ in score.parts] == list(PARTS)
    with pytest.raises(InputError, match="does not know the style 'jazz'"):
        model.encode(board, plan, style="jazz", key=KEY, seed=1)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"seed": -1}, "seed is -1"),
        ({"steps": 0}, "number of steps is 0"),
        ({"sampler": "ddim"}, "sampler is 'ddim'"),
        ({"storyboard_strength": 1.5}, "strength of the storyboard is 1.5"),
        ({"window": 8, "overlap": 8}, "cannot overlap by 8"),
    ],
)
def test_settings_that_cannot_be_used_get_one_sentence(wrong: dict, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        SampleSettings(**wrong)
