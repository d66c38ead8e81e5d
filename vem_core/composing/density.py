"""How many of the drafted tones sound: the more intense the shot, the more onsets a second."""

from collections import defaultdict
from math import ceil

import numpy as np

from .draft import Draft, Tone
from .grid import Grid
from .style import Style

_LEVELS = np.linspace(0.0, 1.0, 41)
_ROOM = 0.45
"""How far the intensity may be moved from the arousal of the shot to even out its density."""
_NATURAL = 0.6
"""Between an even rise (0) and the density at which the style itself would play (1)."""
_TOP = 0.92
"""Share of the greatest density that full arousal asks for: busy shots keep some room above."""


def hold_back(draft: Draft, grid: Grid, style: Style) -> None:
    """Parts stay out of shots that are clearly calmer than what they enter at, but for hits."""
    for part, tones in draft.items():
        enters = style.enters[part] - 0.06
        tones[:] = [
            tone
            for tone in tones
            if tone.keep or grid.arousal[min(max(tone.step, 0), grid.n_steps - 1)] >= enters
        ]


def sounds(tone: Tone, intensity: float) -> bool:
    """Whether a tone is heard at this intensity."""
    return tone.keep or tone.low <= intensity < tone.high


def intensities(draft: Draft, grid: Grid) -> np.ndarray:
    """(n_steps,) the intensity at which each shot has the density that its arousal asks for.

    What the style plays on average at each level of intensity is the measure, drawn towards a
    straight line between its least and its greatest density. A shot in which the tune rests plays
    a little more underneath, and one with a busy tune a little less, so that arousal and onsets
    per second rise together.
    """
    n_shots = int(grid.shot.max()) + 1
    counts = _counts(draft, grid, n_shots)
    seconds = np.array([_seconds(grid, shot) for shot in range(n_shots)])
    total = counts.sum(axis=0) / max(seconds.sum(), 1e-9)
    least, most = float(total[0]), _TOP * float(total.max())
    rising = np.maximum.accumulate(total)
    result = grid.arousal.copy()
    for shot in range(n_shots):
        here = grid.shot == shot
        if not here.any() or seconds[shot] <= 0:
            continue
        arousal = float(grid.arousal[here][0])
        straight = least + (most - least) * arousal
        natural = float(np.interp(arousal, _LEVELS, rising))
        wanted = straight + _NATURAL * (natural - straight)
        own = counts[shot] / seconds[shot]
        near = abs(_LEVELS - arousal) <= _ROOM
        cost = abs(own - wanted) / max(wanted, 0.5) + 0.05 * abs(_LEVELS - arousal)
        result[here] = _LEVELS[int(np.argmin(np.where(near, cost, np.inf)))]
    return result


def _seconds(grid: Grid, shot: int) -> float:
    steps = np.flatnonzero(grid.shot == shot)
    steps = steps[steps >= grid.first]
    return float((grid.times_s[steps + 1] - grid.times_s[steps]).sum())


def _counts(draft: Draft, grid: Grid, n_shots: int) -> np.ndarray:
    """(shots, levels) onsets, a chord counted once, at each level of intensity.

    The levels at which something begins at a place are the bits of an integer.
    """
    n, every = len(_LEVELS), (1 << len(_LEVELS)) - 1
    heard: dict[tuple[str, int], int] = defaultdict(int)
    for part, tones in draft.items():
        for tone in tones:
            if tone.keep:
                heard[part, tone.step] = every
            else:
                first = min(max(ceil(tone.low * (n - 1) - 1e-9), 0), n)
                last = min(max(ceil(tone.high * (n - 1) - 1e-9), first), n)
                heard[part, tone.step] |= (1 << last) - (1 << first)
    places = [
        (step, bits) for (_, step), bits in heard.items() if grid.first <= step < grid.n_steps
    ]
    counts = np.zeros((n_shots, n))
    if places:
        shots = grid.shot[[step for step, _ in places]]
        bits = np.array([bits for _, bits in places], dtype=np.uint64)
        np.add.at(counts, shots, (bits[:, None] >> np.arange(n, dtype=np.uint64)) & np.uint64(1))
    return counts
