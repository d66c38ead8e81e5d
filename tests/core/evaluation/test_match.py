"""Whole matches: a video with clicks on its cuts, and one with clicks between them."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.core.video.clips import BLUE, GREEN, RED, Clip, write_clip
from vem_core.cli import main
from vem_core.errors import InputError, MediaError
from vem_core.evaluation import describe_match, evaluate_video, listening, match_music
from vem_core.evaluation.listening import listen
from vem_core.metrics.rhythm import f_measure
from vem_core.types import (
    Affect,
    Audio,
    Motion,
    Picture,
    Shot,
    Storyboard,
    Transition,
    stream_of,
)

RATE = 48_000
CUTS_S = (2.0, 4.0, 5.0, 8.0, 10.0)


def clicks(times_s: np.ndarray, duration_s: float, loud: tuple[float, ...] = ()) -> np.ndarray:
    """(2, T) bursts of noise, each 40 ms; twice as loud at the times in `loud`."""
    sound = np.zeros((2, round(duration_s * RATE)), np.float32)
    burst = np.random.default_rng(0).normal(0, 0.15, round(0.04 * RATE)).astype(np.float32)
    burst *= np.linspace(1, 0, len(burst), dtype=np.float32) ** 2
    for time_s in times_s:
        start = round(time_s * RATE)
        part = burst[: sound.shape[1] - start]
        gain = 2.0 if any(abs(time_s - t) < 1e-6 for t in loud) else 1.0
        sound[:, start : start + len(part)] += gain * part
    return sound


def audio(samples: np.ndarray) -> Audio:
    return Audio(waveform=torch.from_numpy(samples), sample_rate=RATE)


def board(duration_s: float = 12.0, arousal: tuple[float, ...] = ()) -> Storyboard:
    edges_s = [0.0, *CUTS_S, duration_s]
    arousal = arousal or (0.5,) * (len(edges_s) - 1)
    picture = Picture(
        keyframe_s=0, brightness=0.5, saturation=0.5, contrast=0.5, warmth=0, hues=(0.0,) * 12
    )
    shots = tuple(
        Shot(
            start_s=start_s,
            end_s=end_s,
            affect=Affect(valence=0, arousal=level),
            picture=picture,
            motion=Motion(mean=0.1, peak=0.1),
        )
        for start_s, end_s, level in zip(edges_s[:-1], edges_s[1:], arousal, strict=True)
    )
    cuts = tuple(Transition(time_s=t) for t in CUTS_S)
    return Storyboard(duration_s=duration_s, fps=Fraction(25), shots=shots, transitions=cuts)


def test_clicks_on_the_cuts_score_high_and_between_them_low() -> None:
    on = match_music(audio(clicks(np.arange(0, 12, 0.5), 12.0, CUTS_S)), board())
    assert on.track.tempo_bpm == pytest.approx(120, abs=0.5)
    assert on.figures["hit_rate_40_ms"] == 1.0
    assert on.accents["accent_rank"] == 1.0
    off = match_music(audio(clicks(np.arange(0.25, 12, 0.5), 12.0)), board())
    assert off.figures["hit_rate_100_ms"] == 0.0
    assert off.figures["mean_absolute_error_ms"] == pytest.approx(250, abs=8)
    rank = off.accents["accent_rank"]
    assert rank is not None and rank < 0.35
    words = describe_match(off)
    assert "0 % of the cuts have a beat within 70 ms (95 %: 0 to 43); chance gives 28 %" in words
    assert "clap_score, tw_clap not measured: needs config.json in " in words
    json.dumps(off.as_dict(), allow_nan=False)


def test_loud_shots_for_intense_pictures_agree() -> None:
    arousal = (0.1, 0.9, 0.3, 0.7, 0.2, 0.8)
    edges_s = np.array([0, *CUTS_S, 12.0])
    sound = clicks(np.arange(0, 12, 0.5), 12.0)
    for start_s, end_s, level in zip(edges_s[:-1], edges_s[1:], arousal, strict=True):
        sound[:, round(start_s * RATE) : round(end_s * RATE)] *= 0.2 + level
    follows = match_music(audio(sound), board(arousal=arousal)).affect
    assert follows["arousal_loudness"].rho == pytest.approx(1.0)
    against = match_music(audio(sound), board(arousal=tuple(1 - a for a in arousal))).affect
    assert against["arousal_loudness"].rho == pytest.approx(-1.0)


def test_sections_are_heard_as_the_whole_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beats, onsets, curves and levels of 60 s in one piece, and in sections of 20 s."""
    stream = stream_of(audio(clicks(np.arange(0.1, 60, 0.48), 60.0)), block=1000)
    whole = listen(stream, picture_s=60.0)
    monkeypatch.setattr(listening, "SECTION_S", 20.0)
    parts = listen(stream, picture_s=60.0)
    assert len(whole.track.beats_s) > 120
    beats_s = np.array(whole.track.beats_s)
    assert f_measure(beats_s, np.array(parts.track.beats_s), 0.01).f_measure == 1.0
    assert parts.track.tempo_bpm == pytest.approx(125, abs=0.2)
    assert f_measure(whole.onsets_s, parts.onsets_s, 0.001).f_measure == 1.0
    assert parts.strengths.shape == whole.strengths.shape
    assert parts.chroma.shape == whole.chroma.shape
    assert parts.levels.loudness_lufs == whole.levels.loudness_lufs
    assert parts.delivery == whole.delivery


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 s in six colours, clicks on the cuts, sound that stops half a second early."""
    edges_s = [0.0, *CUTS_S, 12.0]
    colours = [RED, GREEN, BLUE, (220, 220, 40), (150, 60, 160), (20, 130, 130)]
    shots = tuple(
        (colour, round(25 * (end - start)))
        for colour, start, end in zip(colours, edges_s[:-1], edges_s[1:], strict=True)
    )
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    sound = clicks(np.arange(0, 11.4, 0.5), 11.5)
    return write_clip(path, Clip(shots=shots, audio=sound))


def test_a_video_from_the_command_line(film: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "results"
    report = tmp_path / "mine.json"
    assert main(["evaluate", str(film), "--out", str(out), "--report", str(report)]) == 0
    shown = capsys.readouterr().out
    assert "film.mp4" in shown and "100 % of the cuts have a beat within 70 ms" in shown
    figures = json.loads((out / "figures.json").read_text(encoding="utf-8"))[0]
    assert figures == json.loads(report.read_text(encoding="utf-8"))[0]
    assert figures["transitions_s"] == pytest.approx(CUTS_S)
    assert figures["delivery"]["length_error_ms"] == pytest.approx(-500, abs=45)
    assert figures["meaning"]["tw_lb"].startswith("not measured: needs config.json in ")
    assert (out / "film.png").read_bytes().startswith(b"\x89PNG")


def test_sound_that_stops_early_is_measured_by_itself(film: Path) -> None:
    match = evaluate_video(film)
    assert match.heard.delivery.length_error_ms == pytest.approx(-500, abs=45)
    assert "Faults: it ends 0.5 s before the picture" in describe_match(match)
    nothing = match_music(audio(np.zeros((2, 12 * RATE), np.float32)), board())
    words = describe_match(nothing)
    assert "No beat to be found: it is silent." in words
    assert "Sound: silent" in words and "Faults: there is nothing to hear." in words
    assert nothing.figures["hit_rate_70_ms"] == 0.0


def test_a_silent_video_is_refused(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "silent.mp4", Clip(shots=(((9, 9, 9), 30),)))
    with pytest.raises(MediaError, match="has no sound, so there is no music"):
        evaluate_video(path)


def test_wrong_command_lines_say_what_is_needed(film: Path, tmp_path: Path, capsys) -> None:
    assert main(["evaluate", "--out", str(tmp_path)]) == 1
    assert "Give videos with music, or two folders" in capsys.readouterr().err
    assert main(["evaluate", "--reference", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "a comparison needs both folders" in capsys.readouterr().err
    words = ["evaluate", str(film), str(film), "--storyboard", "x.json", "--out", str(tmp_path)]
    assert main(words) == 1
    assert "One storyboard and 2 videos" in capsys.readouterr().err


def test_a_music_of_another_length_is_told() -> None:
    match = match_music(audio(clicks(np.arange(0, 10, 0.5), 10.0)), board())
    assert match.heard.delivery.length_error_ms == pytest.approx(-2000)
    with pytest.raises(InputError, match="needed is"):
        match_music(Audio(waveform=torch.zeros(3), sample_rate=RATE), board())
