"""While a node runs: its progress bar, the stop button, and errors that begin with its name."""
# pyright: reportMissingImports=false

import functools
from collections.abc import Callable
from typing import Any

import comfy.model_management
import comfy.utils

from ..vem_core.errors import VemError
from ..vem_core.types import Progress

_STEPS = 1000


class NodeError(Exception):
    """A VemError as the creator sees it: the node's name, then the sentence."""


def in_words(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates `execute` (under @classmethod): a VemError gets the node's display name."""

    @functools.wraps(execute)
    def run(cls, *args, **widgets):
        try:
            return execute(cls, *args, **widgets)
        except VemError as error:
            raise NodeError(f"{cls.define_schema().display_name}: {error}") from error

    return run


def node_progress(start: float = 0.0, stop: float = 1.0) -> Progress:
    """Moves the running node's bar from `start` to `stop`; raises when the creator pressed stop."""
    bar = comfy.utils.ProgressBar(_STEPS)

    def show(share: float) -> None:
        comfy.model_management.throw_exception_if_processing_interrupted()
        done = start + (stop - start) * min(max(share, 0.0), 1.0)
        bar.update_absolute(round(done * _STEPS), _STEPS)

    return show


def check_widgets(check: Callable[[], Any]) -> bool | str:
    """What validate_inputs returns: True, or the sentence of the VemError that `check` raises."""
    try:
        check()
    except VemError as error:
        return str(error)
    return True
