"""Harmony, keys and strings: chords, arpeggios and long lines on the voiced chords."""

from .draft import Tone
from .figures import Event, walk
from .form import Form
from .grid import Grid
from .style import Style
from .theory import Span, ladder
from .voicing import is_parallel

_ACCENTS = {"X": 0.35, "x": 0.0, "o": -0.4, "C": 0.35, "c": 0.0}


def play_harmony(
    grid: Grid, form: Form, style: Style, spans: list[Span], voicings: list[tuple[int, ...]]
) -> list[Tone]:
    """Chords in the rhythm of the style."""
    figures = style.figures["harmony"][grid.metre.name]
    tones: list[Tone] = []
    for event in walk(figures, grid, form, spans, style.enters["harmony"]):
        accent = _ACCENTS[event.sign] + (0.1 if grid.level(event.step) == 4 else 0.0)
        down = grid.level(event.step) >= 2
        tones += _chord(event, voicings[event.span], accent, style.strum if down else -style.strum)
    return tones


def _chord(event: Event, pitches: tuple[int, ...], accent: float, strum: float) -> list[Tone]:
    n = len(pitches)
    return [
        Tone(
            step=event.step,
            length=event.length,
            pitch=pitch,
            accent=accent,
            low=event.low,
            high=event.high,
            late=strum * i if strum >= 0 else -strum * (n - 1 - i),
        )
        for i, pitch in enumerate(pitches)
    ]


def play_keys(
    grid: Grid, form: Form, style: Style, spans: list[Span], voicings: list[tuple[int, ...]]
) -> list[Tone]:
    """Arpeggios over the chord ('0' is the lowest note near the voicing), or chords ('c')."""
    low, high = style.ranges["keys"]
    figures = style.figures["keys"][grid.metre.name]
    tones: list[Tone] = []
    for event in walk(figures, grid, form, spans, style.enters["keys"]):
        chord = spans[event.span].chord
        mood = grid.mean(grid.valence, event.step, event.step + 1)
        base = min(max(voicings[event.span][0] + round(3 * mood), low), high - 14)
        if event.sign in "cC":
            pitches = tuple(ladder(chord.tones, base, high)[: style.voices])
            tones += _chord(event, pitches, _ACCENTS[event.sign], style.strum)
            continue
        rungs = ladder(chord.tones[:4], base, high)
        pitch = rungs[min(int(event.sign), len(rungs) - 1)]
        accent = 0.2 if grid.level(event.step) >= 2 else -0.1
        tones.append(
            Tone(
                step=event.step, length=event.length, pitch=pitch, accent=accent,
                low=event.low, high=event.high,
            )
        )  # fmt: skip
    return tones


def play_strings(grid: Grid, form: Form, style: Style, spans: list[Span]) -> list[Tone]:
    """A slow line through thirds and sevenths ('l', 'L' with its octave), or a repeated figure."""
    low, high = style.ranges["strings"]
    guides = _guide_line(spans, low, high)
    figures = style.figures["strings"][grid.metre.name]
    tones: list[Tone] = []
    for event in walk(figures, grid, form, spans, style.enters["strings"]):
        guide = guides[event.span]
        if event.sign in "lL":
            pitches = [guide]
            if event.step != spans[event.span].start and event.length <= grid.bar_steps // 2:
                pitches = [_turn(guide, spans[event.span], low, high)]
            if event.sign == "L":
                pitches += [pitches[0] + 12] if pitches[0] + 12 <= high else [pitches[0] - 12]
        else:
            rungs = ladder(spans[event.span].chord.tones, guide, high)
            pitches = [rungs[min(int(event.sign), len(rungs) - 1)]]
        accent = 0.15 if grid.level(event.step) >= 3 else -0.05
        tones += [
            Tone(
                step=event.step, length=event.length, pitch=pitch, accent=accent,
                low=event.low, high=event.high,
            )
            for pitch in pitches if low <= pitch <= high
        ]  # fmt: skip
    return tones


def _guide_line(spans: list[Span], low: int, high: int) -> list[int]:
    """One note a chord, the third or seventh (else any tone) nearest to the one before."""
    line: list[int] = []
    center = low + 0.45 * (high - low)
    for i, span in enumerate(spans):
        tones = span.chord.tones
        wanted = {tones[1 % len(tones)], tones[3 % len(tones)]} if len(tones) > 3 else set(tones)
        near = line[-1] if line else round(center)
        options = [p for p in range(low, high + 1) if p % 12 in wanted]
        if i:
            before = (spans[i - 1].chord.bass, near)
            safe = [p for p in options if not is_parallel(before, (span.chord.bass, p))]
            options = safe or options
        line.append(min(options, key=lambda p: abs(p - near) + 0.3 * abs(p - center)))
    return line


def _turn(guide: int, span: Span, low: int, high: int) -> int:
    """The chord tone above the guide note: movement inside a held chord."""
    above = [p for p in ladder(span.chord.tones, guide + 1, min(guide + 7, high))]
    return above[0] if above else max(guide, low)
