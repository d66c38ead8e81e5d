"""How beat activations enter the denoiser: VeM's beat adapter, VidMusician's in-attention.

Both take the activations at the latent frames and are the identity at initialisation, so that a
denoiser trained without beats (stage 2) is the starting point of stage 3.
"""

import torch
from torch import nn


def activations_at_frames(
    activations: torch.Tensor, times_s: torch.Tensor, frame_times_s: torch.Tensor
) -> torch.Tensor:
    """Interpolate the aligner's activations to the middles of the latent frames (VeM 1.6).

    Args:
        activations: (F, D) at times_s.
        times_s: (F,) strictly increasing.
        frame_times_s: (L + 1,) edges of the latent frames.

    Returns:
        (L, D); outside the clip the first and the last activation hold.
    """
    if len(times_s) == 1:
        return activations.expand(len(frame_times_s) - 1, -1)
    middles_s = (frame_times_s[1:] + frame_times_s[:-1]) / 2
    right = torch.searchsorted(times_s.contiguous(), middles_s).clamp(1, len(times_s) - 1)
    left_s, right_s = times_s[right - 1], times_s[right]
    share = ((middles_s - left_s) / (right_s - left_s)).clamp(0, 1)[:, None]
    return torch.lerp(activations[right - 1], activations[right], share.to(activations.dtype))


class BeatAdapter(nn.Module):
    """z <- z + gamma * z + beta (VeM eq. 10).

    Gamma and beta come from two zero-initialised convolutions; one adapter serves one block.
    """

    def __init__(self, width: int, activation_width: int, kernel_size: int = 3):
        super().__init__()
        padding = kernel_size // 2
        self.gamma = nn.Conv1d(activation_width, width, kernel_size, padding=padding)
        self.beta = nn.Conv1d(activation_width, width, kernel_size, padding=padding)
        for layer in (self.gamma, self.beta):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # pyright: ignore[reportArgumentType]

    def scale_and_shift(self, activations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, L, D_activation) -> gamma and beta, (B, D, L) each."""
        channels_first = activations.transpose(1, 2)
        return self.gamma(channels_first), self.beta(channels_first)

    def forward(self, z: torch.Tensor, activations: torch.Tensor) -> torch.Tensor:
        """(B, L, D) latents, (B, L, D_activation) -> (B, L, D)."""
        gamma, beta = (x.transpose(1, 2) for x in self.scale_and_shift(activations))
        return z + gamma * z + beta


class InAttention(nn.Module):
    """VidMusician's in-attention (section 2.3 there): the rhythm signal is added before a block.

    A zero-initialised projection, then a residual linear per block whose start is the identity.
    """

    def __init__(self, width: int, activation_width: int):
        super().__init__()
        self.project = nn.Linear(activation_width, width)
        self.carry = nn.Linear(width, width)
        nn.init.zeros_(self.project.weight)
        nn.init.zeros_(self.project.bias)
        nn.init.eye_(self.carry.weight)
        nn.init.zeros_(self.carry.bias)

    def forward(self, z: torch.Tensor, activations: torch.Tensor) -> torch.Tensor:
        """(B, L, D) latents, (B, L, D_activation) -> (B, L, D)."""
        return z + self.carry(self.project(activations))
