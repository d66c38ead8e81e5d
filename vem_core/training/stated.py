"""A folder and the settings that made what lies in it: they are stated beside it, once."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import write_text_whole

OTHER_TRAINING = (
    "holds a training with other settings. Choose another folder, or the settings that stand in its"
    " settings.json."
)


def state_settings(folder: Path, settings: Any, refusal: str) -> None:
    """Make the folder and state a dataclass of settings in its settings.json.

    Args:
        refusal: what is said, after the folder's name, where other settings stand there.

    Raises:
        InputError: the folder was used with other settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stated = json.dumps(asdict(settings), indent=1)
    path = folder / "settings.json"
    if path.exists() and path.read_text(encoding="utf-8") != stated:
        raise InputError(f"'{folder}' {refusal}")
    write_text_whole(path, stated)
