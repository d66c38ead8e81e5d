"""Stereo sound by AutoencoderOobleck, the autoencoder of Stable Audio (Evans et al. 2024).

Convolutions alone, so chunks give the whole up to rounding. Any folder of that class will do:
Stable Audio Open's has 64 channels at 44.1 kHz / 2048 = 21.53 frames a second, ACE-Step 1.5's,
whose licence is free, 64 at 48 kHz / 1920 = 25.
"""

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch

from ...errors import InputError
from ...published import PublishedPart, package, read_part, require_part
from ...types import Audio, BeatPlan, MusicLatents
from .chunks import Chunks, in_chunks
from .latents import check_latents, even_frame_times_s, frames_over, samples_at, whole_frames
from .reach import oobleck_reach

CODEC = "oobleck"
VAE = PublishedPart(
    folder="vae",
    files=(
        ("config.json",),
        ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"),
    ),
    source="stabilityai/stable-audio-open-1.0",
    licence="Stability AI Community Licence: free below 1 million USD of revenue a year",
    free_way=(
        "Where that licence does not fit, put ACE-Step 1.5's folder of the same form there (MIT)."
    ),
)
CHUNK_FRAMES = 128


class OobleckCodec:
    """Sound <-> latents of an Oobleck autoencoder, on the device of its network.

    Its latents have about unit variance over music as they are.
    """

    name = CODEC
    TOLERANCE = 1e-5
    """Largest difference of chunked and whole, relative to the largest value: rounding alone."""

    def __init__(self, vae: Any, *, chunk_frames: int = CHUNK_FRAMES):
        ratios = vae.config.downsampling_ratios
        if any(ratio % 2 for ratio in ratios):
            raise InputError(
                f"The autoencoder divides the sound by {', '.join(map(str, ratios))}; needed are"
                " even numbers, since others lose samples. Choose another autoencoder."
            )
        self._vae = vae
        encoder_halo, decoder_halo = oobleck_reach(ratios)
        self._encoding = Chunks(core=chunk_frames, halo=encoder_halo)
        self._decoding = Chunks(core=chunk_frames, halo=decoder_halo)

    @classmethod
    def open(cls, folder: Path, device: str = "cpu") -> "OobleckCodec":
        """Stable Audio Open's published folder `vae`, or one of that form.

        Raises:
            MissingWeightsError: a file is not there.
            MediaError: the files are damaged or of another kind.
            InputError: an autoencoder whose frames are not even.
        """
        place = require_part(VAE, folder)
        diffusers = package("diffusers", "Decoding music with an Oobleck autoencoder")
        return cls(read_part(diffusers.AutoencoderOobleck, place).to(device))

    @property
    def sample_rate(self) -> int:
        return self._vae.config.sampling_rate

    @property
    def n_channels(self) -> int:
        return self._vae.config.decoder_input_channels

    @property
    def samples_per_frame(self) -> int:
        return math.prod(self._vae.config.downsampling_ratios)

    @property
    def latent_rate_hz(self) -> Fraction:
        return Fraction(self.sample_rate, self.samples_per_frame)

    def frame_times_s(self, plan: BeatPlan) -> torch.Tensor:
        """(L + 1,) edges of the latent frames: an even clock that covers the clip of the plan."""
        return even_frame_times_s(
            frames_over(plan.duration_s, self.latent_rate_hz), self.latent_rate_hz
        )

    @torch.no_grad()
    def encode(self, audio: Audio, generator: torch.Generator | None = None) -> MusicLatents:
        """Latents of a sound from its start on, filled up with silence to whole frames.

        Args:
            generator: draws from the posterior, as in training; None takes its mean.
        """
        waveform = samples_at(audio, self.sample_rate, self._vae.config.audio_channels)
        waveform = whole_frames(waveform, self.samples_per_frame)
        step = self.samples_per_frame

        def run(first: int, end: int) -> torch.Tensor:
            part = waveform[None, :, first * step : end * step].to(self._vae.device)
            found = self._vae.encode(part).latent_dist
            return torch.cat([found.mean, found.std], dim=1)[0].cpu()

        n_frames = waveform.shape[1] // step
        said = torch.cat(list(in_chunks(run, n_frames, self._encoding, 1)), dim=-1)
        z, spread = said.chunk(2)
        if generator is not None:
            z = z + spread * torch.randn(z.shape, generator=generator)
        times_s = even_frame_times_s(n_frames, self.latent_rate_hz)
        return MusicLatents(z=z, frame_times_s=times_s, codec=self.name)

    @torch.no_grad()
    def decode(self, latents: MusicLatents) -> Audio:
        """Sound of exactly L * samples_per_frame samples.

        Raises:
            InputError: the latents are another codec's.
        """
        check_latents(latents, self.name, self.n_channels)

        def run(first: int, end: int) -> torch.Tensor:
            return (
                self._vae.decode(latents.z[None, :, first:end].to(self._vae.device)).sample[0].cpu()
            )

        pieces = in_chunks(run, latents.z.shape[1], self._decoding, self.samples_per_frame)
        return Audio(waveform=torch.cat(list(pieces), dim=-1), sample_rate=self.sample_rate)
