"""The networks of VeM's paper at their published sizes, with random weights: one process, no data.

    python -m benchmarks.paper_scale [--variant base] [--frames 64] [--codecs SECONDS]

Prints, each beside its bar: parameters; the U-Net before and after surgery, whose difference must
be 0; seconds of a call; with --codecs what both codecs take to decode that many seconds of sound,
and how far three chunks are from the whole. Needs about 2 GB, the large variant 4.
"""

import argparse
import resource
import time

import torch

from vem_core.codecs.audio.mel_codec import MelCodec
from vem_core.codecs.audio.oobleck_codec import OobleckCodec
from vem_core.model.audioldm2 import Streams, audioldm2_sizes, random_unet
from vem_core.model.conditioning import ConditioningWidths, Context
from vem_core.model.unet import TUNet, TUNetConfig
from vem_core.published import package
from vem_core.types import MusicLatents


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--variant", choices=sorted(audioldm2_sizes()), default="base")
    parser.add_argument("--frames", type=int, default=64, help="latent frames; 25 are a second")
    parser.add_argument("--codecs", type=float, default=0, help="seconds to decode; 0: none")
    given = parser.parse_args()
    torch.manual_seed(0)
    with torch.no_grad():
        surgery(given.variant, given.frames)
        if given.codecs:
            codecs(given.codecs)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"most memory: {peak_gb:.2f} GiB")


def millions(module: torch.nn.Module) -> float:
    return sum(p.numel() for p in module.parameters()) / 1e6


def surgery(variant: str, n_frames: int) -> None:
    """The published net and ours around it give the same numbers before training."""
    unet = random_unet(audioldm2_sizes()[variant]).eval()
    print(f"{variant}: U-Net {millions(unet):.1f} million parameters")
    x, steps = torch.randn(1, 128, n_frames), torch.tensor([500.0])
    streams = Streams(
        language_of_audio=torch.randn(1, 8, 768),
        words=torch.randn(1, 12, 1024),
        words_there=torch.arange(12)[None] < 9,
    )
    started = time.perf_counter()
    before = unet(
        x.unflatten(1, (8, 16)).transpose(2, 3),
        steps,
        encoder_hidden_states=streams.language_of_audio,
        encoder_hidden_states_1=streams.words,
        encoder_attention_mask_1=streams.words_there,
    ).sample
    before_s = time.perf_counter() - started
    widths = ConditioningWidths(
        text=512, picture=768, overall=32, frame=16, activation=512, reference=128
    )
    net = TUNet(TUNetConfig(conditioning=widths), unet).eval()
    print(f"  after surgery {millions(net):.1f} million; SG-CAtt at {', '.join(net.places)}")
    context = Context(
        tokens=torch.randn(1, 23, 768),
        bias=torch.zeros(1, n_frames, 23),
        frames=torch.randn(1, n_frames, 128),
        overall=torch.randn(1, 128),
        activations=torch.randn(1, n_frames, 512),
    )
    started = time.perf_counter()
    after = net.network(x, steps, context, streams)
    after_s = time.perf_counter() - started
    difference = (after - before.transpose(2, 3).flatten(1, 2)).abs().max().item()
    print(f"  largest difference {difference:g} (bar: 0); output std {after.std():.3f}")
    print(f"  a call on {n_frames} frames: {before_s:.1f} s before, {after_s:.1f} s after")


def codecs(duration_s: float) -> None:
    """Both autoencoders and the vocoder at their published sizes, on noise."""
    diffusers, transformers = (
        package(name, "This benchmark") for name in ("diffusers", "transformers")
    )
    vae = diffusers.AutoencoderKL(
        in_channels=1,
        out_channels=1,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(128, 256, 512),
        latent_channels=8,
        layers_per_block=2,
        scaling_factor=0.4110932946205139,
    ).eval()
    vocoder = transformers.SpeechT5HifiGan(
        transformers.SpeechT5HifiGanConfig(
            model_in_dim=64,
            upsample_initial_channel=1024,
            upsample_rates=[5, 4, 2, 2, 2],
            upsample_kernel_sizes=[16, 16, 8, 4, 4],
            normalize_before=False,
        )
    ).eval()
    n_frames = round(duration_s * 25)
    whole, parts = (MelCodec(vae, vocoder, chunk_frames=n) for n in (n_frames, -(-n_frames // 3)))
    report(whole, parts, n_frames)
    vae = diffusers.AutoencoderOobleck().eval()
    n_frames = round(duration_s * 44_100 / 2048)
    whole, parts = (OobleckCodec(vae, chunk_frames=n) for n in (n_frames, -(-n_frames // 3)))
    report(whole, parts, n_frames)


def report(whole: MelCodec | OobleckCodec, parts: MelCodec | OobleckCodec, n_frames: int) -> None:
    """Time of decoding, and how far chunks are from the whole."""
    z = torch.randn(whole.n_channels, n_frames)
    times_s = torch.arange(n_frames + 1) / float(whole.latent_rate_hz)
    latents = MusicLatents(z=z, frame_times_s=times_s.double(), codec=whole.name)
    started = time.perf_counter()
    exact = whole.decode(latents).waveform
    took_s = time.perf_counter() - started
    error = (parts.decode(latents).waveform - exact).square().mean().sqrt() / exact.std()
    print(
        f"{whole.name}: {n_frames} frames decoded in {took_s:.1f} s; chunks differ by {error:.2g}"
    )


if __name__ == "__main__":
    main()
