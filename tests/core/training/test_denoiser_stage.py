"""What the denoiser's stages optimise."""

import torch

from tests.core.engine.tiny import tiny_codec, tiny_condition, tiny_denoiser
from vem_core.model.conditioning import Drops, collate, visible_shots
from vem_core.training.denoiser_stage import (
    DropShares,
    channel_weights,
    denoiser_losses,
    train_only_adapters,
)


def losses(denoiser, drops: Drops, seed: int = 0):
    condition = tiny_condition()
    batch = collate([condition], [visible_shots(condition)])
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(1, denoiser.config.channels, len(condition.frames), generator=generator)
    weights = torch.ones(denoiser.config.channels)
    weights[-1] = 2.0
    return denoiser_losses(denoiser, z, batch, drops, weights, generator)


def test_every_parameter_of_the_denoiser_learns() -> None:
    denoiser = tiny_denoiser()
    hidden = Drops(storyboard=torch.tensor([True]))
    (losses(denoiser, Drops())["loss"] + losses(denoiser, hidden)["loss"]).backward()
    still = [
        name
        for name, p in denoiser.named_parameters()
        if p.grad is None or float(p.grad.abs().max()) == 0
    ]
    assert still == []


def test_the_third_stage_moves_only_the_adapters() -> None:
    denoiser = tiny_denoiser()
    train_only_adapters(denoiser)
    losses(denoiser, Drops())["loss"].backward()
    learning = {name.split(".")[0] for name, p in denoiser.named_parameters() if p.grad is not None}
    assert learning == {"adapters"}


def test_tune_and_chords_weigh_three_times_and_the_mean_is_one() -> None:
    codec = tiny_codec()
    weights = channel_weights(codec)
    assert torch.isclose(weights.mean(), torch.tensor(1.0))
    for name in ("lead", "chords"):
        assert torch.allclose(weights[codec.channels_of(name)] / weights[0], torch.tensor(3.0))


def test_an_untrained_network_is_the_best_linear_guess() -> None:
    """EDM's weights make the loss of a zero network 1 for unit data, at every noise level."""
    denoiser = tiny_denoiser()
    torch.nn.init.zeros_(denoiser.exit.weight)
    torch.nn.init.zeros_(denoiser.exit.bias)
    with torch.no_grad():
        means = [float(losses(denoiser, Drops(), seed)["plain"]) for seed in range(40)]
    mean = sum(means) / len(means)
    assert 0.9 < mean < 1.1


def test_without_beats_all_are_hidden_and_with_beats_few() -> None:
    generator = torch.Generator().manual_seed(0)
    shares = DropShares()
    none = shares.draw(200, generator, all_beats=True)
    some = shares.draw(200, generator, all_beats=False)
    assert none.beats is not None and bool(none.beats.all())
    assert some.beats is not None and 2 <= int(some.beats.sum()) <= 45
