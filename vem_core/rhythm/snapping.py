"""Any finished music moved onto the cuts of a locked picture.

Track the music's beats, plan beats for the picture around the music's own tempo, choose the
passage, stretch it in time so that its attacks land on the plan. Music without a beat is placed
unstretched.
"""

from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np

from ..errors import InputError
from ..types import (
    Audio,
    BeatPlan,
    HitUnit,
    Progress,
    Samples,
    SoundStream,
    Storyboard,
    audio_of,
    no_progress,
    samples_of,
)
from .edits import Edit, Join
from .harmony import features
from .meeting import Anchors, music_grid, plan_anchors, plan_demand, tempo_ratio
from .onsets import analysis_sound
from .passages import Demand, PassageCosts, choose_passage, map_music
from .placing import find_accents
from .plan_settings import PlanSettings
from .spool import whole
from .stretching import Quality, Stretched, bounded_map, stretch
from .tempo_map import plan_beats
from .tracking import BeatTrack, TrackSettings, track_beats

SHORTEST_MUSIC_S = 1.0
FREE_STEP_S = 0.5
"""Grid on which music without a beat may be cut."""
FREE_FADE_S = 0.4
HALF_BEATS_FROM = 0.12
"""Onset strength between beats, as share of that on the beats, from which hits may fall there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapSettings:
    """How music is fitted to a picture."""

    most_stretch: float = 0.08
    """No segment becomes longer or shorter by more than this share."""
    hit_unit: Literal["auto", "beat", "half-beat"] = "auto"
    """'auto': half-beats where the music has straight attacks on them. For snap_music only."""
    plan: PlanSettings = field(default_factory=PlanSettings)
    """For snap_music only: its tempo, room, metre and unit are replaced by what the music has."""
    quality: Quality = "auto"
    """'fine': Rubber Band; 'fast': splices, a tenth of the time; 'auto': fine up to 8 minutes."""
    passage: PassageCosts = field(default_factory=PassageCosts)
    track: TrackSettings = field(default_factory=TrackSettings)

    def __post_init__(self) -> None:
        if not 0 < self.most_stretch <= 0.25:
            raise InputError(
                f"The most stretch is {self.most_stretch:g}; it must be above 0 and at most 0.25"
                " (0.08 lets a segment become 8 % longer or shorter). Correct it."
            )
        if self.quality not in get_args(Quality):
            raise InputError(
                f"The quality is '{self.quality}'; needed is one of {', '.join(get_args(Quality))}."
            )
        if self.hit_unit not in ("auto", "beat", "half-beat"):
            raise InputError(
                f"The hit unit is '{self.hit_unit}'; needed is one of auto, beat, half-beat."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class SnappedHit:
    """A planned hit and where the music's attack came out."""

    transition_s: float
    beat_s: float
    unit: HitUnit
    weight: float
    attack_s: float | None
    """Of the music in the result, by measurement; None where it has no clear attack."""

    @property
    def error_ms(self) -> float | None:
        return None if self.attack_s is None else 1000 * (self.attack_s - self.beat_s)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Snapped:
    """Music fitted to a picture, and how."""

    sound: SoundStream
    """Exactly round(duration * rate) samples, at the rate and with the channels of the music."""
    track: BeatTrack
    plan: BeatPlan | None
    """None where the music has no beat and none was given."""
    hits: tuple[SnappedHit, ...]
    stretch_range: tuple[float, float]
    """Least and greatest length of a segment over its length in the music; 1 = not stretched."""
    tempo_ratio: float
    """Beats of the plan in one beat of the music: 1, 2 or 0.5."""
    music_start_s: float
    """Where in the music the result begins."""
    joins: tuple[Join, ...]
    """Where the music was repeated or shortened; times on the clip's clock."""
    notes: tuple[str, ...]
    """What a creator should know, a sentence each."""

    @property
    def audio(self) -> Audio:
        """The sound in one piece of memory; made anew at every call."""
        return audio_of(whole(self.sound))

    @property
    def is_stretched(self) -> bool:
        return self.stretch_range != (1.0, 1.0)


