"""Score <-> tensor: exact both ways, and blind to key and chord where a musician is."""

from fractions import Fraction

import numpy as np
import pytest

from vem_core.codecs.score.pitch_rows import SHAPES, read_chord, row_order, write_chord
from vem_core.codecs.score.tensor import score_to_tensor, tensor_to_score
from vem_core.errors import InputError
from vem_core.types import METRES, PARTS, BeatPlan, Chord, Key, Note, Score, Tempo

MODES = ("major", "minor", "dorian", "mixolydian")


def make_plan(n_beats: int, metre: str = "4/4") -> BeatPlan:
    beats_s = tuple(0.5 * i for i in range(n_beats + 1))
    return BeatPlan(
        duration_s=beats_s[-1],
        fps=Fraction(25),
        beats_s=beats_s,
        downbeats=tuple(range(0, n_beats, METRES[metre].beats_per_bar)),
        metre=METRES[metre],
        tempo=Tempo(base_bpm=120, min_bpm=120, max_bpm=120),
    )


def make_score(plan: BeatPlan, key: Key, parts, chords: tuple[Chord, ...]) -> Score:
    return Score(
        parts=tuple((part, tuple(parts.get(part, ()))) for part in PARTS),
        beats_s=plan.beats_s,
        downbeats=plan.downbeats,
        metre=plan.metre,
        duration_s=plan.duration_s,
        style="rock",
        key=key,
        chords=chords,
    )


def chord(step: int, root: int, shape: int, key: Key, inversion: int = 0) -> Chord:
    return write_chord(step, ((root - key.tonic) % 12, shape, inversion), key)


def random_score(seed: int) -> tuple[Score, BeatPlan]:
    rng = np.random.default_rng(seed)
    metre = ("4/4", "3/4", "6/8")[seed % 3]
    plan = make_plan(8, metre)
    n_steps = 8 * plan.metre.steps_per_beat
    key = Key(tonic=int(rng.integers(12)), mode=MODES[seed % 4])  # type: ignore[arg-type]
    steps = sorted({0, *rng.integers(1, n_steps, 5).tolist()})
    chords = []
    for step in steps:
        shape = int(rng.integers(len(SHAPES)))
        n_tones = min(len(SHAPES[shape][1]), 4)
        made = chord(step, int(rng.integers(12)), shape, key, int(rng.integers(n_tones)))
        if not chords or chords[-1].symbol != made.symbol:
            chords.append(made)
    parts = {}
    for part in PARTS:
        low, high = {"drums": (27, 88), "bass": (20, 68)}.get(part, (48, 84))
        notes = {
            (int(rng.integers(n_steps)), int(rng.integers(low, high))): Note(
                step=0,
                duration_steps=float(rng.uniform(0.1, 40)),
                pitch=0,
                velocity=int(rng.integers(1, 128)),
                offset_steps=float(rng.uniform(-0.99, 0.99)),
            )
            for _ in range(60)
        }
        full = [
            Note(
                step=step,
                duration_steps=note.duration_steps,
                pitch=pitch,
                velocity=note.velocity,
                offset_steps=note.offset_steps,
            )
            for (step, pitch), note in notes.items()
        ]
        parts[part] = sorted(full, key=lambda n: (n.step, n.offset_steps, n.pitch))
    return make_score(plan, key, parts, tuple(chords)), plan


@pytest.mark.parametrize("seed", range(24))
def test_tensor_and_back_is_the_same_score(seed: int) -> None:
    score, plan = random_score(seed)
    back = tensor_to_score(score_to_tensor(score), plan, score.style, score.key)
    assert back == score


@pytest.mark.parametrize("mode", MODES)
def test_every_chord_shape_orders_all_twelve_semitones(mode: str) -> None:
    for tonic in range(12):
        key = Key(tonic=tonic, mode=mode)  # type: ignore[arg-type]
        for shape, (_, tones) in enumerate(SHAPES):
            order = row_order(tones, (0, 2, 3, 5, 7, 8, 10))
            assert sorted(order) == list(range(12))
            assert order[0] == 0 and list(order[:7]) == sorted(order[:7])
            made = chord(0, 3, shape, key)
            assert read_chord(made, key) == ((3 - tonic) % 12, shape, 0)


def test_thirds_and_fifths_are_the_same_rows_on_every_chord() -> None:
    """C, Am, Bdim and E+: root, third, fifth are rows 0, 2, 4 whatever their quality."""
    scale = (0, 2, 4, 5, 7, 9, 11)
    for root, tones in ((0, (0, 4, 7)), (9, (0, 3, 7)), (11, (0, 3, 6)), (4, (0, 4, 8))):
        order = row_order(tones, tuple((tone - root) % 12 for tone in scale))
        assert (order[0], order[2], order[4]) == tones


def test_an_arpeggio_is_one_pattern_on_every_chord_and_a_tune_one_pattern_in_every_key() -> None:
    plan = make_plan(2)

    def rows(tonic: int) -> tuple[np.ndarray, np.ndarray]:
        key = Key(tonic=tonic, mode="major")
        chords = (chord(0, tonic, 0, key), chord(4, (tonic + 9) % 12, 1, key))  # I, vi
        first = [48 + tonic, 52 + tonic, 55 + tonic]
        second = [45 + tonic, 48 + tonic, 52 + tonic]
        keys = [
            Note(step=4 * beat + i, duration_steps=1, pitch=pitch, velocity=80)
            for beat, pitches in enumerate((first, second))
            for i, pitch in enumerate(pitches)
        ]
        lead = [
            Note(step=i, duration_steps=1, pitch=60 + tonic + p, velocity=80)
            for i, p in enumerate((0, 2, 4, 7))
        ]
        tensor = score_to_tensor(make_score(plan, key, {"keys": keys, "lead": lead}, chords))
        return tensor.parts["keys"].places, tensor.parts["lead"].places

    in_c, tune_c = rows(0)
    assert (in_c[:3, 1:] == in_c[3:, 1:]).all()
    in_f, tune_f = rows(5)
    assert (tune_c == tune_f).all() and (in_c == in_f).all()


def test_what_the_tensor_cannot_hold_gets_one_sentence() -> None:
    plan, key = make_plan(2), Key(tonic=0, mode="major")
    tonic = (chord(0, 0, 0, key),)
    note = Note(step=0, duration_steps=1, pitch=20, velocity=80)
    with pytest.raises(InputError, match="names no chords"):
        score_to_tensor(make_score(plan, key, {}, ()))
    with pytest.raises(InputError, match="lead has a note of pitch 20"):
        score_to_tensor(make_score(plan, key, {"lead": [note]}, tonic))
    late = Note(step=8, duration_steps=1, pitch=60, velocity=80)
    with pytest.raises(InputError, match="at beat 3, but the tempo map ends after 2"):
        score_to_tensor(make_score(plan, key, {"lead": [late]}, tonic))
    odd = Chord(step=0, root=0, pitch_classes=(0, 1, 2), symbol="C?")
    with pytest.raises(InputError, match="does not know"):
        score_to_tensor(make_score(plan, key, {}, (odd,)))
    tensor = score_to_tensor(make_score(plan, key, {}, tonic))
    with pytest.raises(InputError, match="2 beats of 4 steps, the beat plan 3 of 4"):
        tensor_to_score(tensor, make_plan(3), "rock", key)
