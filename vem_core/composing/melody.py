"""The tune: two themes made from one motif, set on the chords and brought back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..types import Key
from .draft import Dice, Tone
from .form import Form, Phrase
from .grid import Bar, Grid
from .harmony import Progressions, is_slow, template_chords, template_index
from .motif import Cell, breathing, close, fitted, head, inverted, make_cell, retrograde, stretched
from .style import Style
from .theory import Harmony, five_notes, ladder, nearest
from .voicing import is_parallel

ChordAt = Callable[[int], Harmony]
Level = Callable[[int], int]

_PLANS = ("xyxc", "xxyc", "xyhc", "x-xc", "xyx-", "xxhc", "xyyc", "xhxc")
_CONTRASTS = ("zzwc", "zwzc", "z-zc", "zzhc", "zwz-", "zwwc", "zhzc")
"""Bars of a theme: motif x, its fellow y, mirrors z and w, head said twice h, close c, rest -."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Theme:
    """Four bars of tune with pitches, an open and a closed end, and perhaps an upbeat."""

    bars: tuple[Cell, ...]
    closed: Cell
    pickup: int
    """Notes that lead into the phrase: 0 to 3."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tune:
    """The material of a piece: its motif and the themes that come from it."""

    motif: Cell
    themes: dict[str, Theme]


def make_tune(grid: Grid, style: Style, key: Key, progressions: Progressions, dice: Dice) -> Tune:
    """Invent the motif and build theme (A) and contrast (B) from it."""
    rng = dice.roll("motif")
    rhythms = style.rhythms[grid.metre.name]
    first = dice.lot("rhythm", len(rhythms))
    second = (first + 1 + dice.lot("second rhythm", max(len(rhythms) - 1, 1))) % len(rhythms)
    span = 3 if style.pentatonic else 4
    lean = dice.turn(f"contour {first}", 4, len(rhythms))
    x = make_cell(rng, rhythms[first], style.leaps, span, lean)
    y = make_cell(rng, rhythms[second], style.leaps, span, 3 - lean)
    z = inverted(x) if rng.random() < 0.5 else retrograde(x)
    w = inverted(y) if rng.random() < 0.5 else retrograde(y)
    if rng.random() < 0.6:
        y, w = breathing(y, grid.beat), breathing(w, grid.beat)
    end = close(x, grid.beat, hold=False)
    rest = Cell(notes=(), size=grid.bar_steps)
    cells = {"x": x, "y": y, "z": z, "w": w, "c": end, "h": head(x, grid.beat), "-": rest}
    low, high = style.ranges["lead"]
    scale = five_notes(key) if style.pentatonic else key.scale
    rungs = ladder(scale, low, high)
    openings = tuple(dice.turn(f"opening {i} {first}", 3, len(rhythms)) for i in range(4))
    setter = Setter(rungs=rungs, key=key, grid=grid, rng=rng, openings=openings)
    plan_a = _PLANS[dice.lot("plan", len(_PLANS))]
    plan_b = _CONTRASTS[dice.lot("contrast", len(_CONTRASTS))]
    reach = high - low
    height = (0.39, 0.45, 0.51)[dice.lot("height", 3)]
    a = setter.theme([cells[c] for c in plan_a], progressions.theme, low + height * reach)
    cells["h"] = head(z, grid.beat)
    b = setter.theme([cells[c] for c in plan_b], progressions.contrast, low + 0.6 * reach)
    return Tune(motif=a.bars[0], themes={"A": a, "B": b})


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Setter:
    """Sets cells on chords: finds the height at which a contour fits best."""

    rungs: list[int]
    key: Key
    grid: Grid
    rng: np.random.Generator
    openings: tuple[int, ...]
    """Which tone of its chord each bar of a theme would best begin on: 0 root, 1 third, 2 fifth."""

    def theme(
        self, cells: list[Cell], progression: tuple[tuple[str, ...], ...], center: float
    ) -> Theme:
        """Four bars over a progression, around an arch whose top is in the third bar."""
        arch = (0.0, 1.0, 2.5, -1.0)
        previous = None
        outer: tuple[int, int] | None = None
        placed: list[Cell] = []
        known: dict[tuple[Cell, tuple[str, ...]], Cell] = {}
        for i, cell in enumerate(cells):
            romans = progression[i % len(progression)]
            if not cell.notes:
                placed.append(cell)
                continue
            if (cell, romans) not in known:
                chord_at = self._chords(progression, i, cell.size)
                known[cell, romans] = self.place(
                    cell, chord_at, center + arch[i], previous, outer, self.openings[i]
                )
            placed.append(known[cell, romans])
            previous = placed[-1].notes[-1][2]
            outer = (self._chords(progression, i, cell.size)(0).bass, placed[-1].notes[0][2])
        last = self._chords(progression, 3, cells[-1].size)
        closing = self.place(
            close(cells[0], self.grid.beat, hold=True), last, center - 1.0, previous, None
        )
        pickup = int(self.rng.choice([0, 0, 1, 2, 3]))
        return Theme(bars=tuple(placed), closed=closing, pickup=pickup)

    def _chords(self, progression: tuple[tuple[str, ...], ...], index: int, size: int) -> ChordAt:
        chords = template_chords(progression, index, self.key)
        return lambda step: chords[min(step * len(chords) // size, len(chords) - 1)]

    def place(
        self,
        cell: Cell,
        chord_at: ChordAt,
        target: float,
        previous: int | None,
        outer: tuple[int, int] | None,
        opening: int | None = None,
    ) -> Cell:
        """The cell as pitches: near `target`, close to `previous`, strong notes chordal."""
        best, best_cost = None, np.inf
        base = min(range(len(self.rungs)), key=lambda i: abs(self.rungs[i] - target))
        for anchor in range(base - 5, base + 6):
            heights = [anchor + degree for degree in cell.degrees]
            if min(heights) < 0 or max(heights) >= len(self.rungs):
                continue
            raw = replace(
                cell,
                notes=tuple(
                    (s, n, self.rungs[i]) for (s, n, _), i in zip(cell.notes, heights, strict=True)
                ),
            )
            settled = settle(raw, chord_at, self._level, (self.rungs[0], self.rungs[-1]))
            pitches = list(settled.degrees)
            cost = _bend_cost(raw, settled)
            cost += 0.1 * abs(float(np.mean(pitches)) - target) + 0.35 * float(self.rng.random())
            if previous is not None:
                jump = abs(pitches[0] - previous)
                cost += 0.12 * max(jump - 4, 0) + (0.3 if jump == 0 else 0.0)
            if opening is not None:
                tones = chord_at(0).tones
                cost += 0.7 * (pitches[0] % 12 != tones[opening % len(tones)])
            if outer and is_parallel(outer, (chord_at(0).bass, pitches[0])):
                cost += 0.8
            if cost < best_cost:
                best, best_cost = settled, cost
        if best is None:  # a contour wider than the instrument
            middle = nearest(round(target), set(chord_at(0).tones))
            best = replace(cell, notes=tuple((s, n, middle) for s, n, _ in cell.notes))
        return best

    def _level(self, step: int) -> int:
        beat = self.grid.beat
        if step % beat:
            return 1 if step % 2 == 0 else 0
        return 4 if step == 0 else 3 if step == self.grid.bar_steps // 2 else 2


def _bend_cost(raw: Cell, settled: Cell) -> float:
    """What settling on the chords does to a contour: moved notes, and lost rises and falls."""
    moved = sum(abs(a - b) for a, b in zip(raw.degrees, settled.degrees, strict=True))
    lost = sum(
        np.sign(b - a) != np.sign(d - c)
        for (a, b), (c, d) in zip(pairwise(raw.degrees), pairwise(settled.degrees), strict=True)
    )
    return 0.12 * moved + 0.8 * float(lost)


def settle(cell: Cell, chord_at: ChordAt, level: Level, span: tuple[int, int]) -> Cell:
    """Strong and long notes go to chord tones, all others into the scale of the moment."""
    notes = []
    for step, length, pitch in cell.notes:
        chord = chord_at(step)
        strong = level(step) >= 3 or length >= 6
        allowed = chord.tones if strong else chord.scale
        rising = bool(notes) and notes[-1][2] < pitch
        new = nearest(pitch, allowed, upward=rising)
        if not span[0] <= new <= span[1]:
            new = nearest(pitch, allowed, upward=new < span[0])
            new = new - 12 if new > span[1] else new + 12 if new < span[0] else new
        notes.append((step, length, new))
    return replace(cell, notes=tuple(notes))


def play_tune(
    tune: Tune, grid: Grid, form: Form, style: Style, key: Key, spans_at: ChordAt, dice: Dice
) -> list[Tone]:
    """The lead part: each phrase takes up its theme; what lies on new chords is settled on them."""
    tones: list[Tone] = []
    for phrase in form.phrases:
        if phrase.label == "C":
            continue
        theme = tune.themes[phrase.label]
        lift = _lift(theme, phrase, style)
        for i, bar in enumerate(phrase.bars):
            if phrase.upbeat and i == 0:
                continue
            cell = _bar_of(theme, phrase, i, style)
            tones += _sound(cell, bar, grid, spans_at, style, lift)
        tones += _lead_in(theme, phrase, grid, key, lift, form, style.ranges["lead"][0])
    tones = _decorate(tones, grid, form, style, spans_at, dice)
    return _land(tones, grid, form, style, key, spans_at)


def _lift(theme: Theme, phrase: Phrase, style: Style) -> int:
    """The climax is an octave higher where the instrument can."""
    top = max(height for bar in (*theme.bars, theme.closed) for _, _, height in bar.notes)
    return (
        12 if phrase.climax and phrase.energy > 0.5 and top + 12 <= style.ranges["lead"][1] else 0
    )


def _bar_of(theme: Theme, phrase: Phrase, i: int, style: Style) -> Cell:
    slow = is_slow(phrase, style)
    index = template_index(phrase, i, slow)
    ends = i == len(phrase.bars) - 1
    if slow:
        return stretched(theme.bars[index], (i - phrase.upbeat) % 2)
    return theme.closed if ends and phrase.closed else theme.bars[index]


def _sound(
    cell: Cell, bar: Bar, grid: Grid, chord_at: ChordAt, style: Style, lift: int
) -> list[Tone]:
    cell = fitted(cell, bar.length)
    lifted = replace(cell, notes=tuple((s, n, p + lift) for s, n, p in cell.notes))
    low, high = style.ranges["lead"]
    settled = settle(
        lifted, lambda s: chord_at(bar.start + s), lambda s: grid.level(bar.start + s), (low, high)
    )
    return [
        Tone(step=bar.start + s, length=n, pitch=p, keep=True, accent=0.2 if s == 0 else 0.0)
        for s, n, p in settled.notes
    ]


def _lead_in(
    theme: Theme, phrase: Phrase, grid: Grid, key: Key, lift: int, form: Form, low: int
) -> list[Tone]:
    """Steps up or down into the first note of a phrase."""
    before = form.phrases[phrase.index - 1] if phrase.index else None
    if not theme.pickup or (before is None and not phrase.upbeat):
        return []
    first_bar = phrase.bars[1 if phrase.upbeat and len(phrase.bars) > 1 else 0]
    step, _, pitch = theme.bars[0].notes[0]
    if step or first_bar.start - 2 * theme.pickup < grid.first:
        return []
    scale = ladder(key.scale, max(pitch - 12, low), pitch)
    notes = scale[-1 - theme.pickup : -1]
    start = first_bar.start - 2 * len(notes)
    return [
        Tone(step=start + 2 * i, length=2, pitch=p + lift, keep=True, accent=-0.2)
        for i, p in enumerate(notes)
    ]


def _decorate(
    tones: list[Tone], grid: Grid, form: Form, style: Style, chord_at: ChordAt, dice: Dice
) -> list[Tone]:
    """Later returns get passing notes between thirds; the first bar of a phrase stays as it was."""
    rng = dice.roll("ornament")
    tones = sorted(tones, key=lambda tone: tone.step)
    extra: list[Tone] = []
    for tone, following in pairwise(tones):
        coin = float(rng.random())
        phrase = form.phrase_at(tone.step)
        gap = following.pitch - tone.pitch
        if phrase.turn < 2 or grid.bar_at(tone.step).start == phrase.start or coin > style.ornament:
            continue
        if tone.length < 4 or abs(gap) not in (3, 4) or following.step != tone.end:
            continue
        middle = nearest(tone.pitch + gap // 2, chord_at(following.step - 2).scale)
        tone.length -= 2
        extra.append(Tone(step=following.step - 2, length=2, pitch=middle, keep=True, accent=-0.3))
    return tones + extra


def _land(
    tones: list[Tone], grid: Grid, form: Form, style: Style, key: Key, chord_at: ChordAt
) -> list[Tone]:
    """Cut what reaches past the close, and end on the tonic or the third with the last chord."""
    kept: dict[int, Tone] = {}
    for tone in sorted(tones, key=lambda tone: tone.step):
        if tone.step < form.final:
            tone.length = min(tone.length, form.final - tone.step)
            kept[tone.step] = tone  # of two at one step the later in the list leads in
    line = [kept[step] for step in sorted(kept)]
    for tone, following in pairwise(line):
        tone.length = min(tone.length, following.step - tone.step)
    low, high = style.ranges["lead"]
    around = line[-1].pitch if line else (low + high) // 2
    chord = chord_at(form.final)
    goal = nearest(around, {key.tonic} if key.tonic in chord.tones else set(chord.tones))
    goal = goal - 12 if goal > high else goal + 12 if goal < low else goal
    length = max(grid.n_steps - form.final, 1)
    return [*line, Tone(step=form.final, length=length, pitch=goal, keep=True, accent=0.3)]
