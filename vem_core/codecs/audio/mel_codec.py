"""The audio codec of the paper: a log-mel spectrogram, AudioLDM-2's autoencoder and its vocoder.

A latent frame covers four mel frames; its 8 channels times 16 rows of frequency are joined to 128
channels (row fastest), so that latents are (C, L) as everywhere else.
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
from .mel import MelConfig, as_trained_on, log_mel
from .reach import vae_reach, vocoder_reach

CODEC = "mel"
_LICENCE = "CC BY-NC-SA 4.0: not for commercial use"
_FREE = (
    "Where that licence does not fit, use the score codec, which comes with VeM, or train an"
    " autoencoder and a vocoder of your own on these classes."
)
VAE = PublishedPart(
    folder="vae",
    files=(
        ("config.json",),
        ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"),
    ),
    source="cvssp/audioldm2-music",
    licence=_LICENCE,
    free_way=_FREE,
)
VOCODER = PublishedPart(
    folder="vocoder",
    files=(("config.json",), ("model.safetensors", "pytorch_model.bin")),
    source="cvssp/audioldm2-music",
    licence=_LICENCE,
    free_way=_FREE,
)
TRAINED_FRAMES = 256
"""Latent frames of the 10.24 s that AudioLDM-2's autoencoder was trained on."""
_FADE = 8


