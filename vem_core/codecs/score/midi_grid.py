"""The tempo map and the bars of a beat plan as MIDI events, and back."""

from itertools import pairwise

from ...errors import InputError
from ...types import Metre

Tempos = list[tuple[int, int]]
"""(tick, microseconds per quarter)."""
Signature = tuple[int, int, int]
"""(tick, numerator, denominator)."""

_MOST_US = (1 << 24) - 1
_DEFAULT_US = 500_000


def tempos_of(beats_s: tuple[float, ...], quarters_per_beat: float, tpq: int) -> Tempos:
    """Tempo events that put every beat where it is, to the microsecond.

    A tempo is a whole number of microseconds per quarter; each one is rounded so that the sum since
    the first beat stays nearest, so the error never grows.

    Raises:
        InputError: a beat is longer than MIDI can say.
    """
    events: Tempos = []
    written_us = 0.0
    for i, end_s in enumerate(beats_s[1:]):
        wanted_us = (end_s - beats_s[0]) * 1e6
        mspq = round((wanted_us - written_us) / quarters_per_beat)
        if not 1 <= mspq <= _MOST_US:
            raise InputError(
                f"Beat {i + 1} lasts {end_s - beats_s[i]:g} s; a MIDI file holds beats of up to"
                f" {_MOST_US / 1e6 * quarters_per_beat:.1f} s. Choose a faster tempo."
            )
        written_us += mspq * quarters_per_beat
        if not events or events[-1][1] != mspq:
            events.append((round(i * quarters_per_beat * tpq), mspq))
    return events


def beats_from_tempos(
    tempos: Tempos, ticks_per_beat: float, tpq: int, n_beats: int, first_s: float
) -> tuple[float, ...]:
    """Times of beats 0 ... n_beats - 1 under a tempo map that starts at `first_s`."""
    changes = [(0, _DEFAULT_US), *sorted(tempos)] if not tempos or tempos[0][0] else sorted(tempos)
    beats_s = []
    time_us, index = 0.0, 0
    tick = 0.0
    for beat in range(n_beats):
        target = beat * ticks_per_beat
        while index + 1 < len(changes) and changes[index + 1][0] <= target:
            time_us += (changes[index + 1][0] - tick) * changes[index][1] / tpq
            index += 1
            tick = changes[index][0]
        time_us += (target - tick) * changes[index][1] / tpq
        tick = target
        beats_s.append(first_s + time_us / 1e6)
    return tuple(beats_s)


def signatures_of(metre: Metre, downbeats: tuple[int, ...], tpq: int) -> list[Signature]:
    """A time signature wherever the length of a bar changes, a pickup included."""
    bars = [(a, b - a) for a, b in pairwise(downbeats)]
    if downbeats:
        bars.append((downbeats[-1], metre.beats_per_bar))
    if not downbeats or downbeats[0] > 0:
        bars.insert(0, (0, downbeats[0] if downbeats else metre.beats_per_bar))
    per_beat = metre.quarters_per_beat * tpq
    found: list[Signature] = []
    for beat, n_beats in bars:
        numerator, denominator = (3 * n_beats, 8) if metre.divisions == 3 else (n_beats, 4)
        if not found or found[-1][1:] != (numerator, denominator):
            found.append((round(beat * per_beat), numerator, denominator))
    return found


def downbeats_from_signatures(
    signatures: list[Signature], metre: Metre, tpq: int, n_beats: int
) -> tuple[int, ...]:
    """First beats of bars under a file's time signatures; the metre's own where there are none."""
    per_beat = metre.quarters_per_beat * tpq
    changes = sorted(signatures)
    downbeats = []
    tick = 0.0
    while round(tick / per_beat) < n_beats:
        beat = round(tick / per_beat)
        if not downbeats or beat > downbeats[-1]:
            downbeats.append(beat)
        bar = metre.beats_per_bar * per_beat
        for at, numerator, denominator in changes:
            if at <= tick:
                bar = numerator * 4 * tpq / denominator
        later = [at for at, *_ in changes if tick < at < tick + bar]
        tick = float(min(later)) if later else tick + bar
    return tuple(downbeats)
