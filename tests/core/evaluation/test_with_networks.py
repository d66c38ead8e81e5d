"""Whole paths with tiny random networks: what they measure once their files are there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.core.encoders.test_networks import languagebind, networks, tiny  # noqa: F401
from vem_core.evaluation import describe_match, evaluate_video
from vem_core.evaluation.folders import evaluate_folders
from vem_core.parsing.storyboard import read_storyboard, write_storyboard

from .test_folders import write
from .test_match import board, film  # noqa: F401


def test_a_video_with_all_networks(
    networks: Path,  # noqa: F811
    film: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    (tmp_path / "clap").symlink_to(networks / "clap")
    sound_side = tiny(num_mel_bins=16, target_length=64, audio_mean=-4.2, audio_std=4.5)
    languagebind(tmp_path / "languagebind-audio", sound_side)
    languagebind(tmp_path / "languagebind-video", tiny(add_time_attn=True, num_frames=4))
    storyboard = board()
    shots = tuple(replace(s, caption="abc"[: i % 3 + 1]) for i, s in enumerate(storyboard.shots))
    write_storyboard(replace(storyboard, shots=shots), tmp_path / "board.json")
    told = read_storyboard(tmp_path / "board.json")
    match = evaluate_video(film, storyboard=told, theme="a bad cab", networks=tmp_path)
    assert match.meaning.not_measured == {}
    assert set(match.meaning.scores) == {"clap_score", "tw_clap", "lb_score", "tw_lb"}
    assert all(-1 <= value <= 1 for value in match.meaning.scores.values())
    assert "LanguageBind" in " ".join(match.meaning.networks)
    assert "tw_lb: " in describe_match(match)
    again = evaluate_video(film, storyboard=told, theme="a bad cab", networks=tmp_path)
    assert again.meaning.scores == pytest.approx(match.meaning.scores)
    wordless = evaluate_video(film, networks=tmp_path).meaning
    assert wordless.not_measured["tw_clap"] == (
        "needs words: a theme, or captions in the storyboard"
    )


def test_folders_with_all_networks(networks: Path, tmp_path: Path) -> None:  # noqa: F811
    """A set against itself: no distance, no divergence; against another: both above."""
    real, other = tmp_path / "real", tmp_path / "other"
    for index in range(4):
        write(real / f"{index}.wav", 0.4 + 0.1 * index)
        write(other / f"{index}.wav", 0.05 + 0.02 * index)
    same = evaluate_folders(real, real, networks=networks).distribution
    assert same["fad"] == pytest.approx(0.0, abs=1e-9)
    assert same["kld"] == pytest.approx(0.0, abs=1e-9)
    assert same["fad_infinity"] is None and same["density"] is None  # four clips are too few
    assert "CLAP" in str(same["embedding"]) and "5 tags" in str(same["tagger"])
    found = evaluate_folders(real, other, networks=networks).distribution
    assert isinstance(found["fad"], float) and found["fad"] > 0
    assert isinstance(found["kld"], float) and found["kld"] > 0
    score = found["inception_score"]
    assert isinstance(score, float) and 1 <= score <= 5
    assert np.isfinite(float(found["csd"] or 0))
