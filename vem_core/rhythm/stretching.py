"""A time-varying stretch whose attacks land where they are asked to, measured and corrected.

There are two ways: splices (splicing.py), which are exact by construction, and Rubber Band (R3,
through pedalboard), which is not: it rounds factors to whole samples and applies them late. Both
are made good beforehand, and the result is measured: the fine onset curve around each anchor is
compared with the original's, and where it came out late the map is bent and the chunk rendered
again.

Conventions: source times lie on an Edit's timeline, target times on the clip's clock. The stretch
of a segment is target length over source length.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import soxr

from ..errors import InputError, MissingPackageError
from ..types import Progress, SoundStream
from .edits import Edit
from .onsets import FINE_RATE_HZ, RATE, fine_curve
from .splicing import spliced
from .spool import SoundSpool

Quality = Literal["auto", "fine", "fast"]

CHUNK_S = 16.0
"""Fixed, so that the result does not depend on the number of cores."""
MARGIN_S = 0.5
SEAM_S = 0.02
FINE_UP_TO_S = 480.0
"""With quality 'auto', longer clips are stretched by splices."""
TOLERANCE_S = 0.004
"""A chunk with anchors off by more than this is rendered again."""
ROUNDS = 2
LOOK_AHEAD_S = 0.035
"""Rubber Band applies a factor to what it was given this much earlier: its windows are long."""
_HOP = 256
_DITHER = 1 / 128
_GOLDEN = 0.618034
"""Rubber Band steps by whole samples, 256 to 256 +- n, which rounds a factor by up to 0.2 % and so
adds up to 30 ms in a chunk. A factor that wavers by a step around the one that is meant is right on
average; multiples of the golden ratio spread evenly."""
_AROUND_S, _REACH_S = 0.03, 0.016
"""Attacks are compared over 30 ms to both sides, moved by up to 16 ms."""
_OFFSET_STEP_S = 0.002
_LARGEST_OFFSET_S = 0.3


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TimeMap:
    """Piecewise linear map from source to target; arrays (N,), strictly rising."""

    source_s: np.ndarray
    target_s: np.ndarray

    def to_source(self, target_s: np.ndarray | float) -> np.ndarray:
        return _extended(target_s, self.target_s, self.source_s)

    def to_target(self, source_s: np.ndarray | float) -> np.ndarray:
        return _extended(source_s, self.source_s, self.target_s)

    @property
    def stretches(self) -> np.ndarray:
        """(N - 1,) target length over source length."""
        return np.diff(self.target_s) / np.diff(self.source_s)


def _extended(x: np.ndarray | float, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """np.interp that goes on with a slope of 1 outside."""
    x = np.asarray(x, float)
    return np.interp(x, xs, ys) + np.minimum(x - xs[0], 0) + np.maximum(x - xs[-1], 0)


def bounded_map(
    source_s: np.ndarray, target_s: np.ndarray, weights: np.ndarray, limit: float
) -> TimeMap:
    """The map that meets the targets, or comes nearest (weighted, absolute) with no segment
    stretched by
    more than `limit`; exact to 2 ms where it has to give way.

    Raises InputError where even targets 0.3 s off cannot be met within the limit.
    """
    source_d = np.diff(source_s)
    ratios = np.diff(target_s) / source_d
    if np.all(np.abs(ratios - 1) <= limit + 1e-9):
        return TimeMap(source_s=source_s, target_s=target_s)
    reach = round(_LARGEST_OFFSET_S / _OFFSET_STEP_S)
    offsets_s = np.arange(-reach, reach + 1) * _OFFSET_STEP_S
    move = offsets_s[None, :] - offsets_s[:, None]  # from row to column
    total = weights[0] * np.abs(offsets_s)
    origin = np.zeros((len(source_s), len(offsets_s)), np.int32)
    for i, (d, wanted) in enumerate(zip(source_d, np.diff(target_s), strict=True), 1):
        allowed = np.abs((wanted + move) / d - 1) <= limit
        prices = np.where(allowed, total[:, None], np.inf)
        origin[i] = prices.argmin(axis=0)
        total = prices.min(axis=0) + weights[i] * np.abs(offsets_s)
    if not np.isfinite(total).any():
        worst = 100 * (float(np.exp(np.median(np.log(ratios)))) - 1)
        raise InputError(
            f"To follow the plan the music would have to be stretched by about {worst:+.0f} %, more"
            f" than the limit of {100 * limit:g} %. Plan beats nearer to the music's tempo, raise"
            " the limit, or choose other music."
        )
    state = int(total.argmin())
    chosen = np.empty(len(source_s), int)
    for i in range(len(source_s) - 1, -1, -1):
        chosen[i] = state
        state = int(origin[i, state])
    return TimeMap(source_s=source_s, target_s=target_s + offsets_s[chosen])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Stretched:
    """The stretched music and how exactly it came out."""

    sound: SoundStream
    landed_s: np.ndarray
    """(N,) where the attacks of the anchors are in it; NaN where there is none to measure."""


def stretch(
    edit: Edit, wanted: TimeMap, duration_s: float, quality: Quality, progress: Progress
) -> Stretched:
    """Render an edit through a map, from 0 to `duration_s`; exactly round(duration * rate)
    samples."""
    if quality == "fine" or (quality == "auto" and duration_s <= FINE_UP_TO_S):
        return _stretch_by_windows(edit, wanted, duration_s, progress)
    return _stretch_by_splices(edit, wanted, duration_s, progress)


def _stretch_by_splices(
    edit: Edit, wanted: TimeMap, duration_s: float, progress: Progress
) -> Stretched:
    rate = edit.sample_rate
    n_samples = round(duration_s * rate)
    inner = (wanted.target_s > 0) & (wanted.target_s < duration_s)
    edges_s = np.array([0.0, *wanted.target_s[inner], duration_s])
    source = np.rint(wanted.to_source(edges_s) * rate).astype(int)
    target = np.rint(edges_s * rate).astype(int)
    spool = SoundSpool(edit.n_channels, rate)
    for block in spliced(edit, source, target):
        spool.append(block[:, : n_samples - spool.n_samples])
        progress(0.6 * spool.n_samples / n_samples)
    if spool.n_samples < n_samples:  # the last anchor was met a little early
        more = n_samples - spool.n_samples
        spool.append(edit.read(int(source[-1]), int(source[-1]) + more))
    landed_s = np.full(len(wanted.source_s), np.nan)
    for low_s, high_s in _chunks(wanted, duration_s):
        anchors = np.flatnonzero((wanted.target_s >= low_s) & (wanted.target_s <= high_s))
        spans_s = np.array([low_s - MARGIN_S, high_s + MARGIN_S])
        (first, last), (begin, end) = (
            np.rint(np.array(pair) * rate).astype(int)
            for pair in (wanted.to_source(spans_s), spans_s)
        )
        before, after = edit.read(first, last), spool.read(begin, end)
        lags_s = _lags(before, after, rate, (first / rate, begin / rate), wanted, anchors)
        landed_s[anchors] = wanted.target_s[anchors] + lags_s
        progress(min(1.0, 0.6 + 0.4 * high_s / duration_s))
    return Stretched(sound=spool.stream(), landed_s=landed_s)


def _stretch_by_windows(
    edit: Edit, wanted: TimeMap, duration_s: float, progress: Progress
) -> Stretched:
    tape = _Tape(edit.n_channels, edit.sample_rate, round(duration_s * edit.sample_rate))
    landed_s = np.full(len(wanted.source_s), np.nan)
    chunks = list(_chunks(wanted, duration_s))
    workers = min(2, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        for group in range(0, len(chunks), workers):
            jobs = [
                pool.submit(_render, edit, wanted, low, high)
                for low, high in chunks[group : group + workers]
            ]
            for chunk in (job.result() for job in jobs):
                tape.lay(chunk)
                landed_s[chunk.anchors] = chunk.landed_s
            progress(min(1.0, (group + workers) / len(chunks)))
    return Stretched(sound=tape.finish(), landed_s=landed_s)


def _chunks(wanted: TimeMap, duration_s: float) -> Iterator[tuple[float, float]]:
    """Target ranges of about CHUNK_S, cut at anchors."""
    low = 0.0
    while duration_s - low > 1.5 * CHUNK_S:
        later = wanted.target_s[wanted.target_s > low + CHUNK_S]
        if not len(later) or later[0] > duration_s - 1:
            break
        yield low, float(later[0])
        low = float(later[0])
    yield low, duration_s


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Chunk:
    sound: np.ndarray
    """(C, T)"""
    start_s: float
    """Target time of its first sample."""
    low_s: float
    high_s: float
    """The part to keep."""
    anchors: np.ndarray
    """Indices of the anchors inside."""
    landed_s: np.ndarray


def _render(edit: Edit, wanted: TimeMap, low_s: float, high_s: float) -> _Chunk:
    """One chunk, rendered, measured, shifted by what is late as a whole, and where that does not
    do,
    rendered once more through a bent map."""
    rate = edit.sample_rate
    first, last = (float(wanted.to_source(t)) for t in (low_s - MARGIN_S, high_s + MARGIN_S))
    start, stop = round(first * rate), round(last * rate)
    source = edit.read(start, stop)
    inside = (wanted.target_s >= low_s - 0.02) & (wanted.target_s <= high_s + 0.02)
    anchors = np.flatnonzero(inside)
    bent = wanted
    best: tuple[float, _Chunk] | None = None
    for _ in range(ROUNDS):
        start_s = float(bent.to_target(start / rate))
        still = _is_still(bent, start, stop, rate)
        sound = source if still else _warp(source, rate, start, bent)
        raw_s = _lags(source, sound, rate, (start / rate, start_s), wanted, anchors)
        lag_s = _steady_lags(raw_s)
        shift_s = 0.0 if still else float(np.median(lag_s)) if len(lag_s) else 0.0
        chunk = _Chunk(
            sound=sound,
            start_s=start_s - shift_s,
            low_s=low_s,
            high_s=high_s,
            anchors=anchors,
            landed_s=wanted.target_s[anchors] + raw_s - shift_s,
        )
        worst = float(np.abs(lag_s - shift_s).max(initial=0.0))
        if best is None or worst < best[0]:
            best = worst, chunk
        if worst <= TOLERANCE_S:
            break
        bend_s = np.interp(np.arange(len(wanted.source_s)), anchors, lag_s)
        bent = TimeMap(source_s=bent.source_s, target_s=bent.target_s - bend_s)
    assert best is not None
    return best[1]


def _is_still(bent: TimeMap, start: int, stop: int, rate: int) -> bool:
    """Whether nothing in this range is stretched at all."""
    edges = np.array([start / rate, *bent.source_s, stop / rate])
    edges = edges[(edges >= start / rate) & (edges <= stop / rate)]
    moved = bent.to_target(edges) - edges
    return bool(np.ptp(moved) < 1e-4)


def _warp(source: np.ndarray, rate: int, start: int, bent: TimeMap) -> np.ndarray:
    try:
        from pedalboard import time_stretch
    except ImportError as error:
        raise MissingPackageError("pedalboard", "Stretching music onto the beats") from error
    edges = np.arange(start, start + source.shape[1] + 1) / rate
    speed = 1.0 / np.maximum(np.diff(bent.to_target(edges)) * rate, 0.2)
    late = round(LOOK_AHEAD_S * rate)
    speed = np.concatenate([np.full(late, speed[0]), speed])[: len(speed)]
    blocks = np.arange(len(speed) // _HOP + 1)
    dither = np.repeat((blocks * _GOLDEN) % 1 - 0.5, _HOP)[: len(speed)]
    speed *= 1 + _DITHER * dither
    return time_stretch(source, float(rate), speed, high_quality=True)


def _lags(
    source: np.ndarray,
    sound: np.ndarray,
    rate: int,
    starts_s: tuple[float, float],
    wanted: TimeMap,
    anchors: np.ndarray,
) -> np.ndarray:
    """(A,) seconds by which the attack of each anchor came late; NaN where there is no clear
    attack.

    starts_s: source time of the first sample of `source`, target time of the first one of `sound`.
    """
    before, after = (
        np.asarray(soxr.resample(x.mean(axis=0), rate, RATE, quality="HQ"), np.float32)
        for x in (source, sound)
    )
    lag_s = np.full(len(anchors), np.nan)
    reach = round(_REACH_S * FINE_RATE_HZ)
    for row, index in enumerate(anchors):
        source_s, target_s = float(wanted.source_s[index]), float(wanted.target_s[index])
        shape = fine_curve(before, source_s - starts_s[0], _AROUND_S)
        found = fine_curve(after, target_s - starts_s[1], _AROUND_S + _REACH_S)
        if shape.max() < 3 * shape.mean() + 1e-4:
            continue
        shape = shape - shape.mean()
        windows = np.lib.stride_tricks.sliding_window_view(found, len(shape))
        windows = windows - windows.mean(axis=1, keepdims=True)
        norms = np.linalg.norm(windows, axis=1) * np.linalg.norm(shape) + 1e-9
        likeness = windows @ shape / norms
        best = int(likeness.argmax())
        if likeness[best] > 0.6:
            lag_s[row] = best / FINE_RATE_HZ - reach / FINE_RATE_HZ
    return lag_s


def _steady_lags(raw_s: np.ndarray) -> np.ndarray:
    """(A,) what is left of the lags after a median over seven anchors; zeros if nothing was
    measured.

    The stretcher drifts slowly, so a lag that its neighbours do not share is a wrong measurement.
    """
    known = np.isfinite(raw_s)
    if not known.any():
        return np.zeros(len(raw_s))
    filled = np.interp(np.arange(len(raw_s)), np.flatnonzero(known), raw_s[known])
    padded = np.pad(filled, 3, mode="reflect")  # "edge" would let a wrong last one win
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 7), axis=1)


class _Tape:
    """Chunks laid one after the other; each fades in over the end of the one before."""

    def __init__(self, n_channels: int, sample_rate: int, n_samples: int):
        self._spool = SoundSpool(n_channels, sample_rate)
        self._rate = sample_rate
        self._n_samples = n_samples
        self._end = np.zeros((n_channels, 0), np.float32)
        """What was laid but may still be faded out."""

    def lay(self, chunk: _Chunk) -> None:
        joined = self._spool.n_samples + self._end.shape[1] > 0
        seam = round(SEAM_S * self._rate) if joined else 0
        guard = round(0.003 * self._rate) if joined else 0
        low = max(round(chunk.low_s * self._rate) - guard - seam, 0)
        high = min(round(chunk.high_s * self._rate), self._n_samples)
        sound = np.zeros((self._end.shape[0], high - low), np.float32)
        start = low - round(chunk.start_s * self._rate)
        found = chunk.sound[:, max(start, 0) : start + high - low]
        at = max(-start, 0)
        sound[:, at : at + found.shape[1]] = found
        if seam:
            before = low - self._spool.n_samples
            fade = np.linspace(0, 1, seam, dtype=np.float32)
            sound[:, :seam] = sound[:, :seam] * fade + self._end[:, before : before + seam] * (
                1 - fade
            )
            self._end = self._end[:, :before]
        self._spool.append(self._end)
        self._end = sound

    def finish(self) -> SoundStream:
        self._spool.append(self._end)
        return self._spool.stream()
