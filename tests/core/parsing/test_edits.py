"""Editing transitions keeps shots without gap or overlap, and keeps what was said of them."""

from dataclasses import replace

import pytest

from vem_core.errors import InputError
from vem_core.parsing.edits import (
    add_transition,
    move_transition,
    remove_transition,
    star_transitions,
)
from vem_core.types import Storyboard, Transition

from .storyboards import make_storyboard

BOARD = make_storyboard(2.0, 5.0, 9.0)


def edges(board: Storyboard) -> list[float]:
    return [0.0, *(shot.end_s for shot in board.shots)]


def test_added_then_removed_gives_the_same_shots_back() -> None:
    added = add_transition(BOARD, Transition(time_s=3.0, kind="dissolve", duration_s=0.4))
    assert edges(added) == [0.0, 2.0, 3.0, 5.0, 9.0]
    assert [t.kind for t in added.transitions] == ["cut", "dissolve", "cut"]
    back = remove_transition(added, 2)
    assert edges(back) == edges(BOARD) and back.transitions == BOARD.transitions
    assert back.shots[1].affect == BOARD.shots[1].affect


def test_a_flash_parts_no_shots() -> None:
    flashed = add_transition(BOARD, Transition(time_s=3.0, kind="flash"))
    assert edges(flashed) == edges(BOARD)
    assert remove_transition(flashed, 2) == BOARD


def test_merged_shots_keep_their_words_and_weigh_by_duration() -> None:
    shots = list(BOARD.shots)
    shots[0] = replace(shots[0], caption="dawn", tags=("a",))
    shots[1] = replace(shots[1], caption="day", tags=("a", "b"), motion=shots[1].motion)
    merged = remove_transition(replace(BOARD, shots=tuple(shots)), 1)
    assert merged.shots[0].caption == "dawn; day" and merged.shots[0].tags == ("a", "b")
    bright = replace(shots[1], picture=replace(shots[1].picture, brightness=0.9))
    merged = remove_transition(replace(BOARD, shots=(shots[0], bright, shots[2])), 1)
    assert merged.shots[0].picture.brightness == pytest.approx((2 * 0.4 + 3 * 0.9) / 5)


def test_moving_takes_the_edge_along() -> None:
    moved = move_transition(BOARD, 1, 4.9)
    assert edges(moved) == [0.0, 4.9, 5.0, 9.0]
    assert moved.transitions[0] == replace(BOARD.transitions[0], time_s=4.9)
    assert 4.9 <= moved.shots[1].picture.keyframe_s < 5.0


def test_stars_are_set_anew() -> None:
    starred = star_transitions(star_transitions(BOARD, [1]), [2])
    assert [t.starred for t in starred.transitions] == [False, True]


def test_what_cannot_be_done() -> None:
    with pytest.raises(InputError, match=r"no transition 3; .* 1 to 2"):
        remove_transition(BOARD, 3)
    with pytest.raises(InputError, match="has none"):
        star_transitions(make_storyboard(2.0), [1])
    with pytest.raises(InputError, match="leaves no room"):
        move_transition(BOARD, 1, 5.0)
    with pytest.raises(InputError, match="at 2 s already"):
        add_transition(BOARD, Transition(time_s=2.0))
    with pytest.raises(InputError, match="leaves no room"):
        add_transition(BOARD, Transition(time_s=9.0))
    with pytest.raises(InputError, match="number of seconds"):
        move_transition(BOARD, 1, float("nan"))
