"""ComfyUI's page in a real browser, driven as a creator does: templates, Run, nodes, screenshots.

Needs the package playwright and a Chromium (the system's, or `playwright install chromium`).
"""
# pyright: reportMissingImports=false, reportMissingModuleSource=false

import json
import os
import shutil
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = float(os.environ.get("VEM_PATIENCE", "1"))
"""Factor on all waiting, for machines that are busy with something else."""
LOAD_MS = 120_000 * PATIENCE
RUN_S = 240 * PATIENCE
WORKFLOWS = Path(__file__).parents[1] / "workflows"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> str | None:
    """Path of a Chromium: $CHROMIUM, else one on the path; None: playwright's own, if any."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium of playwright's.

    Raises:
        ImportError: playwright is not installed.
        playwright.sync_api.Error: there is no Chromium.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # as root there is no sandbox; sound may start without a click
        arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        started = playwright.chromium.launch(executable_path=find_browser(), args=arguments)
        try:
            yield started
        finally:
            started.close()


class ComfyPage:
    """One tab on a ComfyUI server; `problems` are what its console says since the last reset."""

    def __init__(self, started: Any, address: str, *, size: tuple[int, int] = (1600, 1000)):
        self.address = address
        self.problems: list[str] = []
        self.page = started.new_page(viewport={"width": size[0], "height": size[1]})
        self.page.set_default_timeout(LOAD_MS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.problems.append(f"{error}"))
        self.page.on("response", self._answered)

    def _heard(self, message: Any) -> None:
        # what fails to load is heard of in _answered, with its address
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(message.text)

    def _answered(self, response: Any) -> None:
        if response.status >= 400 and "vem" in response.url:
            self.problems.append(f"{response.status} {response.url}")

    def open(self, *, vue: bool = False) -> None:
        """Open the page with the classic or the Vue rendering of nodes."""
        for key, value in (("Comfy.TutorialCompleted", True), ("Comfy.VueNodes.Enabled", vue)):
            body = json.dumps(value).encode()
            headers = {"Content-Type": "application/json"}
            address = f"{self.address}/settings/{key}"
            urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=300)
        self.page.goto(self.address)
        self.page.wait_for_function(
            "window.app && window.app.vueAppReady && window.app.extensionManager"
            " && window.app.canvas && !!window.LiteGraph.registered_node_types.VeM_Storyboard",
        )
        # the page loads its last graph, or an empty one, before it takes orders
        self.page.wait_for_function("!!(window.app.rootGraph || window.app.graph)")
        self.page.wait_for_timeout(1500)

    @property
    def is_vue(self) -> bool:
        return bool(self.page.evaluate("window.LiteGraph.vueNodesMode"))

    def open_template(self, name: str) -> None:
        """Open a workflow of this pack from the template browser, by clicks."""
        dialog = self.page.locator("[role=dialog]").first
        if not dialog.is_visible():
            command = "window.app.extensionManager.command.execute('Comfy.BrowseTemplates')"
            self.page.evaluate(command)
        dialog.get_by_text("vem", exact=True).first.click()
        dialog.get_by_text(name, exact=True).first.click()
        dialog.wait_for(state="hidden")
        workflow = json.loads((WORKFLOWS / f"{name}.json").read_text(encoding="utf-8"))
        self.page.wait_for_function(
            "types => window.app.graph._nodes.map(n => n.type).sort().join() === types",
            arg=",".join(sorted(node["type"] for node in workflow["nodes"])),
        )
        self.page.wait_for_timeout(500)

    def load(self, workflow: dict[str, Any]) -> None:
        """Load a workflow as if it were dropped onto the page."""
        self.page.evaluate("workflow => window.app.loadGraphData(workflow)", workflow)
        self.page.wait_for_timeout(500)

    def missing_nodes(self) -> list[str]:
        """Types of nodes on the page that this ComfyUI does not know."""
        return self.page.evaluate(
            "window.app.graph._nodes.map(n => n.type)"
            ".filter(t => !window.LiteGraph.registered_node_types[t])"
        )

    def run(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Press Run; the prompt that was queued, and the history once it ended."""

        def is_prompt(response: Any) -> bool:
            return response.url.endswith("/prompt") and response.request.method == "POST"

        with self.page.expect_response(is_prompt) as answer:
            run = self.page.get_by_role("button", name="Run", exact=True)
            run.first.click()
        response = answer.value
        assert response.status == 200, response.text()
        answered = response.json()
        assert answered["node_errors"] == {}, answered
        prompt = json.loads(response.request.post_data)["prompt"]
        entry = self._ended(answered["prompt_id"])
        self.page.wait_for_timeout(500)
        return prompt, entry

    def _ended(self, prompt_id: str) -> dict[str, Any]:
        until = time.monotonic() + RUN_S
        while time.monotonic() < until:
            with urllib.request.urlopen(f"{self.address}/history/{prompt_id}", timeout=300) as got:
                entry = json.load(got).get(prompt_id)
            if entry is not None:
                return entry
            self.page.wait_for_timeout(200)
        raise AssertionError(f"the prompt {prompt_id} did not end in {RUN_S} s")

    def show_node(self, kind: str, scale: float = 1.0) -> None:
        """Move the canvas so that the first node of this type stands at its top left."""
        self.page.evaluate(
            """([kind, scale]) => {
                const node = window.app.graph._nodes.find(n => n.type === kind);
                const ds = window.app.canvas.ds;
                ds.scale = scale;
                ds.offset[0] = -node.pos[0] + 80 / scale;
                ds.offset[1] = -node.pos[1] + 100 / scale;
                window.app.canvas.setDirty(true, true);
            }""",
            [kind, scale],
        )
        self.page.wait_for_timeout(600)

    def widget(self, kind: str, name: str) -> Any:
        """What a widget of the first node of this type holds."""
        return self.page.evaluate(
            """([kind, name]) => window.app.graph._nodes.find(n => n.type === kind)
                .widgets.find(w => w.name === name).value""",
            [kind, name],
        )
