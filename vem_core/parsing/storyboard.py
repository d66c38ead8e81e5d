"""Storyboard <-> JSON that a creator may read, edit by hand and save.

Layout, version 1: `schema`, `version`, `duration_s`, `fps` ("25" or "30000/1001"), `theme`,
`style`, `tags`, `transitions` (one per line) and `shots`. Numbers are written as Python's shortest
repr, so a storyboard comes back exactly as it was. Keys whose value has a default in types.py may
be left out; any other missing, unknown or doubled key is an InputError that names the place.
"""

import json
import math
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar, get_args

from ..errors import InputError
from ..files import read_text, write_text_whole
from ..types import (
    Affect,
    Motion,
    Picture,
    Shot,
    Storyboard,
    Transition,
    TransitionKind,
)

SCHEMA = "vem-storyboard"
VERSION = 1
MAX_CHARACTERS = 64_000_000
MAX_TEXT = 10_000
"""Characters in one caption, theme or tag."""

_RATE = re.compile(r"\d{1,9}(/\d{1,9})?|\d{1,9}\.\d{1,9}")
_HOW = "Correct the storyboard."
T = TypeVar("T")


def storyboard_to_json(storyboard: Storyboard) -> str:
    """The storyboard as JSON text, one transition a line and a few lines a shot."""
    head = {
        "schema": SCHEMA,
        "version": VERSION,
        "duration_s": storyboard.duration_s,
        "fps": str(storyboard.fps),
        "theme": storyboard.theme,
        "style": storyboard.style,
        "tags": storyboard.tags,
    }
    lines = [f" {_dump(key)}: {_dump(value)}" for key, value in head.items()]
    lines.append(_block("transitions", map(_transition_line, storyboard.transitions)))
    lines.append(_block("shots", map(_shot_lines, storyboard.shots)))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def storyboard_from_json(text: str) -> Storyboard:
    """The storyboard that `text` describes.

    Raises:
        InputError: one sentence that names the place (the line, or "Shot 3: ...").
    """
    place = _Place("the storyboard", load_json(text))
    place.check_keys(
        required=("schema", "version", "duration_s", "fps", "shots"),
        optional=("theme", "style", "tags", "transitions"),
    )
    if place.value["schema"] != SCHEMA:
        raise InputError(
            f"This is not a storyboard: 'schema' is {_show(place.value['schema'])}, needed is"
            f" '{SCHEMA}'. Choose a file that VeM wrote."
        )
    if place.value["version"] != VERSION or isinstance(place.value["version"], bool):
        raise InputError(
            f"The storyboard has version {_show(place.value['version'])}; this VeM reads version"
            f" {VERSION}. Update VeM, or write the storyboard anew."
        )
    return Storyboard(
        duration_s=place.number("duration_s"),
        fps=_rate(place.value["fps"]),
        shots=tuple(map(_shot, place.items("shot", "shots"))),
        transitions=tuple(map(_transition, place.items("transition", "transitions"))),
        theme=place.text("theme"),
        style=place.text("style"),
        tags=place.texts("tags"),
    )


def read_storyboard(path: str | Path) -> Storyboard:
    """The storyboard in a file; InputError names what is wrong."""
    return storyboard_from_json(read_text(path, "storyboard"))


def write_storyboard(storyboard: Storyboard, path: str | Path) -> None:
    """Write the JSON whole or not at all."""
    write_text_whole(path, storyboard_to_json(storyboard))


def load_json(text: str, what: str = "storyboard") -> Any:
    """JSON without NaN, infinities, doubled keys or abysses; InputError names line and column."""
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"The {what} has {len(text)} characters; the most is {MAX_CHARACTERS}. Choose another."
        )
    text = text.removeprefix("\ufeff")
    try:
        return json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_without_doubles,
        )
    except json.JSONDecodeError as error:
        raise InputError(
            f"The {what} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}."
            " Correct that line, often a missing comma or quote."
        ) from None
    except RecursionError:
        raise InputError(
            f"The {what} is nested too deeply to be one. Choose a file that VeM wrote."
        ) from None
    except ValueError:  # an integer of thousands of digits
        raise InputError(f"The {what} holds a number that is far too long. Correct it.") from None


def _refuse_constant(name: str) -> float:
    raise InputError(f"The text holds {name}, which is not a number. {_HOW}")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise InputError(f"The text holds {text[:20]}, a number too large to be one. {_HOW}")
    return value


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) < len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise InputError(
            f"The key {_show(double)} is given twice in one place. Remove one of them."
        )
    return seen


def _show(value: object) -> str:
    """A value short enough for a sentence."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _is_number(value: object) -> bool:
    """Whether `value` is a JSON number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300


def _is_text(value: object) -> bool:
    """Whether `value` is a text that UTF-8 can hold: JSON may smuggle half a surrogate pair."""
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        return False
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


