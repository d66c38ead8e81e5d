"""Music with known beats moved onto plans: hits, lengths, limits, passages, joins."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from vem_core.errors import InputError
from vem_core.rhythm.edits import Edit
from vem_core.rhythm.passages import Demand, MusicMap, PassageCosts, choose_passage
from vem_core.rhythm.plan_settings import PlanSettings
from vem_core.rhythm.snapping import SnapSettings, snap_music, snap_to_plan
from vem_core.rhythm.stretching import bounded_map
from vem_core.rhythm.tempo_map import plan_beats
from vem_core.rhythm.tracking import TrackSettings
from vem_core.types import Audio

from .groove import RATE, as_audio, attack_near, board, groove, steady

FAST = SnapSettings(quality="fast", track=TrackSettings(neural=False))
CUTS_S = [1.92, 4.08, 6.6, 8.04, 10.76]


def test_attacks_land_on_the_cuts():
    music = groove(steady(112.0, 60))
    storyboard = board(CUTS_S, 13.0)
    snapped = snap_music(music, storyboard, FAST)
    assert snapped.audio.n_samples == round(13.0 * RATE)
    assert snapped.plan is not None and len(snapped.hits) >= 4
    for hit in snapped.hits:
        assert hit.error_ms is not None and abs(hit.error_ms) < 6
        assert abs(attack_near(snapped.audio, hit.transition_s) - hit.transition_s) < 0.015
    before = [attack_near(music, t) - t for t in CUTS_S]
    assert max(np.abs(before)) > 0.03  # the same music unsnapped does not meet the cuts
    low, high = snapped.stretch_range
    assert 0.92 - 1e-6 <= low < high <= 1.08 + 1e-6


def test_a_tight_limit_is_kept():
    settings = SnapSettings(most_stretch=0.02, quality="fast", track=FAST.track)
    snapped = snap_music(groove(steady(112.0, 60)), board(CUTS_S, 13.0), settings)
    low, high = snapped.stretch_range
    assert 0.98 - 1e-6 <= low <= high <= 1.02 + 1e-6


def test_a_loop_is_repeated_at_its_bar_lines():
    beats_s = steady(120.0, 17, start_s=0.0)
    whole = groove(beats_s)
    loop = Audio(waveform=whole.waveform[:, : round(8.0 * RATE)], sample_rate=RATE)
    snapped = snap_music(loop, board([3.0, 9.0], 21.0), FAST)
    assert snapped.audio.n_samples == round(21.0 * RATE)
    assert len(snapped.joins) >= 2
    for join in snapped.joins:
        assert join.music_to_s % 2.0 == pytest.approx(0.0, abs=0.02) or join.music_to_s % 2.0 > 1.98
    sound = snapped.audio.waveform[0].numpy()
    levels = np.sqrt((sound[: 20 * RATE].reshape(-1, RATE // 2) ** 2).mean(axis=1))
    assert levels.min() > 0.4 * np.median(levels)
    for join in snapped.joins:
        at = round(join.time_s * RATE)
        assert np.abs(np.diff(sound[at - 1500 : at - 90])).max() < 0.2  # no click before the attack


def test_plans_at_half_or_double_the_tempo_are_met():
    storyboard = board([2.5, 5.0, 8.75], 12.0)
    settings = PlanSettings(fixed_tempo_bpm=144.0, hit_unit="beat")
    plan = plan_beats(storyboard, settings)
    snapped = snap_to_plan(groove(steady(75.0, 24)), plan, FAST, storyboard)
    assert snapped.tempo_ratio * snapped.track.tempo_bpm == pytest.approx(150, rel=0.02)
    assert snapped.stretch_range[1] == pytest.approx(150 / 144, abs=0.02)
    for beat_s in plan.beats_s[4:12:4]:
        assert abs(attack_near(snapped.audio, beat_s) - beat_s) < 0.015


def test_a_plan_too_far_from_the_music_is_refused_in_words():
    plan = plan_beats(board([], 10.0), PlanSettings(fixed_tempo_bpm=140.0))
    with pytest.raises(InputError, match=r"140\.0 BPM.*music at 100\.0 BPM.*limit is 8 %"):
        snap_to_plan(groove(steady(100.0, 40)), plan, FAST)


def test_music_without_a_beat_is_placed_unstretched():
    rng = np.random.default_rng(0)
    sound = 0.1 * rng.standard_normal((2, 20 * RATE))
    music = as_audio(sound)
    snapped = snap_music(music, board([3.0], 8.0), FAST)
    assert snapped.plan is None and not snapped.is_stretched and not snapped.hits
    start = round(snapped.music_start_s * RATE)
    length = round(8.0 * RATE)
    assert torch.equal(snapped.audio.waveform, music.waveform[:, start : start + length])
    assert "without stretching" in snapped.notes[0]
    longer = snap_music(music, board([3.0], 33.0), FAST)
    assert longer.audio.n_samples == round(33.0 * RATE) and longer.joins


@pytest.mark.parametrize(
    ("music", "words"),
    [
        (as_audio(np.zeros(RATE // 2)), "0.50 s"),
        (as_audio(np.full(3 * RATE, np.inf)), "not numbers"),
    ],
)
def test_unusable_music_is_refused_in_words(music, words):
    with pytest.raises(InputError, match=words):
        snap_music(music, board([1.0], 5.0), FAST)


def test_interrupting_stops_the_snap():
    def stop(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        snap_music(groove(steady(112.0, 60)), board(CUTS_S, 13.0), FAST, stop)


def test_bounded_map_gives_way_where_it_costs_least():
    source_s = np.arange(9.0)
    target_s = np.arange(9.0)
    target_s[4] += 0.2  # a beat that would need a stretch of 20 %
    weights = np.array([1, 1, 1, 1, 0.2, 1, 1, 1, 1])
    light = bounded_map(source_s, target_s, weights, 0.08)
    assert np.abs(light.stretches - 1).max() <= 0.08 + 1e-9
    others = np.delete(light.target_s - target_s, 4)
    assert np.abs(others).max() < 1e-9
    assert light.target_s[4] == pytest.approx(4.08, abs=0.002)
    weights[4] = 9.0
    heavy = bounded_map(source_s, target_s, weights, 0.08)
    assert heavy.target_s[4] == pytest.approx(4.2, abs=1e-9)
    assert np.abs(heavy.stretches - 1).max() <= 0.08 + 1e-9


def test_bounded_map_refuses_what_cannot_be():
    with pytest.raises(InputError, match=r"\+30 %"):
        bounded_map(np.arange(20.0), 1.3 * np.arange(20.0), np.ones(20), 0.08)


def music_map(n: int, energy: np.ndarray, held: np.ndarray | None = None) -> MusicMap:
    return MusicMap(
        beats_s=np.arange(n + 1.0),
        place=np.arange(n + 1) % 4,
        accents=np.ones((n, 2)),
        energy=energy,
        held=np.zeros(n + 1) if held is None else held,
        colour=np.zeros((n, 3)),
    )


def demand(n: int, arousal: np.ndarray | None = None) -> Demand:
    return Demand(
        place=np.arange(n) % 4,
        may_join=np.arange(n) % 4 == 0,
        hits=np.zeros((n, 2)),
        arousal=np.zeros(n) if arousal is None else arousal,
    )


def test_the_passage_follows_the_picture():
    energy = np.repeat([-0.5, -0.5, 0.0, 0.5, 0.5, 0.0], 8)
    arousal = np.repeat([-0.4, 0.4], 8)
    path = choose_passage(music_map(48, energy), demand(16, arousal))
    assert path == list(range(path[0], path[0] + 16))
    assert path[0] == 16  # calm for eight beats, then full
    falling = choose_passage(music_map(48, energy), demand(16, -arousal))
    assert falling[0] == 32


def test_a_passage_starts_on_a_downbeat_and_not_inside_a_voice():
    held = np.ones(41)
    held[[12, 28]] = 0.0
    path = choose_passage(music_map(40, np.zeros(40), held), demand(16))
    assert (path[0], path[-1] + 1) == (12, 28)


def test_hits_are_given_to_accents():
    offered = music_map(40, np.zeros(40))
    offered.accents[:] = 0.0
    offered.accents[[10, 13], 0] = 1.0
    asked = demand(12)
    asked.hits[[2, 5], 0] = 1.0
    assert choose_passage(offered, asked)[0] == 8


def test_short_music_jumps_at_bar_lines_only():
    path = choose_passage(music_map(12, np.zeros(12)), demand(40))
    jumps = [(a, b) for a, b in pairwise(path) if b != a + 1]
    assert len(path) == 40 and jumps
    assert all(b % 4 == 0 and (a + 1) % 4 == 0 for a, b in jumps)
    assert [p % 4 for p in path] == [i % 4 for i in range(40)]


def test_a_shortened_bar_of_the_plan_is_cut_from_the_music():
    asked = demand(15)
    asked.place[:] = [0, 1, 2, 3, 0, 1, 0, 1, 2, 3, 0, 1, 2, 3, 0]
    asked.may_join[:] = asked.place == 0
    path = choose_passage(music_map(40, np.zeros(40)), asked, PassageCosts(join=0.2))
    assert [p % 4 for p in path] == asked.place.tolist()


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("alike", [True, False])
def test_joins_keep_the_level(alike, first):
    rng = np.random.default_rng(2)
    bar = rng.standard_normal(2 * RATE)
    sound = np.tile(bar, 4) if alike else rng.standard_normal(8 * RATE)
    edit = Edit(as_audio(0.1 * sound), np.arange(5) * 2.0, [1, 2, first, first + 1, 3])
    assert [round(t, 3) for t in edit.beats_s] == [0, 2, 4, 6, 8, 10]
    out = edit.read(0, 10 * RATE)[0]
    levels = [
        np.sqrt((out[i : i + 441] ** 2).mean()) for i in range(4 * RATE - 1600, 4 * RATE, 441)
    ]
    assert min(levels) > 0.07 and max(levels) < 0.14
    if alike:
        assert np.allclose(out, 0.1 * np.tile(bar, 5), atol=2e-3)
    parts = np.concatenate(
        [edit.read(i, min(i + 5000, 10 * RATE)) for i in range(0, 10 * RATE, 5000)], 1
    )
    assert np.array_equal(parts[0], out)  # read in pieces or whole
