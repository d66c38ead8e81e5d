"""Classifier-free guidance with one strength for the storyboard and one for the beats."""

import torch

from .schedule import Denoise


def guide(
    full: Denoise,
    without_beats: Denoise,
    without_any: Denoise,
    *,
    guidance_scale: float,
    beat_scale: float,
) -> Denoise:
    """Nested guidance (Brooks et al. 2023, eq. 3, for two conditions).

    denoised = D(none) + guidance_scale * (D(storyboard) - D(none))
                       + beat_scale * (D(storyboard, beats) - D(storyboard))

    1 and 1 is the conditional model itself and costs one call of the network.
    """

    def guided(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        if guidance_scale == 1 and beat_scale == 1:
            return full(x, sigma)
        story = without_beats(x, sigma)
        denoised = story
        if beat_scale != 0:
            denoised = denoised + beat_scale * (full(x, sigma) - story)
        if guidance_scale != 1:
            denoised = denoised + (guidance_scale - 1) * (story - without_any(x, sigma))
        return denoised

    return guided
