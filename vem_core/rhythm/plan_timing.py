"""The tempo curve through the kept hits: exact at each, smooth between, inside the room."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .plan_anchors import Path

if TYPE_CHECKING:
    from scipy.sparse import csr_array

STEADINESS = 1 / 64
"""Pull towards the mean tempo against smoothness; the tempo glides over about 1/sqrt beats."""
ROUNDS = 400
REGULAR = 1e-12
MARGIN = 1e-3
"""Share of the room kept free while solving, so that the result lies inside it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """Beats from the one at or before the first kept hit to the one at or after the last."""

    beats_s: tuple[float, ...]
    base_bpm: float
    worst: float
    """How far a tempo is out of the room or a hit off its place, in base tempi or base beats."""
    worst_beat: int
    """Where it does so most."""


def centre_base(
    path: Path, times_s: np.ndarray, room: float, range_bpm: tuple[float, float]
) -> float:
    """The base tempo nearest the mean of the stretches that keeps them all inside the room.

    `times_s`: (H,) times of the kept hits. Stays within `range_bpm`.
    """
    if len(times_s) < 2:
        return path.base_bpm
    beats = np.diff(path.positions_beats)
    tempi = 60.0 * beats / np.diff(times_s)
    mean = float(60.0 * beats.sum() / (times_s[-1] - times_s[0]))
    low = max(range_bpm[0], float(tempi.max()) / (1 + room * 0.995))
    high = min(range_bpm[1], float(tempi.min()) / (1 - room * 0.995))
    return min(max(mean, low), high) if low <= high else path.base_bpm


def solve_grid(path: Path, times_s: np.ndarray, room: float, base_bpm: float) -> Grid:
    """Beat times: periods x minimise  sum (x[k+1] - x[k])^2 + STEADINESS sum (x[k] - mean)^2

    subject to every kept hit being met exactly and, as far as that allows, every period inside the
    room. A quadratic programme, solved by ADMM (Boyd et al. 2011, section 5.2) over one sparse
    factorisation. Periods are in base beats.
    """
    period_s = 60.0 / base_bpm
    positions = np.array(path.positions_beats)
    n_beats = max(1, math.ceil(positions[-1]))
    if len(times_s) < 2:
        start_s = float(times_s[0] - positions[0] * period_s)
        beats_s = tuple(start_s + k * period_s for k in range(n_beats + 1))
        return Grid(beats_s=beats_s, base_bpm=base_bpm, worst=0.0, worst_beat=0)
    overlaps = _overlaps(positions, n_beats)
    lengths = np.diff(times_s) / period_s
    low, high = 1 / (1 + room * (1 - MARGIN)), 1 / (1 - room * (1 - MARGIN))
    x = _smooth_periods(overlaps, n_beats, lengths, low, high)
    excess = np.maximum(1 / np.minimum(x, 10) - (1 + room), (1 - room) - 1 / np.maximum(x, 0.1))
    missed = np.abs(overlaps @ x - lengths)
    if missed.max() > 1e-7:  # hits in one beat that contradict each other
        excess = np.maximum(excess, overlaps.transpose() @ missed)
    beats_s = _beats_from_periods(x * period_s, positions, times_s)
    return Grid(
        beats_s=tuple(float(b) for b in beats_s),
        base_bpm=base_bpm,
        worst=float(excess.max()),
        worst_beat=int(excess.argmax()),
    )


def _overlaps(positions: np.ndarray, n_beats: int) -> "csr_array":
    """(H - 1, K) how much of each beat lies between two neighbouring hits."""
    from scipy.sparse import csr_array

    first, stop = np.floor(positions[:-1]).astype(int), np.ceil(positions[1:]).astype(int)
    counts = stop - first
    row = np.repeat(np.arange(len(counts)), counts)
    beat = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts - first, counts)
    share = np.minimum(beat + 1, positions[row + 1]) - np.maximum(beat, positions[row])
    return csr_array((share, (row, beat)), shape=(len(counts), n_beats))


def _smooth_periods(
    overlaps: "csr_array", n_beats: int, lengths: np.ndarray, low: float, high: float
) -> np.ndarray:
    """Periods in base beats; exact at the hits, and inside [low, high] where that is possible."""
    from scipy import sparse
    from scipy.sparse.linalg import splu

    mean = float(lengths.sum() / overlaps.sum())
    unit = sparse.csr_array(sparse.eye_array(n_beats))
    steps = unit[1:] - unit[:-1]
    smooth = steps.T @ steps + STEADINESS * sparse.eye_array(n_beats)
    # two hits inside one beat can say the same twice; the corner keeps the system regular
    corner = -REGULAR * sparse.eye_array(len(lengths))

    def solver(stiffness: float):
        top = smooth + stiffness * sparse.eye_array(n_beats)
        kkt = sparse.block_array([[top, overlaps.transpose()], [overlaps, corner]])
        factors = splu(kkt.tocsc())
        return lambda target: factors.solve(np.concatenate([target, lengths]))[:n_beats]

    pull = np.full(n_beats, STEADINESS * mean)
    x = solver(0.0)(pull)
    if x.min() >= low and x.max() <= high:
        return x
    stiffness = 1.0
    solve = solver(stiffness)
    inside, dual = np.clip(x, low, high), np.zeros(n_beats)
    for _ in range(ROUNDS):
        x = solve(pull + stiffness * (inside - dual))
        inside = np.clip(x + dual, low, high)
        dual += x - inside
        if np.abs(x - inside).max() < 1e-6:
            break
    return x


def _beats_from_periods(
    periods_s: np.ndarray, positions: np.ndarray, times_s: np.ndarray
) -> np.ndarray:
    """Beat times; each beat is counted from the hit before it, so that no error adds up."""
    elapsed = np.concatenate([[0.0], np.cumsum(periods_s)])
    at_hits = np.interp(positions, np.arange(len(elapsed)), elapsed)
    owner = np.maximum(np.searchsorted(positions, np.arange(len(elapsed)), side="right") - 1, 0)
    return times_s[owner] + (elapsed - at_hits[owner])


def extend_beats(beats_s: tuple[float, ...], duration_s: float) -> tuple[float, ...]:
    """Go on at the outer tempi until the clip is covered, by no more beats than that takes."""
    first_s, last_s = beats_s[1] - beats_s[0], beats_s[-1] - beats_s[-2]
    before = max(0, math.ceil((beats_s[0] - 1e-9) / first_s))
    after = max(0, math.ceil((duration_s - beats_s[-1] - 1e-9) / last_s))
    head = [beats_s[0] - first_s * k for k in range(before, 0, -1)]
    tail = [beats_s[-1] + last_s * k for k in range(1, after + 1)]
    return (*head, *beats_s, *tail)
