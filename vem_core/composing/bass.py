"""The bass: figures of the style on the chord of the moment, with steps into the next one."""

from bisect import bisect_right
from dataclasses import replace

from ..types import Key
from .draft import Draft, Tone, pitches_at
from .figures import Event, walk
from .form import Form
from .grid import Grid
from .style import Style
from .theory import Harmony, Span, nearest, note_name
from .voicing import is_parallel


def choose_basses(
    spans: list[Span], style: Style, key: Key, tops: list[int | None], form: Form
) -> list[Span]:
    """The chords, some of them inverted where root position would run parallel to the tune.

    The cheapest choice over the whole piece: an inversion has a price, a higher one where a phrase
    begins, and parallels have the highest. `tops` is the pitch of the lead at the start of each
    chord, None where it rests. The closing chord and power chords stay in root position.
    """
    starts = {phrase.start for phrase in form.phrases}
    costs: list[dict[int, float]] = []
    back: list[dict[int, int]] = []
    for i, span in enumerate(spans):
        prices = _bass_prices(span, style, form, opens=span.start in starts)
        if not i:
            costs.append(prices)
            back.append({})
            continue
        here: dict[int, float] = {}
        origin: dict[int, int] = {}
        for bass, price in prices.items():
            ways = {
                before: cost + _clash(before, tops[i - 1], bass, tops[i])
                for before, cost in costs[-1].items()
            }
            origin[bass] = min(ways, key=lambda before: ways[before])
            here[bass] = price + ways[origin[bass]]
        costs.append(here)
        back.append(origin)
    bass = min(costs[-1], key=lambda b: costs[-1][b])
    line = [bass]
    for origin in reversed(back[1:]):
        line.append(origin[line[-1]])
    return [
        span if bass == span.chord.bass else _inverted(span, bass, key)
        for span, bass in zip(spans, reversed(line), strict=True)
    ]


def _bass_prices(span: Span, style: Style, form: Form, *, opens: bool) -> dict[int, float]:
    """Bass notes that a chord may stand on, and what each costs."""
    chord = span.chord
    prices = {chord.bass: 0.0}
    if style.power or chord.bass != chord.root or not 0 < span.start < form.final:
        return prices
    prices[chord.tones[1]] = 1.0 + 1.5 * opens
    if len(chord.tones) > 2 and (chord.tones[2] - chord.root) % 12 == 7:
        prices[chord.tones[2]] = 1.6 + 2.0 * opens
    return prices


def _clash(bass_before: int, top_before: int | None, bass: int, top: int | None) -> float:
    if top is None or top_before is None:
        return 0.0
    return 4.0 * is_parallel((bass_before, top_before), (bass, top))


def _inverted(span: Span, bass: int, key: Key) -> Span:
    symbol = f"{span.chord.symbol}/{note_name(bass, key)}"
    return replace(span, chord=replace(span.chord, bass=bass, symbol=symbol))


def mend_parallels(heard: Draft, spans: list[Span], style: Style, key: Key) -> list[Span]:
    """Invert chords whose root position still runs parallel to what is heard on top.

    Which part is on top is known only when it is known who plays. The bass notes of a chord that is
    inverted move with it; the closing chord stays as it is. Returns the chords as they sound now.
    """
    starts = [span.start for span in spans]
    upper = tops_at(heard, starts)
    lower = pitches_at(heard["bass"], starts)
    mended = list(spans)
    for i in range(1, len(spans) - 1):
        top, top_before, low, low_before = upper[i], upper[i - 1], lower[i], lower[i - 1]
        if top is None or top_before is None or low is None or low_before is None:
            continue
        if not is_parallel((low_before, top_before), (low, top)):
            continue
        chord = spans[i].chord
        for tone in (chord.tones[1], chord.root, chord.tones[2 % len(chord.tones)]):
            if tone != low % 12 and not is_parallel((low_before, top_before), (tone, top)):
                mended[i] = _move_bass(heard["bass"], spans[i], low, tone, style, key)
                lower[i] = tone + 48
                break
    return mended


