"""Training settings by name, and as JSON."""

import json
from dataclasses import asdict, fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

from ..errors import InputError
from .loop import LoopSettings
from .pieces import BakeSettings
from .run import TrainSettings

Settings = TypeVar("Settings")

PRESETS = {
    "small": TrainSettings(
        music=BakeSettings(n_pieces=2400),
        codec_loop=LoopSettings(steps=4000, learning_rate=2e-3),
        width=192,
        batch_frames=768,
        denoiser_loop=LoopSettings(steps=6000, learning_rate=1.5e-3),
        beats_loop=LoopSettings(steps=2000, learning_rate=7e-4),
    ),
    "base": TrainSettings(
        music=BakeSettings(n_pieces=20_000),
        codec_loop=LoopSettings(steps=12_000, learning_rate=2e-3),
        codec_batch_beats=1024,
        width=384,
        batch_frames=6144,
        denoiser_loop=LoopSettings(
            steps=24_000, learning_rate=1e-3, warmup_steps=500, ema_decay=0.9995, bfloat16=True
        ),
        beats_loop=LoopSettings(
            steps=6000, learning_rate=4e-4, warmup_steps=200, ema_decay=0.9995, bfloat16=True
        ),
    ),
}
"""'small' for two CPU cores and some hours, 'base' for one GPU and a quarter of an hour or more."""


def settings_to_json(settings: TrainSettings) -> str:
    """As `vem train` writes them beside the weights."""
    return json.dumps(asdict(settings), indent=1)


def settings_from_json(text: str) -> TrainSettings:
    """Settings from JSON in which every field is stated.

    Raises:
        InputError: the text is not JSON, or a field is unknown, missing or of another kind.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise InputError(f"The training settings are not JSON: {error}. Correct them.") from None
    return _read(TrainSettings, data, "settings")


def _read(kind: type[Settings], data: Any, place: str) -> Settings:
    if not isinstance(data, dict):
        raise InputError(f"The training {place} are not a JSON object. Correct them.")
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    wrong = known ^ set(data)
    if wrong:
        raise InputError(
            f"The training {place} miss or do not know: {', '.join(sorted(wrong))}."
            " Start from the settings.json of a run, or from a preset."
        )
    hints = get_type_hints(kind)
    values = {}
    for name, value in data.items():
        hint = hints[name]
        if is_dataclass(hint):
            values[name] = _read(hint, value, f"{place}.{name}")  # type: ignore[type-var]
        elif isinstance(value, list):
            values[name] = tuple(value)
        else:
            if hint in (int, bool, str) and type(value) is not hint:
                raise InputError(
                    f"'{name}' of the training {place} is {value!r}; needed is a value of type"
                    f" {hint.__name__}. Correct it."
                )
            values[name] = value
    return kind(**values)
