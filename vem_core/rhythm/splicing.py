"""A time-varying stretch by splices: the music itself, with a few milliseconds repeated or left out
wherever it is most like itself.

Between two anchors the music runs on untouched but for one or two short cross-fades; attacks keep
their shape and land within TOLERANCE_S. For stretches of a few percent this sounds as near to the
same piece played at the other tempo as Rubber Band does (benchmarks/stretch.py) and takes a
twentieth of its time.

Source: overlap-add at the most similar place, as in WSOLA (Verhelst & Roelands, "An overlap-add
technique based on waveform similarity", ICASSP 1993), but only as often as the map demands.

Conventions: positions in samples, of the Edit's timeline (source) or of the clip (target).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .edits import Edit

FADE_S = 0.02
LONGEST_S = 0.015
"""Most that one splice usually repeats or leaves out: what lies between two anchors stays this near
to its place."""
ROOM_S = 0.006
"""A splice may move by this much more or less, to meet the period of what sounds."""
TOLERANCE_S = 0.002
"""At anchors the music is nowhere further from the map."""
_SEARCH_RATE_HZ = 12_000
_STEP_S = 0.004
_AFTER_ANCHOR_S, _BEFORE_ANCHOR_S = 0.03, 0.008
"""Around an anchor nothing is spliced: its attack stays whole."""
_REACH_S = 0.06
_UNLIKE, _OFF_CENTRE = 0.5, 0.2
"""Prices of a low correlation and of a place far from the middle. The energy of the difference,
over that of the surroundings, costs 1: an attack on one side only is dear."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Splice:
    """At source position `at` the music begins to fade into itself `lag` samples earlier."""

    at: int
    lag: int
    """Positive: so many samples are heard twice; negative: they are left out."""
    likeness: float
    """Correlation of the two sides over the fade, in [0, 1]."""


def spliced(edit: Edit, source: np.ndarray, target: np.ndarray) -> Iterator[np.ndarray]:
    """(C, n) blocks, one for each interval between anchors, from target[0] on without gaps.

    source, target: (N,) int positions of the anchors, strictly rising. The blocks end within the
    tolerance of target[-1].
    """
    rate = edit.sample_rate
    fade = round(FADE_S * rate)
    at = int(source[0])  # what is heard next
    shift = int(target[0] - source[0])
    for number in range(len(source) - 1):
        low, high = int(source[number]), int(source[number + 1])
        pieces = []
        for splice in find_splices(edit, low, high, int(target[number + 1]) - high - shift):
            back = splice.at - splice.lag
            pieces.append(edit.read(at, splice.at))
            pieces.append(_faded(edit, splice, fade))
            at = back + fade
            shift += splice.lag
        pieces.append(edit.read(at, max(high, at)))
        at = max(high, at)
        yield np.concatenate(pieces, axis=1)


def _faded(edit: Edit, splice: Splice, fade: int) -> np.ndarray:
    """The cross-fade of a splice, of constant power for two sounds this much alike."""
    x = (np.arange(fade) + 0.5) / fade
    rise, fall = np.sin(0.5 * np.pi * x), np.cos(0.5 * np.pi * x)
    power = np.sqrt(rise**2 + fall**2 + 2 * splice.likeness * rise * fall)
    back = splice.at - splice.lag
    out = edit.read(splice.at, splice.at + fade) * (fall / power).astype(np.float32)
    return out + edit.read(back, back + fade) * (rise / power).astype(np.float32)


def find_splices(edit: Edit, low: int, high: int, need: int) -> list[Splice]:
    """Splices between two anchors that add `need` samples in sum (take them away where negative).

    What stays missing, within the tolerance or for want of room, is left to the next interval.
    """
    rate = edit.sample_rate
    if abs(need) <= TOLERANCE_S * rate:
        return []
    step = max(1, rate // _SEARCH_RATE_HZ)
    reach = round(_REACH_S * rate / step) * step
    sound = edit.read(low - reach, high + reach).mean(axis=0)
    around = _Around(sound, step, rate)
    most = (LONGEST_S + ROOM_S) * rate
    first = reach + _AFTER_ANCHOR_S * rate + (most if need > 0 else 0)
    last = reach + high - low - (FADE_S + _BEFORE_ANCHOR_S) * rate - (most if need < 0 else 0)
    if last <= first:
        return []
    count = int(np.ceil(abs(need) / (LONGEST_S * rate)))
    edges = np.linspace(first, last, count + 1)
    found: list[Splice] = []
    for slot, (begin, end) in enumerate(pairwise(edges)):
        left = count - slot
        room_s = TOLERANCE_S if left == 1 else ROOM_S
        splice = around.best(begin, end, need / left, room_s)
        if splice is None or splice.lag == 0:
            continue
        at = splice.at - reach + low
        if found and at < found[-1].at - found[-1].lag + round(FADE_S * rate):
            continue  # the fade before is not over yet
        found.append(Splice(at=at, lag=splice.lag, likeness=splice.likeness))
        need -= splice.lag
    return found


class _Around:
    """The sound around one interval, at a rate low enough to compare it with itself everywhere."""

    def __init__(self, sound: np.ndarray, step: int, rate: int):
        self._step = step
        self._rate = rate
        usable = len(sound) // step * step
        self._low = sound[:usable].reshape(-1, step).mean(axis=1).astype(np.float32)
        self._sums = np.concatenate([[0.0], np.cumsum(self._low.astype(float) ** 2)])

    def best(self, begin: float, end: float, lag: float, room_s: float) -> Splice | None:
        """The cheapest splice of about `lag` samples that starts in [begin, end); positions from
        the start of the sound. None where there is no room for one."""
        step, fade = self._step, round(FADE_S * self._rate / self._step)
        starts = np.arange(begin, end, _STEP_S * self._rate)
        if not len(starts):
            return None
        off_centre = ((2 * starts - begin - end) / (end - begin)) ** 2
        rows = np.rint(starts / step).astype(int)
        room = room_s * self._rate
        lags = np.arange(int(np.ceil((lag - room) / step)), int(np.floor((lag + room) / step)) + 1)
        others = rows[:, None] - lags  # (P, L) where the faded-in side starts
        windows = np.lib.stride_tricks.sliding_window_view(self._low, fade)
        # (P, L, fade) @ (P, fade, 1) -> (P, L)
        products = np.matmul(windows[others], windows[rows][:, :, None])[:, :, 0].astype(float)
        energy = (self._sums[rows + fade] - self._sums[rows])[:, None]
        energies = self._sums[others + fade] - self._sums[others]
        alike = products / np.sqrt(energy * energies + 1e-12)
        usual = self._sums[-1] / len(self._low) * fade + 1e-9
        prices = (energy + energies - 2 * products) / usual + _UNLIKE * (1 - alike)
        prices += _OFF_CENTRE * off_centre[:, None]
        row, column = np.unravel_index(prices.argmin(), prices.shape)
        return Splice(
            at=int(rows[row]) * step,
            lag=int(lags[column]) * step,
            likeness=float(np.clip(alike[row, column], 0, 1)),
        )
