"""The aligner: from frames at 16 per second to the probability that music should hit here.

A small R(2+1)D network (Tran et al. 2018; VeM's aligner is one of 18 layers): a spatial convolution
is followed by a temporal one. Beside it, each frame's likeness to its neighbours, as in
TransNetV2 (Soucek and Lokoc 2020). It looks both ways: a tick's result depends on `context` ticks
before and after it and on no others, so a film can be read in pieces.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

FRAME_WIDTH, FRAME_HEIGHT = 64, 36
RATE_HZ = 16.0


@dataclass(frozen=True, kw_only=True, slots=True)
class AlignerConfig:
    """The sizes of an aligner; saved beside its weights."""

    width: int = FRAME_WIDTH
    height: int = FRAME_HEIGHT
    rate_hz: float = RATE_HZ
    channels: tuple[int, ...] = (16, 32, 64, 128)
    """After each halving of the picture."""
    reach: int = 10
    """Ticks to each side that a frame is compared with."""
    likeness_width: int = 64
    head_width: int = 96
    head_dilations: tuple[int, ...] = (1, 2, 4, 8)
    activation_width: int = 64


class FactorisedConv(nn.Module):
    """A spatial convolution (3 x 3), then a temporal one over 3 ticks, `dilation` apart.

    Works on (B * T, C, H, W) in channels-last order, in which both are 2-D convolutions over one
    and the same memory: nothing is copied between them.
    """

    def __init__(self, n_in: int, n_out: int, *, stride: int = 1, dilation: int = 1):
        super().__init__()
        self.residual = stride == 1 and n_in == n_out
        self.spatial = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        self.spatial_norm = nn.BatchNorm2d(n_out)
        self.temporal = nn.Conv2d(
            n_out, n_out, (3, 1), padding=(dilation, 0), dilation=(dilation, 1), bias=False
        )
        self.temporal_norm = nn.BatchNorm2d(n_out)

    def forward(self, x: torch.Tensor, n_ticks: int) -> torch.Tensor:
        """(B * T, C, H, W) -> (B * T, C', H', W')"""
        y = F.relu(self.spatial_norm(self.spatial(x)))
        rows, channels, height, width = y.shape
        shape = (rows // n_ticks, n_ticks, height * width, channels)
        # (B * T, C, H, W) -> (B, C, T, H * W), both channels-last: a view
        z = y.permute(0, 2, 3, 1).reshape(shape).permute(0, 3, 1, 2)
        z = self.temporal_norm(self.temporal(z))
        z = z.permute(0, 2, 3, 1).reshape(rows, height, width, channels).permute(0, 3, 1, 2)
        return F.relu(y + z if self.residual else z) + (x if self.residual else 0)


class Likeness(nn.Module):
    """How alike a frame is to each of its neighbours, as a whole and wherever things stand."""

    def __init__(self, config: AlignerConfig):
        super().__init__()
        width = config.likeness_width
        self.reach = config.reach
        self.embed = nn.Sequential(
            nn.AvgPool2d(2),
            nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, width, 3, padding=1),
        )

    def forward(self, x: torch.Tensor, n_ticks: int) -> torch.Tensor:
        """(B * T, 3, H, W) -> (B, T, 2 * reach): cosines to the ticks before and after."""
        e = self.embed(x).float().mean(dim=(2, 3))
        e = F.normalize(e, dim=1, eps=1e-3).reshape(len(e) // n_ticks, n_ticks, -1)
        # the ends stand still: beyond them lie copies of the first and the last frame
        first = e[:, :1].expand(-1, self.reach, -1)
        last = e[:, -1:].expand(-1, self.reach, -1)
        around = torch.cat([first, e, last], dim=1)
        offsets = [o for o in range(2 * self.reach + 1) if o != self.reach]
        return torch.stack([(e * around[:, o : o + n_ticks]).sum(dim=2) for o in offsets], dim=2)


class Aligner(nn.Module):
    """Frames in, per tick a logit and the activations before it."""

    def __init__(self, config: AlignerConfig):
        super().__init__()
        self.config = config
        c1, c2, c3, c4 = config.channels
        self.trunk = nn.ModuleList(
            [
                FactorisedConv(3, c1, stride=2),
                FactorisedConv(c1, c2, stride=2),
                FactorisedConv(c2, c2, dilation=2),
                FactorisedConv(c2, c3, stride=2),
                FactorisedConv(c3, c3, dilation=2),
                FactorisedConv(c3, c4, stride=2, dilation=2),
            ]
        )
        self.likeness = Likeness(config)
        rows, columns = _halved(config.height, 4), _halved(config.width, 4)
        head = config.head_width
        self.join = nn.Linear(c4 * rows * columns, head)
        self.join_likeness = nn.Linear(2 * config.reach, head)
        self.head = nn.ModuleList(
            nn.Conv1d(head, head, 3, padding=d, dilation=d) for d in config.head_dilations
        )
        self.penultimate = nn.Linear(head, config.activation_width)
        self.out = nn.Linear(config.activation_width, 1)

    @property
    def context(self) -> int:
        """Ticks before and after a tick that its result depends on."""
        trunk = sum(block.temporal.dilation[0] for block in self.trunk)  # type: ignore[union-attr]
        return max(trunk, self.config.reach) + sum(self.config.head_dilations)

    def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Look at frames.

        Args:
            frames: (B, T, H, W, 3) uint8 RGB of the configured size, one per tick.

        Returns:
            Logits (B, T) and activations (B, T, D), D = activation_width, none below 0.
        """
        size, n_ticks = frames.shape[0], frames.shape[1]
        pixels = frames.reshape(size * n_ticks, *frames.shape[2:]).permute(0, 3, 1, 2)
        x = pixels.to(self.out.weight.dtype).mul(1 / 127.5).sub(1.0)
        x = x.contiguous(memory_format=torch.channels_last)
        likeness = self.likeness(x, n_ticks)
        for block in self.trunk:
            x = block(x, n_ticks)
        y = self.join(x.permute(0, 2, 3, 1).flatten(1)).reshape(size, n_ticks, -1)
        y = F.relu(y + self.join_likeness(likeness)).transpose(1, 2)  # (B, T, D) -> (B, D, T)
        for layer in self.head:
            y = y + F.relu(layer(y))
        activations = F.relu(self.penultimate(y.transpose(1, 2)))
        return self.out(activations).squeeze(2).float(), activations.float()


def _halved(size: int, times: int) -> int:
    for _ in range(times):
        size = (size + 1) // 2
    return size
