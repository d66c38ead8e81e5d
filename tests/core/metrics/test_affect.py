"""Agreement of music and mood, shot by shot: figures worked out by hand."""

import numpy as np
import pytest

from vem_core.errors import InputError
from vem_core.metrics import affect

EDGES_S = np.array([0.0, 1.0, 3.1, 3.2, 6.0])


def test_means_over_shots_by_hand() -> None:
    """At 2 Hz the shots hold frames 0 1, 2 to 6, none (so the next one, 7) and 7 to 11."""
    found = affect.shot_means(np.arange(12.0), 2.0, EDGES_S)
    assert found == pytest.approx([0.5, 4.0, 7.0, 9.0])
    energy = np.concatenate([np.ones(2), np.full(5, 0.01), np.zeros(5)])
    assert affect.loudness_db(energy, 2.0, EDGES_S) == pytest.approx([0, -20, -70, -70])
    onsets_s = np.array([0.1, 0.9, 1.0, 3.15, 5.0])
    rates_hz = affect.onset_rates_hz(onsets_s, EDGES_S)
    assert rates_hz == pytest.approx([2, 1 / 2.1, 10, 1 / 2.8])


def test_equal_shots_share_a_rank() -> None:
    assert affect._ranks(np.array([3.0, 1.0, 3.0, 9.0])) == pytest.approx([2, 0.5, 2, 3.5])


def test_major_and_minor_triads_in_every_key() -> None:
    major, minor = np.zeros(12), np.zeros(12)
    major[[0, 4, 7]] = minor[[0, 3, 7]] = 1.0
    for key in range(12):
        assert affect.major_minus_minor(np.roll(major, key)) > 0.05
        assert affect.major_minus_minor(np.roll(minor, key)) < -0.05
    assert affect.major_minus_minor(np.ones(12)) == 0.0
    assert affect.major_minus_minor(np.zeros(12)) == 0.0
    # the profiles themselves: 1 less their best correlation with the other's
    assert affect.major_minus_minor(np.array(affect._MAJOR)) == pytest.approx(
        1 - max(np.corrcoef(affect._MAJOR, np.roll(affect._MINOR, k))[0, 1] for k in range(12))
    )


def scores(flip: bool = False) -> dict[str, float | None]:
    """Six shots of a second: louder, busier and brighter with the mood, or just the reverse."""
    arousal = np.array([0.1, 0.5, 0.3, 0.9, 0.7, 0.2])
    valence = np.array([-1.0, 1.0, -1.0, 1.0, 1.0, -1.0])
    order = -arousal if flip else arousal
    energy = np.repeat(10.0**order, 10)
    counts = np.argsort(np.argsort(order)) + 1
    onsets_s = np.concatenate([i + np.arange(n) / 10 for i, n in enumerate(counts)])
    major, minor = np.zeros(12), np.zeros(12)
    major[[0, 4, 7]] = minor[[0, 3, 7]] = 1.0
    share = (1 + (-valence if flip else valence)) / 2
    chroma = np.repeat(share[:, None] * major + (1 - share)[:, None] * minor, 5, axis=0)
    found = affect.evaluate(
        edges_s=np.arange(7.0), arousal=arousal, valence=valence, energy=energy, rate_hz=10.0,
        onsets_s=onsets_s, chroma=chroma, chroma_rate_hz=5.0,
    )  # fmt: skip
    return {name: value.rho for name, value in found.items()}


def test_music_that_follows_and_music_that_contradicts() -> None:
    assert scores() == pytest.approx(dict.fromkeys(scores(), 1.0))
    assert scores(flip=True) == pytest.approx(dict.fromkeys(scores(), -1.0))


def test_malformed_shots_are_refused() -> None:
    with pytest.raises(InputError, match="must be increasing times"):
        affect.shot_means(np.ones(4), 1.0, np.array([0.0, 0.0]))
    with pytest.raises(InputError, match="12 pitch classes"):
        affect.major_minus_minor(np.ones(7))
