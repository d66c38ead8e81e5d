"""How far to each side a convolutional network looks: what a chunk needs around it (chunks.py).

Worked out from a network's sizes, from its output back to its input. A reach is in samples of the
layer in question; a bound, at most a few samples above the truth.
"""

import math
from collections.abc import Sequence


def before_convolution(reach: float, kernel: int, *, dilation: int = 1, stride: int = 1) -> float:
    """Reach at the input of a convolution whose output has `reach`."""
    return reach * stride + (kernel - 1) * dilation / (2 if stride == 1 else 1)


def before_transposed(reach: float, kernel: int, stride: int) -> float:
    """Reach at the input of a transposed convolution."""
    return (reach + kernel) / stride


def oobleck_reach(ratios: Sequence[int]) -> tuple[int, int]:
    """(encoder, decoder) of AutoencoderOobleck in latent frames.

    Both have three residual units (kernel 7, dilations 1, 3, 9) at each rate.

    Args:
        ratios: downsampling ratios of the encoder, in its order.
    """
    units = [(7, dilation) for dilation in (9, 3, 1)]
    encoder = before_convolution(0, 3)
    for ratio in reversed(ratios):
        encoder = before_convolution(encoder, 2 * ratio, stride=ratio)
        for kernel, dilation in units:
            encoder = before_convolution(encoder, kernel, dilation=dilation)
    encoder = before_convolution(encoder, 7)
    decoder = before_convolution(0, 7)
    for ratio in ratios:
        for kernel, dilation in units:
            decoder = before_convolution(decoder, kernel, dilation=dilation)
        decoder = before_transposed(decoder, 2 * ratio, ratio)
    decoder = before_convolution(decoder, 7)
    return math.ceil(encoder / math.prod(ratios)), math.ceil(decoder)


def vae_reach(n_levels: int, layers_per_block: int) -> tuple[int, int]:
    """(encoder, decoder) of the convolutions of AutoencoderKL in latent frames.

    Its group norms and the attention in its middle look at all that they are given; that part of
    its reach no halo can cover.
    """
    encoder = before_convolution(0, 3)
    for _ in range(2 * 2):  # two residual blocks of two convolutions in the middle
        encoder = before_convolution(encoder, 3)
    for level in reversed(range(n_levels)):
        if level < n_levels - 1:
            encoder = before_convolution(encoder, 3, stride=2)
        encoder += 2 * layers_per_block
    encoder = before_convolution(encoder, 3)
    decoder = before_convolution(0, 3)
    for level in range(n_levels):
        decoder += 2 * (layers_per_block + 1)
        if level < n_levels - 1:
            decoder = (decoder + 1) / 2 + 0.5  # a convolution, and before it each frame twice
    decoder += 4  # the middle
    decoder = before_convolution(decoder, 3)
    return math.ceil(encoder / 2 ** (n_levels - 1)), math.ceil(decoder)


def vocoder_reach(
    rates: Sequence[int],
    kernels: Sequence[int],
    block_kernels: Sequence[int],
    block_dilations: Sequence[Sequence[int]],
) -> int:
    """SpeechT5HifiGan in mel frames.

    Args:
        rates: of its transposed convolutions, in order, with `kernels`.
        block_kernels: of the residual blocks side by side at each rate, with `block_dilations`.
    """
    widest = max(
        sum((kernel - 1) / 2 * (dilation + 1) for dilation in dilations)
        for kernel, dilations in zip(block_kernels, block_dilations, strict=True)
    )
    reach = before_convolution(0, 7)
    for rate, kernel in zip(reversed(rates), reversed(kernels), strict=True):
        reach = before_transposed(reach + widest, kernel, rate)
    return math.ceil(before_convolution(reach, 7))
