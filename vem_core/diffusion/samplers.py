"""Samplers: plain functions with the loop in sight. x starts at noise of level sigmas[0].

All take (denoise, x, sigmas, ...) and return data; randomness enters only through `x` and the
generators that are passed in, so a seed is a property of the call.
"""

from collections.abc import Callable

import torch

from ..types import Progress, no_progress
from .schedule import Denoise

Sampler = Callable[[Denoise, torch.Tensor, torch.Tensor, Progress], torch.Tensor]


def _at(sigma: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """One noise level for every item of the batch: (B,)."""
    return sigma.to(x).expand(x.shape[0])


def sample_euler(
    denoise: Denoise, x: torch.Tensor, sigmas: torch.Tensor, progress: Progress = no_progress
) -> torch.Tensor:
    """Euler steps of the probability-flow ODE (EDM algorithm 1, first order)."""
    for step in range(len(sigmas) - 1):
        progress(step / (len(sigmas) - 1))
        slope = (x - denoise(x, _at(sigmas[step], x))) / sigmas[step]
        x = x + (sigmas[step + 1] - sigmas[step]) * slope
    return x


def sample_heun(
    denoise: Denoise, x: torch.Tensor, sigmas: torch.Tensor, progress: Progress = no_progress
) -> torch.Tensor:
    """Heun's second-order steps (EDM algorithm 1); two calls of the network a step."""
    for step in range(len(sigmas) - 1):
        progress(step / (len(sigmas) - 1))
        now, after = sigmas[step], sigmas[step + 1]
        slope = (x - denoise(x, _at(now, x))) / now
        trial = x + (after - now) * slope
        if after > 0:  # the last step ends at 0, where the slope is undefined
            end_slope = (trial - denoise(trial, _at(after, x))) / after
            slope = (slope + end_slope) / 2
        x = x + (after - now) * slope
    return x


def sample_dpmpp_2m(
    denoise: Denoise, x: torch.Tensor, sigmas: torch.Tensor, progress: Progress = no_progress
) -> torch.Tensor:
    """DPM-Solver++(2M) (Lu et al. 2022, algorithm 2), one call of the network a step."""
    previous: torch.Tensor | None = None
    for step in range(len(sigmas) - 1):
        progress(step / (len(sigmas) - 1))
        now, after = sigmas[step], sigmas[step + 1]
        denoised = denoise(x, _at(now, x))
        if after == 0:
            return denoised
        h = (now / after).log()
        direction = denoised
        if previous is not None:
            r = (sigmas[step - 1] / now).log() / h
            direction = (1 + 1 / (2 * r)) * denoised - previous / (2 * r)
        x = (after / now) * x - torch.expm1(-h) * direction
        previous = denoised
    return x


SAMPLERS: dict[str, Sampler] = {
    "dpmpp_2m": sample_dpmpp_2m,
    "heun": sample_heun,
    "euler": sample_euler,
}


def noise(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """Standard normal noise that depends on the seed alone, not on device or global state."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator)


def keep_outside(denoise: Denoise, kept: torch.Tensor, mask: torch.Tensor) -> Denoise:
    """Denoise only where mask is 1; elsewhere the data is known, so its denoised value is it.

    Args:
        kept: (B, C, L) known latents.
        mask: (B, 1, L) in [0, 1].
    """

    def masked(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        return kept + mask * (denoise(x, sigma) - kept)

    return masked