def _move_bass(bass: list[Tone], span: Span, old: int, new: int, style: Style, key: Key) -> Span:
    low, high = style.ranges["bass"]
    for tone in bass:
        if span.start <= tone.step < span.end and tone.pitch % 12 == old % 12:
            pitch = nearest(tone.pitch, {new})
            tone.pitch = pitch + 12 if pitch < low else pitch - 12 if pitch > high else pitch
    root = span.chord.root
    plain = span.chord.symbol.split("/")[0]
    symbol = plain if new == root else f"{plain}/{note_name(new, key)}"
    return replace(span, chord=replace(span.chord, bass=new, symbol=symbol))


def tops_at(heard: Draft, steps: list[int]) -> list[int | None]:
    """The highest pitch of lead, strings and harmony that sounds at each of the rising `steps`.

    In these parts every tone has ended when the next one begins.
    """
    tops: list[int | None] = [None] * len(steps)
    for part in ("lead", "strings", "harmony"):
        tones = heard[part]
        onsets = [tone.step for tone in tones]
        for i, step in enumerate(steps):
            last = bisect_right(onsets, step)
            while last and tones[last - 1].end > step:
                last -= 1
                tops[i] = max(tops[i] or 0, tones[last].pitch)
    return tops


def play_bass(grid: Grid, form: Form, style: Style, spans: list[Span]) -> list[Tone]:
    """The bass part up to the closing chord, for every level of intensity."""
    roots = bass_line(spans, style)
    figures = style.figures["bass"][grid.metre.name]
    tones = []
    for event in walk(figures, grid, form, spans, style.enters["bass"]):
        pitch = _pitch(event, spans, roots, style, grid)
        ghost = event.sign in "rwa"
        tones.append(
            Tone(
                step=event.step,
                length=event.length if event.sign != "r" else min(event.length, 1),
                pitch=pitch,
                accent=-0.4 if ghost else 0.3 if grid.level(event.step) == 4 else 0.0,
                low=event.low,
                high=event.high,
            )
        )
    return tones


def bass_line(spans: list[Span], style: Style) -> list[int]:
    """Bass notes of the chords: near each other, in the lower part of the range."""
    low, high = style.ranges["bass"]
    line: list[int] = []
    center = low + 0.4 * (high - low)
    for span in spans:
        near = line[-1] if line else center
        options = [p for p in range(low, high + 1) if p % 12 == span.chord.bass]
        line.append(min(options, key=lambda p: abs(p - near) + 0.8 * abs(p - center)))
    return line


def _pitch(event: Event, spans: list[Span], roots: list[int], style: Style, grid: Grid) -> int:
    chord, root = spans[event.span].chord, roots[event.span]
    low, high = style.ranges["bass"]
    # Where a chord begins the bass says what the chord stands on.
    if event.step == spans[event.span].start or event.sign in "Rr":
        return root
    pitch = root
    if event.sign == "8":
        pitch = root + 12
    elif event.sign in "357":
        index = {"3": 1, "5": 2, "7": 3}[event.sign]
        tone = chord.tones[index % len(chord.tones)]
        pitch = nearest(root + (4, 7, 10)[index - 1], {tone})
    elif event.sign in "aw":
        pitch = _approach(event, spans, roots, style, chord)
    if grid.level(event.step) >= 3 and pitch % 12 not in chord.tones:
        pitch = root
    if pitch > high:
        pitch -= 12
    return pitch + 12 if pitch < low else pitch


def _approach(
    event: Event, spans: list[Span], roots: list[int], style: Style, chord: Harmony
) -> int:
    """A step from the next bass note, from the side the line comes from; 'w' is two steps away."""
    i = event.span
    target = roots[min(i + 1, len(roots) - 1)]
    up = target >= roots[i]
    if event.sign == "a" and style.chromatic:
        return target - 1 if up else target + 1
    scale = set(chord.scale)
    first = nearest(target - 1 if up else target + 1, scale, upward=not up)
    if first == target:
        first = nearest(target - 2 if up else target + 2, scale, upward=not up)
    if event.sign == "a":
        return first
    return nearest(first - 2 if up else first + 2, scale, upward=not up)
