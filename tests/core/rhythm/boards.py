"""Storyboards for the tests of beat plans."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np

from vem_core.types import Affect, Motion, Picture, Shot, Storyboard, Transition

FPS = Fraction(25)


def board(
    cuts: Sequence[float],
    duration_s: float,
    *,
    strengths: Sequence[float] | None = None,
    starred: Sequence[float] = (),
    arousal: float = 0.5,
) -> Storyboard:
    """One grey shot between every two cuts; `starred` lists the times of the starred ones."""
    edges = sorted({0.0, duration_s, *cuts})
    picture = Picture(
        keyframe_s=0, brightness=0.5, saturation=0, contrast=0.5, warmth=0, hues=(0.0,) * 12
    )
    shots = tuple(
        Shot(
            start_s=start_s,
            end_s=end_s,
            affect=Affect(valence=0.0, arousal=arousal),
            picture=picture,
            motion=Motion(mean=0.0, peak=0.0),
        )
        for start_s, end_s in pairwise(edges)
    )
    strengths = strengths or [1.0] * len(cuts)
    return Storyboard(
        duration_s=duration_s,
        fps=FPS,
        shots=shots,
        transitions=tuple(
            Transition(time_s=cut_s, strength=strength, starred=cut_s in starred)
            for cut_s, strength in zip(cuts, strengths, strict=True)
        ),
    )


def random_cuts(seed: int, duration_s: float, median_s: float = 2.5) -> list[float]:
    """Cuts on frames, at log-normal distances."""
    random = np.random.default_rng(seed)
    lengths_s = random.lognormal(np.log(median_s), 0.55, int(4 * duration_s / median_s) + 10)
    frames = np.round(np.cumsum(lengths_s) * float(FPS)).astype(int)
    return [int(f) / float(FPS) for f in np.unique(frames) if 0 < f < duration_s * float(FPS)]
