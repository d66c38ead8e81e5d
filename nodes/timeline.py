"""What web/js/vem_timeline.js is told through the `ui` of nodes: shots, pictures of them, beats.

Each value is a list of one entry, as ComfyUI wants the values of a `ui`.
"""
# pyright: reportMissingImports=false

import math
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from ..vem_core.parsing.keyframes import Keyframe
from ..vem_core.parsing.storyboard import storyboard_to_json
from ..vem_core.types import BeatPlan, Storyboard
from .places import new_temp

CELL_W, CELL_H = 160, 90
COLUMNS = 20
MOST_CELLS = 3000
"""A sheet of 20 columns and 150 rows: 3200 x 13500 pixels, well below what browsers decode."""


def timeline_of_board(base: Storyboard, edited: Storyboard) -> dict[str, Any]:
    """The board before this node's words, which the timeline edits, and the moods after them."""
    return {
        "vem_storyboard": [storyboard_to_json(base)],
        "vem_moods": [[[shot.affect.valence, shot.affect.arousal] for shot in edited.shots]],
    }


def timeline_of_plan(plan: BeatPlan) -> dict[str, Any]:
    """Beats in seconds, indices of downbeats, and which transitions the plan meets."""
    return {
        "vem_plan": [
            {
                "duration_s": plan.duration_s,
                "beats_s": list(plan.beats_s),
                "downbeats": list(plan.downbeats),
                "hits": [
                    {"transition_s": hit.transition_s, "error_frames": hit.error_frames}
                    for hit in plan.hits
                ],
                "misses": [
                    {"transition_s": miss.transition_s, "reason": miss.reason}
                    for miss in plan.misses
                ],
            }
        ]
    }


def keyframe_sheet(keyframes: Sequence[Keyframe], duration_s: float) -> dict[str, Any]:
    """All keyframes in one JPEG in the temp folder, row by row, and the time of each cell.

    `duration_s` is that of the clip: a saved storyboard of another length belongs elsewhere.

    Of more than MOST_CELLS keyframes only evenly spread ones are kept.
    """
    from PIL import Image, ImageOps

    stride = math.ceil(len(keyframes) / MOST_CELLS)
    chosen = keyframes[::stride]
    columns = min(COLUMNS, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    sheet = Image.new("RGB", (columns * CELL_W, rows * CELL_H))
    for place, keyframe in enumerate(chosen):
        with Image.open(BytesIO(keyframe.jpeg)) as picture:
            cell = ImageOps.pad(picture.convert("RGB"), (CELL_W, CELL_H))
        sheet.paste(cell, (place % columns * CELL_W, place // columns * CELL_H))
    path = new_temp("vem-keyframes", ".jpg")
    sheet.save(path, quality=80)
    return {
        "vem_keyframes": [
            {
                "filename": path.name,
                "subfolder": "",
                "type": "temp",
                "cell": [CELL_W, CELL_H],
                "columns": columns,
                "rows": rows,
                "duration_s": duration_s,
                "times_s": [keyframe.time_s for keyframe in chosen],
            }
        ]
    }
