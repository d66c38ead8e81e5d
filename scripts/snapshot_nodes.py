"""What saved workflows rely on, kept in tests/comfy/nodes.json: ids, inputs, order, defaults.

    python scripts/snapshot_nodes.py --server http://127.0.0.1:8188

A workflow stores widget values as a bare list, so an input that is renamed, moved or inserted
breaks the workflows that creators saved. The script renews the snapshot, and refuses where
something broke that CHANGELOG.md does not name; a node id that goes needs a NodeReplace entry
besides.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from ui_to_api import fetch_object_info, is_widget

ROOT = Path(__file__).parents[1]
SNAPSHOT = ROOT / "tests" / "comfy" / "nodes.json"
CHANGELOG = ROOT / "CHANGELOG.md"
FILE_WIDGETS = {"checkpoint"}
"""Widgets that list files without an upload button."""
Nodes = dict[str, dict[str, Any]]


def snapshot_of(object_info: dict[str, Any]) -> Nodes:
    """Our nodes: widgets in the order of widgets_values, sockets, outputs."""
    nodes: Nodes = {}
    for node_id in sorted(name for name in object_info if name.startswith("VeM_")):
        info = object_info[node_id]
        widgets, sockets = [], {}
        for group in ("required", "optional"):
            for name in info.get("input_order", {}).get(group, []):
                kind, *rest = info["input"][group][name]
                options = rest[0] if rest else {}
                if is_widget(kind, options):
                    widgets.append(_widget(name, kind, options))
                else:
                    sockets[name] = kind
        outputs = [list(pair) for pair in zip(info["output_name"], info["output"], strict=True)]
        nodes[node_id] = {"widgets": widgets, "sockets": sockets, "outputs": outputs}
    return nodes


def _widget(name: str, kind: Any, options: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "type": kind if isinstance(kind, str) else "COMBO"}
    is_file = name in FILE_WIDGETS or any(key.endswith("_upload") for key in options)
    if not is_file:  # a list of files is each creator's own
        found["default"] = options.get("default")
        if "options" in options:
            found["options"] = options["options"]
    if options.get("control_after_generate"):
        found["control_after_generate"] = True
    return found


def what_breaks(old: Nodes, new: Nodes) -> list[tuple[str, str]]:
    """(what CHANGELOG.md must name, the sentence) for all that saved workflows stumble over."""
    found: list[tuple[str, str]] = []
    for node_id, before in old.items():
        after = new.get(node_id)
        if after is None:
            found.append((node_id, f"the node {node_id} is gone"))
            continue
        found += _widgets_that_break(node_id, before["widgets"], after["widgets"])
        for name, kind in before["sockets"].items():
            if after["sockets"].get(name) != kind:
                found.append((f"{node_id}.{name}", f"the input {node_id}.{name} is gone or other"))
        if after["outputs"][: len(before["outputs"])] != before["outputs"]:
            found.append((node_id, f"outputs of {node_id} changed, or are no longer first"))
    return found


def _widgets_that_break(node_id: str, before: list[Any], after: list[Any]) -> list[tuple[str, str]]:
    names = [widget["name"] for widget in before]
    now = [widget["name"] for widget in after][: len(names)]
    if now != names:
        which = next(a for a, b in zip(names, [*now, *[None] * len(names)], strict=False) if a != b)
        return [(f"{node_id}.{which}", f"{node_id}: '{which}' is gone or not in its place")]
    found = []
    for old, new in zip(before, after, strict=False):
        name = f"{node_id}.{old['name']}"
        for key in ("type", "default", "control_after_generate"):
            if old.get(key) != new.get(key):
                sentence = f"{name}: {key} was {old.get(key)!r}, is {new.get(key)!r}"
                found.append((name, sentence))
        gone = [choice for choice in old.get("options", []) if choice not in new["options"]]
        if gone:
            found.append((name, f"{name}: the choices {', '.join(map(str, gone))} are gone"))
    return found


def not_owned_up(broken: list[tuple[str, str]], changelog: str, replaced: set[str]) -> list[str]:
    """Sentences for what broke without a word in the changelog, or without a replacement."""
    complaints = []
    for name, sentence in broken:
        if name not in changelog:
            complaints.append(f"{sentence}; CHANGELOG.md does not name {name}")
        if sentence.endswith("is gone") and name not in replaced:
            complaints.append(f"{sentence}, and no NodeReplace names it")
    return complaints


def replaced_nodes(server: str) -> set[str]:
    """Ids that are replaced by others; empty where ComfyUI is too old to replace nodes."""
    try:
        with urllib.request.urlopen(f"{server}/node_replacements", timeout=30) as answer:
            return set(json.load(answer))
    except urllib.error.HTTPError:
        return set()


def read_snapshot() -> Nodes:
    return json.loads(SNAPSHOT.read_text(encoding="utf-8")) if SNAPSHOT.exists() else {}


def main() -> None:
    parser = argparse.ArgumentParser(description="Renew the snapshot of the pack's nodes.")
    parser.add_argument("--server", default="http://127.0.0.1:8188")
    server = parser.parse_args().server
    new = snapshot_of(fetch_object_info(server))
    changelog = CHANGELOG.read_text(encoding="utf-8")
    complaints = not_owned_up(what_breaks(read_snapshot(), new), changelog, replaced_nodes(server))
    if complaints:
        sys.exit("Saved workflows would break:\n" + "\n".join(complaints))
    SNAPSHOT.write_text(json.dumps(new, indent=1) + "\n", encoding="utf-8")
    print(f"{SNAPSHOT.name}: {len(new)} nodes")


if __name__ == "__main__":
    main()
