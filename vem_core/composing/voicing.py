"""Voicings: each voice moves little, and the outer ones not in parallel."""

from itertools import combinations, pairwise

from .grid import Grid
from .style import Style
from .theory import Harmony, Span, ladder


def voice_all(spans: list[Span], grid: Grid, style: Style) -> list[tuple[int, ...]]:
    """Pitches of the harmony part for each span, low to high.

    Brighter shots and more intense ones are voiced higher.
    """
    low, high = style.ranges["harmony"]
    voicings: list[tuple[int, ...]] = []
    for i, span in enumerate(spans):
        mood = grid.mean(grid.valence, span.start, span.end)
        drive = grid.mean(grid.arousal, span.start, span.end)
        center = (low + high) / 2 - 1 + 2.0 * mood + 3.0 * (drive - 0.5)
        candidates = _candidates(span.chord, style, low, high)
        previous = voicings[-1] if voicings else None
        bass_before = spans[i - 1].chord.bass if i else None
        costs = [_cost(v, previous, center, span.chord, bass_before) for v in candidates]
        voicings.append(candidates[costs.index(min(costs))])
    return voicings


def _candidates(chord: Harmony, style: Style, low: int, high: int) -> list[tuple[int, ...]]:
    """Close and open positions of the chord, low to high."""
    tones = list(chord.tones)
    if style.power:
        tones = [tones[0], tones[2 if len(tones) > 2 else 1]]
    if len(tones) > style.voices:  # the fifth, then the root (the bass has it) can be spared
        spare = [tones[2], tones[0]][: len(tones) - style.voices]
        tones = [tone for tone in tones if tone not in spare]
    pitches = ladder(tuple(tones), low, high)
    n = min(style.voices, max(len(tones), 3 if style.power else style.voices))
    found = []
    for i in range(len(pitches)):
        window = [p for p in pitches[i : i + n + 3] if p - pitches[i] <= 19]
        for rest in combinations(window[1:], n - 1):
            voicing = (pitches[i], *rest)
            if {p % 12 for p in voicing} >= set(tones):
                found.append(voicing)
    return found or [tuple(pitches[:n])]


def _cost(
    voicing: tuple[int, ...],
    previous: tuple[int, ...] | None,
    center: float,
    chord: Harmony,
    bass_before: int | None,
) -> float:
    cost = 0.12 * abs(sum(voicing) / len(voicing) - center)
    gaps = [b - a for a, b in pairwise(voicing)]
    cost += sum(0.8 for gap in gaps if gap > 9) + sum(0.6 for gap in gaps if gap <= 1)
    cost += sum(0.7 for gap, low in zip(gaps, voicing, strict=False) if gap < 5 and low < 48)
    if previous is None:
        return cost
    pairs = zip(voicing[::-1], previous[::-1], strict=False)
    cost += sum(0.22 * abs(a - b) for a, b in pairs)
    cost += 0.1 * abs(voicing[-1] - previous[-1])
    if bass_before is not None and is_parallel(
        (bass_before, previous[-1]), (chord.bass, voicing[-1])
    ):
        cost += 4.0
    return cost


def is_parallel(before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Both voices move and stand a fifth or an octave apart before and after (mod octaves)."""
    (low_a, high_a), (low_b, high_b) = before, after
    distance = (high_a - low_a) % 12
    moved = low_a % 12 != low_b % 12 and high_a != high_b
    return moved and distance in (0, 7) and (high_b - low_b) % 12 == distance
