"""Cuts one sample: no silence before its attack, a bounded length, a loop that does not click."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.signal import correlate

from .sf2 import SoundFont, SourceZone

_HOLD, _DECAY, _SUSTAIN, _RELEASE, _ATTACK = 35, 36, 37, 38, 34
_MODE, _ROOT, _COARSE_TUNE, _FINE_TUNE = 54, 58, 51, 52
_STRUCK = (0.12, 0.0008)
"""Where a struck sound begins: share of the first 200 ms' peak, seconds kept before it."""
_BOWED = (0.3, 0.006)
"""Where a bowed, blown or sung sound begins: nearer to its body, so that it speaks on the beat."""


@dataclass(kw_only=True, slots=True)
class Cut:
    """A sample as it is kept. Times in the envelope are seconds, loops are sample indices."""

    samples: np.ndarray
    """(C, T) int16."""
    sample_rate: int
    root_key: float
    """With the fine tuning in its fraction."""
    loop: tuple[int, int] | None
    attack_s: float
    hold_s: float
    decay_s: float
    """Time for a fall of 100 dB; 0 where the sample does not decay."""
    sustain_db: float
    release_s: float
    """Time for a fall of 100 dB."""


def cut_sample(font: SoundFont, zones: list[SourceZone], choice: dict) -> Cut:
    """Cut one sample from a zone, or from a left and a right one, as choice.json says."""
    zone = zones[0]
    start, end, loop_start, loop_end = zone.bounds
    rows = [font.pool[start:end]]
    if choice.get("channels") == 2 and len(zones) == 2:
        other_start, other_end, *_ = zones[1].bounds
        rows.append(font.pool[other_start:other_end])
    length = min(len(row) for row in rows)
    samples = np.stack([row[:length] for row in rows]).astype(np.float64)
    rate = zone.sample.sample_rate
    share, lead_s = _BOWED if choice.get("bowed") else _STRUCK
    lead = _lead(samples, rate, share, lead_s)
    loops = zone.get(_MODE) in (1, 3) and not choice.get("one_shot")
    loop = (loop_start - start - lead, loop_end - start - lead) if loops else None
    samples = samples[:, lead:]
    root = zone.get(_ROOT) if zone.get(_ROOT) >= 0 else zone.sample.root_key
    cents = 100 * zone.get(_COARSE_TUNE) + zone.get(_FINE_TUNE) + zone.sample.correction_cents
    cut = Cut(
        samples=samples,
        sample_rate=rate,
        root_key=root - cents / 100,
        loop=loop if loop is None or loop[1] <= samples.shape[1] else None,
        attack_s=_timecents(zone.get(_ATTACK)) if choice.get("bowed") else 0.0,
        hold_s=_timecents(zone.get(_HOLD)),
        decay_s=_timecents(zone.get(_DECAY)) if zone.get(_SUSTAIN) else 0.0,
        sustain_db=zone.get(_SUSTAIN) / 10,
        release_s=max(_timecents(zone.get(_RELEASE)), 0.02),
    )
    _shorten(cut, round(choice["seconds"] * rate))
    _fade_in(cut.samples, round(lead_s * rate))
    cut.samples = np.clip(np.rint(cut.samples), -32768, 32767).astype(np.int16)
    return cut


def _timecents(value: int) -> float:
    return 0.0 if value <= -12000 else 2.0 ** (value / 1200)


def _lead(samples: np.ndarray, rate: int, share: float, lead_s: float) -> int:
    """Samples before the attack reaches `share` of its peak, less the lead that fades in."""
    level = np.abs(samples).max(axis=0)
    peak = level[: max(1, round(0.2 * rate))].max()
    if peak == 0:
        raise ValueError("A sample of the bank is silent for its first 200 ms.")
    first = int(np.argmax(level >= share * peak))
    return max(0, first - round(lead_s * rate))


def _fade_in(samples: np.ndarray, n: int) -> None:
    samples[:, :n] *= np.sin(np.linspace(0, np.pi / 2, n, endpoint=False)) ** 2


