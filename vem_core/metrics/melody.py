"""Figures of a tune: does its motif come back, and is it a tune of its own?"""

import itertools
from dataclasses import dataclass

import numpy as np

from ..types import Score
from .score import Count

Bar = tuple[tuple[int, int], ...]
"""(step in the bar, pitch above the tonic) of each note."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MotifReturn:
    """Bars of lead that repeat an earlier one."""

    exact: Count
    """Same rhythm and same pitches, an octave's distance allowed."""
    varied: Count
    """Same rhythm and same rise and fall (transposed, settled on other chords, upside down), or at
    half speed; exact ones are counted in."""


def lead_bars(score: Score) -> list[Bar]:
    """The lead bar by bar, pitches counted from the tonic; empty bars are kept."""
    beat = score.metre.steps_per_beat
    starts = [index * beat for index in score.downbeats] or [0]
    bars: list[list[tuple[int, int]]] = [[] for _ in starts]
    for note in score.notes("lead"):
        i = int(np.searchsorted(starts, note.step, side="right")) - 1
        if i >= 0:
            bars[i].append((note.step - starts[i], note.pitch - score.key.tonic))
    return [tuple(bar) for bar in bars]


def motif_return(score: Score, least: int = 3) -> MotifReturn:
    """Share of bars with `least` notes or more that were heard before, exactly or varied."""
    exact = varied = total = 0
    forms: set[Bar] = set()
    shapes: set[tuple[tuple[int, ...], tuple[int, ...]]] = set()
    size = score.metre.steps_per_beat * score.metre.beats_per_bar
    for bar in lead_bars(score):
        if len(bar) < least:
            continue
        low = min(pitch for _, pitch in bar) // 12 * 12
        form = tuple((step, pitch - low) for step, pitch in bar)
        rhythm, contour = _shape(bar)
        mirrored = tuple(-direction for direction in contour)
        again = form in forms
        total += 1
        exact += again
        varied += again or bool({(rhythm, contour), (rhythm, mirrored)} & shapes)
        forms.add(form)
        shapes.add((rhythm, contour))
        for start in (0, size // 2):  # what a half of this bar becomes at half speed
            half = tuple((2 * (s - start), p) for s, p in bar if start <= s < start + size // 2)
            if len(half) >= least:
                shapes.add(_shape(half))
    return MotifReturn(
        exact=Count(found=exact, total=total), varied=Count(found=varied, total=total)
    )


def _shape(bar: Bar) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the notes stand, and whether each is higher, lower or equal to the one before."""
    directions = (int(np.sign(b - a)) for (_, a), (_, b) in itertools.pairwise(bar))
    return tuple(step for step, _ in bar), tuple(directions)


def equal_notes(a: Score, b: Score) -> float:
    """Share of melody notes that two scores have in common, the larger of two readings.

    Same step and same pitch, or same step and same pitch above the tonic; of the shorter melody.
    """
    shares = []
    for tonic_a, tonic_b in ((0, 0), (a.key.tonic, b.key.tonic)):
        first = {(n.step, (n.pitch - tonic_a) % 12) for n in a.notes("lead")}
        second = {(n.step, (n.pitch - tonic_b) % 12) for n in b.notes("lead")}
        shares.append(len(first & second) / max(min(len(first), len(second)), 1))
    return max(shares)


def phrases(score: Score, n_bars: int = 8) -> set[tuple[Bar, ...]]:
    """Every stretch of `n_bars` bars of melody with at least one note in half of them."""
    bars = lead_bars(score)
    windows = (tuple(bars[i : i + n_bars]) for i in range(len(bars) - n_bars + 1))
    return {window for window in windows if sum(bool(bar) for bar in window) >= n_bars / 2}
