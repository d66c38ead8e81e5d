"""The chord plan: progressions of the style over the bars, cadences, colour, harmonic rhythm."""

from dataclasses import dataclass

import numpy as np

from ..types import Key
from .draft import Dice, Tone
from .form import Form, Phrase
from .grid import Bar, Grid
from .style import Mode, Style
from .theory import Harmony, Span, is_bright, read_chord

_DARKER = {"IV": "iv", "ii": "iih7", "ii7": "iih7", "IVmaj7": "iv7", "IVadd9": "iv", "vi": "bVI"}
_DIATONIC = {
    "major": ("I", "ii", "iii", "IV", "V", "vi", "viio"),
    "minor": ("i", "iio", "III", "iv", "v", "VI", "VII"),
    "dorian": ("i", "ii", "III", "IV", "v", "vio", "VII"),
    "mixolydian": ("I", "ii", "iiio", "IV", "v", "vi", "VII"),
}
_SEVENTHS = {
    "major": ("Imaj7", "ii7", "iii7", "IVmaj7", "V7", "vi7", "viih7"),
    "minor": ("i7", "iih7", "IIImaj7", "iv7", "v7", "VImaj7", "VII7"),
    "dorian": ("i7", "ii7", "IIImaj7", "IV7", "v7", "vih7", "VIImaj7"),
    "mixolydian": ("I7", "ii7", "iiih7", "IVmaj7", "v7", "vi7", "VIImaj7"),
}
_UP_A_THIRD = {
    "major": {"vi": "I", "ii": "IV", "iii": "V", "vi7": "Imaj7", "ii7": "IVmaj7", "vi9": "Imaj9"},
    "minor": {"i": "III", "iv": "VI", "v": "VII", "i7": "IIImaj7", "iv7": "VImaj7"},
    "dorian": {"i": "III", "v": "VII", "i7": "IIImaj7", "i9": "IIImaj9"},
    "mixolydian": {"v": "VII", "ii": "IV", "v7": "VIImaj7"},
}
"""Brighter chords that share two tones with the one they stand for; read backwards, darker ones."""
_MOOD_SHIFT = 0.4
_BRIGHTER = {"iv": "IV", "iv7": "IV7", "v": "V", "iih7": "ii7", "v7": "V7"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Progressions:
    """The progressions of one piece, bar by bar; each bar one or more numerals."""

    theme: tuple[tuple[str, ...], ...]
    contrast: tuple[tuple[str, ...], ...]
    shade: tuple[tuple[str, ...], ...]
    cadence: tuple[str, ...]
    """Chords before the last, then the last."""


def choose_progressions(mode: Mode, dice: Dice) -> Progressions:
    """Draw the progressions of this piece from those of the style."""

    def draw(purpose: str, lines: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        line = lines[dice.lot(purpose, len(lines))]
        return tuple(tuple(bar.split(",")) for bar in line.split())

    theme, contrast = draw("theme", mode.theme), draw("contrast chords", mode.contrast)
    shade, cadence = draw("shade", mode.shade), draw("cadence", mode.cadences)
    return Progressions(
        theme=theme,
        contrast=contrast,
        shade=shade,
        cadence=tuple(roman for bar in cadence for roman in bar),
    )


def template_chords(bars: tuple[tuple[str, ...], ...], index: int, key: Key) -> list[Harmony]:
    """The chords that bar `index` of a progression was written with."""
    return [read_chord(roman, key) for roman in bars[index % len(bars)]]


def template_index(phrase: Phrase, bar: int, slow: bool) -> int:
    """Which bar of the four-bar model the bar of a phrase follows: odd lengths keep the close."""
    n = len(phrase.bars) - phrase.upbeat
    bar -= phrase.upbeat
    if bar < 0:
        return 3
    if slow:
        bar, n = bar // 2, (n + 1) // 2
    if n >= 4 or bar < n - 1 or n == 1:
        return min(bar, n - 1) if n <= 4 else bar % 4
    return 3


def is_slow(phrase: Phrase, style: Style) -> bool:
    """Calm phrases of even length move at half speed: chords and tune are stretched."""
    return phrase.energy < style.slow_below and len(phrase.bars) >= 4


def plan_chords(
    grid: Grid, form: Form, style: Style, key: Key, progressions: Progressions
) -> list[tuple[int, str]]:
    """(step, numeral) of each chord change, closing chord included; without tightening."""
    changes: list[tuple[int, str]] = []
    for phrase in form.phrases:
        written = _phrase_chords(grid, phrase, style, key, progressions)
        changes += _cadenced(written, grid, phrase, style, key, progressions)
    changes = [(step, roman) for step, roman in changes if step < form.final]
    changes = _add_cadence(grid, form, changes, progressions)
    return _merge(changes)


def _phrase_chords(
    grid: Grid, phrase: Phrase, style: Style, key: Key, progressions: Progressions
) -> list[tuple[int, str]]:
    bright = is_bright(key)
    shaded = phrase.valence < -1 / 3 if bright else phrase.valence > 1 / 3
    source = progressions.contrast if phrase.label == "B" else progressions.theme
    if shaded:
        source = progressions.shade
    slow = is_slow(phrase, style)
    changes = []
    for i, bar in enumerate(phrase.bars):
        romans = source[template_index(phrase, i, slow) % len(source)]
        if slow:
            half = len(romans) // 2
            romans = romans[: max(half, 1)] if i % 2 == 0 else romans[half:]
        if not shaded:
            romans = tuple(_tint(roman, grid, bar, key) for roman in romans)
        if style.borrow and not shaded:
            romans = tuple(_colour(roman, grid, bar, bright) for roman in romans)
        changes += [(bar.start + at, roman) for at, roman in _spread(romans, bar, grid)]
    return changes


def _cadenced(
    changes: list[tuple[int, str]],
    grid: Grid,
    phrase: Phrase,
    style: Style,
    key: Key,
    progressions: Progressions,
) -> list[tuple[int, str]]:
    """An inner phrase with its cadence: at rest on the tonic if it is closed, else on the way.

    The piece's own cadence is used. A closed phrase of three bars or more has the chord before the
    last in the second half of its last bar but one and the last in its last bar; an open one that
    would stop on the tonic leaves it in its last half bar.
    """
    if phrase.last or len(phrase.bars) < 3 or is_slow(phrase, style):
        return changes
    *before, last = progressions.cadence
    *_, bar, final = phrase.bars
    if phrase.closed:
        at = bar.start + bar.length // (2 * grid.beat) * grid.beat
        kept = [change for change in changes if change[0] < at]
        return [*kept, (at, before[-1]), (final.start, last)]
    at = final.start + -(-final.length // (2 * grid.beat)) * grid.beat
    if at >= final.end or read_chord(changes[-1][1], key).root != key.tonic:
        return changes
    return [*(change for change in changes if change[0] < at), (at, before[-1])]


def _tint(roman: str, grid: Grid, bar: Bar, key: Key) -> str:
    """The relative chord where a bar is much brighter or gloomier than the piece around it."""
    shift = grid.mean(grid.valence, bar.start, bar.end) - float(grid.valence.mean())
    table = _UP_A_THIRD[key.mode]
    if shift > _MOOD_SHIFT:
        return table.get(roman, roman)
    if shift < -_MOOD_SHIFT:
        return {major: minor for minor, major in table.items()}.get(roman, roman)
    return roman


def _colour(roman: str, grid: Grid, bar: Bar, bright: bool) -> str:
    """Modal mixture where the shots of this bar are of the other mood."""
    mood = grid.mean(grid.valence, bar.start, bar.end)
    if bright and mood < -1 / 3:
        return _DARKER.get(roman, roman)
    if not bright and mood > 1 / 3:
        return _BRIGHTER.get(roman, roman)
    return roman


def _spread(romans: tuple[str, ...], bar: Bar, grid: Grid) -> list[tuple[int, str]]:
    """Places of the chords of a bar: evenly, on beats."""
    n_beats = max(bar.length // grid.beat, 1)
    romans = romans[:n_beats] if len(romans) > n_beats else romans
    return [(-(-i * n_beats // len(romans)) * grid.beat, roman) for i, roman in enumerate(romans)]


def _add_cadence(
    grid: Grid, form: Form, changes: list[tuple[int, str]], progressions: Progressions
) -> list[tuple[int, str]]:
    """Let the last bar before the close lead to it."""
    *before, last = progressions.cadence
    bar = form.phrases[-1].bars[-1]
    start, room = bar.start, form.final - bar.start
    if room < grid.beat and len(form.phrases[-1].bars) > 1:  # the close stands early in its bar
        bar = form.phrases[-1].bars[-2]
        start, room = bar.start, form.final - bar.start
    start = max(start, grid.first)
    room = form.final - start
    n_beats = room // grid.beat
    if n_beats < 1:
        before = before[-1:] if room > 0 else []
        places = [start]
    else:
        before = before[-n_beats:] if n_beats < 4 else before[-2:]
        places = [start + i * n_beats // len(before) * grid.beat for i in range(len(before))]
    changes = [(step, roman) for step, roman in changes if step < start]
    changes += list(zip(places, before, strict=False))
    return [*changes, (form.final, last)]


def _merge(changes: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """One change per step (the later wins), repeated chords joined unless a bar begins."""
    by_step = dict(changes)
    return sorted(by_step.items())


def tighten(
    changes: list[tuple[int, str]],
    grid: Grid,
    style: Style,
    key: Key,
    dice: Dice,
    wanted: set[int],
    tune: list[Tone],
) -> list[tuple[int, str]]:
    """Faster harmony where the picture is intense, and new chords at strong hits.

    A chord that lasts a bar gets a second one at its middle beat, or where one of the `wanted`
    steps is. Only chords are taken that the tune written above them allows: it comes first.
    """
    rng = dice.roll("tighten")
    dense: list[tuple[int, str]] = []
    ends = [step for step, _ in changes[1:]] + [grid.n_steps]
    last = changes[-1][0]
    for (step, roman), end, (_, following) in zip(
        changes, ends, [*changes[1:], changes[-1]], strict=True
    ):
        dense.append((step, roman))
        coin, chosen = float(rng.random()), int(rng.integers(1 << 16))
        if step >= last or end >= last:  # what leads to the close stays as it is
            continue
        at = next((s for s in range(step + 2, end - 1) if s in wanted), 0)
        middle = step + (end - step) // 2 // grid.beat * grid.beat
        tight = grid.mean(grid.arousal, step, end) > style.tight_above
        if not at and tight and middle > step and coin < 0.75:
            at = middle
        if at:
            above = _weighty(tune, at, end, grid)
            dense.append((at, _passing(roman, following, style, key, chosen, above)))
    return _merge(dense)


def _weighty(tune: list[Tone], start: int, end: int, grid: Grid) -> set[int]:
    """Pitch classes of the tune in [start, end) that the ear holds against the chord."""
    return {
        tone.pitch % 12
        for tone in tune
        if start < tone.end
        and tone.step < end
        and (tone.length >= 6 or grid.level(tone.step) >= 3 or tone.step == start)
    }


def _passing(
    roman: str, following: str, style: Style, key: Key, chosen: int, above: set[int]
) -> str:
    """A chord that leads from one to the next, drawn from the style's own ways, under the tune."""
    here, target = read_chord(roman, key), read_chord(following, key)
    base_here, base_next = _base(roman), _base(following)
    n = len(style.tighten)
    for way in [style.tighten[(chosen + i) % n] for i in range(n)]:
        if ("next" in way and not base_next) or ("same" in way and not base_here):
            continue
        candidate = way.replace("next", base_next).replace("same", base_here)
        if way.startswith("@"):  # a chord on a degree of the mode, as rich as its neighbours
            chords = _SEVENTHS if len(here.tones) > 3 and len(target.tones) > 3 else _DIATONIC
            candidate = chords[key.mode][int(way[1:]) - 1]
            if _is_diminished(read_chord(candidate, key)):
                continue
        if way.endswith("/next") and (_is_diminished(target) or target.root == here.root):
            continue
        if candidate.count("/") > 1:
            continue
        try_chord = read_chord(candidate, key)
        fits = above <= set(try_chord.tones) and len(try_chord.tones) > 2
        if fits and try_chord.symbol not in (here.symbol, target.symbol):
            return candidate
    return roman


def _base(roman: str) -> str:
    """The numeral without its inversion; empty for the dominant of another chord."""
    base, _, below = roman.partition("/")
    return "" if below and not below.isdigit() else base


def _is_diminished(chord: Harmony) -> bool:
    return (chord.root + 7) % 12 not in chord.tones


def make_spans(changes: list[tuple[int, str]], grid: Grid, key: Key) -> list[Span]:
    """Chords with their extents; the first begins with the grid, the last ends with it."""
    steps = [0, *(step for step, _ in changes[1:])]
    ends = [*steps[1:], grid.n_steps]
    return [
        Span(start=start, end=end, chord=read_chord(roman, key))
        for start, end, (_, roman) in zip(steps, ends, changes, strict=True)
        if end > start
    ]


def chord_lookup(spans: list[Span], n_steps: int) -> np.ndarray:
    """(n_steps,) index of the span at each step."""
    lookup = np.zeros(n_steps, dtype=int)
    for i, span in enumerate(spans):
        lookup[span.start : span.end] = i
    return lookup
