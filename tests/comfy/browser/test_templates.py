"""Every template from the template browser: no missing node, no console error, previews on Run."""

from typing import Any

import pytest

from vem_core.places import BOX, DEFAULT_MODEL

from ..server import ROOT
from .conftest import ComfyPage  # pyright: ignore[reportAttributeAccessIssue]

TEMPLATES = sorted(path.stem for path in (ROOT / "workflows").glob("*.json"))
MODEL_NODE = "VeM_LoadModel"
SHOWN = "(id) => { const n = window.app.graph.getNodeById(id); return n.imgs?.length ?? 0 }"


def needs_weights() -> None:
    if not (BOX / DEFAULT_MODEL).is_file():
        pytest.skip(f"it opens; to run it needs the weights {DEFAULT_MODEL}")


@pytest.fixture(scope="module")
def one_page(chromium: Any, server: Any, clip: str, song: str):
    opened = ComfyPage(chromium, server.address)
    opened.open()
    yield opened
    opened.page.close()


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_opens_runs_and_shows(one_page: ComfyPage, name: str) -> None:
    one_page.problems.clear()
    one_page.open_template(name)
    assert one_page.missing_nodes() == []
    assert one_page.page.locator("[role=dialog]:visible").count() == 0
    if MODEL_NODE in (ROOT / "workflows" / f"{name}.json").read_text(encoding="utf-8"):
        needs_weights()
    prompt, entry = one_page.run()
    assert entry["status"]["status_str"] == "success", entry["status"]
    pictured = [
        key for key, output in entry["outputs"].items()
        if output.get("images") and not output.get("animated")
    ]  # fmt: skip
    assert len(pictured) >= 2
    for key in pictured:
        one_page.page.wait_for_function(f"({SHOWN})({int(key)}) > 0")
    players = one_page.page.locator("video")
    films = [key for key, node in prompt.items() if node["class_type"] == "VeM_MuxVideo"]
    assert players.count() >= len(films)
    assert one_page.problems == []
