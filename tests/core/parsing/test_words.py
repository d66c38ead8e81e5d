"""The creator's words win over pixels."""

from dataclasses import replace

from vem_core.parsing.affect import with_picture_affects
from vem_core.parsing.words import apply_words, unknown_words
from vem_core.types import Motion, Storyboard

from .storyboards import make_storyboard


def lively_storyboard() -> Storyboard:
    """Three shots of which the second is bright and moves fast."""
    plain = make_storyboard(4.0, 8.0, 12.0)
    shots = list(plain.shots)
    shots[1] = replace(
        shots[1],
        picture=replace(shots[1].picture, brightness=0.8, saturation=0.8),
        motion=Motion(mean=0.8, peak=1.5),
    )
    return replace(plain, shots=with_picture_affects(shots))


def test_a_theme_sets_the_level_and_leaves_the_ups_and_downs() -> None:
    board = lively_storyboard()
    sad = apply_words(replace(board, theme="a sad, slow farewell"))
    assert all(s.affect.valence < 0 for s in sad.shots)
    assert sad.shots[1].affect.valence > sad.shots[0].affect.valence
    assert sad.shots[1].affect.arousal > sad.shots[0].affect.arousal
    assert max(s.affect.arousal for s in sad.shots) < max(s.affect.arousal for s in board.shots)


def test_words_on_a_shot_win_over_the_theme() -> None:
    board = replace(lively_storyboard(), theme="happy")
    shots = list(board.shots)
    shots[1] = replace(shots[1], caption="a terrifying fall", tags=("zorp",))
    said = apply_words(replace(board, shots=tuple(shots)))
    assert said.shots[1].affect.valence < -0.8 < 0.5 < said.shots[0].affect.valence
    assert unknown_words(said) == ("fall", "zorp")


def test_applying_again_changes_nothing_and_no_words_leave_all_alone() -> None:
    board = lively_storyboard()
    assert apply_words(board) == board
    once = apply_words(replace(board, theme="epic adventure"))
    assert apply_words(once) == once
    other = apply_words(replace(once, theme="calm"))
    assert other == apply_words(replace(board, theme="calm"))
