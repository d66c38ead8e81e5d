"""Beat plans as JSON: exact round trip, and one clear sentence for a document that is not one."""

import json
import math
from collections.abc import Sequence
from dataclasses import fields
from fractions import Fraction
from typing import Any, get_args

from ..errors import InputError
from ..types import METRES, BeatPlan, Hit, HitUnit, Miss, Tempo, check_seconds
from ..units import seconds_to_beats

SCHEMA = "vem-beat-plan"
VERSION = 1
LONGEST_TEXT = 50_000_000
NAMES = (
    "schema",
    "version",
    "duration_s",
    "fps",
    "metre",
    "tempo_bpm",
    "beats_s",
    "downbeats",
    "hits",
    "misses",
)
HIT_NAMES = tuple(field.name for field in fields(Hit))
MISS_NAMES = tuple(field.name for field in fields(Miss))
ON_BEAT_S = 1e-3
"""A hit this near a grid point of the document lies on it."""


def beat_plan_to_json(plan: BeatPlan) -> str:
    """The plan as JSON, a line for each name, hit and miss; beat_plan_from_json reads it back."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "version": VERSION,
        "duration_s": plan.duration_s,
        "fps": f"{plan.fps.numerator}/{plan.fps.denominator}",
        "metre": plan.metre.name,
        "tempo_bpm": {
            "base": plan.tempo.base_bpm,
            "min": plan.tempo.min_bpm,
            "max": plan.tempo.max_bpm,
        },
        "beats_s": list(plan.beats_s),
        "downbeats": list(plan.downbeats),
        "hits": [{name: getattr(hit, name) for name in HIT_NAMES} for hit in plan.hits],
        "misses": [{name: getattr(miss, name) for name in MISS_NAMES} for miss in plan.misses],
    }
    entries = [f'"{name}": {_lines(value)}' for name, value in document.items()]
    return "{\n  " + ",\n  ".join(entries) + "\n}\n"


def _lines(value: Any) -> str:
    """JSON of one value; a list of objects gets a line for each."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        rows = ",\n    ".join(json.dumps(row, allow_nan=False) for row in value)
        return f"[\n    {rows}\n  ]"
    return json.dumps(value, allow_nan=False)


def beat_plan_from_json(text: str) -> BeatPlan:
    """Read what beat_plan_to_json wrote, perhaps edited by hand.

    Raises InputError that says what is wrong where: not JSON, another schema or version, a missing
    or unknown name, a value of the wrong kind, beats out of order, a hit that is on no beat.
    """
    document = _object(_parse(text), "The beat plan")
    _check_header(document)
    _check_names(document, "The beat plan", NAMES)
    metre = document["metre"]
    if not isinstance(metre, str) or metre not in METRES:
        raise InputError(
            f"The metre of the beat plan is {_shown(metre)}; needed is one of {', '.join(METRES)}."
            " Correct it."
        )
    tempo = _object(document["tempo_bpm"], "'tempo_bpm' of the beat plan")
    _check_names(tempo, "'tempo_bpm' of the beat plan", ["base", "min", "max"])
    plan = BeatPlan(
        duration_s=_number(document["duration_s"], "'duration_s' of the beat plan"),
        fps=_fps(document["fps"]),
        beats_s=tuple(
            _number(beat_s, f"Beat {number} of the beat plan")
            for number, beat_s in enumerate(_list(document["beats_s"], "beats_s"), 1)
        ),
        downbeats=tuple(
            _index(downbeat, f"Downbeat {number} of the beat plan")
            for number, downbeat in enumerate(_list(document["downbeats"], "downbeats"), 1)
        ),
        metre=METRES[metre],
        tempo=_tempo(tempo),
        hits=tuple(_hit(row, n) for n, row in enumerate(_list(document["hits"], "hits"), 1)),
        misses=tuple(_miss(row, n) for n, row in enumerate(_list(document["misses"], "misses"), 1)),
    )
    _check_plan(plan)
    return plan


def _parse(text: str) -> Any:
    if len(text) > LONGEST_TEXT:
        raise InputError(
            f"The beat plan is {len(text) / 1e6:.0f} MB of text; {LONGEST_TEXT / 1e6:.0f} MB is the"
            " most that is read. Is this the right file?"
        )
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise InputError(
            f"The beat plan is not valid JSON: {error.msg} in line {error.lineno}, column"
            f" {error.colno}. Correct it there, or write the plan again."
        ) from None
    except RecursionError:
        raise InputError(
            "The beat plan is nested too deeply to be one. Is this the right file?"
        ) from None
    except ValueError as error:  # an integer of thousands of digits
        raise InputError(
            f"The beat plan holds a number that cannot be read ({error}). Correct it."
        ) from None


def _refuse_constant(name: str) -> float:
    raise InputError(f"The beat plan holds '{name}', which is not a number. Correct it.")


