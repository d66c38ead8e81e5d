"""`vem score` by the model and by the composer; what is wrong with a model is said before work."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.core.bad_input import assert_one_sentence
from tests.core.engine.audible import write_audible_model
from tests.core.video.clips import BLUE, GREEN, RED, Clip, write_clip
from vem_core import places
from vem_core.cli import main

CLIP = Clip(shots=((RED, 50), (BLUE, 60), (GREEN, 70)))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_audible_model(tmp_path_factory.mktemp("models") / "own.safetensors")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", CLIP)


def sound_of(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)


def score(clip: Path, name: str, *options: str) -> dict:
    folder = clip.parent
    report = folder / f"{name}.json"
    command = ["score", str(clip), "-o", str(folder / f"{name}.mp4"), "--report", str(report)]
    assert main([*command, "--midi", str(folder / f"{name}.mid"), *options]) == 0
    return json.loads(report.read_text(encoding="utf-8"))


def test_the_model_scores_a_film_and_its_seed_decides(clip: Path, model: Path) -> None:
    own = ["--model", str(model), "--steps", "3", "--style", "house"]
    first = score(clip, "first", *own, "--seed", "5")
    assert first["model"] == "random, house" and first["seed"] == 5
    timings_s = first["timings_s"]
    assert "load" in timings_s and timings_s["sample"] > 0 and timings_s["decode"] > 0
    again = score(clip, "again", *own, "--seed", "5")
    folder = clip.parent
    assert (folder / "first.mid").read_bytes() == (folder / "again.mid").read_bytes()
    assert np.array_equal(sound_of(folder / "first.mp4"), sound_of(folder / "again.mp4"))
    assert first["hits"] == again["hits"] and first["hits"]
    score(clip, "other", *own, "--seed", "6")
    assert (folder / "first.mid").read_bytes() != (folder / "other.mid").read_bytes()
    score(clip, "strict", *own, "--seed", "5", "--guidance", "6")
    assert (folder / "first.mid").read_bytes() != (folder / "strict.mid").read_bytes()


def test_without_weights_the_composer_is_named_and_is_never_taken_silently(
    clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(places, "BOX", tmp_path / "empty")
    pattern = r"^vem score: .*'vem-score\.safetensors'.*empty'.*--engine composer\.$"
    assert_one_sentence(
        lambda folder: ["score", str(clip), "-o", str(folder / "out.mp4")],
        pattern,
        tmp_path,
        capsys,
    )
    assert score(clip, "composed", "--engine", "composer")["model"].startswith("composer, ")


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def foreign(path: Path) -> None:
    save_file({"weight": torch.zeros(2)}, path)


@pytest.mark.parametrize(
    ("spoil", "pattern"),
    [
        (Path.unlink, r"no model 'own\.safetensors' in the folder .*--engine composer\.$"),
        (cut_short, "cut short or not a"),
        (foreign, "not a model of VeM"),
        (lambda path: path.write_text("hello"), "cannot be read as a model"),
    ],
)
def test_a_wrong_model_gets_one_sentence(
    spoil, pattern: str, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_audible_model(tmp_path / "own.safetensors")
    spoil(path)
    command = ["score", str(clip), "-o", str(tmp_path / "out.mp4"), "--model", str(path)]
    assert_one_sentence(lambda _: command, pattern, tmp_path, capsys)


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        (("--steps", "0"), "number of steps is 0"),
        (("--guidance", "-2"), "guidance is -2"),
        (("--beat-strength", "nan"), "strength of the beats is nan"),
        (("--storyboard-strength", "2"), "strength of the storyboard is 2"),
        (("--engine", "composer", "--steps", "9"), "--steps is for the trained model"),
        (("--engine", "drums"), "invalid choice"),
    ],
)
def test_options_that_cannot_be_used(
    options: tuple[str, ...],
    pattern: str,
    clip: Path,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = [] if "composer" in options else ["--model", str(model)]
    command = ["score", str(clip), "-o", str(tmp_path / "out.mp4"), *own, *options]
    assert_one_sentence(lambda _: command, pattern, tmp_path, capsys)
