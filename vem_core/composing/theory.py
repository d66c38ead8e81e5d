"""Scales, Roman numerals and chords: what a key allows at one moment."""

import re
from dataclasses import dataclass

from ..errors import InputError
from ..types import Key

BRIGHT_MODES = ("major", "mixolydian")
_FIVE = {"major": (0, 2, 4, 7, 9), "minor": (0, 3, 5, 7, 10)}
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
_ROMAN = re.compile(
    r"(?P<accidental>b|#)?(?P<numeral>VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)"
    r"(?P<quality>[a-z0-9#+]*?)(?:/(?P<below>.+))?"
)
_MAJOR = {
    "": (0, 4, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "maj9": (0, 4, 7, 11, 2),
    "9": (0, 4, 7, 10, 2),
    "13": (0, 4, 7, 10, 9),
    "7b9": (0, 4, 7, 10, 1),
    "add9": (0, 4, 7, 2),
    "6": (0, 4, 7, 9),
    "69": (0, 4, 7, 9, 2),
    "sus4": (0, 5, 7),
    "sus2": (0, 2, 7),
    "7sus4": (0, 5, 7, 10),
    "9sus4": (0, 5, 7, 10, 2),
    "5": (0, 7),
    "+": (0, 4, 8),
}
_MINOR = {
    "": (0, 3, 7),
    "7": (0, 3, 7, 10),
    "9": (0, 3, 7, 10, 2),
    "11": (0, 3, 7, 10, 5),
    "maj7": (0, 3, 7, 11),
    "add9": (0, 3, 7, 2),
    "6": (0, 3, 7, 9),
    "o": (0, 3, 6),
    "o7": (0, 3, 6, 9),
    "h7": (0, 3, 6, 10),
}
_SUFFIX = {"o": "dim", "o7": "dim7", "h7": "m7b5"}
_SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_FLAT_PARENTS = (5, 10, 3, 8, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Harmony:
    """A chord in its key."""

    roman: str
    symbol: str
    root: int
    tones: tuple[int, ...]
    """Pitch classes from the root up: third, fifth, seventh, ninth."""
    bass: int
    scale: tuple[int, ...]
    """The scale of the moment: the key's, with what this chord alters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A chord from `start` to `end`, in grid steps."""

    start: int
    end: int
    chord: Harmony


def is_bright(key: Key) -> bool:
    """True for modes with a major third."""
    return key.mode in BRIGHT_MODES


def five_notes(key: Key) -> tuple[int, ...]:
    """The pentatonic scale of the key, from the tonic up."""
    steps = _FIVE["major" if is_bright(key) else "minor"]
    return tuple((key.tonic + step) % 12 for step in steps)


def note_name(pitch_class: int, key: Key) -> str:
    """'Bb' or 'A#', as the key signature has it."""
    parent = {"major": 0, "minor": 3, "dorian": 10, "mixolydian": 5}[key.mode]
    flat = (key.tonic + parent) % 12 in _FLAT_PARENTS or (key.tonic == 3 and parent != 0)
    return (_FLATS if flat else _SHARPS)[pitch_class % 12]


def read_chord(roman: str, key: Key) -> Harmony:
    """The chord of a Roman numeral, counted on the scale of the key's mode.

    'V7/vi' is the dominant seventh of the sixth degree; 'I/3' has its third in the bass; 'h7' and
    'o7' are half and fully diminished.

    Raises:
        InputError: the numeral cannot be read.
    """
    match = _ROMAN.fullmatch(roman)
    qualities = _MAJOR if match and match["numeral"].isupper() else _MINOR
    if not match or match["quality"] not in qualities:
        raise InputError(
            f"'{roman}' is not a chord; needed is a Roman numeral like 'I', 'ii7', 'bVII', 'V7/vi'"
            " or 'I/3'. Correct it in the style."
        )
    below = match["below"] or ""
    degree = _NUMERALS.index(match["numeral"].upper())
    shift = {"b": -1, "#": 1}.get(match["accidental"] or "", 0)
    if below and not below.isdigit():
        target = read_chord(below, key)
        home = Key(tonic=target.root, mode="major")
        root = (home.scale[degree] + shift) % 12
        below = ""
    else:
        root = (key.scale[degree] + shift) % 12
    tones = tuple((root + step) % 12 for step in qualities[match["quality"]])
    bass = tones[{"3": 1, "5": 2, "7": 3}[below]] if below else root
    symbol = note_name(root, key) + _suffix(match["numeral"].islower(), match["quality"])
    if bass != root:
        symbol += "/" + note_name(bass, key)
    return Harmony(
        roman=roman, symbol=symbol, root=root, tones=tones, bass=bass, scale=_local(tones, key)
    )


def _suffix(minor: bool, quality: str) -> str:
    if quality in _SUFFIX:
        return _SUFFIX[quality]
    return ("m" if minor else "") + quality


def _local(tones: tuple[int, ...], key: Key) -> tuple[int, ...]:
    """The key's scale, in which each altered chord tone replaces its neighbours."""
    scale = set(key.scale)
    altered = set(tones) - scale
    for tone in altered:
        scale -= {(tone + 1) % 12, (tone - 1) % 12} - set(tones)
    return tuple(sorted(scale | set(tones), key=lambda tone: (tone - key.tonic) % 12))


def nearest(pitch: int, classes: tuple[int, ...] | set[int], *, upward: bool = False) -> int:
    """The pitch nearest to `pitch` whose class is among `classes`; ties go down, or `upward`."""
    for distance in range(12):
        around = (pitch + distance, pitch - distance)
        for candidate in around if upward else around[::-1]:
            if candidate % 12 in classes:
                return candidate
    raise InputError("A chord has no notes. Correct the style.")


def ladder(classes: tuple[int, ...], low: int, high: int) -> list[int]:
    """Every pitch from `low` to `high` whose class is among `classes`."""
    return [pitch for pitch in range(low, high + 1) if pitch % 12 in classes]