def _shorten(cut: Cut, n: int) -> None:
    """Keep what is heard: up to the loop's end, or `n` samples with a loop or a fade of our own."""
    if cut.loop is not None and cut.loop[1] <= n:
        cut.samples = cut.samples[:, : cut.loop[1]]
        _smooth_seam(cut)
        return
    if cut.samples.shape[1] <= n:
        _fade_out(cut.samples, min(round(0.02 * cut.sample_rate), cut.samples.shape[1]))
        return
    if cut.loop is None:
        cut.samples = cut.samples[:, :n].copy()
        _fade_out(cut.samples, n // 2)
        return
    _own_loop(cut, n)


def _smooth_seam(cut: Cut) -> None:
    """Crossfade the last milliseconds of the bank's own loop into what stands before its start."""
    assert cut.loop is not None
    start, end = cut.loop
    n = min(round(0.004 * cut.sample_rate), (end - start) // 4, start)
    fade = np.linspace(0, 1, n)
    before = cut.samples[:, start - n : start]
    cut.samples[:, end - n : end] = cut.samples[:, end - n : end] * (1 - fade) + before * fade


def _fade_out(samples: np.ndarray, n: int) -> None:
    samples[:, samples.shape[1] - n :] *= np.cos(np.linspace(0, np.pi / 2, n)) ** 2


def _own_loop(cut: Cut, end: int) -> None:
    """Loop the last part before `end`: level made even, best match found, seam crossfaded.

    What the level loses over the loop is given back by the envelope, so that a piano goes on dying.
    """
    rate = cut.sample_rate
    window = round(0.04 * rate)
    end = min(end, cut.samples.shape[1] - window)
    x = cut.samples[:, : end + window].copy()
    early, late = int(0.35 * end), end
    slope_db_s = _slope(x, early, late, rate)
    decays = slope_db_s < -1.5
    if decays:
        t = np.arange(x.shape[1] - early) / rate
        x[:, early:] *= 10 ** (-slope_db_s * t / 20)
    best, best_start = _best_match(x, window, (early + window, end - round(0.25 * rate)), end)
    fade = np.linspace(0, 1, window)
    if best < 0.5:  # not alike: keep the power instead of the sum
        ins, outs = np.sin(fade * np.pi / 2), np.cos(fade * np.pi / 2)
    else:
        ins, outs = fade, 1 - fade
    x[:, end - window : end] = (
        x[:, end - window : end] * outs + x[:, best_start - window : best_start] * ins
    )
    cut.samples = x[:, :end]
    cut.loop = (best_start, end)
    if decays:
        cut.hold_s = early / rate
        cut.decay_s = 100 / -slope_db_s
        cut.sustain_db = 100.0


def _best_match(x: np.ndarray, window: int, starts: tuple[int, int], end: int) -> tuple[float, int]:
    """Correlation and place, in `starts`, of what is most like the surroundings of `end`."""
    target = x[:, end - window : end + window]
    first, last = starts
    searched = x[:, first - window : last + window]
    products = sum(
        correlate(row, piece, mode="valid") for row, piece in zip(searched, target, strict=True)
    )
    energy = np.concatenate([[0.0], np.cumsum((searched**2).sum(axis=0))])
    energy = energy[2 * window :] - energy[: -2 * window]
    match = products / np.sqrt(np.maximum(energy * (target**2).sum(), 1e-9))
    best = int(np.argmax(match))
    return float(match[best]), first + best


def _slope(x: np.ndarray, start: int, end: int, rate: int) -> float:
    """Decay of the level between two places, dB per second, by least squares over 50-ms windows."""
    hop = round(0.05 * rate)
    edges = np.arange(start, end - hop, hop)
    level_db = [10 * math.log10(float((x[:, e : e + hop] ** 2).mean()) + 1e-3) for e in edges]
    return float(np.polyfit(edges / rate, level_db, 1)[0])