def _check_header(document: dict[str, Any]) -> None:
    if document.get("schema") != SCHEMA:
        raise InputError(
            f"The document's schema is {_shown(document.get('schema'))}; a beat plan has the schema"
            f" '{SCHEMA}'. Choose a file that 'plan' wrote."
        )
    if document.get("version") != VERSION or document["version"] is True:
        raise InputError(
            f"The beat plan has version {_shown(document.get('version'))}; this release reads"
            f" version {VERSION}. Plan the beats again, or use the release that wrote it."
        )


def _check_names(value: dict[str, Any], where: str, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in value]
    unknown = [name for name in value if name not in names]
    if missing:
        raise InputError(f"{where} lacks '{missing[0]}'. Add it, or write the plan again.")
    if unknown:
        raise InputError(
            f"{where} has the name {_shown(unknown[0])}, which means nothing there; known are"
            f" {', '.join(names)}. Correct or remove it."
        )


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where} is {_shown(value)}; needed is an object in braces. Correct it.")
    return value


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise InputError(
            f"'{name}' of the beat plan is {_shown(value)}; needed is a list in brackets."
            " Correct it."
        )
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{where} is {_shown(value)}; needed is a number. Correct it.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(f"{where} is too large a number. Correct it.")
    return number


def _index(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(
            f"{where} is {_shown(value)}; needed is the number of a beat, counted from 0."
            " Correct it."
        )
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{where} is {_shown(value)}; needed is text. Correct it.")
    return value


def _fps(value: Any) -> Fraction:
    try:
        fps = Fraction(_text(value, "'fps' of the beat plan"))
    except (ValueError, ZeroDivisionError):
        fps = Fraction(0)
    if not 0 < fps <= 1000:
        raise InputError(
            f"'fps' of the beat plan is {_shown(value)}; needed is a fraction such as '25/1' or"
            " '30000/1001', up to 1000. Correct it."
        )
    return fps


def _tempo(value: dict[str, Any]) -> Tempo:
    base, low, high = (
        _number(value[name], f"The {name} tempo of the beat plan")
        for name in ("base", "min", "max")
    )
    if min(base, low, high) <= 0 or low > high:
        raise InputError(
            f"The tempi of the beat plan are base {base:g}, min {low:g} and max {high:g} BPM; they"
            " must be above 0, and min must not exceed max. Correct them."
        )
    return Tempo(base_bpm=base, min_bpm=low, max_bpm=high)


def _hit(row: Any, number: int) -> Hit:
    where = f"Hit {number} of the beat plan"
    row = _object(row, where)
    _check_names(row, where, HIT_NAMES)
    unit = row["unit"]
    if unit not in get_args(HitUnit):
        raise InputError(
            f"{where} has the unit {_shown(unit)}; needed is one of"
            f" {', '.join(get_args(HitUnit))}. Correct it."
        )
    return Hit(
        unit=unit,
        **{
            name: _number(row[name], f"'{name}' of hit {number}")
            for name in HIT_NAMES
            if name != "unit"
        },
    )


def _miss(row: Any, number: int) -> Miss:
    where = f"Miss {number} of the beat plan"
    row = _object(row, where)
    _check_names(row, where, MISS_NAMES)
    return Miss(
        reason=_text(row["reason"], f"The reason of miss {number}"),
        **{
            name: _number(row[name], f"'{name}' of miss {number}")
            for name in MISS_NAMES
            if name != "reason"
        },
    )


def _check_plan(plan: BeatPlan) -> None:
    """What the dataclass does not check: times in the clip, and hits that lie on the grid."""
    check_seconds("The first beat of the plan", plan.beats_s[0], low=-60.0)
    check_seconds("The last beat of the plan", plan.beats_s[-1])
    for what, rows in (("Hit", plan.hits), ("Miss", plan.misses)):
        for number, row in enumerate(rows, 1):
            check_seconds(f"The time of {what.lower()} {number}", row.transition_s)
            if row.transition_s > plan.duration_s or row.weight < 0:
                raise InputError(
                    f"{what} {number} of the beat plan is at {row.transition_s:g} s with the weight"
                    f" {row.weight:g}; needed are a time up to {plan.duration_s:g} s and a weight"
                    " of 0 or more. Correct it."
                )
    for number, hit in enumerate(plan.hits, 1):
        parts = plan.metre.divisions if hit.unit == "half-beat" else 1
        position = seconds_to_beats(hit.beat_s, plan.beats_s)
        off_s = abs(position - round(position * parts) / parts) * 60 / plan.tempo.min_bpm
        if off_s > ON_BEAT_S:
            raise InputError(
                f"Hit {number} of the beat plan is said to be on a {hit.unit} at {hit.beat_s:g} s,"
                " but there is none. Correct the beats, or plan again."
            )


def _shown(value: Any) -> str:
    """A value as it may stand in a sentence: quoted, and cut where it is long."""
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "an object"
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
