"""Beats of grooves whose beats are known, and of sounds that have none."""

import json
from pathlib import Path

import mir_eval
import numpy as np
import pytest
import torch

import vem_core
from vem_core.rhythm.neural_beats import WEIGHTS, find_weights, neural_beats
from vem_core.rhythm.onsets import analysis_sound
from vem_core.rhythm.placing import find_accents, find_attacks
from vem_core.rhythm.tracking import TrackSettings, track_beats
from vem_core.types import Audio
from vem_core.video.reader import read_audio

from .groove import RATE, as_audio, groove, steady

OWN = TrackSettings(neural=False)
ASSETS = Path(vem_core.__file__).parent / "assets" / "demo"


def errors_s(found_s, truth_s) -> np.ndarray:
    found = np.array(found_s)
    return np.array([found[np.abs(found - t).argmin()] - t for t in truth_s])


@pytest.mark.parametrize("tempo_bpm", [72.0, 96.5, 120.0, 147.3, 168.0])
def test_beats_tempo_and_bars_of_a_groove(tempo_bpm):
    truth_s = steady(tempo_bpm, 48)
    track = track_beats(groove(truth_s), OWN)
    assert track.tempo_bpm == pytest.approx(tempo_bpm, rel=0.01)
    assert mir_eval.beat.f_measure(truth_s, np.array(track.beats_s)) > 0.95
    assert np.abs(errors_s(track.beats_s, truth_s)).max() < 0.020
    assert track.beats_per_bar in (2, 4)
    firsts = errors_s(track.downbeats_s, truth_s[::4])
    assert np.abs(firsts).max() < 0.020
    assert track.confidence > 0.9
    assert track.tracker == "vem"


def test_clicks_at_120_are_neither_slow_nor_late():
    """What librosa 0.11 gets wrong: 117.5 BPM and 40 ms late."""
    truth_s = steady(120.0, 60, start_s=0.5)
    sound = np.zeros(31 * RATE)
    for t in truth_s:
        sound[round(t * RATE) : round(t * RATE) + 40] = np.hanning(80)[40:]
    track = track_beats(as_audio(sound), OWN)
    assert track.tempo_bpm == pytest.approx(120.0, abs=0.2)
    found = errors_s(track.beats_s, truth_s)
    assert np.abs(found).max() < 0.006
    assert abs(np.median(found)) < 0.003


def test_a_tempo_that_moves_is_followed():
    tempi_bpm = np.linspace(100, 114, 64)
    truth_s = 0.4 + np.concatenate([[0], np.cumsum(60 / tempi_bpm)])
    track = track_beats(groove(truth_s), OWN)
    assert np.percentile(np.abs(errors_s(track.beats_s, truth_s)), 95) < 0.020


def test_a_waltz_has_three_beats_in_a_bar():
    truth_s = steady(132.0, 60)
    track = track_beats(groove(truth_s, per_bar=3), OWN)
    assert track.beats_per_bar == 3
    assert np.abs(errors_s(track.downbeats_s, truth_s[::3])).max() < 0.020


def test_rate_channels_and_level_change_nothing():
    truth_s = steady(110.0, 40)
    plain = track_beats(groove(truth_s), OWN)
    fast = groove(truth_s, rate=48_000)
    inverted = Audio(
        waveform=torch.cat([fast.waveform, -fast.waveform]) * 0.003, sample_rate=fast.sample_rate
    )
    track = track_beats(inverted, OWN)
    assert len(track.beats_s) == len(plain.beats_s)
    assert np.allclose(track.beats_s, plain.beats_s, atol=0.006)


def random_onsets() -> np.ndarray:
    rng = np.random.default_rng(5)
    sound = np.zeros(30 * RATE)
    at_s = 0.3
    while at_s < 29:
        start = round(at_s * RATE)
        sound[start : start + 2000] += rng.standard_normal(2000) * np.exp(-np.arange(2000) / 400)
        at_s += 0.06 + rng.exponential(0.3)
    return 0.2 * sound


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        (np.zeros(10 * RATE), "silent"),
        (groove(steady(120, 4)).waveform.numpy()[0], "lasts"),
        (0.1 * np.random.default_rng(0).standard_normal(20 * RATE), "regular"),
        (random_onsets(), "regular pulse"),
        (np.full(5 * RATE, np.nan), "not numbers"),
    ],
)
def test_music_without_a_beat_is_named(sound, reason):
    track = track_beats(as_audio(sound), OWN)
    assert not track.has_beat
    assert track.beats_s == ()
    assert track.confidence < OWN.least_confidence
    assert reason in track.reason


def test_bundled_music_matches_its_stated_beats():
    truth = json.loads((ASSETS / "music.json").read_text())
    music = read_audio(ASSETS / "music.ogg")
    assert music is not None and abs(music.duration_s - truth["duration_s"]) < 0.02
    track = track_beats(music, OWN)
    assert track.tempo_bpm == pytest.approx(truth["tempo_bpm"], rel=0.002)
    sounding = truth["beats_s"][:-4]  # the last bar rings out without attacks
    assert np.abs(errors_s(track.beats_s, sounding)).max() < 0.006
    firsts = np.array(truth["beats_s"])[truth["downbeats"]]
    assert np.abs(errors_s(track.downbeats_s, firsts)).max() < 0.010


def test_attacks_are_found_beside_the_pulse():
    truth_s = steady(100.0, 20)
    played_s = truth_s + np.where(np.arange(20) % 2, 0.012, -0.009)
    sound = analysis_sound(groove(played_s))
    found = find_attacks(sound, truth_s)
    assert np.abs(found.times_s - played_s).max() < 0.004
    assert found.clarity.min() > 0.3


def test_swung_eighths_are_no_accents_on_half_beats():
    truth_s = steady(100.0, 24)
    thirds_s = truth_s[:-1] + 0.66 * np.diff(truth_s)
    rng = np.random.default_rng(1)
    sound = np.zeros(round((truth_s[-1] + 1) * RATE))
    for t in (*truth_s, *thirds_s):
        start = round(t * RATE)
        sound[start : start + 900] += rng.standard_normal(900) * np.exp(-np.arange(900) / 150)
    accents = find_accents(analysis_sound(as_audio(0.2 * sound)), truth_s, 2)
    assert np.median(accents.clarity[:, 0]) > 0.8
    assert np.median(accents.clarity[:, 1]) < 0.3


def test_interrupting_stops_the_tracker():
    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        track_beats(groove(steady(120, 30)), OWN, stop)


def test_beat_this_is_used_only_with_weights_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    assert find_weights() is None
    assert neural_beats(groove(steady(120, 10))) is None
    (tmp_path / "checkpoints").mkdir()
    for name in WEIGHTS:
        (tmp_path / "checkpoints" / name).write_bytes(b"")
    assert find_weights() == tmp_path / "checkpoints" / WEIGHTS[0]
