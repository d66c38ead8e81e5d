"""AudioLDM-2's log-mel spectrogram, which is HiFi-GAN's (Kong et al. 2020).

Magnitudes (not powers) of frames under a Hann window, gathered by librosa's default mel bands
(Slaney's scale, each band of unit area), natural logarithm with a floor of 1e-5. The sound is
mirrored by (n_fft - hop) / 2 samples at each end and the frames are not centred on multiples of the
hop: frame k has its middle at (k + 1/2) * hop, so it stands for samples k * hop to (k + 1) * hop,
and n samples have n / hop frames. AudioLDM-2 trained on music with its mean taken off and its peak
at 0.5 (`as_trained_on`).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F

FLOOR = 1e-5
_BLOCK = 4096
"""Frames whose spectra are in memory at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MelConfig:
    """AudioLDM-2's; VeM writes 60 bins and a hop of 256, of which 64 and 256 can be built."""

    sample_rate: int = 16_000
    n_fft: int = 1024
    hop_length: int = 160
    n_mels: int = 64
    low_hz: float = 0.0
    high_hz: float = 8000.0

    def __post_init__(self) -> None:
        if (self.n_fft - self.hop_length) % 2 or not 0 < self.hop_length <= self.n_fft:
            raise ValueError(f"a hop of {self.hop_length} does not centre in {self.n_fft} samples")


@lru_cache(maxsize=4)
def mel_bands(config: MelConfig) -> torch.Tensor:
    """(n_mels, n_fft / 2 + 1) float32."""
    import librosa

    bands = librosa.filters.mel(
        sr=config.sample_rate,
        n_fft=config.n_fft,
        n_mels=config.n_mels,
        fmin=config.low_hz,
        fmax=config.high_hz,
    )
    return torch.from_numpy(np.asarray(bands, np.float32))


def log_mel(mono: torch.Tensor, config: MelConfig) -> torch.Tensor:
    """(T,) samples, T a multiple of the hop and longer than the mirrored ends -> (T / hop, n_mels).

    Frames are taken block by block, so memory beyond input and output does not grow with T.
    """
    hop, side = config.hop_length, (config.n_fft - config.hop_length) // 2
    bands = mel_bands(config).to(mono.device)
    window = torch.hann_window(config.n_fft, device=mono.device)
    padded = F.pad(mono[None], (side, side), mode="reflect")[0]
    n_frames = len(mono) // hop
    blocks = []
    for start in range(0, n_frames, _BLOCK):
        stop = min(start + _BLOCK, n_frames)
        part = padded[start * hop : (stop - 1) * hop + config.n_fft]
        spectrum = torch.stft(
            part, config.n_fft, hop, window=window, center=False, return_complex=True
        )
        blocks.append((bands @ spectrum.abs()).clamp_min(FLOOR).log().T)
    return torch.cat(blocks)


def as_trained_on(mono: torch.Tensor) -> torch.Tensor:
    """The sound at the level of AudioLDM-2's training music: mean 0, peak 0.5; silence stays."""
    level = mono - mono.mean()
    return 0.5 * level / (level.abs().max() + 1e-8)
