"""Malformed and hostile input: one clear sentence, a failing exit status, nothing left behind."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from vem_core.cli import main

Case = tuple[str, Callable[[Path], list[str]], str]
"""Name, the arguments after preparing files in a folder, and a pattern its sentence must match."""


def storyboard(**changes) -> dict:
    """A valid storyboard as JSON values, with top-level changes."""
    shot = {
        "start_s": 0.0,
        "end_s": 4.0,
        "affect": {"valence": 0.2, "arousal": 0.5},
        "picture": {
            "keyframe_s": 1.0,
            "brightness": 0.5,
            "saturation": 0.5,
            "contrast": 0.5,
            "warmth": 0.0,
            "hues": [],
        },
        "motion": {"mean": 0.1, "peak": 0.2},
    }
    valid = {
        "schema": "vem-storyboard",
        "version": 1,
        "duration_s": 8.0,
        "fps": "25",
        "shots": [shot, shot | {"start_s": 4.0, "end_s": 8.0}],
        "transitions": [{"time_s": 4.0}],
    }
    return valid | changes


def assert_one_sentence(
    arguments: list[str], pattern: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run the command; check status, standard error and that no file appeared."""
    before = sorted(folder.rglob("*"))
    try:
        status = main(arguments)
    except SystemExit as exit_:
        status = exit_.code
    printed = capsys.readouterr()
    assert status not in (0, None), f"it passed: {printed.out}"
    assert "Traceback" not in printed.err
    message = printed.err.strip()
    assert message and "\n" not in message and len(message) < 700, message
    assert message.endswith((".", "'")), message
    assert re.search(pattern, message, re.IGNORECASE), message
    assert sorted(folder.rglob("*")) == before


def plan_of(name: str, text: str | bytes, pattern: str, *options: str) -> Case:
    """`vem plan` of a storyboard file with this content."""

    def arguments(folder: Path) -> list[str]:
        path = folder / "storyboard.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return ["plan", str(path), "-o", str(folder / "plan.json"), *options]

    return name, arguments, pattern


def changed(**changes) -> str:
    return json.dumps(storyboard(**changes))


SHOTS = storyboard()["shots"]
PLAN_CASES = [
    plan_of("empty file", "", "storyboard"),
    plan_of("not JSON", "{'theme': sea", "JSON|line 1"),
    plan_of("not text", b"\xff\xfe\x00\x80", "not text"),
    plan_of("a list", "[]", "storyboard"),
    plan_of("another schema", changed(schema="edl"), "schema"),
    plan_of("a later version", changed(version=99), "version"),
    plan_of("NaN", changed(duration_s=float("nan")), "NaN"),
    plan_of("infinite", changed().replace("8.0", "1e999"), "1e999"),
    plan_of("doubled key", changed().replace('"fps"', '"fps": "25", "fps"'), "twice"),
    plan_of("unknown key", changed(colour="red"), "colour"),
    plan_of("no shots", changed(shots=[]), "shot"),
    plan_of("a gap", changed(shots=[SHOTS[0], SHOTS[1] | {"start_s": 5.0}]), "Shot 2"),
    plan_of("too short", changed(duration_s=9.0), "9 s"),
    plan_of("negative time", changed(transitions=[{"time_s": -1}]), "-1"),
    plan_of("milliseconds", changed(transitions=[{"time_s": 400000}]), "milliseconds"),
    plan_of("out of order", changed(transitions=[{"time_s": 4}, {"time_s": 2}]), "order"),
    plan_of("past the end", changed(transitions=[{"time_s": 8.5}]), "8.5"),
    plan_of("strength of 2", changed(transitions=[{"time_s": 4, "strength": 2}]), "strength"),
    plan_of("a wipe", changed(transitions=[{"time_s": 4, "kind": "wipe"}]), "kind"),
    plan_of("text as time", changed(transitions=[{"time_s": "4"}]), "time_s"),
    plan_of("frame rate 0", changed(fps="0"), "fps|frame rate"),
    plan_of("frame rate in words", changed(fps="fast"), "fps"),
    plan_of("frame rate 1/0", changed(fps="25/0"), "fps"),
    plan_of("an abyss", "[" * 100_000, "nested|deep"),
    plan_of("a word as tempo", changed(), "tempo", "--tempo", "fast"),
    plan_of("a falling range", changed(), "range", "--tempo", "160-80"),
    plan_of("a tempo of 5", changed(), "tempo", "--tempo", "5"),
    plan_of("a tempo of nan", changed(), "tempo", "--tempo", "nan"),
    plan_of("too much room", changed(), "room", "--room", "90"),
    plan_of("an unknown metre", changed(), "metre", "--metre", "7/8"),
    plan_of("an unknown option", changed(), "unrecognized", "--colour", "red"),
]


def ids(cases: list[Case]) -> list[str]:
    return [name for name, _, _ in cases]


@pytest.mark.parametrize(("name", "arguments", "pattern"), PLAN_CASES, ids=ids(PLAN_CASES))
def test_plan(name, arguments, pattern, tmp_path, capsys) -> None:
    assert_one_sentence(arguments(tmp_path), pattern, tmp_path, capsys)


def test_a_valid_storyboard_is_accepted(tmp_path, capsys) -> None:
    name, arguments, _ = plan_of("valid", changed(), "")
    assert main(arguments(tmp_path)) == 0, name
    assert json.loads((tmp_path / "plan.json").read_text())["beats_s"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may write anywhere"
)
def test_a_folder_without_permission(tmp_path, capsys) -> None:
    _, arguments, _ = plan_of("valid", changed(), "")
    given = arguments(tmp_path)
    tmp_path.chmod(0o500)
    assert_one_sentence(given, "cannot be written", tmp_path, capsys)
