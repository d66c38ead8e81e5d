"""How a piece of music meets a beat plan: pace, bars, what the plan asks, and which points must
land.

Conventions: source times lie on an Edit's timeline, target times on the clip's clock.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..types import BeatPlan, Storyboard
from .edits import Edit
from .passages import Demand
from .placing import Accents
from .plan_settings import FASTEST_BPM
from .tracking import BeatTrack

BEAT_WEIGHT = 0.2
"""Of an anchor that is a beat without a hit; hits weigh 0.25 to 2."""
HEARD = 0.15
"""Attacks clearer than this are what a hit means; else the pulse is."""


def tempo_ratio(plan: BeatPlan, track: BeatTrack, most_stretch: float) -> float:
    """Beats of the plan in a beat of the music: 1, 2 or 0.5, whichever stretches least.

    Raises InputError where all three are beyond the limit.
    """
    plan_bpm = 60.0 / float(np.median(np.diff(plan.beats_s)))
    ratios = (1.0, 2.0, 0.5)
    ratio = min(ratios, key=lambda r: abs(np.log(plan_bpm / (r * track.tempo_bpm))))
    stretch_needed = ratio * track.tempo_bpm / plan_bpm - 1
    if abs(stretch_needed) > most_stretch + 0.02:
        ranges = (
            f"{tempo_bpm * (1 - most_stretch):.0f} to {tempo_bpm * (1 + most_stretch):.0f}"
            for tempo_bpm in (r * track.tempo_bpm for r in sorted(ratios))
            if tempo_bpm <= FASTEST_BPM
        )
        raise InputError(
            f"The plan runs at {plan_bpm:.1f} BPM and the music at {track.tempo_bpm:.1f} BPM: it"
            f" would have to be stretched by {100 * stretch_needed:+.0f} %, and the limit is"
            f" {100 * most_stretch:g} %. Plan beats with a tempo range inside {', '.join(ranges)}"
            " BPM, or choose other music."
        )
    return ratio


def music_grid(
    track: BeatTrack, plan: BeatPlan, ratio: float, duration_s: float
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The music's beats at the plan's pace up to its end, their places in the plan's bars, and
    notes."""
    beats_s = np.array(track.beats_s)
    downbeats = np.array(track.downbeats)
    index = np.arange(len(beats_s))
    since = np.searchsorted(downbeats, index, side="right") - 1
    bar, notes = plan.metre.beats_per_bar, []
    length = track.beats_per_bar
    place = np.where(since >= 0, index - downbeats[np.maximum(since, 0)], index - downbeats[0])
    pairs = np.where(length == 2, 2 * (since % 2), 0)  # two bars of two make one of four
    place = (place + pairs) % (4 if length == 2 else length)
    length = 4 if length == 2 else length
    if ratio == 2:
        middles = (beats_s[:-1] + beats_s[1:]) / 2
        beats_s = np.insert(beats_s, np.arange(1, len(beats_s)), middles)
        place = np.insert(2 * place, np.arange(1, len(place)), 2 * place[:-1] + 1)
        length *= 2
    elif ratio == 0.5:
        first = int(downbeats[0]) % 2
        beats_s, place = beats_s[first::2], place[first::2] // 2
        length = max(1, length // 2)
    step_s = float(np.median(np.diff(beats_s[-9:])))
    while beats_s[-1] + step_s <= duration_s + 0.03 * step_s:
        beats_s = np.append(beats_s, beats_s[-1] + step_s)
        place = np.append(place, (place[-1] + 1) % length)
    if length % bar and bar % length:
        notes.append(
            f"The music has {length} beats in a bar and the plan {bar}: beats meet, bars do not."
        )
        return beats_s, np.full(len(beats_s), -1), notes
    return beats_s, place % bar, notes


def plan_demand(plan: BeatPlan, storyboard: Storyboard | None, bars_matter: bool) -> Demand:
    n, divisions = plan.n_beats, plan.metre.divisions
    downbeats = np.array(plan.downbeats if plan.downbeats else (0,))
    index = np.arange(n)
    since = np.searchsorted(downbeats, index, side="right") - 1
    place = np.where(since >= 0, index - downbeats[np.maximum(since, 0)], index - downbeats[0])
    place = place % plan.metre.beats_per_bar
    hits = np.zeros((n, divisions))
    for hit in plan.hits:
        beat, part = _grid_place(plan, hit.beat_s)
        if beat < n:
            hits[beat, part] += hit.weight
    arousal = np.zeros(n)
    if storyboard is not None:
        middles = np.clip((np.array(plan.beats_s[:-1]) + plan.beats_s[1:]) / 2, 0, plan.duration_s)
        arousal = np.array(
            [storyboard.shots[storyboard.shot_index(float(t))].affect.arousal for t in middles]
        )
        arousal -= arousal.mean()
    return Demand(
        place=place if bars_matter else np.full(n, -1),
        may_join=np.isin(index, downbeats),
        hits=hits,
        arousal=arousal,
    )


def _grid_place(plan: BeatPlan, time_s: float) -> tuple[int, int]:
    """Beat and part of the beat (0 ... divisions - 1) of a grid point."""
    beats_s = np.array(plan.beats_s)
    beat = int(
        np.clip(np.searchsorted(beats_s, time_s + 1e-4, side="right") - 1, 0, plan.n_beats - 1)
    )
    share = (time_s - beats_s[beat]) / (beats_s[beat + 1] - beats_s[beat])
    steps = beat * plan.metre.divisions + round(share * plan.metre.divisions)
    return divmod(steps, plan.metre.divisions)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Anchors:
    """Points of the edited music and where they go; arrays (N,)."""

    source_s: np.ndarray
    target_s: np.ndarray
    weights: np.ndarray
    hit_rows: dict[int, int]
    """Number of a hit -> row of its anchor."""


def plan_anchors(plan: BeatPlan, edit: Edit, path: list[int], accents: Accents) -> Anchors:
    """Every beat of the plan; at hits the music's attack rather than the pulse it swings around."""
    n, divisions = plan.n_beats, plan.metre.divisions
    rows: dict[tuple[int, int], list[float]] = {
        (i, 0): [edit.beats_s[i], plan.beats_s[i], BEAT_WEIGHT] for i in range(n + 1)
    }
    numbers: dict[int, tuple[int, int]] = {}
    for number, hit in enumerate(plan.hits):
        beat, part = _grid_place(plan, hit.beat_s)
        numbers[number] = beat, part
        source_s = edit.beats_s[beat]
        if beat < n:
            source_s = source_s + part / divisions * (edit.beats_s[beat + 1] - source_s)
            if accents.clarity[path[beat], part] > HEARD:
                source_s = source_s + accents.offset_s[path[beat], part]
        rows[beat, part] = [source_s, hit.beat_s, max(hit.weight, BEAT_WEIGHT)]
    order = sorted(rows)
    table = np.array([rows[key] for key in order])
    return Anchors(
        source_s=table[:, 0],
        target_s=table[:, 1],
        weights=table[:, 2],
        hit_rows={number: order.index(key) for number, key in numbers.items()},
    )
