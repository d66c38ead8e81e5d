"""What the tests of malformed and hostile input share."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from vem_core.cli import main

Prepare = Callable[[Path], list[str]]
"""Puts files into a folder and gives the arguments of `vem`."""
Case = tuple[str, Prepare, str]
"""Name, preparation, and a pattern that the one sentence must match."""


def ids(cases: list[Case]) -> list[str]:
    return [name for name, _, _ in cases]


def assert_one_sentence(
    prepare: Prepare, pattern: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run the command; check exit status, standard error, and that no file appeared."""
    arguments = prepare(folder)
    before = sorted(folder.rglob("*"))
    try:
        status = main(arguments)
    except SystemExit as exit_:
        status = exit_.code
    printed = capsys.readouterr()
    assert status not in (0, None), f"it passed: {printed.out}"
    message = printed.err.strip()
    assert message and "\n" not in message and len(message) < 700, message
    assert message.endswith((".", "'")), message
    assert re.search(pattern, message, re.IGNORECASE), message
    assert sorted(folder.rglob("*")) == before
