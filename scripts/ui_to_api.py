"""A workflow as the ComfyUI page saves it -> the prompt that the server runs.

    python scripts/ui_to_api.py workflows/parse_and_plan.json --server http://127.0.0.1:8188

The page stores widget values as a bare list; which value belongs to which widget follows from the
server's /object_info: inputs in order, those that are widgets; behind a seed one value more that
only the page knows (control_after_generate), and at the end those of upload buttons and players.
"""

import argparse
import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

WIDGET_TYPES = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COMFY_DYNAMICCOMBO_V3"}
PAGE_WIDGETS = {"image_upload": 1, "video_upload": 1, "audio_upload": 2}
"""Widgets that the page adds at the end of a node: a button, and for sound a player."""
PAGE_ONLY = {"Note", "MarkdownNote"}
MUTED, BYPASSED = 2, 4


class WorkflowError(Exception):
    """The workflow does not fit the server's nodes; the text says where."""


def ui_to_api(workflow: dict[str, Any], object_info: dict[str, Any]) -> dict[str, Any]:
    """The prompt for a UI workflow of version 0.4 without subgraphs.

    Raises:
        WorkflowError: an unknown node, a missing input, too many or too few widget values.
    """
    nodes = {node["id"]: node for node in workflow["nodes"] if node["type"] not in PAGE_ONLY}
    links = {link[0]: link for link in workflow["links"]}
    prompt = {}
    for node_id, node in nodes.items():
        if node.get("mode", 0) in (MUTED, BYPASSED):
            raise WorkflowError(f"Node {node_id} ({node['type']}) is muted or bypassed.")
        if node["type"] not in object_info:
            raise WorkflowError(f"The server does not know the node '{node['type']}'.")
        info = object_info[node["type"]]
        inputs = {**_widgets(node, info), **_wires(node, links, nodes)}
        missing = [name for name in info["input"].get("required", {}) if name not in inputs]
        if missing:
            raise WorkflowError(f"{_name(node)}: nothing is given for {', '.join(missing)}.")
        title = node.get("title") or info["display_name"]
        prompt[str(node_id)] = {
            "class_type": node["type"],
            "inputs": inputs,
            "_meta": {"title": title},
        }
    return prompt


def widget_names(info: dict[str, Any]) -> list[str | None]:
    """A node's widgets in the order of widgets_values; None for a value that only the page uses."""
    names: list[str | None] = []
    added = 0
    for group in ("required", "optional"):
        inputs = info["input"].get(group, {})
        for name in info.get("input_order", {}).get(group, inputs):
            kind, *rest = inputs[name]
            options = rest[0] if rest else {}
            if not is_widget(kind, options):
                continue
            names.append(name)
            if options.get("control_after_generate"):
                names.append(None)
            added += sum(n for key, n in PAGE_WIDGETS.items() if options.get(key))
    return [*names, *[None] * added]


def is_widget(kind: Any, options: dict[str, Any]) -> bool:
    """Whether an input is edited on the node rather than wired."""
    wired = options.get("forceInput") or options.get("rawLink")
    return not wired and (isinstance(kind, list) or kind in WIDGET_TYPES)


def _widgets(node: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
    values = node.get("widgets_values") or []
    if isinstance(values, dict):
        return values
    names = widget_names(info)
    least = len(names)
    while least and _may_be_left_out(names, least - 1, info):
        least -= 1
    if not least <= len(values) <= len(names):
        raise WorkflowError(
            f"{_name(node)} has {len(values)} widget values; its widgets are"
            f" {', '.join(str(name) for name in names)}."
        )
    return {name: value for name, value in zip(names, values, strict=False) if name is not None}


def _may_be_left_out(names: list[str | None], index: int, info: dict[str, Any]) -> bool:
    """Whether a workflow may end before this value: the page's own, or a widget that came later."""
    name = names[index]
    if name is None:
        return not _follows_seed(names, index, info)
    return name in info["input"].get("optional", {})


def _follows_seed(names: list[str | None], index: int, info: dict[str, Any]) -> bool:
    """Whether the value at `index` is a seed's control_after_generate."""
    before = names[index - 1] if index else None
    inputs = {**info["input"].get("required", {}), **info["input"].get("optional", {})}
    return before is not None and bool(inputs[before][-1].get("control_after_generate"))


def _wires(node: dict[str, Any], links: dict, nodes: dict) -> dict[str, list]:
    wires = {}
    for socket in node.get("inputs", []):
        if socket.get("link") is None:
            continue
        _, source, slot, *_ = links[socket["link"]]
        if source not in nodes:
            raise WorkflowError(f"{_name(node)}: '{socket['name']}' hangs on a node that is gone.")
        wires[socket["name"]] = [str(source), slot]
    return wires


def _name(node: dict[str, Any]) -> str:
    return f"Node {node['id']} ({node['type']})"


def fetch_object_info(server: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{server}/object_info", timeout=60) as answer:
        return json.load(answer)


def main() -> None:
    parser = argparse.ArgumentParser(description="The prompt for a UI workflow.")
    parser.add_argument("workflow", type=Path)
    parser.add_argument("--server", default="http://127.0.0.1:8188")
    arguments = parser.parse_args()
    workflow = json.loads(arguments.workflow.read_text(encoding="utf-8"))
    try:
        prompt = ui_to_api(workflow, fetch_object_info(arguments.server))
    except WorkflowError as error:
        sys.exit(str(error))
    print(json.dumps(prompt, indent=2))


if __name__ == "__main__":
    main()
