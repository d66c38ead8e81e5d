"""Storyboard JSON: exact round trip, and one sentence for everything that is not a storyboard."""

import dataclasses
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from vem_core.errors import InputError
from vem_core.parsing.storyboard import (
    read_storyboard,
    storyboard_from_json,
    storyboard_to_json,
    write_storyboard,
)
from vem_core.types import Storyboard, Transition

from .storyboards import make_storyboard


def rich_storyboard() -> Storyboard:
    plain = make_storyboard(1 / 3, 2.002, 7.1)
    shots = (
        dataclasses.replace(plain.shots[0], caption='Ein "Gruß"\n— 夕日', tags=("calm", "strings")),
        *plain.shots[1:],
    )
    transitions = (
        Transition(time_s=1 / 3, starred=True, strength=0.1 + 0.2),
        Transition(time_s=1.0, kind="flash", strength=0.0),
        Transition(time_s=2.002, kind="dissolve", duration_s=0.7),
    )
    return dataclasses.replace(
        plain, shots=shots, transitions=transitions, theme="dawn", style="ambient", tags=("a", "b")
    )


def changed(path: str, value: object) -> str:
    """The JSON of a good storyboard with one value replaced; '-' as value removes the key."""
    data = json.loads(storyboard_to_json(rich_storyboard()))
    *heads, last = path.split(".")
    place: Any = data
    for head in heads:
        place = place[int(head)] if isinstance(place, list) else place[head]
    key: Any = int(last) if isinstance(place, list) else last
    if value == "-":
        del place[key]
    else:
        place[key] = value
    return json.dumps(data)


def test_round_trip_is_exact(tmp_path: Path) -> None:
    storyboard = rich_storyboard()
    text = storyboard_to_json(storyboard)
    assert storyboard_from_json(text) == storyboard
    assert storyboard_to_json(storyboard_from_json(text)) == text
    write_storyboard(storyboard, tmp_path / "s.json")
    assert read_storyboard(tmp_path / "s.json") == storyboard


def test_a_person_can_read_it() -> None:
    lines = storyboard_to_json(rich_storyboard()).splitlines()
    assert ' "fps": "30000/1001",' in lines
    assert max(map(len, lines)) < 240
    assert any('"kind": "dissolve"' in line and '"time_s": 2.002' in line for line in lines)


def test_hand_written_short_form() -> None:
    """What has a default may be left out; a byte-order mark and '25' or 25 as rate are fine."""
    data = json.loads(storyboard_to_json(make_storyboard(2.0, 4.0)))
    for key in ("theme", "style", "tags"):
        del data[key]
    for shot in data["shots"]:
        del shot["caption"], shot["tags"]
    data["transitions"] = [{"time_s": 2}]
    for rate, fps in (
        (25, Fraction(25)),
        ("24000/1001", Fraction(24000, 1001)),
        (12.5, Fraction(25, 2)),
    ):
        data["fps"] = rate
        storyboard = storyboard_from_json("\ufeff" + json.dumps(data))
        assert storyboard.fps == fps
        assert storyboard.transitions == (Transition(time_s=2.0),)


BAD = [
    ("", "line 1"),
    ("{", "line 1"),
    ('{\n "schema": "vem-storyboard",\n}', "line 3|line 2"),
    ("[]", "needed is an object"),
    ("null", "needed is an object"),
    ("[" * 200_000, "nested too deeply"),
    ('{"a": ' + "9" * 9000 + "}", "far too long"),
    ('{"schema": "vem-storyboard", "schema": "x"}', "'schema' is given twice"),
    (changed("schema", "vem-plan"), "not a storyboard"),
    (changed("version", 2), "version 2"),
    (changed("version", True), "version True"),
    (changed("surprise", 1), "'surprise' is not known"),
    (changed("duration_s", "-"), "'duration_s' is missing"),
    (changed("duration_s", float("nan")), "NaN"),
    (changed("duration_s", 1).replace('"duration_s": 1,', '"duration_s": 1e999,', 1), "too large"),
    (changed("duration_s", 10**400), "needed is a number"),
    (changed("duration_s", "7.1"), "needed is a number"),
    (changed("duration_s", 7100), "cover the clip"),
    (changed("fps", "0/0"), "frame rate"),
    (changed("fps", "25/0"), "frame rate"),
    (changed("fps", -25), "frame rate"),
    (changed("fps", "fast"), "frame rate"),
    (changed("theme", 5), "'theme' is 5"),
    (changed("theme", "x" * 20_000), "up to 10000 characters"),
    (changed("theme", "\ud800"), "a text of"),
    (changed("tags", "calm"), "a list of texts"),
    (changed("shots", {}), "needed is a list"),
    (changed("shots", []), "at least one shot"),
    (changed("shots.2", 7), "Shot 3 is 7"),
    (changed("shots.2.end_s", True), "Shot 3: 'end_s' is True"),
    (changed("shots.1.start_s", 1.0), "Shot 2 starts at 1 s"),
    (changed("shots.1.end_s", 0.1), "Shot 2: A shot starts"),
    (changed("shots.1.affect.valence", 3), "Shot 2: Valence is 3"),
    (changed("shots.1.affect", None), "Shot 2, 'affect' is None"),
    (changed("shots.1.picture.hues", [0.1, "x"]), "Shot 2, 'picture': 'hues'"),
    (changed("shots.0.motion.peak", "-"), "Shot 1, 'motion': 'peak' is missing"),
    (changed("transitions.1.kind", "wipe"), "Transition 2: 'kind' is 'wipe'"),
    (changed("transitions.1.time_s", 9.0), "not in order|lasts"),
    (changed("transitions.1.time_s", -1), "Transition 2: The time of a transition is -1"),
    (changed("transitions.1.strength", 2), "Transition 2: The strength"),
    (changed("transitions.1.starred", "yes"), "true or false"),
]


@pytest.mark.parametrize(("text", "match"), BAD)
def test_bad_text_gets_a_sentence(text: str, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        storyboard_from_json(text)
    assert len(str(caught.value)) < 400 and "\n" not in str(caught.value)
