"""What both audio codecs share: latent frames of one length, sound brought to the codec's form."""

import math
from fractions import Fraction

import numpy as np
import torch

from ...errors import InputError
from ...types import Audio, MusicLatents


def even_frame_times_s(n_frames: int, rate_hz: Fraction) -> torch.Tensor:
    """(n_frames + 1,) float64 edges of frames at a constant rate from 0 s on."""
    edges = torch.arange(n_frames + 1, dtype=torch.float64)
    return edges * rate_hz.denominator / rate_hz.numerator


def frames_over(duration_s: float, rate_hz: Fraction) -> int:
    """How many frames cover a duration, at least one."""
    return max(1, math.ceil(duration_s * float(rate_hz) - 1e-6))


def samples_at(audio: Audio, sample_rate: int, n_channels: int) -> torch.Tensor:
    """(n_channels, T) float32 at another rate; stereo is averaged to mono, mono doubled to stereo.

    Raises:
        InputError: the sound has another number of channels than one or two.
    """
    waveform = audio.waveform.detach().float().cpu()
    if waveform.shape[0] not in (1, 2):
        raise InputError(
            f"The sound has {waveform.shape[0]} channels; needed are one or two. Mix it down."
        )
    if n_channels == 1:
        waveform = waveform.mean(dim=0, keepdim=True)
    elif waveform.shape[0] == 1:
        waveform = waveform.expand(2, -1)
    if audio.sample_rate == sample_rate:
        return waveform
    import soxr

    resampled = soxr.resample(
        waveform.numpy().T, audio.sample_rate, sample_rate, quality="HQ"
    )  # (C, T) -> (T, C)
    return torch.from_numpy(np.ascontiguousarray(resampled.T, np.float32))


def whole_frames(waveform: torch.Tensor, samples_per_frame: int) -> torch.Tensor:
    """The sound with silence after it up to a whole number of frames, at least one."""
    n_frames = max(1, -(-waveform.shape[1] // samples_per_frame))
    missing = n_frames * samples_per_frame - waveform.shape[1]
    return torch.nn.functional.pad(waveform, (0, missing))


def check_latents(latents: MusicLatents, codec: str, n_channels: int) -> None:
    """Raises InputError where the latents are another codec's."""
    if latents.codec != codec or latents.z.shape[0] != n_channels:
        raise InputError(
            f"The latents are of the codec '{latents.codec}' with {latents.z.shape[0]} channels;"
            f" this one is '{codec}' with {n_channels}. Sample them with a model of this codec."
        )
