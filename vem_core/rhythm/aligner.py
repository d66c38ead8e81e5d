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
    patch: int = 4
    """Pixels of the squares that the first layer cuts the picture into."""
    channels: tuple[int, ...] = (16, 48, 96)
    """Of the patches, and after each further halving of the picture. Multiples of 16: with 24, a
    gradient came out infinite in bfloat16 on a CPU (torch 2.14)."""
    reach: int = 10
    """Ticks to each side that a frame is compared with."""
    likeness_width: int = 64
    head_width: int = 96
    head_dilations: tuple[int, ...] = (1, 2, 4, 8)
    activation_width: int = 64


class TemporalConv(nn.Module):
    """Looks at 3 ticks, `dilation` apart, at each place of the picture.

    Works on (B * T, C, H, W) in channels-last order, in which this is a 2-D convolution over the
    same memory as a spatial one: nothing is copied between them.
    """

    def __init__(self, width: int, dilation: int):
        super().__init__()
        self.dilation = dilation
        self.conv = nn.Conv2d(
            width, width, (3, 1), padding=(dilation, 0), dilation=(dilation, 1), bias=False
        )
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: torch.Tensor, n_ticks: int) -> torch.Tensor:
        """(B * T, C, H, W) -> the same"""
        rows, channels, height, width = x.shape
        shape = (rows // n_ticks, n_ticks, height * width, channels)
        # (B * T, C, H, W) -> (B, C, T, H * W), both channels-last: a view
        y = x.permute(0, 2, 3, 1).reshape(shape).permute(0, 3, 1, 2)
        y = F.relu(self.norm(self.conv(y)))
        return y.permute(0, 2, 3, 1).reshape(rows, height, width, channels).permute(0, 3, 1, 2)


class FactorisedConv(nn.Module):
    """A spatial convolution (3 x 3), then a temporal one; around what keeps its size, a bridge."""

    def __init__(self, n_in: int, n_out: int, *, stride: int = 1, dilation: int = 1):
        super().__init__()
        self.bridged = stride == 1 and n_in == n_out
        self.spatial = _spatial(n_in, n_out, stride)
        self.temporal = TemporalConv(n_out, dilation)

    def forward(self, x: torch.Tensor, n_ticks: int) -> torch.Tensor:
        """(B * T, C, H, W) -> (B * T, C', H', W')"""
        y = self.temporal(self.spatial(x), n_ticks)
        return x + y if self.bridged else y


def _spatial(n_in: int, n_out: int, stride: int) -> nn.Sequential:
    conv = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(n_out), nn.ReLU())


class Likeness(nn.Module):
    """How alike a frame is to each of its neighbours, as a whole and wherever things stand."""

    def __init__(self, n_in: int, n_middle: int, width: int, reach: int):
        super().__init__()
        self.reach = reach
        self.embed = nn.Sequential(_spatial(n_in, n_middle, 2), nn.Conv2d(n_middle, width, 1))

    def forward(self, x: torch.Tensor, n_ticks: int) -> torch.Tensor:
        """(B * T, C, H, W) -> (B, T, 2 * reach): cosines to the ticks before and after."""
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
        c1, c2, c3 = config.channels
        self.patches = nn.Sequential(
            nn.Conv2d(3, c1, config.patch, stride=config.patch, bias=False),
            nn.BatchNorm2d(c1),
            nn.ReLU(),
        )
        self.first = TemporalConv(c1, 1)
        self.blocks = nn.ModuleList(
            [
                FactorisedConv(c1, c1, dilation=2),
                FactorisedConv(c1, c2, stride=2),
                FactorisedConv(c2, c2, dilation=2),
                FactorisedConv(c2, c3, stride=2, dilation=2),
            ]
        )
        self.likeness = Likeness(c1, c2, config.likeness_width, config.reach)
        rows, columns = (_quartered(n // config.patch) for n in (config.height, config.width))
        head = config.head_width
        self.join = nn.Linear(c3 * rows * columns, head)
        self.join_likeness = nn.Linear(2 * config.reach, head)
        self.head = nn.ModuleList(
            nn.Conv1d(head, head, 3, padding=d, dilation=d) for d in config.head_dilations
        )
        self.penultimate = nn.Linear(head, config.activation_width)
        self.out = nn.Linear(config.activation_width, 1)

    @property
    def context(self) -> int:
        """Ticks before and after a tick that its result depends on."""
        trunk = sum(m.dilation for m in self.modules() if isinstance(m, TemporalConv))
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
        x = self.patches(x)
        likeness = self.likeness(x, n_ticks)
        x = self.first(x, n_ticks)
        for block in self.blocks:
            x = block(x, n_ticks)
        y = self.join(x.permute(0, 2, 3, 1).flatten(1)).reshape(size, n_ticks, -1)
        y = F.relu(y + self.join_likeness(likeness)).transpose(1, 2)  # (B, T, D) -> (B, D, T)
        for layer in self.head:
            y = y + F.relu(layer(y))
        activations = F.relu(self.penultimate(y.transpose(1, 2)))
        return self.out(activations).squeeze(2).float(), activations.float()


def _quartered(size: int) -> int:
    return ((size + 1) // 2 + 1) // 2
