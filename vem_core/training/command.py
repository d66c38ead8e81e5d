"""What `vem train` does: settings chosen, then the training, which goes on where it was stopped."""

import argparse
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import torch

from ..errors import InputError
from ..files import make_folder, read_text
from ..types import Progress, no_progress
from .presets import PRESETS, settings_from_json
from .run import TrainSettings, quick_settings, train

QUICK_PIECES = 64
"""Most pieces that a trial composes."""


def run(
    arguments: argparse.Namespace, bar: Callable[[str], AbstractContextManager[Progress]]
) -> str:
    """Train a music model as the command line says; the text for the screen.

    `bar` makes a progress bar of a name.

    Raises:
        InputError: settings, a device or folders that cannot be used.
    """
    settings = training_settings(arguments)
    device = training_device(arguments.device)
    workers = os.cpu_count() or 1 if arguments.workers is None else arguments.workers
    if workers < 1:
        raise InputError(f"The number of workers is {workers}; needed is 1 or more.")
    folder, music = arguments.output, arguments.music or arguments.output / "music"
    for path in (folder, music):
        make_folder(path)
    leads = os.environ.get("RANK", "0") == "0"  # of several under `accelerate launch` one speaks
    with bar("train") if leads else nullcontext(no_progress) as progress:
        model = train(folder, music, settings, device=device, workers=workers, progress=progress)
    return f"Wrote {model}; losses and their curves lie beside it.\n" if leads else ""


def training_settings(arguments: argparse.Namespace) -> TrainSettings:
    """The settings of a run, from a preset or a file, shortened where it is a trial."""
    if arguments.settings is not None:
        settings = settings_from_json(read_text(arguments.settings, "file of training settings"))
    elif arguments.preset in PRESETS:
        settings = PRESETS[arguments.preset]
    else:
        raise InputError(
            f"There is no preset '{arguments.preset}'; there are {', '.join(PRESETS)}. Choose one,"
            " or give settings of your own."
        )
    if arguments.quick is None:
        return settings
    if arguments.quick < 1:
        raise InputError(f"A trial of {arguments.quick} steps is none; needed is 1 or more.")
    few = min(settings.music.n_pieces, QUICK_PIECES)
    music = replace(settings.music, n_pieces=few, pieces_per_shard=max(few // 4, 1))
    return replace(quick_settings(settings, arguments.quick), music=music)


def training_device(name: str) -> str:
    """'auto' -> the GPU where there is one; else the name, if this machine has such a device."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(
            f"The device '{name}' cannot be used here ({str(error).splitlines()[0]}). Choose auto"
            " or cpu."
        ) from None
    return name
