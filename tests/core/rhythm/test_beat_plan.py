"""Beat plans as JSON: exact both ways, and one sentence for everything else."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from vem_core.errors import InputError
from vem_core.rhythm.beat_plan import beat_plan_from_json, beat_plan_to_json
from vem_core.rhythm.plan_settings import PlanSettings
from vem_core.rhythm.tempo_map import plan_beats
from vem_core.types import METRES, BeatPlan

from .boards import board, random_cuts


@pytest.fixture(scope="module")
def plan() -> BeatPlan:
    """Hits on every unit, and misses."""
    settings = PlanSettings(tempo_room=0.01)
    planned = plan_beats(board(random_cuts(4, 40.0, 1.8), 40.0), settings)
    assert len({hit.unit for hit in planned.hits}) == 3 and planned.misses
    return planned


@pytest.mark.parametrize("metre", METRES)
def test_round_trip_is_exact(metre: str) -> None:
    for cuts in ([], random_cuts(5, 20.0)):
        made = plan_beats(board(cuts, 20.0), PlanSettings(metre=metre))
        text = beat_plan_to_json(made)
        assert beat_plan_from_json(text) == made
        assert beat_plan_to_json(beat_plan_from_json(text)) == text


def test_a_plan_edited_by_hand_is_read(plan: BeatPlan) -> None:
    document = json.loads(beat_plan_to_json(plan))
    document["downbeats"] = document["downbeats"][1:]
    document["misses"] = []
    document["duration_s"] = 40
    read = beat_plan_from_json(json.dumps(document))
    assert read.downbeats == plan.downbeats[1:] and read.misses == () and read.hits == plan.hits


def changed(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda document: document | changes


def in_first(name: str, **changes: Any) -> Callable[[dict[str, Any]], Any]:
    """Changes to the first hit or miss."""
    return lambda document: document | {name: [document[name][0] | changes, *document[name][1:]]}


WRONG = [
    (lambda d: [d], "is a list; needed is an object"),
    (lambda d: None, "is null; needed is an object"),
    (lambda d: {}, "schema is null"),
    (changed(schema="vem-storyboard"), "schema is 'vem-storyboard'"),
    (changed(version=2), "version 2; this release reads version 1"),
    (changed(version=True), "version true"),
    (lambda d: {k: v for k, v in d.items() if k != "hits"}, "lacks 'hits'"),
    (changed(beat=1), "the name 'beat'"),
    (changed(duration_s="40"), "'duration_s' of the beat plan is '40'"),
    (changed(duration_s=True), "'duration_s' of the beat plan is true"),
    (changed(duration_s=10**400), "too large a number"),
    (changed(duration_s=-1), "duration of the clip is -1"),
    (changed(duration_s=39000000), "Were milliseconds given"),
    (changed(fps=25), "'fps' of the beat plan is 25"),
    (changed(fps="1/0"), "'fps' of the beat plan is '1/0'"),
    (changed(fps="-25"), "'fps' of the beat plan is '-25'"),
    (changed(metre="7/8"), "metre of the beat plan is '7/8'"),
    (changed(metre=["4/4"]), "metre of the beat plan is a list"),
    (changed(tempo_bpm=120), "'tempo_bpm' of the beat plan is 120"),
    (changed(tempo_bpm={"base": 120, "min": 130, "max": 110}), "min must not exceed max"),
    (changed(tempo_bpm={"base": 0, "min": 0, "max": 0}), "must be above 0"),
    (changed(beats_s={}), "'beats_s' of the beat plan is an object"),
    (changed(beats_s=[0.0]), "at least two beats"),
    (changed(beats_s=[0.0, None]), "Beat 2 of the beat plan is null"),
    (changed(beats_s=[0.0, 2.0, 1.0, 41.0]), "not in order"),
    (changed(beats_s=[0.0, 20.0]), "must cover the clip"),
    (changed(beats_s=[-1e9, 41.0], hits=[], downbeats=[]), "first beat of the plan is -1000000000"),
    (changed(downbeats=[0.5]), "Downbeat 1 of the beat plan is 0.5"),
    (changed(downbeats=[4, 0]), "not one of its beats, or out of order"),
    (changed(downbeats=[10**30]), "not one of its beats"),
    (in_first("hits", unit="bar"), "Hit 1 of the beat plan has the unit 'bar'"),
    (in_first("hits", unit=["beat"]), "has the unit a list"),
    (in_first("hits", beat_s=1.2345), "said to be on a .* at 1.2345 s, but there is none"),
    (in_first("hits", transition_s=50), "is at 50 s .* needed are a time up to 40 s"),
    (in_first("hits", weight=-1), "a weight of 0 or more"),
    (in_first("hits", star=1), "the name 'star'"),
    (in_first("misses", reason=7), "reason of miss 1 is 7"),
    (in_first("misses", error_ms="1"), "'error_ms' of miss 1 is '1'"),
    (changed(hits=[3]), "Hit 1 of the beat plan is 3"),
]


@pytest.mark.parametrize(("change", "sentence"), WRONG, ids=[sentence for _, sentence in WRONG])
def test_a_wrong_document_gets_one_sentence(
    plan: BeatPlan, change: Callable[[dict[str, Any]], Any], sentence: str
) -> None:
    text = json.dumps(change(json.loads(beat_plan_to_json(plan))))
    with pytest.raises(InputError, match=sentence) as raised:
        beat_plan_from_json(text)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not valid JSON"),
        ('{"schema": "vem-beat-plan",', "not valid JSON"),
        ('{"duration_s": NaN}', "holds 'NaN'"),
        ('{"duration_s": -Infinity}', "holds '-Infinity'"),
        ("[" * 100_000, "nested too deeply|not valid JSON"),
        ('{"duration_s": ' + "9" * 5000 + "}", "number that cannot be read"),
        ('"' + "x" * 5000 + '"', "needed is an object"),
    ],
)
def test_hostile_text_gets_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as raised:
        beat_plan_from_json(text)
    assert len(str(raised.value)) < 400