def snap_music(
    music: Audio | Samples,
    storyboard: Storyboard,
    settings: SnapSettings | None = None,
    progress: Progress = no_progress,
    track: BeatTrack | None = None,
) -> Snapped:
    """Plan beats around the music's tempo and move the music onto them.

    `track`: the music's beats where they are known already; else they are tracked.
    Raises InputError for music that cannot be used, and whatever `progress` raises.
    """
    settings = settings or SnapSettings()
    music = samples_of(music)
    check_music(music)
    if track is None:
        track = track_beats(music, settings.track, lambda share: progress(0.15 * share))
    if not track.has_beat:
        return _place_freely(music, storyboard.duration_s, track, None, storyboard, settings)
    plan = plan_beats(
        storyboard,
        music_plan_settings(track, settings),
        lambda share: progress(0.15 + 0.15 * share),
    )
    return _snap(music, track, plan, storyboard, settings, progress)


def snap_to_plan(
    music: Audio | Samples,
    plan: BeatPlan,
    settings: SnapSettings | None = None,
    storyboard: Storyboard | None = None,
    progress: Progress = no_progress,
) -> Snapped:
    """Move the music onto a given plan; `storyboard` lets its energy follow the picture.

    Raises InputError where the plan's tempo, its half and its double are further from the music's
    than `most_stretch`.
    """
    settings = settings or SnapSettings()
    music = samples_of(music)
    check_music(music)
    track = track_beats(music, settings.track, lambda share: progress(0.3 * share))
    if not track.has_beat:
        return _place_freely(music, plan.duration_s, track, plan, storyboard, settings)
    return _snap(music, track, plan, storyboard, settings, progress)


def check_music(music: Samples) -> None:
    """Raise InputError for music that cannot be placed."""
    if music.duration_s < SHORTEST_MUSIC_S:
        raise InputError(
            f"The music lasts {music.duration_s:.2f} s; {SHORTEST_MUSIC_S:g} s or more are needed."
            " Choose longer music."
        )
    if not bool(np.isfinite(music.values).all()):
        raise InputError(
            "The music holds samples that are not numbers (NaN or infinite), so it cannot be"
            " played. Export it again."
        )


def music_plan_settings(track: BeatTrack, settings: SnapSettings) -> PlanSettings:
    """A plan whose tempo stays so near to the music's that no segment is stretched beyond the
    limit."""
    tempo_bpm = float(np.clip(track.tempo_bpm, 30, 300))
    wander = _tempo_wander(np.array(track.beats_s))
    room = settings.most_stretch / (1 + settings.most_stretch) - wander
    unit = settings.hit_unit
    if unit == "auto":
        unit = "half-beat" if track.division.strength >= HALF_BEATS_FROM else "beat"
    metre = "6/8" if track.division.parts == 3 else "3/4" if track.beats_per_bar == 3 else "4/4"
    return replace(
        settings.plan,
        tempo_range_bpm=(tempo_bpm, tempo_bpm),
        fixed_tempo_bpm=None,
        tempo_room=max(0.01, room),
        metre=metre,
        hit_unit=unit,
    )


def _tempo_wander(beats_s: np.ndarray) -> float:
    """Share of the tempo by which nine of ten beats stay around the median."""
    intervals = np.diff(beats_s)
    return float(np.percentile(np.abs(intervals / np.median(intervals) - 1), 90))


