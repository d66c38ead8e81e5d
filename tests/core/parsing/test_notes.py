"""Notes on shots: what they change, what they leave, and what they may not say."""

from dataclasses import replace
from fractions import Fraction

import pytest

from vem_core.errors import InputError
from vem_core.parsing.notes import apply_notes
from vem_core.types import Affect, Motion, Picture, Shot, Storyboard, Transition

PICTURE = Picture(
    keyframe_s=0.5, brightness=0.5, saturation=0.5, contrast=0.5, warmth=0.0, hues=(1.0,)
)


def shot(start_s: float, end_s: float) -> Shot:
    return Shot(
        start_s=start_s,
        end_s=end_s,
        affect=Affect(valence=0.1, arousal=0.2),
        picture=replace(PICTURE, keyframe_s=start_s),
        motion=Motion(mean=0.1, peak=0.2),
        caption="seen",
        tags=("old",),
    )


BOARD = Storyboard(
    duration_s=6.0,
    fps=Fraction(25),
    shots=(shot(0, 2), shot(2, 4), shot(4, 6)),
    transitions=(Transition(time_s=2.0), Transition(time_s=4.2, kind="dissolve", duration_s=0.6)),
)


def test_a_note_changes_what_it_says_and_nothing_else() -> None:
    board = apply_notes(BOARD, "\n2: the chase, at 3 o'clock #street #night arousal=0.9 *\n\n3: *")
    assert board.shots[0] == BOARD.shots[0]
    assert board.shots[1].caption == "the chase, at 3 o'clock"
    assert board.shots[1].tags == ("street", "night")
    assert board.shots[1].affect == Affect(valence=-0.1, arousal=0.9)  # of 'chase' and 'night'
    assert board.shots[2] == BOARD.shots[2]
    assert [transition.starred for transition in board.transitions] == [True, True]
    assert apply_notes(BOARD, "") == BOARD


@pytest.mark.parametrize(
    ("notes", "words"),
    [
        ("a chase", "does not begin with the number"),
        ("4: late", "shots 1 to 3"),
        ("2: one\n2: two", "two notes"),
        ("2: valence=sad", "no number"),
        ("2: arousal=7", "note on shot 2: Arousal is 7"),
        ("2: arousal=nan", "Arousal is nan"),
        ("1: *", "no transition opens it"),
    ],
)
def test_notes_that_cannot_be_meant(notes: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        apply_notes(BOARD, notes)
