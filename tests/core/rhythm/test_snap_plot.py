"""What is said and drawn of a snap: hits met, hits missed, and music without beats."""

from dataclasses import replace
from fractions import Fraction

import torch

from vem_core.rhythm.edits import Join
from vem_core.rhythm.snap_plot import describe_snap, draw_snap
from vem_core.rhythm.snapping import Snapped, SnappedHit
from vem_core.rhythm.tracking import track_beats
from vem_core.types import METRES, Audio, BeatPlan, Tempo, stream_of

BEATS_S = tuple(0.5 * i for i in range(17))
NO_BEAT = track_beats(Audio(waveform=torch.zeros(1, 40_000), sample_rate=8_000))
TRACK = replace(
    NO_BEAT, beats_s=BEATS_S, downbeats=(0, 4, 8, 12), tempo_bpm=120.0, confidence=0.9, reason=""
)
PLAN = BeatPlan(
    duration_s=8.0,
    fps=Fraction(25),
    beats_s=BEATS_S,
    downbeats=(0, 4, 8, 12),
    metre=METRES["4/4"],
    tempo=Tempo(base_bpm=120.0, min_bpm=120.0, max_bpm=120.0),
)


def hit(time_s: float, attack_s: float | None) -> SnappedHit:
    return SnappedHit(
        transition_s=time_s, beat_s=time_s, unit="beat", weight=1.0, attack_s=attack_s
    )


SNAPPED = Snapped(
    sound=stream_of(Audio(waveform=torch.rand(2, 8 * 8000) - 0.5, sample_rate=8000)),
    track=TRACK,
    plan=PLAN,
    hits=(hit(2.0, 2.004), hit(4.5, 4.54), hit(6.0, None)),
    stretch_range=(0.97, 1.05),
    tempo_ratio=1.0,
    music_start_s=12.5,
    joins=(Join(time_s=3.0, music_from_s=15.5, music_to_s=31.5),),
    notes=("One bar was left out.",),
)


def test_every_hit_is_told_with_its_error() -> None:
    lines = describe_snap(SNAPPED).splitlines()
    assert "Segments stretched by -3.0 to +5.0 %." in lines and "One bar was left out." in lines
    assert "1 of 3 hits have an attack of the music within 15 ms." in lines
    told = [line.split()[-2:] for line in lines[-3:]]
    assert told == [["+4.0", "ms"], ["+40.0", "ms"], ["clear", "attack"]]


def test_the_picture_marks_hits_by_how_near_they_are() -> None:
    axes = draw_snap(SNAPPED).axes[0]
    assert "1 of 3 hits within 15 ms" in axes.get_title(loc="left")
    near, far = axes.collections[-2:]
    assert [len(marks.get_paths()) for marks in (near, far)] == [1, 2]


def test_music_without_beat_says_why() -> None:
    placed = replace(SNAPPED, track=NO_BEAT, plan=None, hits=(), joins=(), notes=())
    assert "no beat that could be found: it is silent" in describe_snap(placed)
    assert draw_snap(placed).axes[0].get_title(loc="left") == "Music placed"