def _snap(
    music: Samples,
    track: BeatTrack,
    plan: BeatPlan,
    storyboard: Storyboard | None,
    settings: SnapSettings,
    progress: Progress,
) -> Snapped:
    sound = analysis_sound(music)
    ratio = tempo_ratio(plan, track, settings.most_stretch)
    beats_s, place, notes = music_grid(track, plan, ratio, music.duration_s)
    accents = find_accents(sound, beats_s, plan.metre.divisions)
    offered = map_music(features(sound), beats_s, place, accents.clarity)
    demand = plan_demand(plan, storyboard, bool((place >= 0).all()))
    path = choose_passage(offered, demand, settings.passage)
    progress(0.4)
    edit = Edit(music, beats_s, path)
    anchors = plan_anchors(plan, edit, path, accents)
    wanted = bounded_map(anchors.source_s, anchors.target_s, anchors.weights, settings.most_stretch)
    result = stretch(
        edit, wanted, plan.duration_s, settings.quality, lambda share: progress(0.4 + 0.6 * share)
    )
    hits = _hits(plan, anchors, result)
    stretches = wanted.stretches
    notes += _notes(track, edit, hits)
    return Snapped(
        sound=result.sound,
        track=track,
        plan=plan,
        hits=hits,
        stretch_range=(float(stretches.min()), float(stretches.max())),
        tempo_ratio=ratio,
        music_start_s=float(wanted.to_source(0.0)) + float(beats_s[path[0]]),
        joins=tuple(
            replace(join, time_s=float(wanted.to_target(join.time_s)))
            for join in edit.joins
            if wanted.to_target(join.time_s) < plan.duration_s
        ),
        notes=tuple(notes),
    )


def _hits(plan: BeatPlan, anchors: Anchors, result: Stretched) -> tuple[SnappedHit, ...]:
    hits = []
    for number, hit in enumerate(plan.hits):
        landed_s = float(result.landed_s[anchors.hit_rows[number]])
        hits.append(
            SnappedHit(
                transition_s=hit.transition_s,
                beat_s=hit.beat_s,
                unit=hit.unit,
                weight=hit.weight,
                attack_s=landed_s if np.isfinite(landed_s) else None,
            )
        )
    return tuple(hits)


def _notes(track: BeatTrack, edit: Edit, hits: tuple[SnappedHit, ...]) -> list[str]:
    notes = []
    if track.downbeat_confidence < 0.3:
        notes.append("The music's bars are not plain, so its downbeats may not fall on the plan's.")
    if edit.joins:
        notes.append(f"The music was repeated or shortened at {len(edit.joins)} bar lines.")
    silent = sum(hit.attack_s is None for hit in hits)
    if silent:
        notes.append(f"At {silent} of {len(hits)} hits the music has no clear attack.")
    return notes


def _place_freely(
    music: Samples,
    duration_s: float,
    track: BeatTrack,
    plan: BeatPlan | None,
    storyboard: Storyboard | None,
    settings: SnapSettings,
) -> Snapped:
    """Music without a beat: the passage that suits, repeated if too short, not stretched."""
    step_s = FREE_STEP_S if music.duration_s > 8 * FREE_STEP_S else music.duration_s / 4
    beats_s = step_s * np.arange(int(music.duration_s / step_s) + 1)
    sound = analysis_sound(music)
    none = np.full(len(beats_s), -1)
    accents = find_accents(sound, beats_s, 1)
    offered = map_music(features(sound), beats_s, none, accents.clarity)
    n = int(np.ceil(duration_s / step_s))
    arousal = np.zeros(n)
    if storyboard is not None:
        arousal = np.array(
            [
                storyboard.shots[storyboard.shot_index((i + 0.5) * step_s)].affect.arousal
                for i in range(n)
            ]
        )
        arousal -= arousal.mean()
    demand = Demand(
        place=np.full(n, -1),
        may_join=np.full(n, n > offered.n_intervals),
        hits=np.zeros((n, 1)),
        arousal=arousal,
    )
    path = choose_passage(offered, demand, settings.passage)
    edit = Edit(music, beats_s, path, fade_s=min(FREE_FADE_S, step_s / 2))
    notes = [
        f"No beat was found in the music ({track.reason}), so it was placed without stretching."
    ]
    if edit.joins:
        notes.append(f"It is shorter than the picture and repeats: {len(edit.joins)} joins.")
    return Snapped(
        sound=edit.stream(round(duration_s * music.sample_rate)),
        track=track,
        plan=plan,
        hits=(),
        stretch_range=(1.0, 1.0),
        tempo_ratio=1.0,
        music_start_s=float(beats_s[path[0]]),
        joins=tuple(edit.joins),
        notes=tuple(notes),
    )
