"""The denoiser: a transformer over latent frames, guided by a storyboard and by beats.

It knows latents only as (B, C, L) and their clips only through a Context; what a channel means and
how long a frame lasts is the codec's business.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from ..diffusion.prediction import Scalings
from ..diffusion.schedule import Preconditioning
from .adapter import BeatAdapter, InAttention
from .attention import SelfAttention, StoryboardAttention, rotary_angles
from .conditioning import ConditionEncoder, ConditioningWidths, Context


@dataclass(frozen=True, kw_only=True, slots=True)
class DenoiserConfig:
    """Sizes of the denoiser; saved beside its weights."""

    conditioning: ConditioningWidths
    width: int = 256
    context_width: int = 128
    n_blocks: int = 6
    head_width: int = 64
    mlp_ratio: float = 3.0
    adapter: Literal["scale-shift", "in-attention"] = "scale-shift"
    """VeM's adapter (eq. 10) or VidMusician's in-attention."""

    @property
    def channels(self) -> int:
        return self.conditioning.reference

    @property
    def adapted_blocks(self) -> int:
        """The adapter works in the first half of the blocks, as in a U-Net's encoder."""
        return (self.n_blocks + 1) // 2


class LevelEmbedding(nn.Module):
    """Noise levels as vectors: sines of the log level, then an MLP."""

    def __init__(self, width: int, n_octaves: int = 16):
        super().__init__()
        self.register_buffer("rates", 2.0 ** torch.linspace(-2, 4, n_octaves), persistent=False)
        self.layers = nn.Sequential(
            nn.Linear(2 * n_octaves, width), nn.SiLU(), nn.Linear(width, width)
        )

    def forward(self, level: torch.Tensor) -> torch.Tensor:
        """(B,) -> (B, D)."""
        angles = level[:, None] * self.rates  # type: ignore[operator]
        return self.layers(torch.cat([angles.sin(), angles.cos()], dim=-1))


def modulate(x: torch.Tensor, shift: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Adaptive layer norm: x (B, L, D), shift and scale (B, D)."""
    return x * (1 + scale[:, None]) + shift[:, None]


class Block(nn.Module):
    """Self-attention, SG-CAtt and an MLP, each scaled and gated by the noise level."""

    def __init__(self, config: DenoiserConfig):
        super().__init__()
        width = config.width
        hidden = int(config.mlp_ratio * width)
        self.norms = nn.ModuleList(nn.LayerNorm(width, elementwise_affine=False) for _ in range(3))
        self.attention = SelfAttention(width, config.head_width)
        self.storyboard = StoryboardAttention(width, config.context_width, config.head_width)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.modulation = nn.Linear(width, 9 * width)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(
        self, x: torch.Tensor, level: torch.Tensor, context: Context, angles: torch.Tensor
    ) -> torch.Tensor:
        """(B, L, D) latents, (B, D) noise level -> (B, L, D)."""
        shifts = self.modulation(level).chunk(9, dim=-1)
        first, second, third = self.norms
        mixed = self.attention(modulate(first(x), shifts[0], shifts[1]), angles)
        x = x + (1 + shifts[2])[:, None] * mixed
        told = self.storyboard(
            modulate(second(x), shifts[3], shifts[4]),
            context.tokens,
            context.bias,
            multiply=context.multiply,
        )
        x = x + (1 + shifts[5])[:, None] * told
        return x + (1 + shifts[8])[:, None] * self.mlp(modulate(third(x), shifts[6], shifts[7]))


class Denoiser(nn.Module):
    """denoise(x, sigma) under a context; the scalings are inside, for loss and sampling.

    Sizes and frame times are all that ties it to a codec: the embedded model has one latent frame a
    beat, the same class over an audio codec's latents has its even clock.
    """

    def __init__(self, config: DenoiserConfig, scalings: Scalings | None = None):
        """Scalings are EDM's by default; prediction.PREDICTIONS has those of noise, v and flow."""
        super().__init__()
        self.config = config
        width = config.width
        self.scalings = scalings or Preconditioning()
        self.conditions = ConditionEncoder(config.conditioning, config.context_width, width)
        self.level = LevelEmbedding(width)
        self.entrance = nn.Linear(config.channels, width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_blocks))
        kind = {"scale-shift": BeatAdapter, "in-attention": InAttention}[config.adapter]
        self.adapters = nn.ModuleList(
            kind(width, config.conditioning.activation) for _ in range(config.adapted_blocks)
        )
        self.norm = nn.LayerNorm(width)
        self.exit = nn.Linear(width, config.channels)
        nn.init.zeros_(self.exit.weight)
        nn.init.zeros_(self.exit.bias)

    @property
    def sigma_range(self) -> tuple[float, float]:
        """Least and greatest noise level to sample at."""
        return 0.02, 40.0

    def network(self, x: torch.Tensor, sigma: torch.Tensor, context: Context) -> torch.Tensor:
        """The bare network: (B, C, L) scaled latents -> (B, C, L) of unit variance."""
        level = self.level(self.scalings.c_noise(sigma)) + context.overall
        h = self.entrance(x.transpose(1, 2)) + context.frames  # (B, C, L) -> (B, L, D)
        angles = rotary_angles(h.shape[1], self.config.head_width, h.device)
        for index, block in enumerate(self.blocks):
            if index < len(self.adapters):
                h = self.adapters[index](h, context.activations)
            h = block(h, torch.nn.functional.silu(level), context, angles)
        return self.exit(self.norm(h)).transpose(1, 2)

    def forward(self, x: torch.Tensor, sigma: torch.Tensor, context: Context) -> torch.Tensor:
        """Denoised latents.

        Args:
            x: (B, C, L) data plus sigma times noise.
            sigma: (B,).
            context: of the same batch.
        """
        c_in, c_skip, c_out = (
            scaling(sigma)[:, None, None]
            for scaling in (self.scalings.c_in, self.scalings.c_skip, self.scalings.c_out)
        )
        return c_skip * x + c_out * self.network(c_in * x, sigma, context).float()

    def beat_parameters(self) -> list[nn.Parameter]:
        """What stage 3 trains: the adapters."""
        return list(self.adapters.parameters())
