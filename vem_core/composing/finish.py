"""From a draft to clean tones: what sounds, no overlaps, breaths, and no beat without sound."""

import itertools

import numpy as np

from ..types import PARTS, Part
from .density import sounds
from .draft import Draft, Tone
from .form import Form
from .grid import Grid
from .theory import Span

_LINES: tuple[Part, ...] = ("bass", "lead")
_CHORDAL: tuple[Part, ...] = ("harmony", "strings", "keys")
_BREATHE_BARS = 12
_STAGGER = {"harmony": 3, "keys": 1, "strings": 2, "bass": 0, "lead": 1, "drums": 2}


def select(draft: Draft, grid: Grid, intensity: np.ndarray) -> Draft:
    """The tones that are heard, inside the clip, without overlaps in one voice."""
    heard: Draft = {}
    for part in PARTS:
        tones = []
        for tone in draft[part]:
            if tone.step < grid.first and part != "drums" and tone.end > grid.first + 0.5:
                tone.length, tone.step = tone.end - grid.first, grid.first
            if grid.first <= tone.step < grid.end - 0.2 and sounds(tone, intensity[tone.step]):
                tone.length = min(tone.length, grid.end - tone.step)
                tones.append(tone)
        heard[part] = _untangle(part, tones)
    return heard


def _untangle(part: Part, tones: list[Tone]) -> list[Tone]:
    """One tone per step and pitch (in a line: one per step); each ends where the next begins."""
    best: dict[tuple[int, int], Tone] = {}
    for tone in tones:
        place = (tone.step, -1 if part in _LINES else tone.pitch)
        other = best.get(place)
        if other is None or (tone.hit, tone.accent) > (other.hit, other.accent):
            best[place] = tone
    clean = sorted(best.values(), key=lambda tone: (tone.step, tone.pitch))
    onsets = sorted({tone.step for tone in clean})
    following = dict(itertools.pairwise(onsets))
    last_of: dict[int, Tone] = {}
    for tone in clean:
        after = following.get(tone.step)
        if part in (*_LINES, *_CHORDAL) and after is not None:
            tone.length = min(tone.length, after - tone.step)
        previous = last_of.get(tone.pitch)
        if previous is not None:
            previous.length = min(previous.length, tone.step - previous.step)
        last_of[tone.pitch] = tone
    return clean


def breathe(draft: Draft, grid: Grid, form: Form) -> None:
    """Give each part a beat of rest at the end of a phrase before it has played 16 bars."""
    ends = [phrase.end for phrase in form.phrases[:-1]]
    limit = _BREATHE_BARS * grid.bar_steps
    for part, tones in draft.items():
        since = grid.first
        for i, end in enumerate(ends):
            following = ends[i + 1] if i + 1 < len(ends) else form.final
            since = _last_rest(tones, since, end, grid)
            due = following - since > limit or (
                (i + 1) % 4 == _STAGGER[part] and end - since > limit // 3
            )
            if due:
                _clear(tones, end - grid.beat, end)
                since = end
        long = [bar.start for bar in grid.bars if bar.start - since > limit]
        for start in long:  # phrases too far apart cannot happen, but the rule holds anyway
            if start - since > limit:
                _clear(tones, start - grid.beat, start)
                since = start


def _last_rest(tones: list[Tone], since: int, until: int, grid: Grid) -> int:
    """The end of the last rest of a beat or more in [since, until)."""
    reached = float(since)
    rest = since
    for tone in tones:
        if tone.step < since:
            reached = max(reached, min(tone.end, until))
        elif tone.step < until:
            if tone.step - reached >= grid.beat:
                rest = tone.step
            reached = max(reached, tone.end)
    return until if until - reached >= grid.beat else rest


def _clear(tones: list[Tone], start: int, end: int) -> None:
    """Silence in [start, end), but for hits."""
    tones[:] = [tone for tone in tones if not (start <= tone.step < end and not tone.hit)]
    for tone in tones:
        if tone.step < start < tone.end:
            tone.length = start - tone.step


def cover(
    draft: Draft,
    grid: Grid,
    spans: list[Span],
    span_at: np.ndarray,
    voicings: list[tuple[int, ...]],
) -> None:
    """Where a beat would be silent, let the chord before ring on, or strike it softly."""
    sounding = np.zeros(grid.n_steps, dtype=bool)
    for tones in draft.values():
        for tone in tones:
            sounding[tone.step : max(int(tone.end), tone.step + 1)] = True
    for beat in range(grid.first // grid.beat, -(-grid.n_steps // grid.beat)):
        start = max(beat * grid.beat, grid.first)
        end = min((beat + 1) * grid.beat, grid.n_steps)
        if start >= end or sounding[start:end].any():
            continue
        span = int(span_at[start])
        for pitch in voicings[span]:
            draft["harmony"].append(
                Tone(step=start, length=end - start, pitch=pitch, accent=-0.3, keep=True)
            )
    draft["harmony"].sort(key=lambda tone: (tone.step, tone.pitch))
