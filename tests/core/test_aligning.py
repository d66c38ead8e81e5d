"""The aligner in the parser's pass: weighed strengths, the film read once, an interrupt obeyed."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.core.video.clips import BLUE, GREEN, RED, Clip, write_clip
from vem_core import aligning
from vem_core.aligning import aligner_activations, parse_aligned
from vem_core.parsing.parse import parse_video
from vem_core.parsing.settings import ParseSettings
from vem_core.rhythm.aligner import Aligner, AlignerConfig
from vem_core.rhythm.alignment import LEAST_FACTOR
from vem_core.types import Transition


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Three shots of two seconds."""
    path = tmp_path / "film.mp4"
    write_clip(path, Clip(shots=((RED, 50), (BLUE, 50), (GREEN, 50))))
    return path


@pytest.fixture
def unbelieving() -> Aligner:
    """Says no to everything."""
    torch.manual_seed(0)
    aligner = Aligner(AlignerConfig()).eval()
    torch.nn.init.zeros_(aligner.out.weight)
    torch.nn.init.constant_(aligner.out.bias, -30.0)
    return aligner


def test_what_the_aligner_does_not_believe_counts_less(film: Path, unbelieving: Aligner) -> None:
    plain = parse_video(film).storyboard
    weighed = parse_aligned(film, aligner=unbelieving).storyboard
    assert [t.time_s for t in plain.transitions] == [2.0, 4.0]
    assert [t.strength for t in weighed.transitions] == pytest.approx(
        [LEAST_FACTOR * t.strength for t in plain.transitions], abs=1e-4
    )
    assert weighed.shots == plain.shots
    own = ParseSettings(manual_cuts=(Transition(time_s=2.04),), manual_mode="add")
    kept = parse_aligned(film, own, aligner=unbelieving).storyboard.transitions
    assert kept[0].time_s == 2.04 and kept[0].strength == 1.0  # the creator's word stays


def test_the_film_is_read_once(
    film: Path, unbelieving: Aligner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("read for a second time")

    monkeypatch.setattr(aligning, "read_frames", refuse)
    assert parse_aligned(film, aligner=unbelieving).storyboard.duration_s == 6.0


def test_activations_stand_on_the_films_clock(film: Path, unbelieving: Aligner) -> None:
    seen = aligner_activations(film, aligner=unbelieving)
    assert seen.times_s.tolist() == [tick / 16 for tick in range(96)]
    assert seen.activations.shape == (96, 64) and np.isfinite(seen.activations).all()
    window = aligner_activations(film, start_s=2.0, duration_s=1.0, aligner=unbelieving)
    assert len(window.times_s) == 16


def test_an_interrupt_ends_it(film: Path, unbelieving: Aligner) -> None:
    def stop(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    for look in (parse_aligned, aligner_activations):
        with pytest.raises(KeyboardInterrupt):
            look(film, progress=stop, aligner=unbelieving)
