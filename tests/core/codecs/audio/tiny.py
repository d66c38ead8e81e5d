"""Tiny random networks of the published classes, saved in the hub's own layout."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from vem_core.published import package
from vem_core.types import Audio

MELS = 16


def tiny_vae() -> Any:
    torch.manual_seed(0)
    return (
        package("diffusers", "this test")
        .AutoencoderKL(
            in_channels=1,
            out_channels=1,
            down_block_types=("DownEncoderBlock2D",) * 3,
            up_block_types=("UpDecoderBlock2D",) * 3,
            block_out_channels=(4, 4, 8),
            latent_channels=2,
            layers_per_block=1,
            norm_num_groups=2,
            scaling_factor=0.5,
        )
        .eval()
    )


def tiny_vocoder(*, trained_hop: bool = True) -> Any:
    from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

    torch.manual_seed(1)
    # AudioLDM-2's own rates and kernels; by them its output is 32 samples longer than it should be
    rates = [5, 4, 2, 2, 2] if trained_hop else [8, 8, 2, 2]
    kernels = [16, 16, 8, 4, 4] if trained_hop else [16, 16, 4, 4]
    config = SpeechT5HifiGanConfig(
        model_in_dim=MELS,
        sampling_rate=16_000,
        upsample_rates=rates,
        upsample_kernel_sizes=kernels,
        upsample_initial_channel=32,
        normalize_before=False,
        initializer_range=0.1,
    )
    return SpeechT5HifiGan(config).eval()


def tiny_oobleck(ratios: tuple[int, ...] = (2, 4, 4)) -> Any:
    torch.manual_seed(2)
    return (
        package("diffusers", "this test")
        .AutoencoderOobleck(
            encoder_hidden_size=8,
            downsampling_ratios=list(ratios),
            channel_multiples=[1] * len(ratios),
            decoder_channels=4,
            decoder_input_channels=4,
            audio_channels=2,
            sampling_rate=44_100,
        )
        .eval()
    )


def save_audioldm2(folder: Path) -> None:
    tiny_vae().save_pretrained(folder / "vae")
    tiny_vocoder().save_pretrained(folder / "vocoder")


def chirps(duration_s: float, rate: int, n_channels: int = 2) -> Audio:
    """Sweeps and clicks: something new everywhere, so that a shifted seam cannot hide."""
    t = np.arange(round(duration_s * rate)) / rate
    rng = np.random.default_rng(4)
    wave = 0.3 * np.sin(2 * np.pi * (200 * t + 300 * t**2)) + 0.05 * rng.normal(size=t.shape)
    wave[:: rate // 7] += 0.5
    both = np.stack([wave, np.roll(wave, 100)])[:n_channels].astype(np.float32)
    return Audio(waveform=torch.from_numpy(both), sample_rate=rate)
