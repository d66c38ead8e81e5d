"""Storyboards and beat plans made by hand, for the tests of the composer."""

import itertools
from fractions import Fraction

import numpy as np

from vem_core.types import (
    METRES,
    Affect,
    BeatPlan,
    Hit,
    Motion,
    Picture,
    Shot,
    Storyboard,
    Tempo,
    Transition,
)


def make_board(moods: list[tuple[float, float, float]], theme: str = "") -> Storyboard:
    """A storyboard of (seconds, valence, arousal) of each shot."""
    shots, start_s = [], 0.0
    for length_s, valence, arousal in moods:
        picture = Picture(
            keyframe_s=start_s, brightness=0.5, saturation=0.5, contrast=0.5, warmth=0.0,
            hues=(0.0,) * 12,
        )  # fmt: skip
        shots.append(
            Shot(
                start_s=start_s,
                end_s=start_s + length_s,
                affect=Affect(valence=valence, arousal=arousal),
                picture=picture,
                motion=Motion(mean=0.1, peak=0.2),
            )
        )
        start_s += length_s
    cuts = tuple(Transition(time_s=shot.end_s, strength=0.7) for shot in shots[:-1])
    return Storyboard(
        duration_s=start_s, fps=Fraction(25), shots=tuple(shots), transitions=cuts, theme=theme
    )


def random_board(seed: int, n_shots: int) -> Storyboard:
    """Shots of 1 to 5 s with moods at random."""
    rng = np.random.default_rng(seed)
    rows = rng.uniform((1.0, -1.0, 0.0), (5.0, 1.0, 1.0), (n_shots, 3))
    return make_board([(round(a * 25) / 25, b, c) for a, b, c in rows.tolist()])


def make_plan(
    board: Storyboard,
    metre: str = "4/4",
    tempo_bpm: float = 100.0,
    early_beats: int = 0,
    odd_bar: bool = True,
) -> BeatPlan:
    """A plan that bends the tempo so that every cut is on a beat.

    `early_beats` of a first bar lie before 0 s. With `odd_bar` the third bar has two beats.
    """
    beat_s = 60.0 / tempo_bpm
    beats_s = [-(i + 0.5) * beat_s for i in range(early_beats)][::-1]
    edges_s = [0.0, *(cut.time_s for cut in board.transitions)]
    beats_s.append(0.0)
    for left_s, right_s in itertools.pairwise(edges_s):
        n = max(1, round((right_s - left_s) / beat_s))
        beats_s += [left_s + (right_s - left_s) * i / n for i in range(1, n + 1)]
    while beats_s[-1] < board.duration_s:
        beats_s.append(beats_s[-1] + beat_s)
    per_bar = METRES[metre].beats_per_bar
    downbeats = [0, per_bar, 2 * per_bar]
    while downbeats[-1] < len(beats_s):
        downbeats.append(downbeats[-1] + (2 if odd_bar and len(downbeats) == 3 else per_bar))
    hits = tuple(
        Hit(
            transition_s=cut.time_s,
            beat_s=cut.time_s,
            unit="beat",
            error_ms=0.0,
            error_frames=0.0,
            weight=0.3 + 0.7 * (i % 3) / 2,
        )
        for i, cut in enumerate(board.transitions)
    )
    return BeatPlan(
        duration_s=board.duration_s,
        fps=board.fps,
        beats_s=tuple(beats_s),
        downbeats=tuple(i for i in downbeats if i < len(beats_s)),
        metre=METRES[metre],
        tempo=Tempo(base_bpm=tempo_bpm, min_bpm=tempo_bpm * 0.8, max_bpm=tempo_bpm * 1.25),
        hits=hits,
    )
