"""Networks that predict noise, v or a flow, behind the one contract denoise(x, sigma) -> denoised.

Each kind is a set of scalings as in schedule.Preconditioning: the network sees c_in * x, and
denoised = c_skip * x + c_out * network. The forms follow from writing the kind's own noisy latent
as a multiple of x = data + sigma * noise:

- variance preserving (noise, v): z_t = sqrt(abar) data + sqrt(1 - abar) noise = sqrt(abar) x with
  sigma = sqrt((1 - abar) / abar), so sqrt(abar) = 1 / sqrt(1 + sigma^2) (VeM eq. 1-5);
- flow: z_t = (1 - t) data + t noise = (1 - t) x with sigma = t / (1 - t).

1 / c_out^2 turns the error of the denoised data into that of the prediction itself, so a loss
weighted by `loss_weight` is the kind's own: for noise, E || eps - eps_theta ||^2 (VeM eq. 5).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal, Protocol

import torch

Kind = Literal["noise", "v", "flow"]


class Scalings(Protocol):
    """What turns a network's output into denoised data; (B,) sigma -> (B,) each."""

    def c_in(self, sigma: torch.Tensor) -> torch.Tensor: ...
    def c_skip(self, sigma: torch.Tensor) -> torch.Tensor: ...
    def c_out(self, sigma: torch.Tensor) -> torch.Tensor: ...
    def c_noise(self, sigma: torch.Tensor) -> torch.Tensor: ...
    def loss_weight(self, sigma: torch.Tensor) -> torch.Tensor: ...


class _Prediction(ABC):
    """What the three kinds share."""

    def c_noise(self, sigma: torch.Tensor) -> torch.Tensor:
        """What a network of ours is told of sigma, as in EDM; a U-Net asks for its timestep."""
        return sigma.log() / 4

    @abstractmethod
    def c_out(self, sigma: torch.Tensor) -> torch.Tensor: ...

    def loss_weight(self, sigma: torch.Tensor) -> torch.Tensor:
        """The prediction's own error weighs the same at every sigma."""
        return self.c_out(sigma) ** -2


@dataclass(frozen=True, slots=True)
class NoisePrediction(_Prediction):
    """The network says the noise: denoised = x - sigma * eps."""

    def c_in(self, sigma: torch.Tensor) -> torch.Tensor:
        return (1 + sigma**2).rsqrt()

    def c_skip(self, sigma: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(sigma)

    def c_out(self, sigma: torch.Tensor) -> torch.Tensor:
        return -sigma


@dataclass(frozen=True, slots=True)
class VPrediction(_Prediction):
    """v = sqrt(abar) noise - sqrt(1 - abar) data (Salimans and Ho 2022)."""

    def c_in(self, sigma: torch.Tensor) -> torch.Tensor:
        return (1 + sigma**2).rsqrt()

    def c_skip(self, sigma: torch.Tensor) -> torch.Tensor:
        return 1 / (1 + sigma**2)

    def c_out(self, sigma: torch.Tensor) -> torch.Tensor:
        return -sigma * (1 + sigma**2).rsqrt()


@dataclass(frozen=True, slots=True)
class FlowPrediction(_Prediction):
    """u = noise - data, the velocity of a straight path (Liu et al. 2023)."""

    def c_in(self, sigma: torch.Tensor) -> torch.Tensor:
        return 1 / (1 + sigma)

    def c_skip(self, sigma: torch.Tensor) -> torch.Tensor:
        return 1 / (1 + sigma)

    def c_out(self, sigma: torch.Tensor) -> torch.Tensor:
        return -sigma / (1 + sigma)


PREDICTIONS: dict[Kind, Scalings] = {
    "noise": NoisePrediction(),
    "v": VPrediction(),
    "flow": FlowPrediction(),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DiscreteSchedule:
    """The levels that a network was trained at, T steps of a variance-preserving chain.

    AudioLDM-2's, which VeM takes over (papers.md 1.4): the square roots of the betas are evenly
    spaced; latent-diffusion code calls that "linear", diffusers "scaled_linear".
    """

    n_steps: int = 1000
    first_beta: float = 0.0015
    last_beta: float = 0.0195

    def sigmas(self) -> torch.Tensor:
        """(T,) float64, rising: the noise level at each step."""
        roots = torch.linspace(
            self.first_beta**0.5, self.last_beta**0.5, self.n_steps, dtype=torch.float64
        )
        kept = torch.cumprod(1 - roots**2, dim=0)
        return ((1 - kept) / kept).sqrt()

    def timestep(self, sigma: torch.Tensor) -> torch.Tensor:
        """(B,) float32 in [0, T - 1]: the step of a level, between steps by its logarithm.

        Levels beyond the chain's ends count as the ends.
        """
        known = self.sigmas().log().to(sigma.device)
        level = sigma.double().log()
        right = torch.searchsorted(known, level).clamp(1, self.n_steps - 1)
        share = (level - known[right - 1]) / (known[right] - known[right - 1])
        return (right - 1 + share.clamp(0, 1)).float()

    def draw(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """(n,) levels for training: each step alike often, as in DDPM."""
        steps = torch.randint(self.n_steps, (n,), generator=generator)
        return self.sigmas()[steps].float()


def denoised_by(
    scalings: Scalings, output: torch.Tensor, x: torch.Tensor, sigma: torch.Tensor
) -> torch.Tensor:
    """Denoised data from a network's output: both and x (B, C, L), sigma (B,)."""
    c_skip, c_out = (c[:, None, None] for c in (scalings.c_skip(sigma), scalings.c_out(sigma)))
    return c_skip * x + c_out * output
