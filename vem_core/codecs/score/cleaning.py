"""Decoded notes made clean: no specks, no stuck or overlapping notes, lengths on the grid."""

from bisect import bisect_left, bisect_right
from dataclasses import replace

from ...types import Note, Part, Score
from ...units import seconds_to_beats

LINES: tuple[Part, ...] = ("bass", "lead")
"""Parts of one voice: a note ends where the next begins."""
QUIETEST = 6
"""Velocity below which a decoded note is a speck."""
LEGATO = 0.15
"""A note that ends within this share of its length of the part's next onset reaches it."""


def clean_score(score: Score) -> Score:
    """The score with every part cleaned (clean_part)."""
    end = seconds_to_beats(score.duration_s, score.beats_s) * score.metre.steps_per_beat
    parts = tuple((part, clean_part(part, notes, end)) for part, notes in score.parts)
    return replace(score, parts=parts)


def clean_part(part: Part, notes: tuple[Note, ...], end: float) -> tuple[Note, ...]:
    """Notes of one part without specks and overlaps.

    A note as long as the way to a next onset, or nearly, lasts exactly until then; other lengths go
    to the nearest half step. In a line, and between notes of one pitch, nothing overlaps. Nothing
    sounds past `end`, in grid steps.
    """
    heard = [note for note in notes if note.velocity >= QUIETEST and note.step < end - 0.05]
    onsets = sorted({note.step for note in heard})
    following: dict[int, int] = {}
    cleaned = []
    for note in reversed(heard):
        limit = min(end, following.get(note.pitch, end)) - note.step
        if part in LINES:
            after = bisect_right(onsets, note.step)
            limit = min(limit, onsets[after] - note.step if after < len(onsets) else limit)
        length = min(_snap(note, onsets), limit)
        following[note.pitch] = note.step
        if length > 0:
            cleaned.append(replace(note, duration_steps=length))
    return tuple(sorted(cleaned, key=lambda note: (note.step, note.offset_steps, note.pitch)))


def _snap(note: Note, onsets: list[int]) -> float:
    length = note.duration_steps
    first = bisect_left(onsets, note.step + (1 - LEGATO) * length)
    last = bisect_right(onsets, note.step + (1 + LEGATO) * length)
    gaps = [onset - note.step for onset in onsets[first:last] if onset > note.step]
    if gaps:
        return float(min(gaps, key=lambda gap: abs(gap - length)))
    return max(round(2 * length) / 2, 0.25)
