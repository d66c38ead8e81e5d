"""Samplers on an equation with a known answer, guidance against its formula."""

import math

import pytest
import torch

from vem_core.diffusion.guidance import guide
from vem_core.diffusion.samplers import SAMPLERS, keep_outside, noise
from vem_core.diffusion.schedule import Preconditioning, karras_sigmas

SIGMA_DATA = 0.7


def denoise_gaussian(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """The exact denoiser of data from N(0, SIGMA_DATA^2)."""
    return x * (SIGMA_DATA**2 / (SIGMA_DATA**2 + sigma**2))[:, None, None]


@pytest.mark.parametrize(
    ("name", "n_steps", "tolerance"),
    [("euler", 400, 0.02), ("heun", 80, 2e-3), ("dpmpp_2m", 40, 8e-3)],
)
def test_sampler_follows_the_exact_flow(name: str, n_steps: int, tolerance: float) -> None:
    # x grows as sqrt(SIGMA_DATA^2 + sigma^2), which solves the ODE of this denoiser
    sigmas = karras_sigmas(n_steps).double()
    x = noise((2, 3, 5), seed=4).double() * sigmas[0]
    expected = x * SIGMA_DATA / math.sqrt(SIGMA_DATA**2 + float(sigmas[0]) ** 2)
    sampled = SAMPLERS[name](denoise_gaussian, x, sigmas, lambda share: None)
    torch.testing.assert_close(sampled, expected, rtol=tolerance, atol=1e-6)


def test_noise_depends_on_the_seed_alone() -> None:
    torch.manual_seed(1)
    first = noise((4, 4), seed=9)
    torch.manual_seed(2)
    assert torch.equal(first, noise((4, 4), seed=9))
    assert not torch.equal(first, noise((4, 4), seed=10))


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_masked_sampling_leaves_the_rest_as_it_was(name: str) -> None:
    sigmas = karras_sigmas(8)
    kept = noise((1, 3, 6), seed=1)
    mask = torch.zeros(1, 1, 6)
    mask[..., 2:4] = 1
    x = kept + noise((1, 3, 6), seed=2) * sigmas[0]
    sampled = SAMPLERS[name](
        keep_outside(denoise_gaussian, kept, mask), x, sigmas, lambda share: None
    )
    torch.testing.assert_close(sampled[..., :2], kept[..., :2], atol=1e-4, rtol=0)
    assert (sampled[..., 2:4] - kept[..., 2:4]).abs().max() > 0.1


def test_guidance_is_the_formula_and_calls_no_more_than_it_needs() -> None:
    calls: list[str] = []

    def constant(name: str, value: float):
        def denoise(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
            calls.append(name)
            return torch.full_like(x, value)

        return denoise

    parts = (constant("full", 5.0), constant("story", 3.0), constant("none", 2.0))
    x, sigma = torch.zeros(1, 1, 1), torch.ones(1)
    # 2 + 1.5 (3 - 2) + 2 (5 - 3) = 7.5
    assert guide(*parts, guidance_scale=1.5, beat_scale=2.0)(x, sigma).item() == pytest.approx(7.5)
    calls.clear()
    assert guide(*parts, guidance_scale=1, beat_scale=1)(x, sigma).item() == 5.0
    assert calls == ["full"]
    assert guide(*parts, guidance_scale=1, beat_scale=0)(x, sigma).item() == 3.0


def test_preconditioning_makes_a_zero_network_the_best_linear_guess() -> None:
    scalings, sigma = Preconditioning(sigma_data=0.5), torch.tensor([0.1, 0.5, 10.0])
    # of all multiples of x, c_skip x has the least expected error
    torch.testing.assert_close(scalings.c_skip(sigma), 0.25 / (0.25 + sigma**2))
    # the network's input and its target have unit variance
    torch.testing.assert_close(scalings.c_in(sigma) ** 2 * (0.25 + sigma**2), torch.ones(3))
    target_variance = (
        (1 - scalings.c_skip(sigma)) ** 2 * 0.25 + (scalings.c_skip(sigma) * sigma) ** 2
    ) / scalings.c_out(sigma) ** 2
    torch.testing.assert_close(target_variance, torch.ones(3))
