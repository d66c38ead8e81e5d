"""From a draft to clean tones: what sounds, no overlaps, breaths, and no beat without sound."""

from itertools import pairwise

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
    following = dict(pairwise(onsets))
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
    """Give each part a beat of rest before it has played too many bars, best where a phrase ends.

    The parts breathe at different phrase ends, so that they do not all fall silent together.
    """
    limit = _BREATHE_BARS * grid.bar_steps
    ends = {phrase.end: phrase.index for phrase in form.phrases[:-1]}
    places = sorted(
        {bar.end for bar in grid.bars if bar.length >= grid.bar_steps and bar.end <= form.final}
    )
    taken: set[int] = set()
    for part, tones in draft.items():
        since = grid.first
        while (long := _long_run(tones, since, limit, grid)) is not None:
            start, end = long
            inside = [p for p in places if start + 2 * grid.bar_steps < p < min(start + limit, end)]
            if not inside:
                break
            free = [p for p in inside if not _has_hit(tones, p - grid.beat, p)] or [
                p
                for p in range(inside[0], inside[-1], grid.beat)
                if not _has_hit(tones, p - grid.beat, p)
            ]
            free = free or inside
            wishes = [_wish(p, ends, part) + (p - start) / limit - 3.0 * (p in taken) for p in free]
            best = free[wishes.index(max(wishes))]
            taken.add(best)
            _clear(tones, best - grid.beat, best)
            since = best


def _wish(place: int, ends: dict[int, int], part: Part) -> float:
    """How good a place for a rest is: where a phrase ends, in this part's turn."""
    if place not in ends:
        return 0.0
    return 1.5 + 0.5 * ((ends[place] + _STAGGER[part]) % 3 == 0)


def _long_run(tones: list[Tone], since: int, limit: int, grid: Grid) -> tuple[int, int] | None:
    """Start and end of the first stretch after `since` without a rest that is over the limit."""
    start = reached = float(since)
    for tone in tones:
        if tone.step < since:
            continue
        if tone.step - reached >= grid.beat:
            if reached - start > limit:
                return int(start), int(reached)
            start = tone.step
        reached = max(reached, tone.end)
    return (int(start), int(reached)) if reached - start > limit else None


def _has_hit(tones: list[Tone], start: int, end: int) -> bool:
    return any(tone.hit and start <= tone.step < end for tone in tones)


def _clear(tones: list[Tone], start: int, end: int) -> None:
    """Silence in [start, end), but for hits, which are cut short."""
    tones[:] = [tone for tone in tones if not (start <= tone.step < end and not tone.hit)]
    for tone in tones:
        if start <= tone.step < end:
            tone.length = min(tone.length, 1.0)
        elif tone.step < start < tone.end:
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
