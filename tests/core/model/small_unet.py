"""AudioLDM-2's U-Net, scaled down: its four levels, its three or four transformers a place."""

from typing import Any

import torch

from vem_core.model.audioldm2 import audioldm2_sizes, random_unet
from vem_core.model.conditioning import ConditioningWidths, Context
from vem_core.model.unet import TUNet, TUNetConfig

CHANNELS, ROWS = 2, 8
CONTEXT = 6
TOKENS = 7
WIDTHS = ConditioningWidths(
    text=4, picture=4, overall=4, frame=4, activation=3, reference=CHANNELS * ROWS
)


def small_sizes(variant: str = "base") -> dict[str, Any]:
    streams = {768: 6, 1024: 10, None: None}
    published = audioldm2_sizes()[variant]
    return published | {
        "in_channels": CHANNELS,
        "out_channels": CHANNELS,
        "block_out_channels": [4, 4, 8, 8],
        "attention_head_dim": [1, 1, 2, 2],
        "norm_num_groups": 2,
        "cross_attention_dim": [
            [streams[width] for width in level] for level in published["cross_attention_dim"]
        ],
    }


def small_unet(variant: str = "base") -> Any:
    torch.manual_seed(0)
    return random_unet(small_sizes(variant)).eval()


def small_tunet(unet: Any = None, **config: Any) -> TUNet:
    torch.manual_seed(1)
    sizes: dict[str, Any] = {"rows": ROWS, "context_width": CONTEXT} | config
    return TUNet(TUNetConfig(conditioning=WIDTHS, **sizes), unet or small_unet()).eval()


def random_everywhere(net: TUNet) -> TUNet:
    """Also where training starts from zero."""
    with torch.no_grad():
        for parameter in net.parameters():
            if not parameter.any():
                parameter.normal_(std=0.3)
    return net


def small_context(n_frames: int = 11, n_clips: int = 2) -> Context:
    """Three tokens that all frames see, then two shots of two tokens with a cut after frame 4."""
    generator = torch.Generator().manual_seed(2)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    bias = torch.zeros(n_clips, n_frames, TOKENS)
    bias[:, :5, 5:] = float("-inf")
    bias[:, 5:, 3:5] = float("-inf")
    return Context(
        tokens=draw(n_clips, TOKENS, CONTEXT),
        bias=bias,
        frames=draw(n_clips, n_frames, 4),
        overall=draw(n_clips, 4),
        activations=draw(n_clips, n_frames, 3),
    )
