"""Roman numerals, scales and voicings."""

import json

import pytest

from vem_core.composing.style import FOLDER, load_style, read_style, style_names
from vem_core.composing.theory import nearest, read_chord
from vem_core.composing.voicing import is_parallel
from vem_core.errors import InputError
from vem_core.types import Key

C_MAJOR = Key(tonic=0, mode="major")
A_MINOR = Key(tonic=9, mode="minor")


@pytest.mark.parametrize(
    ("roman", "key", "symbol", "tones", "bass"),
    [
        ("I", C_MAJOR, "C", (0, 4, 7), 0),
        ("ii7", C_MAJOR, "Dm7", (2, 5, 9, 0), 2),
        ("V7/vi", C_MAJOR, "E7", (4, 8, 11, 2), 4),
        ("bVI", C_MAJOR, "G#", (8, 0, 3), 8),
        ("I/3", C_MAJOR, "C/E", (0, 4, 7), 4),
        ("VI", A_MINOR, "F", (5, 9, 0), 5),
        ("V", A_MINOR, "E", (4, 8, 11), 4),
        ("iih7", A_MINOR, "Bm7b5", (11, 2, 5, 9), 11),
        ("IV", Key(tonic=2, mode="dorian"), "G", (7, 11, 2), 7),
        ("VII", Key(tonic=7, mode="mixolydian"), "F", (5, 9, 0), 5),
    ],
)
def test_roman_numerals(roman: str, key: Key, symbol: str, tones: tuple, bass: int) -> None:
    chord = read_chord(roman, key)
    assert (chord.symbol, chord.tones, chord.bass) == (symbol, tones, bass)


def test_the_scale_of_the_moment_takes_up_altered_tones() -> None:
    scale = read_chord("V7/vi", C_MAJOR).scale
    assert 8 in scale and 7 not in scale  # g sharp replaces g over E7
    assert set(read_chord("IV", C_MAJOR).scale) == set(C_MAJOR.scale)


def test_wrong_numerals_are_refused() -> None:
    with pytest.raises(InputError, match="not a chord"):
        read_chord("VIII", C_MAJOR)


def test_nearest_goes_down_on_ties_unless_told() -> None:
    assert nearest(61, {0, 2}) == 60
    assert nearest(61, {0, 2}, upward=True) == 62


def test_parallels_are_told_from_other_motion() -> None:
    assert is_parallel((48, 67), (50, 69))  # fifths
    assert is_parallel((48, 72), (53, 65))  # octaves, also where one voice leaps
    assert not is_parallel((48, 67), (48, 67))
    assert not is_parallel((48, 67), (53, 69))


def test_every_style_can_be_read_and_plays_its_instruments_within_their_keys() -> None:
    catalogue = json.loads(
        (FOLDER.parents[1] / "codecs" / "score" / "instruments.json").read_text(encoding="utf-8")
    )
    assert len(style_names()) >= 10
    for name in style_names():
        style = load_style(name)
        assert style.name == name
        for part, (low, high) in style.ranges.items():
            first, last = catalogue["instruments"][style.instruments[part]]["keys"]
            assert first <= low < high <= last, f"{name} {part}"


def test_drums_have_the_keys_of_the_sound_bank() -> None:
    from vem_core.composing.style import DRUMS

    catalogue = json.loads(
        (FOLDER.parents[1] / "codecs" / "score" / "instruments.json").read_text(encoding="utf-8")
    )
    assert catalogue["percussion"] == DRUMS


def _data() -> tuple[dict, dict]:
    feels = json.loads((FOLDER.parent / "feels.json").read_text(encoding="utf-8"))
    return json.loads((FOLDER / "house.json").read_text(encoding="utf-8")), feels


def test_a_style_with_a_short_grid_is_refused() -> None:
    data, feels = _data()
    data["bass"]["4/4"][0][1] = "R---"
    with pytest.raises(InputError, match=r"house.*has 4 steps; a bar of 4/4 has 16"):
        read_style(data, feels)


def test_a_style_without_a_field_is_refused() -> None:
    data, feels = _data()
    del data["fills"]
    with pytest.raises(InputError, match="KeyError 'fills'"):
        read_style(data, feels)


def test_an_unknown_style_names_those_there_are() -> None:
    with pytest.raises(InputError, match=r"'polka'.*cinematic"):
        load_style("polka")


def test_the_piano_roll_shows_every_part() -> None:
    from io import BytesIO

    from vem_core.composing.compose import compose
    from vem_core.composing.piano_roll import draw_score

    from .boards import make_plan, random_board

    board = random_board(2, 5)
    plan = make_plan(board)
    score = compose(board, plan, style="house")
    figure = draw_score(score, storyboard=board, plan=plan)
    _, roll, drums = figure.axes
    pitched = [notes for part, notes in score.parts if part != "drums"]
    assert len(roll.collections[0].get_paths()) == sum(map(len, pitched))
    assert len(drums.lines) >= len(score.notes("drums"))
    assert len(draw_score(score).axes) == 2
    picture = BytesIO()
    figure.savefig(picture)
    assert len(picture.getvalue()) > 10_000
