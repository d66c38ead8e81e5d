"""Drums: grooves with ghost notes, turns every fourth bar, fills into phrases and strong hits."""

from collections.abc import Iterable

import numpy as np

from .draft import Dice, Tone
from .form import Form, Phrase
from .grid import Bar, Grid
from .style import DRUMS, DrumLine, Fill, Groove, Style

_ACCENT = {"X": 0.4, "x": 0.0, "o": -0.55}
_FEET = {DRUMS[name] for name in ("kick", "kick 2", "pedal hat")}
_HANDS = {
    DRUMS[name]
    for name in (
        "snare", "snare 2", "rim", "hat", "open hat", "ride", "ride 2", "ride bell", "crash",
        "crash 2", "china", "splash", "low tom", "mid tom", "high mid tom", "high tom",
        "floor tom", "high floor tom",
    )
}  # fmt: skip
"""What the drummer who plays the fill has under the hands; all else is somebody else's."""
_RING = {49: 8.0, 57: 8.0, 52: 6.0, 55: 4.0, 46: 2.0, 51: 2.0, 53: 2.0}


def drum_tone(
    step: int, drum: str, *, accent: float = 0.0, low: float = -1.0, late: float = 0.0
) -> Tone:
    """A stroke; cymbals are written long enough to ring."""
    key = DRUMS[drum]
    return Tone(step=step, length=_RING.get(key, 1.0), pitch=key, accent=accent, low=low, late=late)


def play_grooves(grid: Grid, form: Form, style: Style, dice: Dice) -> list[Tone]:
    """The groove of each phrase, varied bar by bar."""
    rng = dice.roll("groove")
    grooves = style.grooves[grid.metre.name]
    order = [grooves[int(i)] for i in rng.permutation(len(grooves))]
    tones: list[Tone] = []
    for phrase in form.phrases:
        other = phrase.label == "B" or phrase.climax
        groove = order[1 % len(order)] if other else order[0]
        for i, bar in enumerate(phrase.bars):
            tones += _bar(groove, phrase, i, bar, style, rng)
    return tones


def _bar(
    groove: Groove, phrase: Phrase, i: int, bar: Bar, style: Style, rng: np.random.Generator
) -> list[Tone]:
    turns = (i - phrase.upbeat) % 4 == 3 or i == len(phrase.bars) - 1
    tones: list[Tone] = []
    for line in groove.lines:
        tones += _line(line, i, bar, style, len(line.grid))
    if turns:
        taken = {(tone.step, tone.pitch) for tone in tones}
        for line in groove.turn:
            added = _line(line, i, bar, style, len(line.grid))
            tones += [tone for tone in added if (tone.step, tone.pitch) not in taken]
    # Ghosts come and go, as with a drummer; every second bar one weak kick may move.
    drop = rng.random(len(tones))
    return [
        tone
        for tone, coin in zip(tones, drop, strict=True)
        if not (tone.accent < -0.5 and coin < 0.25)
    ]


def _line(line: DrumLine, i: int, bar: Bar, style: Style, size: int) -> list[Tone]:
    whole = size if size <= bar.length or size <= 16 else size // 2
    k = i % (size // whole)
    signs = line.grid[k * whole : (k + 1) * whole][: bar.length]
    low = max(line.start, style.enters["drums"])
    return [
        drum_tone(bar.start + at, line.drum, accent=_ACCENT[sign], low=low, late=line.late)
        for at, sign in enumerate(signs)
        if sign in _ACCENT
    ]


def add_fills(
    tones: list[Tone], targets: Iterable[tuple[int, int]], grid: Grid, style: Style, dice: Dice
) -> list[Tone]:
    """Lead into each target (step, size) by a fill over the groove: the bigger, the longer.

    A fill takes the drummer's hands from the groove and leaves the feet and the percussion;
    before the biggest targets (size 3) only strokes on the beat stay below it.
    """
    rng = dice.roll("fills")
    fills = sorted(style.fills, key=lambda fill: fill.steps)
    for target, size in sorted(targets):
        longest = {1: grid.beat, 2: 2 * grid.beat, 3: grid.bar_steps}[size]
        fitting = [fill for fill in fills if fill.steps <= longest]
        weights = np.array([1.0 + 2.0 * (fill.steps > longest // 2) for fill in fitting])
        if not fitting or target - longest < grid.first:
            continue
        fill = fitting[int(rng.choice(len(fitting), p=weights / weights.sum()))]
        start = target - fill.steps
        if any(tone.hit and start <= tone.step < target for tone in tones):
            continue
        played = _fill(fill, target, style)
        tones = [t for t in tones if not start <= t.step < target or _stays(t, played, size, grid)]
        tones += played
    return tones


def _stays(tone: Tone, fill: list[Tone], size: int, grid: Grid) -> bool:
    """Whether a stroke of the groove can go on below a fill."""
    if any(tone.pitch == other.pitch for other in fill):
        return False
    if size == 3:
        return tone.pitch in _FEET and grid.level(tone.step) >= 2
    hands_free = all(abs(tone.step - other.step) > 1 for other in fill if other.pitch in _HANDS)
    return tone.pitch not in _HANDS or hands_free


def _fill(fill: Fill, target: int, style: Style) -> list[Tone]:
    tones = []
    for line in fill.lines:
        start = target - len(line.grid)
        for at, sign in enumerate(line.grid):
            if sign in _ACCENT:
                rise = 0.3 * at / len(line.grid) - 0.15
                tone = drum_tone(
                    start + at, line.drum, accent=_ACCENT[sign] + rise, low=style.enters["drums"]
                )
                tone.hit = 0
                tones.append(tone)
    return tones
