"""The audio codecs on tiny networks in the hub's own layout: clocks, chunks, errors."""

import shutil
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from tests.core.codecs.audio.test_chunks import convolutions_of
from tests.core.codecs.audio.tiny import (
    MELS,
    chirps,
    save_audioldm2,
    tiny_oobleck,
    tiny_vae,
    tiny_vocoder,
)
from tests.core.engine.tiny import tiny_plan, tiny_storyboard
from vem_core.codecs.audio.mel import MelConfig
from vem_core.codecs.audio.mel_codec import MelCodec
from vem_core.codecs.audio.oobleck_codec import OobleckCodec
from vem_core.errors import InputError, MediaError, MissingWeightsError
from vem_core.types import Audio, MusicLatents

pytest.importorskip("diffusers")
pytest.importorskip("transformers")
SMALL = MelConfig(n_mels=MELS)


def mel_codec(chunk_frames: int, *, plain: bool = False) -> MelCodec:
    vae = convolutions_of(tiny_vae()) if plain else tiny_vae()
    return MelCodec(vae, tiny_vocoder(), SMALL, chunk_frames=chunk_frames)


def test_latent_frames_lie_on_an_even_clock_that_covers_the_clip() -> None:
    plan = tiny_plan(tiny_storyboard((4.0, 9.03)), beat_s=0.43)
    codec = mel_codec(64)
    assert (codec.latent_rate_hz, codec.n_channels, codec.rows) == (25, 2 * MELS // 4, MELS // 4)
    times_s = codec.frame_times_s(plan)
    assert times_s.dtype == torch.float64 and len(times_s) == 227  # 9.03 s * 25 Hz = 225.75
    assert times_s[[0, 1, 100, -1]].tolist() == pytest.approx([0, 0.04, 4.0, 9.04])
    oobleck = OobleckCodec(tiny_oobleck((2, 4, 4, 8, 8)))
    assert oobleck.latent_rate_hz == Fraction(44_100, 2048)  # Stable Audio's: 21.53 Hz
    edges_s = oobleck.frame_times_s(plan)
    assert edges_s[21].item() == 21 * 2048 / 44_100 and edges_s[-2] < 9.03 <= edges_s[-1]
    paper = MelCodec(
        tiny_vae(), tiny_vocoder(trained_hop=False), MelConfig(hop_length=256, n_mels=MELS)
    )
    assert paper.latent_rate_hz == Fraction(125, 8)  # VeM's: 15.625 Hz


def test_oobleck_in_chunks_is_the_whole() -> None:
    music = chirps(0.25, 44_100)
    whole = OobleckCodec(tiny_oobleck(), chunk_frames=1000)
    parts = OobleckCodec(tiny_oobleck(), chunk_frames=24)
    z = whole.encode(music).z
    assert z.shape == (4, 345)  # 11025 samples in frames of 32, the last filled up
    near = 1e-5 * z.abs().max().item()
    torch.testing.assert_close(parts.encode(music).z, z, atol=near, rtol=0)
    latents = whole.encode(music)
    sound = whole.decode(latents).waveform
    assert sound.shape == (2, 345 * 32)
    limit = OobleckCodec.TOLERANCE * sound.abs().max().item()
    torch.testing.assert_close(parts.decode(latents).waveform, sound, atol=limit, rtol=0)
    small_halo = OobleckCodec(tiny_oobleck(), chunk_frames=24)
    object.__setattr__(small_halo._decoding, "halo", 2)  # a seam is heard, and this test sees it
    assert (small_halo.decode(latents).waveform - sound).abs().max() > 100 * limit


def test_mel_convolutions_in_chunks_are_the_whole() -> None:
    music = chirps(6.0, 16_000, 1)
    whole, parts = mel_codec(1000, plain=True), mel_codec(40, plain=True)
    latents = whole.encode(music)
    assert latents.z.shape == (8, 150)
    torch.testing.assert_close(parts.encode(music).z, latents.z, atol=1e-4, rtol=1e-4)
    spectrum = whole.decode_mel(latents.z)
    torch.testing.assert_close(parts.decode_mel(latents.z), spectrum, atol=1e-4, rtol=1e-4)
    sound = whole.speak(spectrum)
    assert sound.shape == (96_000,)
    torch.testing.assert_close(parts.speak(spectrum), sound, atol=1e-5, rtol=1e-4)


def test_mel_with_its_norms_stays_within_the_stated_tolerance() -> None:
    """Group norms and attention see their chunk alone; chunks of the length of training."""
    music = chirps(30.0, 16_000, 1)
    whole, parts = mel_codec(1000), mel_codec(256)
    latents = whole.encode(music)
    exact = whole.decode_mel(latents.z)
    error = parts.decode_mel(latents.z) - exact
    assert 0 < error.square().mean().sqrt() / exact.std() < MelCodec.TOLERANCE
    z_error = parts.encode(music).z - latents.z
    assert z_error.square().mean().sqrt() / latents.z.std() < MelCodec.TOLERANCE


def test_decoding_takes_no_more_memory_for_longer_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    codec = OobleckCodec(tiny_oobleck(), chunk_frames=24)
    longest = 0
    decode = codec._vae.decode

    def watched(z: torch.Tensor):
        nonlocal longest
        longest = max(longest, z.shape[-1])
        return decode(z)

    monkeypatch.setattr(codec._vae, "decode", watched)
    seen = []
    for n_frames in (100, 700):
        longest = 0
        times_s = torch.arange(n_frames + 1, dtype=torch.float64)
        codec.decode(
            MusicLatents(z=torch.zeros(4, n_frames), frame_times_s=times_s, codec="oobleck")
        )
        seen.append(longest)
    assert seen[0] == seen[1] == 24 + 2 * codec._decoding.halo


def test_training_draws_from_the_posterior_and_a_seed_repeats_it() -> None:
    music = chirps(0.5, 44_100)
    for codec in (mel_codec(64), OobleckCodec(tiny_oobleck())):
        mean = codec.encode(music).z
        first, again = (codec.encode(music, torch.Generator().manual_seed(3)).z for _ in range(2))
        assert torch.equal(first, again) and not torch.equal(first, mean)


def test_mono_and_other_rates_are_taken_and_surround_is_refused() -> None:
    codec = OobleckCodec(tiny_oobleck())
    assert codec.encode(chirps(0.2, 22_050, 1)).z.shape == (4, 276)
    with pytest.raises(InputError, match=r"6 channels; needed are one or two. Mix it down"):
        codec.encode(Audio(waveform=torch.zeros(6, 100), sample_rate=44_100))


def test_latents_of_another_codec_are_refused() -> None:
    latents = mel_codec(64).encode(chirps(0.5, 16_000))
    with pytest.raises(InputError, match="the codec 'mel' with 8 channels; this one is 'oob"):
        OobleckCodec(tiny_oobleck()).decode(latents)


def test_published_folders_are_read(tmp_path: Path) -> None:
    save_audioldm2(tmp_path)
    music = chirps(1.0, 16_000)
    codec = MelCodec.open(tmp_path, SMALL)
    direct = mel_codec(256)
    assert torch.equal(codec.encode(music).z, direct.encode(music).z)
    latents = codec.encode(music)
    assert torch.equal(codec.decode(latents).waveform, direct.decode(latents).waveform)
    tiny_oobleck().save_pretrained(tmp_path / "stable" / "vae")
    stable = OobleckCodec.open(tmp_path / "stable")
    assert torch.equal(stable.encode(music).z, OobleckCodec(tiny_oobleck()).encode(music).z)


def test_what_is_missing_is_named_with_its_licence_and_a_free_way(tmp_path: Path) -> None:
    with pytest.raises(
        MissingWeightsError,
        match=r"no 'config.json' in the folder '.*vae'.*cvssp/audioldm2-music"
        r".*CC BY-NC-SA 4.0: not for commercial use.*use the score codec",
    ):
        MelCodec.open(tmp_path)
    save_audioldm2(tmp_path)
    (tmp_path / "vocoder" / "model.safetensors").unlink()
    with pytest.raises(MissingWeightsError, match=r"no 'model.safetensors' in .*vocoder"):
        MelCodec.open(tmp_path, SMALL)
    with pytest.raises(MissingWeightsError, match=r"Stability AI Community.*ACE-Step 1.5.*MIT"):
        OobleckCodec.open(tmp_path / "nothing")


def test_damaged_and_foreign_folders_are_refused(tmp_path: Path) -> None:
    save_audioldm2(tmp_path)
    with pytest.raises(MediaError, match=r"holds a AutoencoderKL, needed is a AutoencoderOobleck"):
        OobleckCodec.open(tmp_path)
    (tmp_path / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"cut short")
    with pytest.raises(MediaError, match="cannot be read"):
        MelCodec.open(tmp_path, SMALL)
    shutil.rmtree(tmp_path / "vae")
    tiny_oobleck((2, 3)).save_pretrained(tmp_path / "vae")
    with pytest.raises(InputError, match=r"divides the sound by 2, 3; needed are even"):
        OobleckCodec.open(tmp_path)


def test_a_spectrogram_that_the_vocoder_was_not_made_for_is_refused() -> None:
    with pytest.raises(InputError, match=r"160 samples .* hop of 256 at 16000 Hz"):
        MelCodec(tiny_vae(), tiny_vocoder(), MelConfig(hop_length=256, n_mels=MELS))
    with pytest.raises(InputError, match=r"has 64 bands; needed are 16"):
        MelCodec(tiny_vae(), tiny_vocoder())
