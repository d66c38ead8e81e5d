"""Nodes that several of the pack's workflows share, and how one node is described."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Box:
    """One node: where it stands, what its widgets say, which outputs its inputs hang on."""

    type: str
    at: tuple[int, int]
    size: tuple[int, int]
    wires: dict[str, tuple[str, int]] = field(default_factory=dict)
    widgets: dict[str, Any] = field(default_factory=dict)
    title: str = ""


LOAD = Box(type="VeM_LoadVideo", at=(40, 160), size=(320, 420), widgets={"file": "clip.mp4"})
PARSE = Box(type="VeM_ParseShots", at=(420, 160), size=(560, 700), wires={"video": ("load", 0)})
BOARD = Box(
    type="VeM_Storyboard",
    at=(1040, 160),
    size=(820, 900),
    wires={"storyboard": ("parse", 0)},
)
PLAN = Box(
    type="VeM_PlanBeats", at=(1920, 160), size=(620, 560), wires={"storyboard": ("board", 0)}
)
COMPOSE = Box(
    type="VeM_Compose",
    at=(420, 1140),
    size=(620, 660),
    wires={"storyboard": ("board", 0), "beat_plan": ("plan", 0)},
    widgets={"seed": 1},
)


def note(at: tuple[int, int], text: str, size: tuple[int, int] = (320, 300)) -> Box:
    return Box(type="MarkdownNote", at=at, size=size, widgets={"text": text}, title="Read me")


def stand_in(at: tuple[int, int], color: int, frames: int) -> Box:
    """One shot of the stand-in for a video model: a plain colour."""
    widgets = {"width": 640, "height": 360, "batch_size": frames, "color": color}
    return Box(type="EmptyImage", at=at, size=(320, 180), widgets=widgets, title="Stand-in shot")


def joined(at: tuple[int, int], first: str, second: str) -> Box:
    wires = {"image1": (first, 0), "image2": (second, 0)}
    return Box(type="ImageBatch", at=at, size=(240, 80), wires=wires)
