"""Networks by others, tiny and random, saved in the hub's own file layout and read back."""

import json
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from vem_core.encoders.clap import Clap
from vem_core.encoders.frame_features import ClipFrames, EncodecSeconds
from vem_core.encoders.languagebind import (
    LanguageBindSound,
    LanguageBindVideo,
    Tower,
    TowerConfig,
    frame_pixels,
    load_tower,
)
from vem_core.encoders.local import CLAP, mono_at, require, windows
from vem_core.encoders.tagger import Tagger
from vem_core.errors import MediaError, MissingWeightsError
from vem_core.types import Audio

transformers = pytest.importorskip("transformers")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that is asked for anything fails the test."""

    def refuse(*_: object) -> None:
        raise AssertionError("something asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def sound(duration_s: float, seed: int = 0, rate: int = 44_100) -> Audio:
    noise = np.random.default_rng(seed).normal(0, 0.1, (2, round(duration_s * rate)))
    return Audio(waveform=torch.from_numpy(noise.astype(np.float32)), sample_rate=rate)


def frames(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 36, 64, 3), dtype=np.uint8)


def save_tokenizer(folder: Path) -> None:
    """A tokenizer of letters, in the one file that CLAP's repository has too."""
    letters = {token: i for i, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", *"abcdefgh "])}
    from tokenizers import Tokenizer
    from tokenizers.models import BPE

    plain = Tokenizer(BPE(letters, [], unk_token="<unk>"))
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=plain,
        pad_token="<pad>",
        eos_token="</s>",
        bos_token="<s>",
        unk_token="<unk>",
    ).save_pretrained(folder)


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny CLAP, CLIP, EnCodec and AST."""
    folder = tmp_path_factory.mktemp("networks")
    torch.manual_seed(0)
    save_clap(folder / "clap")
    vision = {
        "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 2, "image_size": 32, "patch_size": 8, "projection_dim": 12,
    }  # fmt: skip
    text = {
        "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
        "num_attention_heads": 2, "vocab_size": 20, "projection_dim": 12,
    }  # fmt: skip
    config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=12)
    transformers.CLIPModel(config).save_pretrained(folder / "clip")
    size = {"shortest_edge": 32}
    front = transformers.CLIPImageProcessor(size=size, crop_size={"height": 32, "width": 32})
    front.save_pretrained(folder / "clip")
    encodec = transformers.EncodecConfig(
        sampling_rate=8_000, num_filters=2, hidden_size=6, codebook_size=4, codebook_dim=6,
        num_lstm_layers=1, upsampling_ratios=[8, 5, 4], target_bandwidths=[0.1],
    )  # fmt: skip
    transformers.EncodecModel(encodec).save_pretrained(folder / "encodec")
    ast = transformers.ASTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_length=128, num_mel_bins=32, patch_size=16, num_labels=5,
    )  # fmt: skip
    transformers.ASTForAudioClassification(ast).save_pretrained(folder / "tagger")
    transformers.ASTFeatureExtractor(num_mel_bins=32, max_length=128).save_pretrained(
        folder / "tagger"
    )
    return folder


def save_clap(folder: Path) -> None:
    sound_side = {
        "hidden_size": 8, "patch_embeds_hidden_size": 4, "depths": [1, 1], "num_hidden_layers": 2,
        "num_attention_heads": [1, 2], "num_mel_bins": 64, "spec_size": 256, "window_size": 8,
        "projection_dim": 8, "aff_block_r": 1,
    }  # fmt: skip
    text_side = {
        "vocab_size": 20, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 16, "projection_dim": 8, "max_position_embeddings": 64,
    }  # fmt: skip
    config = transformers.ClapConfig(
        text_config=text_side, audio_config=sound_side, projection_dim=8
    )
    transformers.ClapModel(config).save_pretrained(folder)
    transformers.ClapFeatureExtractor(truncation="rand_trunc").save_pretrained(folder)
    save_tokenizer(folder)


def test_clap_is_the_same_every_time_and_a_mean_of_windows(networks: Path) -> None:
    clap = Clap(networks)
    music = sound(24.0)
    rows = clap.encode_windows(music)
    assert rows.shape == (3, clap.width)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(3))
    whole = clap.encode_sound(music)
    assert whole == pytest.approx(clap.encode_sound(music))
    mean = rows.mean(axis=0)
    assert whole == pytest.approx(mean / np.linalg.norm(mean))
    one = clap.encode_texts(["abc"])
    both = clap.encode_texts(["abc", "hgfedcba"])
    assert both.shape == (2, clap.width)
    assert both[0] == pytest.approx(one[0], abs=1e-5)  # padding says nothing
    assert not np.allclose(both[0], both[1], atol=1e-4)


def test_tags_are_shares(networks: Path) -> None:
    tagger = Tagger(networks)
    assert len(tagger.labels) == 5
    shares = tagger.posteriors(sound(13.0))
    assert shares.shape == (5,) and shares.sum() == pytest.approx(1.0)
    assert shares == pytest.approx(tagger.posteriors(sound(13.0)))


def test_seconds_of_pictures_and_music(networks: Path) -> None:
    pictures = ClipFrames(networks)
    seen = pictures.encode(frames(20))
    assert seen.shape == (20, 12)
    assert seen[17] == pytest.approx(pictures.encode(frames(20)[17:18])[0], abs=1e-5)
    music = EncodecSeconds(networks).encode(sound(3.4))
    assert music.shape == (4, 6)


def languagebind(folder: Path, config: TowerConfig) -> Tower:
    """A random tower, saved as the hub has it, with the text side that nobody reads."""
    folder.mkdir(parents=True)
    tower = Tower(config)
    for weight in tower.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    names = {name: value.contiguous() for name, value in tower.state_dict().items()}
    names["text_model.final_layer_norm.weight"] = torch.ones(3)
    names["logit_scale"] = torch.tensor(2.0)
    save_file(names, folder / "model.safetensors")
    vision = {name: getattr(config, name) for name in TowerConfig.__slots__}
    whole = {"vision_config": vision, "projection_dim": config.projection_dim, "text_config": {}}
    (folder / "config.json").write_text(json.dumps(whole), encoding="utf-8")
    return tower.eval()


def tiny(**changes: object) -> TowerConfig:
    settings = {
        "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 2, "patch_size": 8, "image_size": 32, "lora_r": 0,
        "projection_dim": 12,
    } | changes  # fmt: skip
    return TowerConfig(**settings)  # type: ignore[arg-type]


def test_a_tower_without_time_is_clip(tmp_path: Path) -> None:
    """The same weights in transformers' own CLIP give the same embedding."""
    tower = languagebind(tmp_path / "x", tiny())
    config = transformers.CLIPVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        patch_size=8, image_size=32, projection_dim=12,
    )  # fmt: skip
    clip = transformers.CLIPVisionModelWithProjection(config).eval()
    clip.load_state_dict(tower.state_dict(), strict=False)
    pixels = frame_pixels(frames(3), 32)
    with torch.inference_mode():
        expected = clip(pixel_values=pixels).image_embeds
        assert tower(pixels[:, None]) == pytest.approx(expected, abs=1e-5)


