"""Score <-> tensor: an exact inverse pair.

The tensor is sparse: a note is its place (beat, slot, row) and its values (velocity, duration,
offset). Durations stand at the onset and are never spread over later beats, so that no tensor can
hold a sustain without its note. Rows of bass, harmony, keys and strings count from the root of the
chord of the moment, rows of the lead from the tonic (pitch_rows.py); rows of drums are GM keys.
The chords are a part of their own, one token per slot.
"""

from dataclasses import dataclass

import numpy as np

from ...errors import InputError
from ...types import PARTS, BeatPlan, Key, Note, Part, Score
from .pitch_rows import chord_rows, key_rows, read_chord, write_chord

SLOTS = 6
"""Places of a beat; with four sixteenths a beat the last two stay empty."""
DRUM_KEYS = range(27, 88)


@dataclass(frozen=True, kw_only=True, slots=True)
class Register:
    """The octaves of rows that a pitched part has."""

    lowest: int
    n_octaves: int


REGISTERS: dict[Part, Register] = {
    "bass": Register(lowest=0, n_octaves=7),
    "harmony": Register(lowest=1, n_octaves=7),
    "keys": Register(lowest=1, n_octaves=8),
    "lead": Register(lowest=2, n_octaves=7),
    "strings": Register(lowest=1, n_octaves=8),
}


def n_rows(part: Part) -> int:
    """Rows of a part."""
    return len(DRUM_KEYS) if part == "drums" else 12 * REGISTERS[part].n_octaves


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PartNotes:
    """The notes of one part, sorted by place."""

    places: np.ndarray
    """(N, 3) int64: beat, slot, row."""
    values: np.ndarray
    """(N, 3) float64: velocity 1 ... 127, duration in steps, offset in steps."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ScoreTensor:
    """A score without its clock, its key and its style."""

    parts: dict[Part, PartNotes]
    chords: np.ndarray
    """(L, SLOTS, 3) int64: root above the tonic, shape, inversion (pitch_rows.read_chord)."""
    steps_per_beat: int

    @property
    def n_beats(self) -> int:
        return len(self.chords)


def score_to_tensor(score: Score) -> ScoreTensor:
    """The tensor of a score; of two equal notes at one step the louder stays.

    Raises:
        InputError: the score has no chords, a chord or a pitch that the tensor cannot hold, or
            notes after its last beat.
    """
    n_beats = len(score.beats_s) - 1
    spb = score.metre.steps_per_beat
    chords = _chord_tokens(score, n_beats)
    rows = _RowTable(chords, score.key)
    parts = {}
    for part in PARTS:
        notes = {(note.step, note.pitch): note for note in _by_velocity(score.notes(part))}
        places = np.empty((len(notes), 3), dtype=np.int64)
        values = np.empty((len(notes), 3))
        for i, note in enumerate(notes.values()):
            beat, slot = divmod(note.step, spb)
            if beat >= n_beats:
                raise InputError(
                    f"The {part} has a note at beat {beat + 1}, but the tempo map ends after"
                    f" {n_beats} beats. Remove the note or extend the map."
                )
            places[i] = beat, slot, rows.row(part, note.pitch, beat, slot)
            values[i] = note.velocity, note.duration_steps, note.offset_steps
        order = np.lexsort(places.T[::-1])
        parts[part] = PartNotes(places=places[order], values=values[order])
    return ScoreTensor(parts=parts, chords=chords, steps_per_beat=spb)


def tensor_to_score(tensor: ScoreTensor, plan: BeatPlan, style: str, key: Key) -> Score:
    """The score of a tensor on the clock of a plan; equal chords in a row become one.

    Raises:
        InputError: tensor and plan have different numbers of beats or of steps.
    """
    spb = plan.metre.steps_per_beat
    if tensor.n_beats != plan.n_beats or tensor.steps_per_beat != spb:
        raise InputError(
            f"The music has {tensor.n_beats} beats of {tensor.steps_per_beat} steps, the beat plan"
            f" {plan.n_beats} of {spb}; they must belong together. Sample the music again."
        )
    rows = _RowTable(tensor.chords, key)
    parts = []
    for part in PARTS:
        grid = tensor.parts[part]
        notes = [
            Note(
                step=int(beat) * spb + int(slot),
                pitch=rows.pitch(part, int(row), int(beat), int(slot)),
                velocity=int(velocity),
                duration_steps=float(duration),
                offset_steps=float(offset),
            )
            for (beat, slot, row), (velocity, duration, offset) in zip(
                grid.places, grid.values, strict=True
            )
        ]
        parts.append((part, tuple(sorted(notes, key=_note_order))))
    return Score(
        parts=tuple(parts),
        beats_s=plan.beats_s,
        downbeats=plan.downbeats,
        metre=plan.metre,
        duration_s=plan.duration_s,
        style=style,
        key=key,
        chords=_chords(tensor, key),
    )


def _note_order(note: Note) -> tuple[int, float, int]:
    return note.step, note.offset_steps, note.pitch


def _by_velocity(notes: tuple[Note, ...]) -> list[Note]:
    return sorted(notes, key=lambda note: note.velocity)


def _chord_tokens(score: Score, n_beats: int) -> np.ndarray:
    if not score.chords:
        raise InputError(
            "The score names no chords; the model's codec counts pitches from them."
            " Give a score with chord symbols."
        )
    spb = score.metre.steps_per_beat
    tokens = np.zeros((n_beats * spb, 3), dtype=np.int64)
    for i, chord in enumerate(score.chords):
        start = 0 if i == 0 else chord.step
        tokens[start:] = read_chord(chord, score.key)
    slots = np.minimum(np.arange(SLOTS), spb - 1)  # the unused slots repeat the last one
    return tokens.reshape(n_beats, spb, 3)[:, slots]


def _chords(tensor: ScoreTensor, key: Key):
    spb = tensor.steps_per_beat
    tokens = [tuple(int(x) for x in t) for t in tensor.chords[:, :spb].reshape(-1, 3)]
    return tuple(
        write_chord(step, (token[0], token[1], token[2]), key)
        for step, token in enumerate(tokens)
        if step == 0 or token != tokens[step - 1]
    )


class _RowTable:
    """Pitch <-> row at a place."""

    def __init__(self, chords: np.ndarray, key: Key):
        self.chords = chords
        self.key = key

    def _origin(self, part: Part, beat: int, slot: int) -> tuple[int, tuple[int, ...]]:
        if part == "lead":
            return key_rows(self.key)
        root, shape, _ = self.chords[beat, slot]
        return chord_rows(int(root), int(shape), self.key)

    def row(self, part: Part, pitch: int, beat: int, slot: int) -> int:
        if part == "drums":
            row = pitch - DRUM_KEYS.start
        else:
            base, order = self._origin(part, beat, slot)
            octave, semitone = divmod(pitch - base, 12)
            row = 12 * (octave - REGISTERS[part].lowest) + order.index(semitone)
        if not 0 <= row < n_rows(part):
            raise InputError(
                f"The {part} has a note of pitch {pitch}, which the model's codec has no row for."
                " Move it by an octave."
            )
        return row

    def pitch(self, part: Part, row: int, beat: int, slot: int) -> int:
        if part == "drums":
            return DRUM_KEYS.start + row
        base, order = self._origin(part, beat, slot)
        octave, at = divmod(row, 12)
        # rows at the ends of a register may lie beyond the keyboard in some keys
        return min(max(base + 12 * (octave + REGISTERS[part].lowest) + order[at], 0), 127)
