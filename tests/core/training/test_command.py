"""`vem train`: a run from settings, interrupted and gone on with; errors in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.core.bad_input import assert_one_sentence
from tests.core.training.test_run import SETTINGS, weights
from vem_core import commands
from vem_core.cli import build_parser, main
from vem_core.training import command
from vem_core.training.presets import PRESETS, settings_to_json
from vem_core.types import Progress


def train_command(folder: Path, *options: str) -> list[str]:
    settings = folder / "settings.json"
    settings.write_text(settings_to_json(SETTINGS), encoding="utf-8")
    command = ["train", "--settings", str(settings), "-o", str(folder / "run")]
    return [*command, "--device", "cpu", "--workers", "1", *options]


def test_an_interrupted_training_goes_on_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for folder in (whole, cut):
        folder.mkdir()
    assert main(train_command(whole)) == 0
    assert f"Wrote {whole / 'run' / 'vem-score.safetensors'}" in capsys.readouterr().out
    calls = 0

    @contextmanager
    def interrupted_bar(label: str) -> Iterator[Progress]:
        def show(share: float) -> None:
            nonlocal calls
            calls += 1
            if share > 0.5:
                raise KeyboardInterrupt

        yield show

    with monkeypatch.context() as patched:
        patched.setattr(commands, "progress_bar", interrupted_bar)
        assert main(train_command(cut)) == 130
    assert "goes on from the last saved step" in capsys.readouterr().err
    assert calls > 3 and not (cut / "run" / "vem-score.safetensors").exists()
    assert main(train_command(cut)) == 0
    first, second = (weights(f / "run" / "vem-score.safetensors") for f in (whole, cut))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_trial_is_short_in_all_its_stages() -> None:
    given = build_parser().parse_args(["train", "--preset", "small", "-o", "x", "--quick", "7"])
    trial = command.training_settings(given)
    loops = (trial.codec_loop, trial.denoiser_loop, trial.beats_loop)
    assert [loop.steps for loop in loops] == [7, 7, 7]
    assert trial.music.n_pieces <= 100 and trial.width == PRESETS["small"].width
    given = build_parser().parse_args(["train", "--preset", "base", "-o", "x"])
    assert command.training_settings(given) == PRESETS["base"]


def test_the_help_names_the_presets(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    shown = capsys.readouterr().out
    assert all(f"{name} (" in shown for name in PRESETS)


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        (("--preset", "tall"), "no preset 'tall'; there are small, base"),
        (("--preset", "small", "--quick", "0"), "trial of 0 steps"),
        (("--preset", "small", "--device", "abacus"), "device 'abacus' cannot be used"),
        (("--preset", "small", "--workers", "0"), "number of workers is 0"),
        (("--settings", "FOLDER/none.json"), "no file of training settings"),
        (("--settings", "FOLDER/words.json"), "are not JSON"),
        (("--settings", "FOLDER/list.json"), "not a JSON object"),
        (("--preset", "small", "--settings", "x.json"), "not allowed with"),
        ((), "--preset --settings is required"),
        (("--preset", "small", "-o", "FOLDER/words.json"), "cannot be made"),
    ],
)
def test_what_cannot_be_trained_gets_one_sentence(
    options: tuple[str, ...], pattern: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "words.json").write_text("as you like it")
    (tmp_path / "list.json").write_text("[]")
    given = [option.replace("FOLDER", str(tmp_path)) for option in options]
    output = [] if "-o" in given else ["-o", str(tmp_path / "run")]
    assert_one_sentence(lambda _: ["train", *given, *output], pattern, tmp_path, capsys)


def test_other_settings_in_the_same_folder_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    other = settings_to_json(replace(SETTINGS, width=128))
    (run / "settings.json").write_text(other, encoding="utf-8")
    command = train_command(tmp_path, "--music", str(tmp_path))
    assert_one_sentence(lambda _: command, "a training with other settings", tmp_path, capsys)
