"""Small scores that tests render and write."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from vem_core.types import METRES, PARTS, Key, Note, Part, Score


def make_score(parts: Mapping[Part, Sequence[Note]], **changes) -> Score:
    """A score in 4/4 at 120 bpm, four seconds long unless `changes` say otherwise."""
    score = Score(
        parts=tuple(
            (p, tuple(sorted(parts[p], key=lambda n: (n.step, n.offset_steps, n.pitch))))
            for p in PARTS
            if p in parts
        ),
        beats_s=tuple(0.5 * i for i in range(9)),
        downbeats=(0, 4, 8),
        metre=METRES["4/4"],
        duration_s=4.0,
        style="jazz",
        key=Key(tonic=0, mode="major"),
    )
    return replace(score, **changes)


def note(step: int, pitch: int, duration_steps: float = 4, velocity: int = 100, **more) -> Note:
    return Note(step=step, pitch=pitch, duration_steps=duration_steps, velocity=velocity, **more)
