"""Scores of shared spaces, over encoders whose answers are known."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vem_core.evaluation.meaning import (
    frames_between,
    measure_meaning,
    picture_scores,
    text_scores,
)
from vem_core.types import Audio, Samples, Storyboard, samples_of

from .test_match import CUTS_S, board, clicks, film  # noqa: F401  (a fixture)

RATE = 48_000


class Angles:
    """A space of two dimensions: texts are angles in degrees, sound's level is its angle."""

    name = "angles"
    frame_rate_hz = 5.0

    def __init__(self) -> None:
        self.n_frames: list[int] = []

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self._at(float(text)) for text in texts])

    def encode_sound(self, sound: Audio | Samples) -> np.ndarray:
        return self._at(100 * float(np.abs(samples_of(sound).values).max()))

    def encode_frames(self, frames: np.ndarray) -> np.ndarray:
        self.n_frames.append(len(frames))
        return self._at(frames[..., 0].mean() / 2)

    def _at(self, degrees: float) -> np.ndarray:
        return np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))])


def levels(*degrees: float) -> Samples:
    """A sound of one level a shot, as Angles reads it."""
    edges_s = [0.0, *CUTS_S, 12.0]
    values = np.zeros((1, 12 * RATE), np.float32)
    for degree, start_s, end_s in zip(degrees, edges_s[:-1], edges_s[1:], strict=True):
        values[:, round(start_s * RATE) : round(end_s * RATE)] = degree / 100
    return Samples(values=values, sample_rate=RATE)


def between(sound: Samples):
    def cut(start_s: float, end_s: float) -> Samples:
        part = sound.values[:, round(start_s * RATE) : round(end_s * RATE)]
        return Samples(values=part, sample_rate=RATE)

    return cut


def told(*captions: str, theme: str = "") -> Storyboard:
    storyboard = board()
    shots = tuple(
        replace(shot, caption=caption)
        for shot, caption in zip(storyboard.shots, captions, strict=True)
    )
    return replace(storyboard, shots=shots, theme=theme)


def test_shots_are_weighted_by_their_length() -> None:
    """Shots of 2, 2, 1, 3, 2 and 2 s; the music says 0 degrees but 60 in the fourth."""
    storyboard = told("0", "0", "0", "0", "0", "0", theme="90")
    music = between(levels(0, 0, 0, 60, 0, 0))
    found = text_scores(storyboard, music, Angles(), Angles())
    assert found.scores["tw_clap"] == pytest.approx((9 * 1 + 3 * 0.5) / 12)
    assert found.scores["clap_score"] == pytest.approx(np.cos(np.deg2rad(30)))  # 90 against 60
    assert found.networks == ("angles",)


def test_shots_without_words_take_the_theme_and_the_best_is_one() -> None:
    storyboard = told("10", "", "30", "", "", "", theme="50")
    music = between(levels(10, 50, 30, 50, 50, 50))
    assert text_scores(storyboard, music, Angles(), Angles()).scores == pytest.approx(
        {"clap_score": 1.0, "tw_clap": 1.0}
    )


def test_pictures_against_sound(film: Path) -> None:  # noqa: F811
    """Of each shot the frames of that shot alone, at the rate that the encoder wants."""
    angles = Angles()
    found = picture_scores(board(), between(levels(*[45] * 6)), film, angles, angles)
    assert set(found.scores) == {"lb_score", "tw_lb"}
    assert angles.n_frames[1:] == [10, 10, 5, 15, 10, 10]
    reds = [frames_between(film, s.start_s, s.end_s, 5.0)[..., 0].mean() / 2 for s in board().shots]
    expected = [np.cos(np.deg2rad(45 - red)) for red in reds]
    assert max(reds) - min(reds) > 80
    assert found.scores["tw_lb"] == pytest.approx(np.average(expected, weights=[2, 2, 1, 3, 2, 2]))


def test_absent_weights_and_words_are_said_and_never_a_number(tmp_path: Path) -> None:
    sound = between(Samples(values=clicks(np.arange(3.0), 12.0), sample_rate=RATE))
    found = measure_meaning(board(), sound, video=None, folder=tmp_path)
    assert found.scores == {}
    assert set(found.not_measured) == {"clap_score", "tw_clap", "lb_score", "tw_lb"}
    shown = found.as_dict()["clap_score"]
    assert str(shown).startswith(
        f"not measured: needs config.json in {tmp_path / 'clap'} (the files"
    )
