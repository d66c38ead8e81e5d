"""Noise, v and flow behind denoise(x, sigma): by hand, and against diffusers' schedulers."""

from typing import Any

import pytest
import torch

from vem_core.diffusion.prediction import PREDICTIONS, DiscreteSchedule, Kind, denoised_by
from vem_core.diffusion.samplers import noise


@pytest.mark.parametrize(
    ("kind", "sigma", "c_in", "denoised"),
    [
        # sigma = 3/4: 1 / sqrt(1 + sigma^2) = 4/5. Noise: 2 - 0.75 * 1. v: 0.64 * 2 - 0.6 * 1.
        ("noise", 0.75, 0.8, 1.25),
        ("v", 0.75, 0.8, 0.68),
        # sigma = 1/4: t = sigma / (1 + sigma) = 0.2. z_t - t u = 0.8 * 2 - 0.2 * 1.
        ("flow", 0.25, 0.8, 1.4),
    ],
)
def test_by_hand(kind: Kind, sigma: float, c_in: float, denoised: float) -> None:
    scalings, level = PREDICTIONS[kind], torch.tensor([sigma])
    assert scalings.c_in(level).item() == pytest.approx(c_in)
    x, output = torch.full((1, 1, 1), 2.0), torch.ones(1, 1, 1)
    assert denoised_by(scalings, output, x, level).item() == pytest.approx(denoised)


@pytest.mark.parametrize("kind", ["noise", "v", "flow"])
def test_the_true_target_gives_the_data_and_the_loss_is_the_targets_own(kind: Kind) -> None:
    """VeM eq. 5 for noise: weight * (denoised - data)^2 = (output - target)^2."""
    data, eps = noise((2, 3, 5), seed=1).double(), noise((2, 3, 5), seed=2).double()
    sigma = torch.tensor([0.3, 7.0], dtype=torch.float64)
    level = sigma[:, None, None]
    kept = (1 + level**2).rsqrt()
    targets = {"noise": eps, "v": kept * eps - level * kept * data, "flow": eps - data}
    x, scalings = data + level * eps, PREDICTIONS[kind]
    torch.testing.assert_close(denoised_by(scalings, targets[kind], x, sigma), data)
    wrong = targets[kind] + 0.1
    error = denoised_by(scalings, wrong, x, sigma) - data
    weighted = scalings.loss_weight(sigma)[:, None, None] * error**2
    torch.testing.assert_close(weighted, torch.full_like(weighted, 0.01))
    # what the network sees is the kind's own noisy latent
    path = {"flow": data / (1 + level) + level / (1 + level) * eps}
    seen = scalings.c_in(sigma)[:, None, None] * x
    torch.testing.assert_close(seen, path.get(kind, kept * data + level * kept * eps))


@pytest.mark.parametrize(("kind", "named"), [("noise", "epsilon"), ("v", "v_prediction")])
def test_audioldm2s_chain_is_diffusers(kind: Kind, named: str) -> None:
    diffusers = pytest.importorskip("diffusers")
    published: Any = diffusers.DDIMScheduler(
        beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear", clip_sample=False,
        set_alpha_to_one=False, steps_offset=1, prediction_type=named,
    )  # fmt: skip
    chain = DiscreteSchedule()
    kept = published.alphas_cumprod.double()
    torch.testing.assert_close(
        chain.sigmas(), ((1 - kept) / kept).sqrt(), rtol=1e-3, atol=0
    )  # its float32 products differ in the fourth digit at the last step
    step, output, x = 600, noise((1, 2, 4), seed=3), noise((1, 2, 4), seed=4)
    sigma = ((1 - kept[step]) / kept[step]).sqrt().float()[None]
    published.set_timesteps(1000)
    theirs = published.step(output, step, PREDICTIONS[kind].c_in(sigma) * x)
    ours = denoised_by(PREDICTIONS[kind], output, x, sigma)
    torch.testing.assert_close(ours, theirs.pred_original_sample, rtol=1e-4, atol=1e-4)


def test_levels_become_timesteps_and_training_draws_steps_alike_often() -> None:
    chain = DiscreteSchedule()
    sigmas = chain.sigmas()
    steps = torch.tensor([0, 1, 500, 999])
    torch.testing.assert_close(chain.timestep(sigmas[steps].float()), steps.float())
    between = (sigmas[500] * sigmas[501]).sqrt()[None]
    assert chain.timestep(between).item() == pytest.approx(500.5, abs=1e-3)
    assert chain.timestep(torch.tensor([1e-6, 1e6])).tolist() == [0.0, 999.0]
    drawn = chain.timestep(chain.draw(4000, torch.Generator().manual_seed(0)))
    share, _ = torch.histogram(drawn.double(), bins=4, range=(0.0, 999.0))
    assert (share - 1000).abs().max() < 120
