"""Writes workflows/*.json, the graphs that ComfyUI lists as this pack's templates, and the same
in API form under tests/comfy/prompts.

    python scripts/make_workflows.py --server http://127.0.0.1:8188

Take the oldest ComfyUI that is supported: newer ones know workflows that lack their newest widgets.
Graphs are described in workflow_graphs.py by node, widget and wire. The server (any ComfyUI with
this pack) says which sockets and widgets its nodes have, so the order of widget values cannot go
wrong by hand.
"""

import argparse
import json
import sys
import uuid
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from ui_to_api import fetch_object_info, is_widget, ui_to_api, widget_names
from workflow_boxes import Box
from workflow_graphs import WORKFLOWS

FOLDER = Path(__file__).parents[1] / "workflows"
PROMPTS = Path(__file__).parents[1] / "tests" / "comfy" / "prompts"
"""The same graphs as the server takes them."""
VERSION = "0.1.0"


def make_workflow(name: str, boxes: dict[str, Box], object_info: dict[str, Any]) -> dict[str, Any]:
    """The graph as the page would save it, version 0.4."""
    ids = {label: number for number, label in enumerate(boxes, 1)}
    links: list[list[Any]] = []
    nodes = []
    for label, box in boxes.items():
        if box.type == "MarkdownNote":
            nodes.append(_node(ids[label], box, [], [], [box.widgets["text"]]))
            continue
        info = object_info[box.type]
        inputs = []
        for socket, kind, is_a_widget in _sockets(info):
            link = None
            if socket in box.wires:
                source, slot = box.wires[socket]
                link = len(links) + 1
                links.append([link, ids[source], slot, ids[label], len(inputs), kind])
            widget = {"widget": {"name": socket}} if is_a_widget else {}
            if link is not None or not is_a_widget:
                inputs.append({"name": socket, "type": kind, "link": link, **widget})
        outputs = [
            {"name": shown, "type": kind if isinstance(kind, str) else "COMBO", "links": []}
            for kind, shown in zip(info["output"], info["output_name"], strict=True)
        ]
        nodes.append(_node(ids[label], box, inputs, outputs, _values(box, info)))
    for link, source, slot, *_ in links:
        nodes[source - 1]["outputs"][slot]["links"].append(link)
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"vem/{name}")),
        "revision": 0,
        "last_node_id": len(nodes),
        "last_link_id": len(links),
        "nodes": nodes,
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def _node(
    number: int, box: Box, inputs: list[Any], outputs: list[Any], values: list[Any]
) -> dict[str, Any]:
    pack = {"cnr_id": "vem", "ver": VERSION} if box.type.startswith("VeM_") else {}
    if not pack:
        pack = {"cnr_id": "comfy-core"}
    return {
        "id": number,
        "type": box.type,
        "pos": list(box.at),
        "size": list(box.size),
        "flags": {},
        "order": number - 1,
        "mode": 0,
        "inputs": inputs,
        "outputs": outputs,
        **({"title": box.title} if box.title else {}),
        "properties": {"Node name for S&R": box.type, **pack},
        "widgets_values": values,
    }


def _options(info: dict[str, Any]) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Kind and options of every input, in order."""
    found = {}
    for group in ("required", "optional"):
        for name in info.get("input_order", {}).get(group, []):
            kind, *rest = info["input"][group][name]
            found[name] = (kind, rest[0] if rest else {})
    return found


def _sockets(info: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Name, type and whether it is a widget: as the page does, plain sockets come first."""
    rows = [
        (name, kind if isinstance(kind, str) else "COMBO", is_widget(kind, options))
        for name, (kind, options) in _options(info).items()
    ]
    return sorted(rows, key=lambda row: row[2])


def _values(box: Box, info: dict[str, Any]) -> list[Any]:
    options = _options(info)
    values = []
    for name in widget_names(info):
        if name is None:
            values.append("fixed" if values and isinstance(values[-1], int) else None)
        elif name in box.widgets:
            values.append(box.widgets[name])
        else:
            kind, rest = options[name]
            choices = kind if isinstance(kind, list) else rest.get("options", [None])
            values.append(rest.get("default", choices[0]))
    unknown = set(box.widgets) - set(options)
    assert not unknown, f"{box.type} has no {unknown}"
    return values


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the workflow templates.")
    parser.add_argument("--server", default="http://127.0.0.1:8188")
    object_info = fetch_object_info(parser.parse_args().server)
    FOLDER.mkdir(exist_ok=True)
    PROMPTS.mkdir(exist_ok=True)
    for name, boxes in WORKFLOWS.items():
        workflow = make_workflow(name, boxes, object_info)
        prompt = ui_to_api(workflow, object_info)
        path = FOLDER / f"{name}.json"
        path.write_text(json.dumps(workflow, indent=1) + "\n", encoding="utf-8")
        (PROMPTS / path.name).write_text(json.dumps(prompt, indent=1) + "\n", encoding="utf-8")
        print(f"{path.name}: {len(workflow['nodes'])} nodes, {len(workflow['links'])} links")


if __name__ == "__main__":
    main()
