"""The whole training, tiny: it ends in a model file, and stopping it changes nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from vem_core.checkpoint import load_model
from vem_core.codecs.score.latent_codec import CodecConfig
from vem_core.errors import InputError
from vem_core.training.pieces import BakeSettings
from vem_core.training.run import TrainSettings, quick_settings, train
from vem_core.training.storyboards import StoryboardSettings

SETTINGS = quick_settings(
    TrainSettings(
        music=BakeSettings(
            n_pieces=2, storyboards=StoryboardSettings(shortest_s=9.0, longest_s=12.0)
        ),
        codec=CodecConfig(width=16, slot_width=8),
        codec_batch_beats=16,
        width=64,
        n_blocks=2,
        batch_frames=32,
    ),
    steps=2,
)


def weights(path: Path) -> dict[str, torch.Tensor]:
    model = load_model(path)
    return {**model.codec.state_dict(), **model.denoiser.state_dict()}


def test_training_ends_in_a_model_and_a_kill_changes_nothing(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole", tmp_path / "music", SETTINGS)
    assert whole.name == "vem-score.safetensors"
    calls = 0

    class Killed(Exception):
        pass

    def kill_now_and_then(share: float) -> None:
        nonlocal calls
        calls += 1
        if calls % 7 == 0:
            raise Killed

    for _ in range(12):
        try:
            cut = train(tmp_path / "cut", tmp_path / "music", SETTINGS, progress=kill_now_and_then)
            break
        except Killed:
            pass
    else:
        pytest.fail("the training never ended")
    assert calls > 7
    first, second = weights(whole), weights(cut)
    assert all(torch.equal(first[name], second[name]) for name in first)
    with pytest.raises(InputError, match="a training with other settings"):
        train(tmp_path / "cut", tmp_path / "music", replace(SETTINGS, width=128))


def test_training_goes_on_from_a_model_and_keeps_its_codec(tmp_path: Path) -> None:
    first = train(tmp_path / "first", tmp_path / "music", SETTINGS)
    further = replace(SETTINGS, start_from=str(first))
    second = train(tmp_path / "second", tmp_path / "music", further)
    old, new = weights(first), weights(second)
    kept = load_model(first).codec.state_dict()
    assert all(torch.equal(old[name], new[name]) for name in kept)
    moved = old["blocks.0.mlp.0.weight"] - new["blocks.0.mlp.0.weight"]
    assert 0 < moved.abs().max() < 0.1  # near where it started, not drawn anew
    with pytest.raises(InputError, match="width 64 with 2 blocks"):
        train(tmp_path / "third", tmp_path / "music", replace(further, width=128))
