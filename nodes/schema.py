"""Parts of schemas that not every ComfyUI from 0.3.64 on knows: left out where they are not."""
# pyright: reportMissingImports=false

import dataclasses
import inspect
from typing import Any

from comfy_api.latest import io

CATEGORY = "VeM"

_SCHEMA_FIELDS = {field.name for field in dataclasses.fields(io.Schema)}
_INPUT_FIELDS = set(inspect.signature(io.Int.Input.__init__).parameters)


def found_by(*words: str) -> dict[str, Any]:
    """Keywords of io.Schema: other words under which the search finds the node."""
    return {"search_aliases": list(words)} if "search_aliases" in _SCHEMA_FIELDS else {}


def keeps_preview() -> dict[str, Any]:
    """Keywords of io.Schema: the preview of a node in mid-graph outlives a reload of the page."""
    known = "has_intermediate_output" in _SCHEMA_FIELDS
    return {"has_intermediate_output": True} if known else {}


def rarely_needed() -> dict[str, Any]:
    """Keywords of a widget: folded away until asked for."""
    return {"advanced": True} if "advanced" in _INPUT_FIELDS else {}
