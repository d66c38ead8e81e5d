"""Latents for a clip: guidance, windows, masks and the sampler put together."""

from dataclasses import dataclass
from typing import Literal

import torch

from ..diffusion.guidance import guide
from ..diffusion.samplers import SAMPLERS, keep_outside, noise
from ..diffusion.schedule import Denoise, karras_sigmas
from ..diffusion.windows import window_starts, windowed
from ..errors import InputError
from ..model.conditioning import (
    Context,
    Drops,
    collate,
    crop,
    visible_shots,
)
from ..model.denoiser import Denoiser
from ..model.unet import TUNet
from ..types import Conditioning, MusicLatents, Progress, Storyboard, no_progress


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleSettings:
    """How to sample."""

    seed: int = 0
    steps: int = 20
    sampler: Literal["dpmpp_2m", "heun", "euler"] = "dpmpp_2m"
    guidance_scale: float = 1.5
    """How strongly the storyboard is followed; 1 is the model as trained."""
    beat_scale: float = 1.5
    """How strongly hits are marked; 0 ignores them."""
    storyboard_strength: float = 1.0
    """Of the mask that keeps shots apart; 0 lets every frame see every shot."""
    window: int = 64
    """Longest stretch in latent frames that is denoised at once."""
    overlap: int = 32

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise InputError(f"The seed is {self.seed}; it must be 0 or more. Choose another.")
        if not 1 <= self.steps <= 1000:
            raise InputError(f"The number of steps is {self.steps}; needed is 1 to 1000.")
        if self.sampler not in SAMPLERS:
            raise InputError(
                f"The sampler is '{self.sampler}'; needed is one of {', '.join(SAMPLERS)}."
            )
        if not 0 <= self.storyboard_strength <= 1:
            raise InputError(
                f"The strength of the storyboard is {self.storyboard_strength}; it must lie"
                " between 0 and 1. Correct it."
            )
        if not 0 <= self.overlap < self.window:
            raise InputError(
                f"Windows of {self.window} frames cannot overlap by {self.overlap}; needed is"
                " less than a window."
            )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Kept:
    """Earlier latents of which some frames are done again."""

    z: torch.Tensor
    """(C, L)"""
    redo: torch.Tensor
    """(L,) bool: frames to sample; the others stay, bit for bit."""


@torch.no_grad()
def sample_latents(
    denoiser: Denoiser | TUNet,
    condition: Conditioning,
    settings: SampleSettings,
    *,
    kept: Kept | None = None,
    progress: Progress = no_progress,
) -> torch.Tensor:
    """(C, L) float32 latents on the CPU. The same arguments give the same bytes on one machine.

    Raises:
        InputError: `kept` is of another length.
    """
    n_frames = len(condition.frames)
    if kept is not None and kept.z.shape != (denoiser.config.channels, n_frames):
        raise InputError(
            f"The earlier music has {kept.z.shape[1]} frames, this clip {n_frames}; both must be of"
            " one beat plan. Sample the whole piece again."
        )
    device = next(denoiser.parameters()).device
    lowest, highest = denoiser.sigma_range
    sigmas = karras_sigmas(settings.steps, sigma_min=lowest, sigma_max=highest).to(device)
    x = noise((1, denoiser.config.channels, n_frames), settings.seed).to(device)
    denoise = guided_denoiser(denoiser.eval(), condition, settings)
    if kept is None:
        z = SAMPLERS[settings.sampler](denoise, x * sigmas[0], sigmas, progress)
        return z[0].float().cpu()
    old = kept.z[None].to(device)
    mask = kept.redo[None, None].to(device)
    inside = keep_outside(denoise, old, mask.to(old))
    z = SAMPLERS[settings.sampler](inside, old + x * sigmas[0], sigmas, progress)
    return torch.where(mask, z, old)[0].float().cpu()


def guided_denoiser(
    denoiser: Denoiser | TUNet, condition: Conditioning, settings: SampleSettings
) -> Denoise:
    """The denoiser of one clip: windowed, and guided by storyboard and beats."""
    n_frames = len(condition.frames)
    contexts = _window_contexts(denoiser, condition, settings)

    def variant(name: str) -> Denoise:
        def denoise(x: torch.Tensor, sigma: torch.Tensor, first: int) -> torch.Tensor:
            return denoiser(x, sigma, contexts[first][name])

        return windowed(denoise, n_frames, settings.window, settings.overlap)

    return guide(
        variant("full"),
        variant("without_beats"),
        variant("without_any"),
        guidance_scale=settings.guidance_scale,
        beat_scale=settings.beat_scale,
    )


def _window_contexts(
    denoiser: Denoiser | TUNet, condition: Conditioning, settings: SampleSettings
) -> dict[int, dict[str, Context]]:
    """Contexts by first frame of a window and by what is hidden."""
    device = next(denoiser.parameters()).device
    n_frames = len(condition.frames)
    visibility = visible_shots(condition)
    hidden = torch.ones(1, dtype=torch.bool, device=device)
    contexts = {}
    for start in window_starts(n_frames, settings.window, settings.overlap):
        stop = min(start + settings.window, n_frames)
        cropped, seen = crop(condition, visibility, start, stop)
        batch = collate([cropped], [seen]).to(device)
        contexts[start] = {
            name: denoiser.conditions(batch, strength=settings.storyboard_strength, drops=drops)
            for name, drops in (
                ("full", Drops()),
                ("without_beats", Drops(beats=hidden)),
                ("without_any", Drops(beats=hidden, storyboard=hidden)),
            )
        }
    return contexts


def frames_of_shots(
    storyboard: Storyboard, latents: MusicLatents, shots: tuple[int, ...]
) -> torch.Tensor:
    """(L,) bool: latent frames whose middle lies in one of the shots, counted from 0.

    Raises:
        InputError: there is no such shot.
    """
    for shot in shots:
        if not 0 <= shot < len(storyboard.shots):
            raise InputError(
                f"There is no shot {shot + 1}; the storyboard has shots 1 to"
                f" {len(storyboard.shots)}. Correct the list of shots."
            )
    middles_s = (latents.frame_times_s[1:] + latents.frame_times_s[:-1]) / 2
    of = [storyboard.shot_index(float(time_s)) for time_s in middles_s]
    return torch.tensor([index in shots for index in of])
