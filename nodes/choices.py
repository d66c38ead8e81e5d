"""What a creator may choose of the music: style, key, seed, instruments; as widgets and back."""
# pyright: reportMissingImports=false

from collections.abc import Mapping
from typing import Any, get_args

from comfy_api.latest import io

from ..vem_core.codecs.score.instruments import instrument_names
from ..vem_core.composing.style import style_names
from ..vem_core.errors import InputError
from ..vem_core.types import PARTS, Key, Part
from .schema import rarely_needed

AUTO = "auto"
STYLES_OWN = "style's own"
_TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MODES = get_args(Key.__dataclass_fields__["mode"].type)
KEYS: dict[str, Key] = {
    f"{name} {mode}": Key(tonic=tonic, mode=mode)
    for mode in _MODES
    for tonic, name in enumerate(_TONICS)
}


def piece_inputs() -> list[Any]:
    """The widgets style, key and seed."""
    return [
        io.Combo.Input(
            "style",
            options=[AUTO, *style_names()],
            default=AUTO,
            tooltip="auto: the storyboard's style, or what its words and mood suggest.",
        ),
        io.Combo.Input(
            "key",
            options=[AUTO, *KEYS],
            default=AUTO,
            tooltip="auto: a key of the style whose mode agrees with the film's mood.",
        ),
        io.Int.Input(
            "seed",
            default=0,
            min=0,
            max=2**32 - 1,
            control_after_generate=True,
            tooltip="Another seed is another piece; the same seed is the same piece.",
        ),
    ]


def instrument_inputs() -> list[Any]:
    """A widget per part."""
    return [
        io.Combo.Input(
            part,
            options=[STYLES_OWN, *instrument_names(part)],
            default=STYLES_OWN,
            tooltip=f"Instrument of the {part}.",
            **rarely_needed(),
        )
        for part in PARTS
    ]


def read_style(name: str) -> str:
    """The name of a style; '' for auto."""
    return "" if name == AUTO else name


def read_key(name: str) -> Key | None:
    """None for auto. Raises InputError for what is no key."""
    if name == AUTO:
        return None
    if name not in KEYS:
        raise InputError(f"There is no key '{name}'. Choose one from the list.")
    return KEYS[name]


def key_name(key: Key) -> str:
    """'F# minor'."""
    return f"{_TONICS[key.tonic]} {key.mode}"


def read_instruments(chosen: Mapping[str, str]) -> tuple[tuple[Part, str], ...]:
    """Part and instrument, where another than the style's own is chosen."""
    return tuple(
        (part, chosen[part]) for part in PARTS if chosen.get(part, STYLES_OWN) != STYLES_OWN
    )
