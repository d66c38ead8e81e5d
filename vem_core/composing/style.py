"""Styles: each one file of data, checked when it is read.

A style file holds everything that makes music sound like that style: progressions and cadences per
mode, bass, comping, arpeggio and string figures, drum grooves and fills, rhythms of the tune,
instruments and their ranges. Figures are written on the grid of sixteenths, one character a step.
A metre for which a style writes no figure of its own uses those of its `feel` (feels.json).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..types import METRES, PARTS, SCALES, Key, Metre
from .theory import read_chord

FOLDER = Path(__file__).parent / "styles"
FIGURES = ("bass", "harmony", "keys", "strings")
ENDINGS = ("held", "broad", "arpeggio", "echo", "stinger", "strokes", "vamp")

DRUMS = {
    "impact": 27,
    "sub drop": 28,
    "riser": 29,
    "reverse cymbal": 30,
    "whoosh": 31,
    "snap": 32,
    "crackle": 33,
    "kick 2": 35,
    "kick": 36,
    "rim": 37,
    "snare": 38,
    "clap": 39,
    "snare 2": 40,
    "floor tom": 41,
    "hat": 42,
    "high floor tom": 43,
    "pedal hat": 44,
    "low tom": 45,
    "open hat": 46,
    "mid tom": 47,
    "high mid tom": 48,
    "crash": 49,
    "high tom": 50,
    "ride": 51,
    "china": 52,
    "ride bell": 53,
    "tambourine": 54,
    "splash": 55,
    "cowbell": 56,
    "crash 2": 57,
    "ride 2": 59,
    "high bongo": 60,
    "low bongo": 61,
    "muted conga": 62,
    "high conga": 63,
    "low conga": 64,
    "cabasa": 69,
    "maracas": 70,
    "claves": 75,
    "woodblock": 76,
    "triangle": 81,
    "shaker": 82,
}
"""Names of drums and their General MIDI keys; below 35 what the sound bank adds for pictures."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A figure on the grid, played where the intensity reaches `start`."""

    start: float
    grid: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DrumLine:
    """One drum of a groove. 'X' accent, 'x' normal, 'o' ghost, '.' rest."""

    drum: str
    grid: str
    start: float
    late: float = 0.0
    """Steps that this drum lays back (or pushes, if negative)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Groove:
    """Lines of a bar or more; `turn` is added in every fourth bar."""

    lines: tuple[DrumLine, ...]
    turn: tuple[DrumLine, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Fill:
    """Drums that lead into a step: the grids end right before it."""

    lines: tuple[DrumLine, ...]

    @property
    def steps(self) -> int:
        return max(len(line.grid) for line in self.lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mode:
    """Harmony of one mode: bars separated by spaces, chords within a bar by commas."""

    theme: tuple[str, ...]
    contrast: tuple[str, ...]
    shade: tuple[str, ...]
    """For shots whose mood is the opposite of the mode's."""
    cadences: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """All that a style states; see the module's docstring."""

    name: str
    title: str
    words: tuple[str, ...]
    idiomatic: bool
    """Says a place, a time or a scene of its own: chosen unasked only where it fits far better."""
    valence: float
    arousal: float
    tempo_bpm: tuple[float, float]
    metres: tuple[str, ...]
    modes: Mapping[str, Mapping[str, float]]
    """'bright', 'neutral', 'dark' -> mode -> weight."""
    tonics: tuple[int, ...]
    swing_steps: int
    """Length of the pair of notes that swings: 2 for sixteenths, 4 for eighths."""
    swing: float
    """Share of the pair that the first note gets: 0.5 straight, 0.667 triplets."""
    human: float
    """Standard deviation of the timing, in steps."""
    late: Mapping[str, float]
    instruments: Mapping[str, str]
    ranges: Mapping[str, tuple[int, int]]
    levels: Mapping[str, float]
    enters: Mapping[str, float]
    """Intensity from which a part plays."""
    voices: int
    power: bool
    """Power chords: roots and fifths only."""
    chords: Mapping[str, Mode]
    tighten: tuple[str, ...]
    tight_above: float
    slow_below: float
    borrow: bool
    figures: Mapping[str, Mapping[str, tuple[Figure, ...]]]
    """part -> metre -> figures from calm to intense."""
    grooves: Mapping[str, tuple[Groove, ...]]
    fills: tuple[Fill, ...]
    rhythms: Mapping[str, tuple[str, ...]]
    pentatonic: bool
    leaps: float
    """0 stepwise ... 1 leaping."""
    ornament: float
    chromatic: bool
    """Bass and tune may approach a chord tone by a semitone from outside the scale."""
    strum: float
    """Steps between the strings of a strummed chord."""
    small_hits: tuple[str, ...]
    big_hits: tuple[str, ...]
    double_above: float
    """Mean arousal of a phrase from which the strings double the tune; above 1: never."""
    swells: tuple[str, ...]
    """Sounds that grow into a big hit."""
    stop: float
    """Chance of a moment of silence right before a big hit."""
    endings: tuple[str, ...]
    """Ways to end (ENDINGS) that suit the style."""

    def tempo_range_bpm(self, metre: Metre) -> tuple[float, float]:
        """The tempo range in beats of a metre: `tempo_bpm` counts quarters, 6/8 dotted ones."""
        low, high = self.tempo_bpm
        return low / metre.quarters_per_beat, high / metre.quarters_per_beat


