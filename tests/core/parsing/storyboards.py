"""Small storyboards for the tests of parsing."""

from fractions import Fraction

from vem_core.types import Affect, Motion, Picture, Shot, Storyboard, Transition


def make_shot(start_s: float, end_s: float, valence: float = 0.1, arousal: float = 0.3) -> Shot:
    return Shot(
        start_s=start_s,
        end_s=end_s,
        affect=Affect(valence=valence, arousal=arousal),
        picture=Picture(
            keyframe_s=(start_s + end_s) / 2,
            brightness=0.4,
            saturation=0.3,
            contrast=1 / 3,
            warmth=-0.2,
            hues=(0.5, 0.5, *[0.0] * 10),
        ),
        motion=Motion(mean=0.1, peak=0.2),
    )


def make_storyboard(*edges_s: float) -> Storyboard:
    """Shots between 0 and the given edges, with cuts between them, at 29.97 frames per second."""
    starts = (0.0, *edges_s[:-1])
    return Storyboard(
        duration_s=edges_s[-1],
        fps=Fraction(30000, 1001),
        shots=tuple(make_shot(a, b) for a, b in zip(starts, edges_s, strict=True)),
        transitions=tuple(Transition(time_s=t, strength=0.7) for t in edges_s[:-1]),
    )
