"""The timeline on the Storyboard node, driven with mouse and keyboard in both node renderers."""

import json
import re
from itertools import pairwise
from typing import Any

import pytest

from ..conftest import CUTS_S, FPS
from .conftest import ComfyPage  # pyright: ignore[reportAttributeAccessIssue]

TEXT = """name => window.app.graph._nodes.find(n => n.type === 'VeM_Storyboard')
    .widgets.find(w => w.name === name).value"""


def words(page: ComfyPage) -> str:
    return page.page.locator(".vem-words").inner_text()


def cut(page: ComfyPage, index: int) -> Any:
    return page.page.locator(f'.vem-transition[data-index="{index}"]')


def drag_cut(page: ComfyPage, index: int, by_s: float, clip_s: float) -> None:
    """By the mouse, in small steps, as a hand does."""
    strip = page.page.locator(".vem-track").bounding_box()
    handle = cut(page, index).bounding_box()
    x = handle["x"] + handle["width"] / 2
    y = handle["y"] + handle["height"] * 0.6
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + by_s / clip_s * strip["width"], y, steps=8)
    page.page.mouse.up()


def times(page: ComfyPage) -> list[float]:
    board = json.loads(page.widget("VeM_Storyboard", "saved_json"))
    return [transition["time_s"] for transition in board["transitions"]]


def shown_board(prompt: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """What the node that shows the storyboard's JSON was given."""
    board = next(key for key, node in prompt.items() if node["class_type"] == "VeM_Storyboard")
    shown = next(key for key, node in prompt.items() if node["inputs"].get("source") == [board, 1])
    return json.loads("\n".join(entry["outputs"][shown]["text"]))


@pytest.mark.parametrize("vue", [False, True], ids=["classic", "vue"])
def test_timeline_edits_what_is_queued(page: ComfyPage, vue: bool) -> None:
    page.open(vue=vue)
    if page.is_vue != vue:
        pytest.skip("this ComfyUI's page draws nodes in the classic way only")
    page.open_template("parse_and_plan")
    page.problems.clear()
    before, entry = page.run()
    page.show_node("VeM_Storyboard")
    clip_s = shown_board(before, entry)["duration_s"]
    assert page.page.locator(".vem-shot").count() == len(CUTS_S) + 1

    drag_cut(page, 1, 0.75, clip_s)
    assert times(page) == pytest.approx([2.0, 4.25, 6.0], abs=2.5 / FPS)
    assert times(page)[1] * FPS == pytest.approx(round(times(page)[1] * FPS))
    moved_s = times(page)[1]
    cut(page, 2).locator(".vem-star").click()
    page.page.locator(".vem-shot").nth(1).click(position={"x": 20, "y": 20})
    page.page.get_by_label("Note on shot 2").fill("a frantic chase #night")
    page.page.keyboard.press("Enter")
    assert page.widget("VeM_Storyboard", "shot_notes") == "2: a frantic chase #night\n4: *"

    after, entry = page.run()
    board_id = next(key for key, node in after.items() if node["class_type"] == "VeM_Storyboard")
    changed = {
        (key, name)
        for key, node in after.items()
        for name, value in node["inputs"].items()
        if value != before[key]["inputs"].get(name)
    }
    assert changed == {(board_id, "saved_json"), (board_id, "shot_notes")}
    board = shown_board(after, entry)
    assert [t["time_s"] for t in board["transitions"]] == [2.0, moved_s, 6.0]
    assert [t["starred"] for t in board["transitions"]] == [False, False, True]
    assert board["shots"][1]["caption"] == "a frantic chase"
    assert board["shots"][1]["tags"] == ["night"] and board["shots"][1]["affect"]["arousal"] > 0.7
    assert page.problems == []


def test_timeline_by_keys_refusals_and_undo(page: ComfyPage) -> None:
    page.open()
    page.open_template("parse_and_plan")
    page.problems.clear()
    before, entry = page.run()
    page.show_node("VeM_Storyboard")
    clip_s = shown_board(before, entry)["duration_s"]

    drag_cut(page, 1, 4.0, clip_s)
    assert "leaves no room between 0:02.00 and 0:06.00" in words(page)
    assert page.widget("VeM_Storyboard", "saved_json") == ""

    cut(page, 0).focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("Shift+ArrowRight")
    assert times(page)[0] == pytest.approx(2.0 + 11 / FPS)
    page.page.keyboard.press("Delete")
    assert times(page) == [3.5, 6.0] and page.page.locator(".vem-shot").count() == 3
    undo = page.page.get_by_title("Undo", exact=True)
    undo.click()
    assert times(page)[0] == pytest.approx(2.0 + 11 / FPS)
    page.page.get_by_title("Redo", exact=True).click()
    assert times(page) == [3.5, 6.0]
    for _ in range(3):
        undo.click()
    assert page.widget("VeM_Storyboard", "saved_json") == "" and undo.is_disabled()
    page.page.locator(".vem-shot").nth(3).dblclick(position={"x": 60, "y": 30})
    assert len(times(page)) == 4 and 6.0 < times(page)[3] < clip_s
    assert page.page.evaluate("window.app.graph._nodes.length") == 7
    # the page's own undo makes all nodes anew; the timeline still knows its shots
    page.page.locator(".vem-shot").first.focus()
    page.page.keyboard.press("Control+z")
    page.page.wait_for_function(f"!({TEXT})('saved_json')")
    page.page.wait_for_function("document.querySelectorAll('.vem-shot').length === 4")

    notes = "() => { const n = window.app.graph._nodes.find(n => n.type === 'VeM_Storyboard');"
    page.page.evaluate(f"{notes} n.widgets.find(w => w.name === 'shot_notes').value = '9: what' }}")
    page.page.wait_for_function(
        "document.querySelector('.vem-words').textContent.startsWith('There is no shot 9;')"
    )
    assert page.page.get_by_role("button", name="+ Cut").is_disabled()
    assert page.problems == []


def test_section_loops_with_the_music(page: ComfyPage) -> None:
    page.open()
    page.open_template("compose_for_video")
    _, entry = page.run()
    assert entry["status"]["status_str"] == "success"
    page.show_node("VeM_Storyboard")
    page.page.locator(".vem-shot").nth(1).click(position={"x": 20, "y": 20})
    page.page.get_by_role("button", name="▶ Loop").click()
    video = page.page.locator(".vem-screen video")
    assert re.search(r"film_\d+_", video.get_attribute("src"))
    seen = []
    for _ in range(12):
        page.page.wait_for_timeout(300)
        seen.append(video.evaluate("v => v.currentTime"))
    low_s, high_s = CUTS_S[0], CUTS_S[1]
    assert all(low_s - 0.1 <= time_s <= high_s + 0.1 for time_s in seen)
    assert any(later < earlier for earlier, later in pairwise(seen))
    page.page.keyboard.press("Space")
    assert video.evaluate("v => v.paused")