def test_attention_over_time_sees_the_order_of_frames(tmp_path: Path) -> None:
    """Without its time layers a video is the mean of its frames; with them order matters."""
    moving = languagebind(tmp_path / "moving", tiny(add_time_attn=True, num_frames=4))
    still = Tower(tiny())
    still.load_state_dict({k: v for k, v in moving.state_dict().items() if "temporal" not in k})
    pixels = frame_pixels(frames(4), 32)
    with torch.inference_mode():
        assert not torch.allclose(moving(pixels[None]), moving(pixels.flip(0)[None]), atol=1e-3)
        for name, weight in moving.named_parameters():
            if "temporal" in name:
                weight.zero_()
        alone = still(pixels[:, None]).mean(dim=0)
        assert moving(pixels[None])[0] == pytest.approx(alone, abs=1e-4)


def test_languagebind_from_a_folder(tmp_path: Path) -> None:
    sound_config = tiny(num_mel_bins=16, target_length=64, audio_mean=-4.2, audio_std=4.5)
    languagebind(tmp_path / "languagebind-audio", sound_config)
    languagebind(tmp_path / "languagebind-video", tiny(add_time_attn=True, num_frames=4))
    heard = LanguageBindSound(tmp_path)
    for duration_s in (0.01, 0.3, 5.0):
        row = heard.encode_sound(sound(duration_s))
        assert row.shape == (12,) and np.linalg.norm(row) == pytest.approx(1.0)
    assert heard.encode_sound(sound(5.0)) == pytest.approx(heard.encode_sound(sound(5.0)))
    seen = LanguageBindVideo(tmp_path)
    assert seen.encode_frames(frames(1)).shape == (12,)
    nine = seen.encode_frames(frames(9))
    assert nine == pytest.approx(seen.encode_frames(frames(9)[[0, 2, 5, 8]]))


def test_what_is_missing_is_named_with_its_place(tmp_path: Path, networks: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"needs config.json in .*clap \(the files"):
        Clap(tmp_path)
    (tmp_path / "clap").mkdir()
    (tmp_path / "clap" / "config.json").write_text("{}")
    with pytest.raises(MissingWeightsError, match=r"needs model.safetensors in .*clap"):
        require(CLAP, tmp_path)


def test_files_that_do_not_fit_are_refused(tmp_path: Path, networks: Path) -> None:
    (tmp_path / "tagger").symlink_to(networks / "encodec")
    (networks / "encodec" / "preprocessor_config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(MediaError, match="cannot be read"):
        Tagger(tmp_path)
    languagebind(tmp_path / "lora", tiny(lora_r=2))
    with pytest.raises(MediaError, match="LoRA layers; only the fully tuned"):
        load_tower(tmp_path / "lora")
    languagebind(tmp_path / "odd", tiny())
    text = (
        (tmp_path / "odd/config.json").read_text().replace('"hidden_size": 16', '"hidden_size": 8')
    )
    (tmp_path / "odd/config.json").write_text(text)
    with pytest.raises(MediaError, match=r"do not fit its config.json"):
        load_tower(tmp_path / "odd")


def test_windows_cover_the_sound() -> None:
    mono = np.arange(25.0)
    assert [list(w[[0, -1]]) for w in windows(mono, 10)] == [[0, 9], [10, 19], [15, 24]]
    assert [len(w) for w in windows(mono[:20], 10)] == [10, 10]
    assert [len(w) for w in windows(mono, 40)] == [25]
    assert len(mono_at(sound(1.0), 16_000)) == 16_000
