"""The film's own sound as a stream is the same as in one piece."""

from pathlib import Path

import numpy as np
import pytest

from tests.core.video.clips import RED, Clip, click, write_clip
from vem_core.video.film_sound import open_film_sound
from vem_core.video.reader import read_audio


def chord(duration_s: float) -> np.ndarray:
    """Tones and a click: AAC's decoder makes up noise, differently on every run."""
    t = np.arange(round(48_000 * duration_s)) / 48_000
    tones = sum(0.1 * np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 331.0))
    return np.tile(tones, (2, 1)).astype(np.float32) + click(duration_s / 2, duration_s)


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_the_stream_equals_the_whole(tmp_path: Path, name: str) -> None:
    codec = "aac" if name.endswith("mp4") else "flac"
    path = write_clip(
        tmp_path / name, Clip(shots=((RED, 125),), audio=chord(5.0), audio_codec=codec)
    )
    whole = read_audio(path, duration_s=5.0)
    assert whole is not None
    film = open_film_sound(path, 5.0)
    assert film.stream is not None and film.warnings == []
    for _ in range(2):  # it can be read again
        joined = np.concatenate(list(film.stream.open()), axis=1)
        assert joined.shape == (2, 5 * 48_000)
        expected = np.pad(
            whole.waveform.numpy(), ((0, 0), (0, joined.shape[1] - whole.waveform.shape[1]))
        )
        assert np.abs(joined - expected).max() < 1e-3


def test_a_film_without_sound_has_no_stream(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "silent.mp4", Clip(shots=((RED, 50),)))
    assert open_film_sound(path, 2.0).stream is None


def test_sound_that_sets_in_late_is_silence_before(tmp_path: Path) -> None:
    clip = Clip(shots=((RED, 100),), audio=chord(1.0), audio_start_s=2.5, audio_codec="flac")
    path = write_clip(tmp_path / "late.mkv", clip)
    film = open_film_sound(path, 4.0)
    assert film.stream is not None
    joined = np.concatenate(list(film.stream.open()), axis=1)
    loud = np.flatnonzero(np.abs(joined[0]) > 0.01) / film.stream.sample_rate
    assert loud[0] == pytest.approx(2.5, abs=0.01) and loud[-1] == pytest.approx(3.5, abs=0.01)
