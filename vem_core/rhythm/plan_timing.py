"""The tempo curve through the kept hits: exact at each, smooth between, inside the room."""

import math
from dataclasses import dataclass

import numpy as np

from .plan_anchors import Path

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
    """Beat times whose periods x minimise  sum (x[k+1] - x[k])^2 + STEADINESS sum (x[k] - mean)^2

    subject to every kept hit being met exactly and, as far as that allows, every period inside the
    room. A quadratic programme; lengths are in base beats. `times_s`: (H,) times of the kept hits.
    """
    period_s = 60.0 / base_bpm
    positions = np.array(path.positions_beats)
    n_beats = max(1, math.ceil(positions[-1]))
    if len(times_s) < 2:
        start_s = float(times_s[0] - positions[0] * period_s)
        beats_s = tuple(start_s + k * period_s for k in range(n_beats + 1))
        return Grid(beats_s=beats_s, base_bpm=base_bpm, worst=0.0, worst_beat=0)
    places = (times_s - times_s[0]) / period_s
    low, high = 1 / (1 + room * (1 - MARGIN)), 1 / (1 - room * (1 - MARGIN))
    x, missed = _smooth_periods(positions, places, n_beats, low, high)
    excess = np.maximum(1 / np.minimum(x, 10) - (1 + room), (1 - room) - 1 / np.maximum(x, 0.1))
    if missed.max() > 1e-7:  # hits in one beat that contradict each other
        beat = np.minimum(positions.astype(int), n_beats - 1)
        np.maximum.at(excess, beat, missed)
    beats_s = _beats_from_periods(x * period_s, positions, times_s)
    return Grid(
        beats_s=tuple(float(b) for b in beats_s),
        base_bpm=base_bpm,
        worst=float(excess.max()),
        worst_beat=int(excess.argmax()),
    )


def _smooth_periods(
    positions: np.ndarray, places: np.ndarray, n_beats: int, low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """(K,) periods inside [low, high] where the hits allow it, (H,) by how much each hit is missed.

    The unknowns are the distances of the beats from an even grid, so that all matrices are narrow
    bands. The bounds are reached by ADMM (Boyd et al. 2011, section 5.2) over one factorisation.
    """
    from scipy import sparse
    from scipy.sparse.linalg import splu

    mean = (places[-1] - places[0]) / (positions[-1] - positions[0])
    target = places - mean * (positions - positions[0])
    beat = np.minimum(positions.astype(int), n_beats - 1)
    share = positions - beat
    hit = np.arange(len(positions))
    entries = (
        np.concatenate([1 - share, share]),
        (np.tile(hit, 2), np.concatenate([beat, beat + 1])),
    )
    at_hits = sparse.csr_array(entries, shape=(len(hit), n_beats + 1))
    unit = sparse.csr_array(sparse.eye_array(n_beats + 1))
    change = sparse.csr_array(unit[1:] - unit[:-1])
    bend = change[1:] - change[:-1]
    smooth = bend.transpose() @ bend
    stiff = change.transpose() @ change
    # two hits inside one beat can say the same twice; the corner keeps the system regular
    corner = -REGULAR * sparse.eye_array(len(hit))

    def solver(stiffness: float):
        top = smooth + (STEADINESS + stiffness) * stiff
        kkt = sparse.block_array([[top, at_hits.transpose()], [at_hits, corner]])
        factors = splu(kkt.tocsc())
        return lambda pull: factors.solve(np.concatenate([pull, target]))[: n_beats + 1]

    offset = solver(0.0)(np.zeros(n_beats + 1))
    x = mean + np.diff(offset)
    if x.min() < low or x.max() > high:
        solve = solver(1.0)
        inside, dual = np.clip(x, low, high), np.zeros(n_beats)
        for _ in range(ROUNDS):
            offset = solve(change.transpose() @ (inside - dual - mean))
            x = mean + np.diff(offset)
            inside = np.clip(x + dual, low, high)
            dual += x - inside
            if np.abs(x - inside).max() < 1e-6:
                break
    return x, np.abs(at_hits @ offset - target)


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
