"""Noise levels and the one contract of sampling and training: denoise(x, sigma) -> denoised.

Variance-exploding form (Karras et al. 2022, EDM): x = data + sigma * noise. Whatever a network
predicts, `Preconditioning` turns it into denoised data, for the loss and for the samplers alike.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

Denoise = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""(x (B, C, L), sigma (B,)) -> denoised x (B, C, L)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preconditioning:
    """Scalings of EDM table 1: network input c_in * x, denoised = c_skip * x + c_out * network."""

    sigma_data: float = 1.0

    def c_in(self, sigma: torch.Tensor) -> torch.Tensor:
        return (sigma**2 + self.sigma_data**2).rsqrt()

    def c_skip(self, sigma: torch.Tensor) -> torch.Tensor:
        return self.sigma_data**2 / (sigma**2 + self.sigma_data**2)

    def c_out(self, sigma: torch.Tensor) -> torch.Tensor:
        return sigma * self.sigma_data * (sigma**2 + self.sigma_data**2).rsqrt()

    def c_noise(self, sigma: torch.Tensor) -> torch.Tensor:
        """What the network is told of sigma."""
        return sigma.log() / 4

    def loss_weight(self, sigma: torch.Tensor) -> torch.Tensor:
        """1 / c_out^2: the network's own error weighs the same at every sigma."""
        return self.c_out(sigma) ** -2


def karras_sigmas(
    n_steps: int, *, sigma_min: float = 0.02, sigma_max: float = 40.0, rho: float = 7.0
) -> torch.Tensor:
    """(n_steps + 1,) falling noise levels that end in 0 (EDM eq. 5)."""
    ramp = torch.linspace(0, 1, n_steps)
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    return torch.cat([(high + ramp * (low - high)) ** rho, torch.zeros(1)])


def lognormal_sigmas(
    n: int, generator: torch.Generator, *, mean: float = -0.4, std: float = 1.4
) -> torch.Tensor:
    """(n,) noise levels for training: log sigma is normal (EDM section 5)."""
    return (mean + std * torch.randn(n, generator=generator)).exp()
