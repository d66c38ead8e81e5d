"""Planned hits in a sampled score: exact in time, and never missed.

The model marks hits by what it plays; this makes sure of the rest. Human timing is taken off where
a hit falls, and where nothing begins there, a note that sounds through it is struck again.
"""

from dataclasses import dataclass, replace

from ...types import PARTS, BeatPlan, Note, Part, Score
from ...units import seconds_to_beats

STRUCK: tuple[Part, ...] = ("harmony", "bass", "keys", "strings", "lead")
"""Which part strikes a missed hit: the first of these that sounds there."""
ACCENT = 12
"""How much louder, in velocity, a note is struck again."""
ON_STEP = 0.02
"""A hit this near to a step, in steps, falls on it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Landing:
    """A score whose hits are marked."""

    score: Score
    moved: int
    """Notes that were moved onto a hit by less than a step."""
    struck: int
    """Hits at which nothing began; a sounding note was struck again."""
    silent: int
    """Hits at which nothing sounded; they stay silent."""


def land_hits(score: Score, plan: BeatPlan) -> Landing:
    """Put onsets of notes at hits exactly on them, and strike what only sounds through a hit."""
    spb = score.metre.steps_per_beat
    places = [seconds_to_beats(hit.beat_s, score.beats_s) * spb for hit in plan.hits]
    steps = sorted({round(at) for at in places if abs(at - round(at)) <= ON_STEP})
    parts: dict[Part, list[Note]] = {part: list(notes) for part, notes in score.parts}
    moved = struck = silent = 0
    for step in steps:
        begins = False
        for part in PARTS:
            for i, note in enumerate(parts[part]):
                if note.step == step:
                    begins = True
                    moved += note.offset_steps != 0
                    parts[part][i] = replace(note, offset_steps=0.0)
        if not begins:
            done = _strike(parts, step)
            struck, silent = struck + done, silent + (not done)
    ordered = tuple(
        (part, tuple(sorted(parts[part], key=lambda n: (n.step, n.offset_steps, n.pitch))))
        for part in PARTS
    )
    return Landing(score=replace(score, parts=ordered), moved=moved, struck=struck, silent=silent)


def _strike(parts: dict[Part, list[Note]], step: int) -> bool:
    """Split what sounds at `step` in the first part that has it; False where nothing does."""
    for part in STRUCK:
        through = [n for n in parts[part] if n.step < step < n.step + n.duration_steps - 0.25]
        if not through:
            continue
        kept = [note for note in parts[part] if note not in through]
        for note in through:
            kept.append(replace(note, duration_steps=float(step - note.step)))
            kept.append(
                replace(
                    note,
                    step=step,
                    offset_steps=0.0,
                    duration_steps=note.step + note.duration_steps - step,
                    velocity=min(note.velocity + ACCENT, 127),
                )
            )
        parts[part] = kept
        return True
    return False
