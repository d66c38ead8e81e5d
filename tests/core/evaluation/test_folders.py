"""A folder against another: the same music, other music, scores."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vem_core.cli import main
from vem_core.codecs.score.midi import score_to_midi
from vem_core.composing.compose import compose
from vem_core.errors import InputError
from vem_core.evaluation.folders import evaluate_folders, files_in
from vem_core.rhythm.tempo_map import plan_beats

from .test_match import RATE, board, clicks


def write(path: Path, step_s: float, offset_s: float = 0.0) -> None:
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, clicks(np.arange(offset_s, 10, step_s), 10.0).T, RATE)


def test_the_same_music_is_alike_and_other_music_is_not(tmp_path: Path, capsys) -> None:
    real, made = tmp_path / "real", tmp_path / "made"
    write(real / "a.wav", 0.5)
    write(made / "a.wav", 0.5)
    write(real / "b.wav", 0.5)
    write(made / "b.flac", 0.5, 0.25)  # between the true beats
    write(made / "alone.wav", 0.6)
    out = tmp_path / "out"
    words = ["evaluate", "--reference", str(real), "--generated", str(made), "--out", str(out)]
    assert main([*words, "--networks", str(tmp_path)]) == 0
    assert "biou_500_ms" in capsys.readouterr().out
    found = json.loads((out / "figures.json").read_text(encoding="utf-8"))
    assert set(found["pairs"]) == {"a", "b"}
    assert found["pairs"]["a"]["beat_f_measure_70_ms"] == 1.0
    assert found["pairs"]["a"]["biou_500_ms"] == 1.0
    assert found["pairs"]["b"]["beat_f_measure_70_ms"] == 0.0
    assert found["means"]["beat_f_measure_70_ms"]["value"] == 0.5
    assert found["means"]["beat_f_measure_70_ms"]["n"] == 2
    assert found["distribution"]["bcs"] == pytest.approx(1.0, abs=0.06)  # saturated, as it does
    assert found["distribution"]["fad"].startswith("not measured: needs config.json in ")
    assert found["distribution"]["kld"].startswith("not measured: needs config.json in ")


def test_scores_are_compared_as_scores(tmp_path: Path) -> None:
    real, made = tmp_path / "real", tmp_path / "made"
    for folder in (real, made):
        folder.mkdir()
    storyboard = board()
    plan = plan_beats(storyboard)
    for name, style in (("same", "house"), ("other", "bossa")):
        score_to_midi(compose(storyboard, plan, style="house", seed=1), real / f"{name}.mid")
        score_to_midi(compose(storyboard, plan, style=style, seed=1), made / f"{name}.mid")
    found = evaluate_folders(real, made, networks=tmp_path)
    overlap = {name: figures["pitch_overlap"] for name, figures in found.pairs.items()}
    assert overlap["same"] == pytest.approx(1.0)
    assert overlap["other"] is not None and overlap["other"] < 0.9
    assert found.pairs["same"]["scale_consistency"] == pytest.approx(1.0, abs=0.1)
    assert found.distribution == {"fad": "not measured: needs sound in both folders"}


def test_folders_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder"):
        files_in(tmp_path / "none")
    with pytest.raises(InputError, match="holds no video, music or score"):
        files_in(tmp_path)
    write(tmp_path / "x.wav", 0.5)
    write(tmp_path / "x.flac", 0.5)
    with pytest.raises(InputError, match=r"holds both 'x.flac' and 'x.wav'"):
        files_in(tmp_path)