class _Place:
    """One JSON object and its name in sentences."""

    def __init__(self, name: str, value: Any):
        if not isinstance(value, dict):
            raise InputError(
                f"{_upper(name)} is {_show(value)}; needed is an object in braces. {_HOW}"
            )
        self.name, self.value = name, value

    def check_keys(self, required: Iterable[str], optional: Iterable[str] = ()) -> None:
        required, known = list(required), {*required, *optional}
        for key in required:
            if key not in self.value:
                raise InputError(f"{_upper(self.name)}: '{key}' is missing. Add it.")
        for key in self.value:
            if key not in known:
                raise InputError(
                    f"{_upper(self.name)}: the key {_show(key)} is not known; known are"
                    f" {', '.join(sorted(known))}. Correct or remove it."
                )

    def wrong(self, key: str, needed: str) -> InputError:
        return InputError(
            f"{_upper(self.name)}: '{key}' is {_show(self.value[key])}; needed is {needed}. {_HOW}"
        )

    def number(self, key: str, default: float | None = None) -> float:
        value = self.value.get(key, default)
        if not _is_number(value):
            raise self.wrong(key, "a number")
        return float(value)

    def text(self, key: str) -> str:
        value = self.value.get(key, "")
        if not _is_text(value):
            raise self.wrong(key, f"a text of up to {MAX_TEXT} characters")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.value.get(key, [])
        if not isinstance(value, list) or not all(map(_is_text, value)):
            raise self.wrong(key, "a list of texts")
        return tuple(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        value = self.value[key]
        if not isinstance(value, list) or not all(map(_is_number, value)):
            raise self.wrong(key, "a list of numbers")
        return tuple(float(item) for item in value)

    def flag(self, key: str) -> bool:
        value = self.value.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def inner(self, key: str) -> "_Place":
        return _Place(f"{self.name}, '{key}'", self.value[key])

    def items(self, name: str, key: str) -> list["_Place"]:
        value = self.value.get(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, "a list")
        return [_Place(f"{name} {number}", item) for number, item in enumerate(value, 1)]

    def build(self, make: Callable[[], T]) -> T:
        """`make()`, with the name of this place before what it complains of."""
        try:
            return make()
        except InputError as error:
            sentence = str(error)
            named = sentence.startswith(_upper(self.name))
            raise InputError(sentence if named else f"{_upper(self.name)}: {sentence}") from None


def _upper(name: str) -> str:
    return name[0].upper() + name[1:]


def _rate(value: object) -> Fraction:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1000:
        return Fraction(str(value))
    if isinstance(value, str) and _RATE.fullmatch(value) and not value.endswith("/0"):
        try:
            return Fraction(value)
        except ZeroDivisionError:
            pass
    raise InputError(
        f"The storyboard: 'fps' is {_show(value)}; needed is a frame rate such as \"25\" or"
        f' "30000/1001". {_HOW}'
    )


def _transition(place: _Place) -> Transition:
    place.check_keys(("time_s",), ("kind", "duration_s", "strength", "starred"))
    kind = place.value.get("kind", "cut")
    if kind not in get_args(TransitionKind):
        raise place.wrong("kind", f"one of {', '.join(get_args(TransitionKind))}")
    return place.build(
        lambda: Transition(
            time_s=place.number("time_s"),
            kind=kind,
            duration_s=place.number("duration_s", 0.0),
            strength=place.number("strength", 1.0),
            starred=place.flag("starred"),
        )
    )


def _shot(place: _Place) -> Shot:
    place.check_keys(("start_s", "end_s", "affect", "picture", "motion"), ("caption", "tags"))
    affect, picture, motion = (place.inner(key) for key in ("affect", "picture", "motion"))
    affect.check_keys(("valence", "arousal"))
    motion.check_keys(("mean", "peak"))
    picture.check_keys(("keyframe_s", "brightness", "saturation", "contrast", "warmth", "hues"))
    return place.build(
        lambda: Shot(
            start_s=place.number("start_s"),
            end_s=place.number("end_s"),
            affect=Affect(valence=affect.number("valence"), arousal=affect.number("arousal")),
            picture=Picture(
                **{key: picture.number(key) for key in picture.value if key != "hues"},
                hues=picture.numbers("hues"),
            ),
            motion=Motion(mean=motion.number("mean"), peak=motion.number("peak")),
            caption=place.text("caption"),
            tags=place.texts("tags"),
        )
    )


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _block(key: str, items: Iterable[str]) -> str:
    inner = ",\n".join(items)
    return f' "{key}": [\n{inner}\n ]' if inner else f' "{key}": []'


def _transition_line(transition: Transition) -> str:
    fields = ("time_s", "kind", "duration_s", "strength", "starred")
    return "  " + _dump({name: getattr(transition, name) for name in fields})


def _shot_lines(shot: Shot) -> str:
    affect = {"valence": shot.affect.valence, "arousal": shot.affect.arousal}
    fields = ("keyframe_s", "brightness", "saturation", "contrast", "warmth", "hues")
    picture = {name: getattr(shot.picture, name) for name in fields}
    motion = {"mean": shot.motion.mean, "peak": shot.motion.peak}
    lines = (
        f'"start_s": {_dump(shot.start_s)}, "end_s": {_dump(shot.end_s)}',
        f'"caption": {_dump(shot.caption)}, "tags": {_dump(shot.tags)}',
        f'"affect": {_dump(affect)}, "motion": {_dump(motion)}',
        f'"picture": {_dump(picture)}',
    )
    return "  {" + ",\n   ".join(lines) + "}"
