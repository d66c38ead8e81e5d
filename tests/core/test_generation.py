"""Music by a model, through the library: seeds, shots done again, models told apart, interrupts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.core.engine.audible import audible_model, write_audible_model
from tests.core.engine.tiny import tiny_plan, tiny_storyboard
from vem_core import places
from vem_core.errors import InputError, MissingWeightsError
from vem_core.generation import (
    ModelSettings,
    decode_music,
    open_model,
    read_shot_list,
    resample_shots,
    sample_music,
)
from vem_core.types import Note, Part, Score

QUICK = ModelSettings(steps=4)
BOARD = tiny_storyboard()
PLAN = tiny_plan(BOARD)
EDGES = (8 * 4, 16 * 4)
"""Of the second shot, in steps."""
LONGEST_STEPS = 8.0
"""What the notes of the random codec stay under."""


def notes_of(score: Score) -> list[tuple[Part, Note]]:
    return [(part, note) for part, notes in score.parts for note in notes]


def test_the_same_arguments_give_the_same_bytes_and_another_seed_is_another_piece() -> None:
    model = audible_model()
    first = sample_music(model, BOARD, PLAN, QUICK, seed=3)
    again = sample_music(model, BOARD, PLAN, QUICK, seed=3)
    assert torch.equal(first.latents.z, again.latents.z)
    score = decode_music(model, first).score
    assert score == decode_music(model, again).score
    assert sum(len(notes) for _, notes in score.parts) > 100
    other = decode_music(model, sample_music(model, BOARD, PLAN, QUICK, seed=4)).score
    assert other.parts != score.parts


def test_style_key_and_instruments_are_the_creators_or_follow_from_the_clip() -> None:
    model = audible_model()
    free = sample_music(model, BOARD, PLAN, QUICK, seed=1)
    assert free.style == "house"  # a caption says so
    key = replace(free.key, tonic=(free.key.tonic + 1) % 12)
    chosen = sample_music(model, BOARD, PLAN, QUICK, style="jazz", key=key, seed=1)
    score = decode_music(model, chosen, (("lead", "flute"),)).score
    assert (score.style, score.key) == ("jazz", key)
    instruments = dict(score.instruments)
    assert instruments["lead"] == "flute" and len(instruments) == 6
    with pytest.raises(InputError, match="kazoo"):
        decode_music(model, chosen, (("lead", "kazoo"),))
    few = replace(model, styles=("rock",))
    with pytest.raises(InputError, match="does not know the style 'jazz'"):
        sample_music(few, BOARD, PLAN, QUICK, style="jazz")


def test_shots_done_again_change_and_nothing_else_does() -> None:
    model = audible_model()
    earlier = sample_music(model, BOARD, PLAN, QUICK, seed=3)
    noted = replace(BOARD.shots[1], caption="very calm and sad")
    board = replace(BOARD, shots=(BOARD.shots[0], noted, BOARD.shots[2]))
    redone = resample_shots(model, earlier, board, PLAN, (1,), QUICK, seed=9)
    assert (redone.style, redone.key, redone.seed) == (earlier.style, earlier.key, 3)
    same = (redone.latents.z == earlier.latents.z).all(dim=0)
    assert same.tolist() == [not 8 <= beat < 16 for beat in range(24)]
    before, after = (decode_music(model, music).score for music in (earlier, redone))
    start, end = EDGES
    outside = [(p, n) for p, n in notes_of(before) if n.step < start or n.step >= end]
    kept = [(p, n) for p, n in notes_of(after) if n.step < start or n.step >= end]
    assert len(outside) == len(kept) > 100
    for (part, old), (new_part, new) in zip(outside, kept, strict=True):
        assert (part, replace(old, duration_steps=1)) == (new_part, replace(new, duration_steps=1))
        rings_in = old.step < start < old.step + LONGEST_STEPS + 1
        assert old.duration_steps == new.duration_steps or rings_in
    assert [n for _, n in notes_of(before) if start <= n.step < end] != [
        n for _, n in notes_of(after) if start <= n.step < end
    ]


def test_what_cannot_be_done_again_is_named() -> None:
    model = audible_model()
    earlier = sample_music(model, BOARD, PLAN, QUICK)

    def redo(shots=(1,), board=BOARD, plan=PLAN, of=model) -> None:
        resample_shots(of, earlier, board, plan, shots, QUICK, seed=1)

    with pytest.raises(InputError, match="No shot is named"):
        redo(shots=())
    with pytest.raises(InputError, match="no shot 4; the storyboard has shots 1 to 3"):
        redo(shots=(3,))
    moved = replace(PLAN, beats_s=tuple(b + (b == 0.5) * 0.01 for b in PLAN.beats_s))
    with pytest.raises(InputError, match="lies on other beats"):
        redo(plan=moved)
    with pytest.raises(InputError, match="lasts 13 s and the beat plan 12 s"):
        redo(board=tiny_storyboard((4.0, 8.0, 13.0)))
    other = audible_model()
    with torch.no_grad():
        other.codec.part("lead").onset_out.bias[0] += 1
    with pytest.raises(InputError, match="sampled with another model"):
        redo(of=other)
    with pytest.raises(InputError, match="sampled with another model"):
        decode_music(other, earlier)


def test_an_interrupt_is_heard_between_two_calls_of_the_network() -> None:
    """A step over a long film is many windows; the stop button must not wait for all of them."""
    model = audible_model()
    board = tiny_storyboard((60.0, 120.0))
    calls = 0

    class Stopped(Exception):
        pass

    def stop_after_a_while(share: float) -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise Stopped

    with pytest.raises(Stopped):
        sample_music(
            model,
            board,
            tiny_plan(board),
            ModelSettings(steps=1),
            progress=stop_after_a_while,
        )
    assert not model.denoiser._forward_pre_hooks


@pytest.mark.parametrize(
    ("text", "shots"),
    [
        ("", ()),
        ("2", (1,)),
        ("2, 4-5", (1, 3, 4)),
        (" 5 – 4-6", None),
        ("3 1;1-2", (0, 1, 2)),
        ("4 - 5", (3, 4)),
        ("0", None),
        ("5-4", None),
        ("two", None),
        ("2-", None),
    ],
)
def test_lists_of_shots(text: str, shots: tuple[int, ...] | None) -> None:
    if shots is None:
        with pytest.raises(InputError, match="Write it as 2, 4-5"):
            read_shot_list(text)
    else:
        assert read_shot_list(text) == shots


@pytest.mark.parametrize("wrong", [{"guidance": -1.0}, {"beat_strength": float("nan")}])
def test_strengths_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="needed is 0 to 20"):
        ModelSettings(**wrong)


def test_a_model_is_read_once_until_its_file_changes(tmp_path: Path) -> None:
    path = write_audible_model(tmp_path / "own.safetensors", "first")
    model = open_model(path)
    assert open_model(path) is model
    write_audible_model(path, "the second")
    assert open_model(path).name == "the second"


def test_a_missing_default_says_which_file_and_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "BOX", tmp_path / "box")
    with pytest.raises(MissingWeightsError, match=r"no model 'vem-score.safetensors' in .*box'"):
        open_model()
