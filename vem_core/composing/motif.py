"""Motifs: a rhythm and a contour, and what can be done to them."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

Rhythm = list[tuple[int, int]]
"""(step, length) of each note."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A bar of tune: (step in the bar, length, height) of each note.

    Heights are scale steps above the first note, or MIDI pitches once the cell is set on chords.
    """

    notes: tuple[tuple[int, int, int], ...]
    size: int
    """Steps of the bar it was made for."""

    @property
    def degrees(self) -> tuple[int, ...]:
        return tuple(degree for _, _, degree in self.notes)


def read_rhythm(grid: str) -> Rhythm:
    """(step, length) of each note of a rhythm like 'x--x..x-'."""
    rhythm: Rhythm = []
    for step, sign in enumerate(grid):
        if sign in "xX":
            rhythm.append((step, 1))
        elif sign == "-" and rhythm:
            start, _ = rhythm[-1]
            rhythm[-1] = (start, step + 1 - start)
    return rhythm


def vary_rhythm(rng: np.random.Generator, rhythm: Rhythm, size: int) -> Rhythm:
    """The rhythm with one to three changes, or none, that keep its manner.

    A long note is split, two are joined, one is moved by an eighth (by a sixteenth where the
    rhythm itself stands on sixteenths), one becomes a rest. The first note stays where it is.

    Args:
        size: steps of the bar.
    """
    changes = (_split, _split, _join, _move, _move, _omit)
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.15, 0.35, 0.35, 0.15]))):
        change = changes[int(rng.integers(len(changes)))]
        rhythm = change(rng, list(rhythm), size)
    return rhythm


def _split(rng: np.random.Generator, rhythm: Rhythm, size: int) -> Rhythm:
    long = [i for i, (_, length) in enumerate(rhythm) if length >= 4]
    if long and len(rhythm) < size // 2:
        i = long[int(rng.integers(len(long)))]
        start, length = rhythm[i]
        first = length // 4 * 2 if rng.random() < 0.6 else length - 2
        rhythm[i : i + 1] = [(start, first), (start + first, length - first)]
    return rhythm


def _join(rng: np.random.Generator, rhythm: Rhythm, size: int) -> Rhythm:
    if len(rhythm) > 3:
        i = int(rng.integers(1, len(rhythm)))
        (start, length), (last, more) = rhythm[i - 1], rhythm[i]
        if start + length == last and length + more <= size // 2:
            rhythm[i - 1 : i + 1] = [(start, length + more)]
    return rhythm


def _move(rng: np.random.Generator, rhythm: Rhythm, size: int) -> Rhythm:
    """One onset earlier or later; what lies around it gives way or fills up."""
    unit = 1 if any(step % 2 for step, _ in rhythm) else 2
    if len(rhythm) < 3:
        return rhythm
    i = int(rng.integers(1, len(rhythm)))
    (before, held), (start, length) = rhythm[i - 1], rhythm[i]
    by = unit if rng.random() < 0.5 else -unit
    touching = before + held == start
    kept = held + by if touching or before + held > start + by else held
    if kept >= unit and length - by >= unit:
        rhythm[i - 1 : i + 1] = [(before, kept), (start + by, length - by)]
    return rhythm


def _omit(rng: np.random.Generator, rhythm: Rhythm, size: int) -> Rhythm:
    if len(rhythm) > 4:
        del rhythm[int(rng.integers(1, len(rhythm)))]
    return rhythm


def make_contour(
    rng: np.random.Generator, n: int, leaps: float, span: int, lean: int
) -> tuple[int, ...]:
    """Scale steps of `n` notes within `span`: a shape that can be remembered.

    `lean`, 0 to 3, says whether it sets out downwards or upwards (lean & 1) and whether it ends
    below or above where it began (lean & 2).

    The best of some tries. Wanted: one peak, a leap that is answered by steps the other way, a
    note that is left and taken up again. Unwanted: long scales, aimless zigzag, standing still.
    """
    best: tuple[int, ...] = (0,) * n
    best_score = -np.inf
    for _ in range(16):
        degrees = _walk_contour(rng, n, leaps, span)
        score = _contour_score(degrees, span) + 0.9 * float(rng.random())
        out = next((d for d in degrees if d), 0)
        score += 0.8 * ((out > 0) == bool(lean & 1)) + 0.8 * ((degrees[-1] > 0) == bool(lean & 2))
        if score > best_score:
            best, best_score = tuple(degrees), score
    return best


def _walk_contour(rng: np.random.Generator, n: int, leaps: float, span: int) -> list[int]:
    degrees, move = [0], 0
    for i in range(n - 1):
        options = {1: 3.0, -1: 3.0, 2: 0.6 + 1.4 * leaps, -2: 0.6 + 1.4 * leaps, 0: 0.9}
        if span > 3:  # three steps of a scale of five notes are a sixth: too far to sing
            options |= {3: 1.2 * leaps, -3: 1.0 * leaps, 4: 0.5 * leaps}
        if abs(move) >= min(3, span - 1):  # a leap is answered by a step or two the other way
            options = {-1: 3.0, -2: 1.0} if move > 0 else {1: 3.0, 2: 1.0}
        elif i and move == 0:
            options.pop(0)
        back = degrees[i - 1] - degrees[i] if i else 0
        if back in options and back:
            options[back] *= 2.0  # left and taken up again
        inside = {m: w for m, w in options.items() if abs(degrees[-1] + m) <= span}
        shares = np.array(list((inside or {0: 1.0}).values()))
        move = int(rng.choice(list(inside or {0: 1.0}), p=shares / shares.sum()))
        degrees.append(degrees[-1] + move)
    return degrees


def _contour_score(degrees: list[int], span: int) -> float:
    moves = [b - a for a, b in pairwise(degrees)]
    reach = max(degrees) - min(degrees)
    run = longest = 0
    for before, move in pairwise([0, *moves]):
        run = run + 1 if before * move > 0 else 1
        longest = max(longest, run)
    turns = sum(a * b < 0 for a, b in pairwise(moves))
    return (
        -0.5 * max(reach - span, 0)
        - (1.0 if reach < 2 and len(degrees) > 3 else 0.0)
        - 0.6 * max(longest - 3, 0)
        - 0.35 * max(turns - (len(moves) + 1) // 2, 0)
        - 0.4 * (degrees.count(max(degrees)) - 1)
        + 0.5 * any(abs(move) >= 2 for move in moves)
        + 0.3 * (len(set(degrees)) < len(degrees))
    )


def make_cell(rng: np.random.Generator, grid: str, leaps: float, span: int, lean: int) -> Cell:
    """A cell on a varied rhythm of the style, within `span` scale steps around its first note.

    `lean` as in make_contour.
    """
    rhythm = vary_rhythm(rng, read_rhythm(grid), len(grid))
    degrees = make_contour(rng, len(rhythm), leaps, span, lean)
    notes = tuple((s, n, d) for (s, n), d in zip(rhythm, degrees, strict=True))
    return Cell(notes=notes, size=len(grid))


def inverted(cell: Cell) -> Cell:
    """Upside down."""
    return replace(cell, notes=tuple((s, n, -d) for s, n, d in cell.notes))


def with_contour(cell: Cell, degrees: tuple[int, ...]) -> Cell:
    """The rhythm of the cell with another contour."""
    return replace(
        cell, notes=tuple((s, n, d) for (s, n, _), d in zip(cell.notes, degrees, strict=True))
    )


def retrograde(cell: Cell) -> Cell:
    """The contour backwards on the same rhythm."""
    last = cell.degrees[-1]
    return with_contour(cell, tuple(d - last for d in reversed(cell.degrees)))


def head(cell: Cell, beat: int) -> Cell:
    """The first half, said twice, a step higher the second time: fragmentation."""
    half = max(cell.size // (2 * beat), 1) * beat
    first = tuple((s, min(n, half - s), d) for s, n, d in cell.notes if s < half) or cell.notes[:1]
    again = tuple((s + half, n, d + 1) for s, n, d in first if s + half + n <= cell.size)
    return replace(cell, notes=first + again)


def breathing(cell: Cell, beat: int) -> Cell:
    """The cell without what begins in its last beat, which becomes a rest: the end of a call."""
    room = cell.size - beat
    notes = tuple((s, min(n, room - s), d) for s, n, d in cell.notes if s < room)
    return replace(cell, notes=notes) if len(notes) > 1 else cell


def close(cell: Cell, beat: int, *, hold: bool) -> Cell:
    """The head of the cell, one long note, and a breath: the end of a phrase.

    With `hold` the last note fills the bar but for half a beat, else there is a beat of rest.
    """
    half = max(cell.size // (2 * beat), 1) * beat
    first = tuple((s, min(n, half - s), d) for s, n, d in cell.notes if s < half)
    length = max(cell.size - half - (beat // 2 if hold else beat), beat // 2)
    return replace(cell, notes=(*first, (half, length, -1 if first else 0)))


def stretched(cell: Cell, part: int) -> Cell:
    """One half (`part` 0 or 1) of the cell at half speed: a bar of its augmentation."""
    low, high = part * cell.size // 2, (part + 1) * cell.size // 2
    notes = tuple(
        ((s - low) * 2, min(n * 2, cell.size - (s - low) * 2), d)
        for s, n, d in cell.notes
        if low <= s < high
    )
    return replace(cell, notes=notes)


def fitted(cell: Cell, size: int) -> Cell:
    """The cell cut to a bar of `size` steps."""
    notes = tuple((s, min(n, size - s), d) for s, n, d in cell.notes if s < size)
    return Cell(notes=notes, size=size)