def style_names() -> tuple[str, ...]:
    """Every style there is a file for."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


@lru_cache(maxsize=64)
def load_style(name: str) -> Style:
    """Read and check a style.

    Raises:
        InputError: no such style, or its file says something that cannot be played.
    """
    path = FOLDER / f"{name}.json"
    if name not in style_names():
        raise InputError(
            f"There is no style '{name}'. There are: {', '.join(style_names())}. Choose one."
        )
    feels = json.loads((FOLDER.parent / "feels.json").read_text(encoding="utf-8"))
    return read_style(json.loads(path.read_text(encoding="utf-8")), feels)


def read_style(data: dict[str, Any], feels: dict[str, Any]) -> Style:
    """A Style from the content of its file and of feels.json.

    Raises:
        InputError: a field is missing or unknown, or a value cannot be played.
    """
    name = data.get("name", "without a name")
    try:
        feel = feels[data["feel"]]
        style = _build(data, feel)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            f"The style '{name}' cannot be read: {type(error).__name__} {error}. Compare its file"
            " with another style."
        ) from error
    _check(style)
    return style


def _build(data: dict[str, Any], feel: dict[str, Any]) -> Style:
    swing = data.get("swing", {"steps": 2, "share": 0.5})
    return Style(
        name=data["name"],
        title=data["title"],
        words=tuple(data["words"]),
        idiomatic=data.get("idiomatic", False),
        valence=data["valence"],
        arousal=data["arousal"],
        tempo_bpm=(data["tempo_bpm"][0], data["tempo_bpm"][1]),
        metres=tuple(data["metres"]),
        modes=data["modes"],
        tonics=tuple(data["tonics"]),
        swing_steps=swing["steps"],
        swing=swing["share"],
        human=data["human"],
        late=data.get("late", {}),
        instruments=data["instruments"],
        ranges={part: (low, high) for part, (low, high) in data["ranges"].items()},
        levels=data["levels"],
        enters=data["enters"],
        voices=data["voices"],
        power=data.get("power", False),
        chords={mode: _mode(given) for mode, given in data["chords"].items()},
        tighten=tuple(data["tighten"]),
        tight_above=data["tight_above"],
        slow_below=data["slow_below"],
        borrow=data["borrow"],
        figures={part: _by_metre(data, feel, part, _figures) for part in FIGURES},
        grooves=_by_metre(data, feel, "drums", _grooves),
        fills=tuple(Fill(lines=_lines(fill)) for fill in data["fills"]),
        rhythms=_by_metre(data, feel, "lead", tuple),
        pentatonic=data["pentatonic"],
        leaps=data["leaps"],
        ornament=data["ornament"],
        chromatic=data.get("chromatic", False),
        strum=data.get("strum", 0.0),
        small_hits=tuple(data["small_hits"]),
        big_hits=tuple(data["big_hits"]),
        double_above=data.get("double_above", 2.0),
        swells=tuple(data.get("swells", [])),
        stop=data["stop"],
        endings=tuple(data["endings"]),
    )


def _mode(given: dict[str, list[str]]) -> Mode:
    return Mode(**{field: tuple(lines) for field, lines in given.items()})


def _by_metre(data: dict[str, Any], feel: dict[str, Any], part: str, build: Any) -> dict[str, Any]:
    written = {**feel[part], **data[part]}
    return {metre: build(written[metre]) for metre in METRES}


def _figures(given: list[Any]) -> tuple[Figure, ...]:
    return tuple(Figure(start=start, grid=grid) for start, grid in given)


def _grooves(given: list[Any]) -> tuple[Groove, ...]:
    return tuple(
        Groove(lines=_lines(groove["lines"]), turn=_lines(groove.get("turn", [])))
        for groove in given
    )


def _lines(given: list[Any]) -> tuple[DrumLine, ...]:
    return tuple(
        DrumLine(drum=line[0], grid=line[1], start=line[2] if len(line) > 2 else 0.0,
                 late=line[3] if len(line) > 3 else 0.0)
        for line in given
    )  # fmt: skip


def _check(style: Style) -> None:
    """Raise InputError for what can be read but not played."""
    wrong = [f"no range for {part}" for part in PARTS[1:] if part not in style.ranges]
    wrong += [f"no instrument for {part}" for part in PARTS if part not in style.instruments]
    wrong += [f"no level for {part}" for part in PARTS if part not in style.levels]
    wrong += [f"no entry for {part}" for part in PARTS if part not in style.enters]
    for mood in ("bright", "neutral", "dark"):
        for mode in style.modes.get(mood, {"": 0}):
            if mode not in style.chords or mode not in SCALES:
                wrong.append(f"no harmony for the mode '{mode}' of the mood '{mood}'")
    for mode, given in style.chords.items():
        for line in (*given.theme, *given.contrast, *given.shade, *given.cadences):
            for roman in line.replace(",", " ").split():
                read_chord(roman, Key(tonic=0, mode=mode))  # type: ignore[arg-type]
    wrong += [f"no drum '{drum}'" for drum in _all_drums(style) if drum not in DRUMS]
    wrong += [f"no ending '{name}'" for name in style.endings if name not in ENDINGS]
    for metre, part, grid in _all_grids(style):
        size = METRES[metre].steps_per_beat * METRES[metre].beats_per_bar
        if not grid or len(grid) % size:
            wrong.append(f"'{grid}' of {part} has {len(grid)} steps; a bar of {metre} has {size}")
    if wrong:
        raise InputError(f"The style '{style.name}' cannot be played: {'; '.join(wrong)}. Mend it.")


def _all_drums(style: Style) -> set[str]:
    named = {*style.small_hits, *style.big_hits, *style.swells}
    for grooves in style.grooves.values():
        named |= {line.drum for groove in grooves for line in (*groove.lines, *groove.turn)}
    return named | {line.drum for fill in style.fills for line in fill.lines}


def _all_grids(style: Style) -> list[tuple[str, str, str]]:
    grids = [
        (metre, part, figure.grid)
        for part, by_metre in style.figures.items()
        for metre, figures in by_metre.items()
        for figure in figures
    ]
    for metre, grooves in style.grooves.items():
        for groove in grooves:
            grids += [(metre, "drums", line.grid) for line in (*groove.lines, *groove.turn)]
    for metre, rhythms in style.rhythms.items():
        grids += [(metre, "lead", grid) for grid in rhythms]
    return grids
