"""Pitches in terms of the harmony: what returns in another key or on another chord is the same row.

A pitch is an octave above a root and one of twelve rows: the seven steps of the scale of the moment
first, then the five semitones between them. The third of a chord is row 2 whether the chord is
major or minor, so an arpeggio is one pattern on every chord, and a tune one pattern in every key.
"""

from functools import cache

from ...errors import InputError
from ...types import SCALES, Chord, Key

SHAPES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("", (0, 4, 7)),
    ("m", (0, 3, 7)),
    ("7", (0, 4, 7, 10)),
    ("m7", (0, 3, 7, 10)),
    ("maj7", (0, 4, 7, 11)),
    ("sus4", (0, 5, 7)),
    ("sus2", (0, 2, 7)),
    ("5", (0, 7)),
    ("add9", (0, 4, 7, 2)),
    ("madd9", (0, 3, 7, 2)),
    ("6", (0, 4, 7, 9)),
    ("m6", (0, 3, 7, 9)),
    ("69", (0, 4, 7, 9, 2)),
    ("9", (0, 4, 7, 10, 2)),
    ("m9", (0, 3, 7, 10, 2)),
    ("maj9", (0, 4, 7, 11, 2)),
    ("m11", (0, 3, 7, 10, 5)),
    ("13", (0, 4, 7, 10, 9)),
    ("7b9", (0, 4, 7, 10, 1)),
    ("7sus4", (0, 5, 7, 10)),
    ("9sus4", (0, 5, 7, 10, 2)),
    ("+", (0, 4, 8)),
    ("dim", (0, 3, 6)),
    ("dim7", (0, 3, 6, 9)),
    ("m7b5", (0, 3, 6, 10)),
    ("mmaj7", (0, 3, 7, 11)),
)
"""Suffix on a lead sheet and semitones above the root; new shapes go to the end."""
INVERSIONS = 4
"""The bass has the root, the third, the fifth or the seventh of the chord."""

_SHAPE_OF: dict[frozenset[int], int] = {frozenset(tones): i for i, (_, tones) in enumerate(SHAPES)}
_STEPS: tuple[tuple[int, ...], ...] = ((0,), (2, 1), (4, 3), (5, 6), (7, 6, 8), (9, 8), (10, 11))
_SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_FLAT_PARENTS = (5, 10, 3, 8, 1)
_PARENT = {"major": 0, "minor": 3, "dorian": 10, "mixolydian": 5}


@cache
def row_order(tones: tuple[int, ...], scale: tuple[int, ...]) -> tuple[int, ...]:
    """The twelve semitones above a root in the order of rows: seven steps, then what is between.

    Args:
        tones: semitones of the chord above the root; they decide which third, fifth ... is a step.
        scale: semitones of the key's scale above the same root; they decide where the chord is
            silent.
    """
    taken: list[int] = []
    for step in (4, 0, 1, 2, 3, 5, 6):  # the fifth first: a diminished one takes the fourth's place
        free = [s for s in _STEPS[step] if s not in taken]
        known = [s for s in free if s in tones] or [s for s in free if s in scale] or free
        taken.append(known[0])
    steps = sorted(taken)
    return (*steps, *(s for s in range(12) if s not in steps))


def centred(pitch_class: int) -> int:
    """The same pitch class between -5 and 6."""
    return (pitch_class + 5) % 12 - 5


def chord_rows(root: int, shape: int, key: Key) -> tuple[int, tuple[int, ...]]:
    """(base pitch, row order) for a chord: `root` in semitones above the tonic."""
    scale = tuple((tone - root) % 12 for tone in SCALES[key.mode])
    return centred(key.tonic) + centred(root), row_order(SHAPES[shape][1], scale)


def key_rows(key: Key) -> tuple[int, tuple[int, ...]]:
    """(base pitch, row order) for the key itself."""
    return centred(key.tonic), row_order((0,), SCALES[key.mode])


def read_chord(chord: Chord, key: Key) -> tuple[int, int, int]:
    """(root above the tonic, index into SHAPES, inversion) of a chord.

    Raises:
        InputError: the chord has a shape that is not among SHAPES, or a bass that is not one of
            its tones.
    """
    shape = _SHAPE_OF.get(frozenset((pc - chord.root) % 12 for pc in chord.pitch_classes))
    if shape is None:
        raise InputError(
            f"The chord {chord.symbol} has tones that the model's codec does not know."
            f" Known are the shapes {', '.join(suffix or 'major' for suffix, _ in SHAPES)}."
        )
    inversion = 0
    _, slash, bass = chord.symbol.partition("/")
    if slash:
        tones = [(chord.root + tone) % 12 for tone in SHAPES[shape][1][:INVERSIONS]]
        names = _SHARPS if bass in _SHARPS else _FLATS
        if bass not in names or names.index(bass) not in tones:
            raise InputError(
                f"The chord {chord.symbol} has a bass that is none of its tones; the model's codec"
                " knows inversions only. Name the chord by its bass."
            )
        inversion = tones.index(names.index(bass))
    return (chord.root - key.tonic) % 12, shape, inversion


def write_chord(step: int, token: tuple[int, int, int], key: Key) -> Chord:
    """The chord of a token of read_chord."""
    above, shape, inversion = token
    suffix, tones = SHAPES[shape]
    root = (key.tonic + above) % 12
    flat = (key.tonic + _PARENT[key.mode]) % 12 in _FLAT_PARENTS
    names = _FLATS if flat else _SHARPS
    symbol = names[root] + suffix
    if 0 < inversion < len(tones):
        symbol += "/" + names[(root + tones[inversion]) % 12]
    pitch_classes = tuple((root + tone) % 12 for tone in tones)
    return Chord(step=step, root=root, pitch_classes=pitch_classes, symbol=symbol)
