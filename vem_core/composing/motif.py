"""Motifs: a rhythm and a contour, and what can be done to them."""

from dataclasses import dataclass, replace

import numpy as np

STEPWISE = ((-1, 4.0), (1, 4.0), (0, 0.7), (-2, 1.2), (2, 1.2), (-3, 0.3), (3, 0.3))
LEAPING = (
    (-1, 2.4),
    (1, 2.4),
    (0, 0.9),
    (-2, 2.2),
    (2, 2.2),
    (-3, 1.2),
    (3, 1.2),
    (4, 0.6),
    (-4, 0.5),
)


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


def read_rhythm(grid: str) -> list[tuple[int, int]]:
    """(step, length) of each note of a rhythm like 'x--x..x-'."""
    rhythm: list[tuple[int, int]] = []
    for step, sign in enumerate(grid):
        if sign in "xX":
            rhythm.append((step, 1))
        elif sign == "-" and rhythm:
            start, _ = rhythm[-1]
            rhythm[-1] = (start, step + 1 - start)
    return rhythm


def vary_rhythm(rng: np.random.Generator, rhythm: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Split a long note, join two, or leave the rhythm as it is."""
    rhythm = list(rhythm)
    choice = rng.random()
    if choice < 0.3 and len(rhythm) > 3:
        i = int(rng.integers(1, len(rhythm)))
        (start, length), (last, more) = rhythm[i - 1], rhythm[i]
        if start + length == last:
            rhythm[i - 1 : i + 1] = [(start, length + more)]
    elif choice < 0.65:
        long = [i for i, (_, length) in enumerate(rhythm) if length >= 4]
        if long:
            i = long[int(rng.integers(len(long)))]
            start, length = rhythm[i]
            first = length // 4 * 2 if rng.random() < 0.6 else length - 2
            rhythm[i : i + 1] = [(start, first), (start + first, length - first)]
    return rhythm


def make_contour(rng: np.random.Generator, n: int, leaps: float) -> tuple[int, ...]:
    """Scale steps of `n` notes: mostly stepwise, a leap is followed by a step back.

    The best of some tries: a contour with a direction and one peak, within a sixth or seventh.
    """
    best: tuple[int, ...] = (0,) * n
    best_score = -np.inf
    for _ in range(12):
        table = LEAPING if rng.random() < leaps else STEPWISE
        moves = np.array([move for move, _ in table])
        shares = np.array([weight for _, weight in table])
        degrees = [0]
        move = 0
        for _ in range(n - 1):
            bias = shares.copy()
            if abs(move) >= 3:  # recover a leap by step in the other direction
                bias = bias * ((moves * move < 0) & (abs(moves) <= 2))
            elif move == 0 and len(degrees) > 1:
                bias = bias * (moves != 0)
            bias = bias * (abs(degrees[-1] + moves) <= 5)
            move = int(rng.choice(moves, p=bias / bias.sum()))
            degrees.append(degrees[-1] + move)
        score = _contour_score(degrees) + 0.7 * float(rng.random())
        if score > best_score:
            best, best_score = tuple(degrees), score
    return best


def _contour_score(degrees: list[int]) -> float:
    span = max(degrees) - min(degrees)
    peak = degrees.count(max(degrees))
    turns = sum(
        (b - a) * (c - b) < 0 for a, b, c in zip(degrees, degrees[1:], degrees[2:], strict=False)
    )
    return (
        -abs(span - 3.5) * 0.5
        - 0.5 * (peak - 1)
        - 0.4 * max(turns - 2, 0)
        + 0.2 * len(set(degrees))
        - (2.0 if span == 0 else 0.0)
    )


def make_cell(rng: np.random.Generator, grid: str, leaps: float) -> Cell:
    """A cell on a varied rhythm of the style."""
    rhythm = vary_rhythm(rng, read_rhythm(grid))
    degrees = make_contour(rng, len(rhythm), leaps)
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


def close(cell: Cell, beat: int) -> Cell:
    """The head of the cell, then one long note and a breath: the end of a phrase."""
    half = max(cell.size // (2 * beat), 1) * beat
    first = tuple((s, min(n, half - s), d) for s, n, d in cell.notes if s < half)
    length = max(cell.size - half - beat // 2, beat)
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
