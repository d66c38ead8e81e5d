"""The pack's words in the languages of ComfyUI's page: locales/<language>/nodeDefs.json.

    python scripts/make_locales.py --server http://127.0.0.1:8188

English is written anew from what the nodes say themselves; the other languages are written by
people, and the script names what is missing there or no longer needed.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from ui_to_api import fetch_object_info

FOLDER = Path(__file__).parents[1] / "locales"
SCRIPTS = {"zh": re.compile("[\u4e00-\u9fff]"), "ja": re.compile("[\u3040-\u30ff\u4e00-\u9fff]")}
"""Letters without which a text is not in the language."""
SAME_EVERYWHERE = {"BPM", "JSON", "MIDI"}
SYNTAX = re.compile(r"[{}@|]")
"""What the page's translation library takes for its own syntax."""


def english(object_info: dict[str, Any]) -> dict[str, Any]:
    """nodeDefs.json in the nodes' own words; widgets keep their ids, as errors name them."""
    nodes = {}
    for node_id in sorted(name for name in object_info if name.startswith("VeM_")):
        info = object_info[node_id]
        inputs = {}
        for group in ("required", "optional"):
            for name, (_, *rest) in info["input"].get(group, {}).items():
                inputs[name] = _words(name, (rest[0] if rest else {}).get("tooltip"))
        tooltips = info.get("output_tooltips") or [None] * len(info["output"])
        outputs = {
            str(slot): _words(name, tooltip)
            for slot, (name, tooltip) in enumerate(zip(info["output_name"], tooltips, strict=True))
        }
        nodes[node_id] = {
            "display_name": info["display_name"],
            "description": info["description"],
            "inputs": inputs,
            **({"outputs": outputs} if outputs else {}),
        }
    return nodes


def _words(name: str, tooltip: str | None) -> dict[str, str]:
    return {"name": name, "tooltip": tooltip} if tooltip else {"name": name}


def texts(value: Any, place: str = "") -> dict[str, str]:
    """Every text of a nodeDefs.json by its place: 'VeM_Compose.inputs.seed.tooltip'."""
    if isinstance(value, str):
        return {place: value}
    found: dict[str, str] = {}
    for key, inner in value.items():
        found |= texts(inner, f"{place}.{key}" if place else key)
    return found


def complaints(language: str, own: dict[str, Any], source: dict[str, Any]) -> list[str]:
    """What is missing, left over, or not in the language."""
    mine, needed = texts(own), texts(source)
    found = [f"{language}: {place} is missing" for place in needed if place not in mine]
    found += [f"{language}: {place} is not needed" for place in mine if place not in needed]
    for place, text in mine.items():
        if not text.strip() or SYNTAX.search(text):
            found.append(f"{language}: {place} is empty or holds one of {{}}@|")
        letters = SCRIPTS.get(language)
        if letters and text not in SAME_EVERYWHERE and not letters.search(text):
            found.append(f"{language}: {place} is not translated: {text}")
    return found


def read_locale(language: str, name: str = "nodeDefs") -> dict[str, Any]:
    return json.loads((FOLDER / language / f"{name}.json").read_text(encoding="utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Write English, check the other languages.")
    parser.add_argument("--server", default="http://127.0.0.1:8188")
    source = english(fetch_object_info(parser.parse_args().server))
    path = FOLDER / "en" / "nodeDefs.json"
    path.write_text(json.dumps(source, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    found = [line for lang in SCRIPTS for line in complaints(lang, read_locale(lang), source)]
    print(f"en: {len(texts(source))} texts")
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
