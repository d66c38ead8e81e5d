"""Pieces longer than the training length: overlapping windows that agree at every noise level.

As in MultiDiffusion (Bar-Tal et al. 2023): each step denoises all windows and blends them, so the
windows grow into one piece and no seam can appear.
"""

from collections.abc import Callable

import torch

from .schedule import Denoise

WindowDenoise = Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]
"""(x of one window (B, C, W), sigma (B,), first frame) -> denoised (B, C, W)."""


def window_starts(n_frames: int, window: int, overlap: int) -> list[int]:
    """First frames of even windows over `n_frames`; neighbours share `overlap` or more."""
    if n_frames <= window:
        return [0]
    n_windows = -(-(n_frames - overlap) // (window - overlap))
    return [round(i * (n_frames - window) / (n_windows - 1)) for i in range(n_windows)]


def window_weights(starts: list[int], n_frames: int, window: int) -> torch.Tensor:
    """(n_windows, L) blending weights: triangles, scaled to add up to 1 at each frame."""
    middle = (window - 1) / 2
    triangle = 1 - (torch.arange(window) - middle).abs() / (middle + 1)
    weights = torch.zeros(len(starts), n_frames)
    for i, start in enumerate(starts):
        weights[i, start : start + window] = triangle
    return weights / weights.sum(dim=0)


def windowed(denoise: WindowDenoise, n_frames: int, window: int, overlap: int) -> Denoise:
    """One Denoise for a long piece out of a denoiser of windows.

    A piece that fits into one window is denoised whole, with the same result as without windows.
    """
    if n_frames <= window:
        return lambda x, sigma: denoise(x, sigma, 0)
    starts = window_starts(n_frames, window, overlap)
    weights = window_weights(starts, n_frames, window)

    def blended(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        total = torch.zeros_like(x)
        for start, weight in zip(starts, weights, strict=True):
            part = slice(start, start + window)
            total[..., part] += weight[part].to(x) * denoise(x[..., part], sigma, start)
        return total

    return blended