class MelCodec:
    """Sound <-> latents of a log-mel autoencoder, on the device of its networks.

    Longer sound is encoded and decoded in chunks. The vocoder is convolutional, so its chunks are
    the whole up to rounding. The autoencoder is not: its group norms and the attention in its
    middle look at all that they are given, and they were trained to see 10.24 s of it. Sound up to
    one chunk is run whole; longer sound has the norms of each chunk, and neighbours blend over 16
    frames. With the norms and that attention taken out, chunks are the whole up to rounding; with
    them, mel decoded in chunks stayed within TOLERANCE of the whole (tests; random weights).
    """

    name = CODEC
    TOLERANCE = 0.1
    """RMS of chunked minus whole mel, in standard deviations of the whole."""

    def __init__(
        self,
        vae: Any,
        vocoder: Any,
        mel: MelConfig | None = None,
        *,
        chunk_frames: int = TRAINED_FRAMES,
    ):
        self.mel = mel or MelConfig()
        self._vae = vae
        self._vocoder = vocoder
        made, wanted = math.prod(vocoder.config.upsample_rates), self.mel.hop_length
        if made != wanted or vocoder.config.sampling_rate != self.mel.sample_rate:
            raise InputError(
                f"The vocoder makes {made} samples of {vocoder.config.sampling_rate} Hz from a mel"
                f" frame, the spectrogram has a hop of {wanted} at {self.mel.sample_rate} Hz;"
                " AudioLDM-2's is made for 160 at 16000 Hz. Use that hop, or a vocoder trained for"
                " yours."
            )
        n_levels = len(vae.config.block_out_channels)
        self._mel_per_frame = 2 ** (n_levels - 1)
        if self.mel.n_mels % self._mel_per_frame or vocoder.config.model_in_dim != self.mel.n_mels:
            raise InputError(
                f"The spectrogram has {self.mel.n_mels} bands; needed are"
                f" {vocoder.config.model_in_dim}, as the vocoder has, and a multiple of"
                f" {self._mel_per_frame}. Set that number."
            )
        encoder_halo, decoder_halo = vae_reach(n_levels, vae.config.layers_per_block)
        fade = min(_FADE, chunk_frames // 2)
        self._encoding = Chunks(core=chunk_frames, halo=encoder_halo, fade=fade)
        self._decoding = Chunks(core=chunk_frames, halo=decoder_halo, fade=fade)
        self._speaking = Chunks(
            core=chunk_frames * self._mel_per_frame,
            halo=vocoder_reach(
                vocoder.config.upsample_rates,
                vocoder.config.upsample_kernel_sizes,
                vocoder.config.resblock_kernel_sizes,
                vocoder.config.resblock_dilation_sizes,
            ),
        )

    @classmethod
    def open(cls, folder: Path, mel: MelConfig | None = None, device: str = "cpu") -> "MelCodec":
        """AudioLDM-2's published folders `vae` and `vocoder`, or folders of that form.

        Raises:
            MissingWeightsError: a file is not there.
            MediaError: the files are damaged or of another kind.
            InputError: spectrogram and vocoder do not fit each other.
        """
        places = require_part(VAE, folder), require_part(VOCODER, folder)
        purpose = "Decoding music with AudioLDM-2's networks"
        vae = read_part(package("diffusers", purpose).AutoencoderKL, places[0])
        vocoder = read_part(package("transformers", purpose).SpeechT5HifiGan, places[1])
        return cls(vae.to(device), vocoder.to(device), mel)

    @property
    def rows(self) -> int:
        """Rows of frequency in a latent frame."""
        return self.mel.n_mels // self._mel_per_frame

    @property
    def n_channels(self) -> int:
        return self._vae.config.latent_channels * self.rows

    @property
    def samples_per_frame(self) -> int:
        return self.mel.hop_length * self._mel_per_frame

    @property
    def latent_rate_hz(self) -> Fraction:
        """25 with AudioLDM-2's hop of 160, 15.625 with the paper's of 256."""
        return Fraction(self.mel.sample_rate, self.samples_per_frame)

    def frame_times_s(self, plan: BeatPlan) -> torch.Tensor:
        """(L + 1,) edges of the latent frames: an even clock that covers the clip of the plan."""
        return even_frame_times_s(
            frames_over(plan.duration_s, self.latent_rate_hz), self.latent_rate_hz
        )

    def encode(self, audio: Audio, generator: torch.Generator | None = None) -> MusicLatents:
        """Latents of a sound, of unit variance over music, from its start on.

        The sound is brought to the level that AudioLDM-2 was trained at, and filled up with silence
        to whole frames.

        Args:
            generator: draws from the posterior, as in training; None takes its mean.
        """
        mono = as_trained_on(samples_at(audio, self.mel.sample_rate, 1)[0])
        spectrum = log_mel(whole_frames(mono[None], self.samples_per_frame)[0], self.mel)
        z = self.encode_mel(spectrum, generator)
        times_s = even_frame_times_s(z.shape[1], self.latent_rate_hz)
        return MusicLatents(z=z, frame_times_s=times_s, codec=self.name)

    def decode(self, latents: MusicLatents) -> Audio:
        """Mono sound of exactly L * samples_per_frame samples.

        Raises:
            InputError: the latents are another codec's.
        """
        check_latents(latents, self.name, self.n_channels)
        wave = self.speak(self.decode_mel(latents.z))
        return Audio(waveform=wave[None], sample_rate=self.mel.sample_rate)

    @torch.no_grad()
    def encode_mel(
        self, spectrum: torch.Tensor, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """(T, n_mels) log-mel, T a multiple of the mel frames of a latent frame -> (C, L)."""
        step = self._mel_per_frame

        def run(first: int, end: int) -> torch.Tensor:
            picture = spectrum[None, None, first * step : end * step].to(self._vae.device)
            said = self._vae.encode(picture).latent_dist.parameters[0]
            return said.transpose(1, 2).cpu()  # (2C, L, rows) -> (2C, rows, L)

        said = torch.cat(list(in_chunks(run, len(spectrum) // step, self._encoding, 1)), dim=-1)
        mean, log_variance = said.chunk(2)
        if generator is not None:
            spread = (0.5 * log_variance.clamp(-30.0, 20.0)).exp()
            mean = mean + spread * torch.randn(mean.shape, generator=generator)
        return mean.flatten(0, 1) * self._vae.config.scaling_factor

    @torch.no_grad()
    def decode_mel(self, z: torch.Tensor) -> torch.Tensor:
        """(C, L) -> (T, n_mels) log-mel."""
        grid = z.unflatten(0, (-1, self.rows)) / self._vae.config.scaling_factor

        def run(first: int, end: int) -> torch.Tensor:
            part = grid[None, :, :, first:end].transpose(2, 3).to(self._vae.device)
            return self._vae.decode(part).sample[0, 0].T.cpu()

        pieces = in_chunks(run, z.shape[1], self._decoding, self._mel_per_frame)
        return torch.cat(list(pieces), dim=-1).T

    @torch.no_grad()
    def speak(self, spectrum: torch.Tensor) -> torch.Tensor:
        """(T, n_mels) log-mel -> (T * hop,) samples.

        The vocoder gives out a little more (32 samples with AudioLDM-2's); as there, the end of it
        is cut off.
        """
        hop = self.mel.hop_length

        def run(first: int, end: int) -> torch.Tensor:
            part = spectrum[None, first:end].to(self._vocoder.device)
            return self._vocoder(part)[0, : (end - first) * hop].cpu()

        return torch.cat(list(in_chunks(run, len(spectrum), self._speaking, hop)))
