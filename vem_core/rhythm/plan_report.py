"""What each transition meets in a finished tempo map, why others are missed, and both in words."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..types import BeatPlan, Hit, HitUnit, Miss, Storyboard, Transition
from ..units import seconds_to_beats, seconds_to_frames, seconds_to_timecode
from .plan_settings import PlanSettings, transition_weight

EXACT_S = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class _Met:
    """A place that the plan meets, as a neighbour of one that it does not."""

    time_s: float
    unit: int
    """Grid position in parts of a beat."""
    weight: float
    name: str


def nearest_grid_point(
    time_s: float, beats_s: Sequence[float], divisions: int
) -> tuple[float, int]:
    """(seconds, position in parts of a beat) of the grid point nearest to a time."""
    unit = min(
        max(round(seconds_to_beats(time_s, beats_s) * divisions), 0),
        (len(beats_s) - 1) * divisions,
    )
    return grid_time(unit, beats_s, divisions), unit


def grid_time(unit: int, beats_s: Sequence[float], divisions: int) -> float:
    """Seconds of a grid position counted in parts of a beat."""
    beat, part = divmod(unit, divisions)
    if not part:
        return beats_s[beat]
    return beats_s[beat] + (beats_s[beat + 1] - beats_s[beat]) * (part / divisions)


def report_plan(
    storyboard: Storyboard,
    settings: PlanSettings,
    base_bpm: float,
    beats_s: Sequence[float],
    downbeats: Sequence[int],
) -> tuple[tuple[Hit, ...], tuple[Miss, ...]]:
    """Sort the transitions into hits and misses."""
    tolerance_s = settings.hit_tolerance_ms / 1000 if settings.is_constant else EXACT_S
    placed = [
        (transition, *nearest_grid_point(transition.time_s, beats_s, settings.divisions))
        for transition in storyboard.transitions
    ]
    hits, missed = [], []
    for transition, beat_s, unit in placed:
        if abs(beat_s - transition.time_s) > tolerance_s:
            missed.append((transition, beat_s))
            continue
        hits.append(
            Hit(
                transition_s=transition.time_s,
                beat_s=beat_s,
                unit=unit_name(unit, settings.divisions, downbeats),
                error_ms=1000 * (beat_s - transition.time_s),
                error_frames=seconds_to_frames(beat_s - transition.time_s, storyboard.fps),
                weight=transition_weight(transition),
            )
        )
    met = _met_places(storyboard, settings, beats_s, placed, tolerance_s)
    misses = [
        Miss(
            transition_s=transition.time_s,
            beat_s=beat_s,
            error_ms=1000 * (beat_s - transition.time_s),
            error_frames=seconds_to_frames(beat_s - transition.time_s, storyboard.fps),
            weight=transition_weight(transition),
            reason=_reason(transition, beat_s, met, settings, base_bpm),
        )
        for transition, beat_s in missed
    ]
    return tuple(hits), tuple(misses)


def unit_name(unit: int, divisions: int, downbeats: Sequence[int]) -> HitUnit:
    """What a grid position is; `downbeats` in order."""
    beat, part = divmod(unit, divisions)
    if part:
        return "half-beat"
    place = bisect_left(downbeats, beat)
    return "downbeat" if place < len(downbeats) and downbeats[place] == beat else "beat"


def _met_places(
    storyboard: Storyboard,
    settings: PlanSettings,
    beats_s: Sequence[float],
    placed: list[tuple[Transition, float, int]],
    tolerance_s: float,
) -> list[_Met]:
    """Hits, and the start and end of the clip where they are met, in order of time."""
    met = [
        _Met(
            time_s=transition.time_s,
            unit=unit,
            weight=transition_weight(transition),
            name=f"{transition.kind} at {seconds_to_timecode(transition.time_s)}",
        )
        for transition, beat_s, unit in placed
        if abs(beat_s - transition.time_s) <= tolerance_s
    ]
    for time_s, name in ((0.0, "start of the clip"), (storyboard.duration_s, "end of the clip")):
        beat_s, unit = nearest_grid_point(time_s, beats_s, settings.divisions)
        if abs(beat_s - time_s) <= tolerance_s and all(m.time_s != time_s for m in met):
            met.append(_Met(time_s=time_s, unit=unit, weight=0.0, name=name))
    return sorted(met, key=lambda place: place.time_s)


def _reason(
    transition: Transition,
    beat_s: float,
    met: list[_Met],
    settings: PlanSettings,
    base_bpm: float,
) -> str:
    if settings.is_constant:
        return (
            f"{1000 * abs(beat_s - transition.time_s):.0f} ms from the grid of a constant"
            f" {base_bpm:.1f} BPM; up to {settings.hit_tolerance_ms:g} ms counts as a hit"
        )
    time_s, weight = transition.time_s, transition_weight(transition)
    at = bisect_right([place.time_s for place in met], time_s)
    left, right = (met[at - 1] if at else None), (met[at] if at < len(met) else None)
    sides = [side for side in (left, right) if side is not None]
    shortest_s = 60 / (base_bpm * (1 + settings.tempo_room)) / settings.divisions
    for side in sorted(sides, key=lambda place: abs(place.time_s - time_s)):
        gap_s = abs(side.time_s - time_s)
        if gap_s < shortest_s:
            stronger = "stronger " if side.weight > weight else ""
            return (
                f"too close to the {stronger}{side.name}: {gap_s:.3f} s, while a"
                f" {settings.hit_unit} lasts {shortest_s:.3f} s or more"
            )
    low, high = (base_bpm * (1 + sign * settings.tempo_room) for sign in (-1, 1))
    tempi = min(
        _tempi_through(time_s, left, right, base_bpm, settings.divisions),
        key=lambda pair: max(abs(math.log(t / base_bpm)) for t, _ in pair),
    )
    for tempo_bpm, side in tempi:
        if not low <= tempo_bpm <= high:
            return (
                f"would need {tempo_bpm:.1f} BPM between it and the {side.name};"
                f" the room is {low:.1f}-{high:.1f} BPM"
            )
    needed = " and ".join(
        f"{tempo_bpm:.1f} BPM {'before' if side is left else 'after'} it"
        for tempo_bpm, side in tempi
    )
    return f"would take {needed}; the plan weighed that dearer than this miss"


def _tempi_through(
    time_s: float, left: _Met | None, right: _Met | None, base_bpm: float, divisions: int
) -> Iterator[list[tuple[float, _Met]]]:
    """For each part of a beat it might fall on: the tempi needed from and to its neighbours."""
    for part in range(divisions):
        pair = []
        for side in (left, right):
            if side is None:
                continue
            gap_s = abs(time_s - side.time_s)
            shift = (part - side.unit) * (1 if side is left else -1) % divisions
            whole = round(gap_s * base_bpm / 60 - shift / divisions)
            beats = max(whole + shift / divisions, shift / divisions or 1)
            pair.append((60 * beats / gap_s, side))
        yield pair


def describe_plan(plan: BeatPlan) -> str:
    """A report for people: the tempo map in two lines, then a line for every transition."""
    bars = [right - left for left, right in pairwise(plan.downbeats)]
    odd = sum(length != plan.metre.beats_per_bar for length in bars)
    lines = [
        f"{seconds_to_timecode(plan.duration_s)} in {plan.metre.name} at {summarise_tempo(plan)}:"
        f" {plan.n_beats} beats, {len(plan.downbeats)} downbeats, {odd} bars of another length.",
        summarise_hits(plan),
    ]
    rows = [(hit.transition_s, _hit_line(hit, plan)) for hit in plan.hits]
    rows += [(miss.transition_s, _miss_line(miss)) for miss in plan.misses]
    return "\n".join(lines + [line for _, line in sorted(rows)])


def summarise_tempo(plan: BeatPlan) -> str:
    """'118.2 BPM (113.9 to 122.4)'."""
    tempo = plan.tempo
    if tempo.max_bpm - tempo.min_bpm < 0.05:
        return f"{tempo.base_bpm:.1f} BPM"
    return f"{tempo.base_bpm:.1f} BPM ({tempo.min_bpm:.1f} to {tempo.max_bpm:.1f})"


def summarise_hits(plan: BeatPlan) -> str:
    """How many transitions are hit, and on what."""
    total = len(plan.hits) + len(plan.misses)
    if not total:
        return "There are no transitions to hit."
    counts = [
        f"{n} on {'a downbeat' if unit == 'downbeat' else f'a {unit}'}"
        for unit in ("downbeat", "beat", "half-beat")
        if (n := sum(hit.unit == unit for hit in plan.hits))
    ]
    where = f" ({', '.join(counts)})" if counts else ""
    return f"{len(plan.hits)} of {total} transitions hit{where}."


def signed(value: float, digits: int) -> str:
    """'+3.2'; a rounded zero has no sign."""
    return f"{value:+.{digits}f}" if round(value, digits) else f"{0:.{digits}f}"


def _hit_line(hit: Hit, plan: BeatPlan) -> str:
    position = seconds_to_beats(hit.beat_s, plan.beats_s)
    bar = bisect_right(plan.downbeats, position + 1e-6)
    first = plan.downbeats[bar - 1] if bar else 0
    place = f"bar {bar}" if bar else "upbeat"
    beat = f"{position - first + 1:.2f}".rstrip("0").rstrip(".")
    return (
        f"{seconds_to_timecode(hit.transition_s):>10}  {hit.unit:<9} {place}, beat {beat}:"
        f" {signed(hit.error_ms, 1)} ms, {signed(hit.error_frames, 2)} frames"
    )


def _miss_line(miss: Miss) -> str:
    return (
        f"{seconds_to_timecode(miss.transition_s):>10}  missed    {signed(miss.error_ms, 1)} ms,"
        f" {signed(miss.error_frames, 2)} frames: {miss.reason}"
    )
