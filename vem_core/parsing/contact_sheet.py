"""A picture of a storyboard: keyframes over a timeline with transitions and the affect curve."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..plotting import (
    AROUSAL,
    BACKGROUND,
    GRID,
    MISS,
    MUTED,
    PANEL,
    SHOTS,
    SOUND,
    TEXT,
    TRANSITION,
    VALENCE,
    mark_time,
    new_figure,
    style_axes,
)
from ..types import Shot, Storyboard, Transition
from ..units import seconds_to_timecode
from .parse import ParsedVideo
from .transitions import BOUNDARY_KINDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_PX = 1000
"""A node shows about half of it: text of 15 points stays legible there."""
LABEL_PT, SMALL_PT = 15, 13
MOST_PICTURES = 30
GAP_PX = 8
TIMELINE_PX = 290
MARGINS_PX = 150
"""Headline, labels and ticks."""
MOST_HEIGHT_PX = 900
"""Of the pictures together."""
KIND_COLOURS = {"cut": TRANSITION, "dissolve": "#c084fc", "fade": SOUND, "flash": MISS}
LEAST_LABELLED = 0.03
"""Share of the clip that a shot must last to carry its number on the timeline."""


def draw_contact_sheet(parsed: ParsedVideo) -> "Figure":
    """The keyframes (at most MOST_PICTURES, spread over the clip), each with the number and the
    start of its shot; below them shots, transitions and mood over time."""
    board = parsed.storyboard
    numbers = chosen_shots(len(board.shots))
    pictures = [parsed.keyframes[i].pixels for i in numbers]
    columns, _, cell_h = layout(pictures)
    rows = math.ceil(len(pictures) / columns)
    grid_px = rows * (cell_h + GAP_PX) + GAP_PX
    figure = new_figure(WIDTH_PX, grid_px + TIMELINE_PX + MARGINS_PX)
    sheet, shots, mood = figure.subplots(3, 1, height_ratios=[grid_px, 60, TIMELINE_PX - 60])
    _draw_pictures(sheet, pictures, [board.shots[i] for i in numbers], numbers, columns)
    headline = _headline(board, len(numbers))
    figure.suptitle(headline, color=TEXT, fontsize=LABEL_PT, x=0.04, ha="left")
    _draw_shots(shots, board)
    _draw_mood(mood, board.shots)
    shots.set_xlim(0, board.duration_s)
    mood.set_xlim(0, board.duration_s)
    mark_time(mood, board.duration_s)
    shots.tick_params(labelbottom=False, labelleft=False, length=0)
    return figure


def chosen_shots(n_shots: int) -> list[int]:
    """Indices of the shots whose keyframes are shown: all, or evenly spread ones."""
    if n_shots <= MOST_PICTURES:
        return list(range(n_shots))
    return [round(i * (n_shots - 1) / (MOST_PICTURES - 1)) for i in range(MOST_PICTURES)]


def layout(pictures: Sequence[np.ndarray]) -> tuple[int, int, int]:
    """Columns, and width and height of a cell in pixels, so that the sheet is not too high."""
    n = len(pictures)
    aspect = pictures[0].shape[1] / pictures[0].shape[0]
    columns = min(n, 3) if n <= 9 else 4 if n <= 16 else 5
    while True:
        cell_w = min((WIDTH_PX - GAP_PX) // columns - GAP_PX, 480)
        cell_h = max(8, round(cell_w / aspect))
        rows = math.ceil(n / columns)
        if rows * (cell_h + GAP_PX) <= MOST_HEIGHT_PX or columns >= 16:
            return columns, cell_w, min(cell_h, MOST_HEIGHT_PX)
        columns += 1


def _draw_pictures(
    axes: "Axes",
    pictures: Sequence[np.ndarray],
    shots: Sequence[Shot],
    numbers: Sequence[int],
    columns: int,
) -> None:
    _, cell_w, cell_h = layout(pictures)
    rows = math.ceil(len(pictures) / columns)
    step_x, step_y = cell_w + GAP_PX, cell_h + GAP_PX
    canvas = np.empty((rows * step_y + GAP_PX, max(columns * step_x + GAP_PX, 1), 3), np.uint8)
    canvas[:] = _rgb(BACKGROUND)
    size = SMALL_PT if cell_w >= 150 else 10
    for place, (picture, shot, number) in enumerate(zip(pictures, shots, numbers, strict=True)):
        y, x = place // columns * step_y + GAP_PX, place % columns * step_x + GAP_PX
        canvas[y : y + cell_h, x : x + cell_w] = _fitted(picture, cell_w, cell_h)
        time = _tenths(shot.start_s)
        label = f"{number + 1} · {time}" if cell_w >= 110 else f"{number + 1}"
        axes.text(
            x + 7, y + cell_h - 7, label, color=TEXT, fontsize=size, va="bottom",
            bbox={"facecolor": BACKGROUND, "alpha": 0.72, "edgecolor": "none", "pad": 3},
        )  # fmt: skip
    axes.imshow(canvas, interpolation="antialiased")
    axes.set_axis_off()


def _fitted(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Scaled into the cell, its borders in the colour of panels."""
    import cv2

    scale = min(width / picture.shape[1], height / picture.shape[0])
    w, h = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    cell = np.empty((height, width, 3), np.uint8)
    cell[:] = _rgb(PANEL)
    y, x = (height - h) // 2, (width - w) // 2
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    cell[y : y + h, x : x + w] = cv2.resize(picture, (w, h), interpolation=kind)
    return cell


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _headline(board: Storyboard, n_shown: int) -> str:
    n_shots = len(board.shots)
    shown = "" if n_shown == n_shots else f", {n_shown} of them shown"
    shots = "1 shot" if n_shots == 1 else f"{n_shots} shots"
    length = _tenths(board.duration_s)
    kinds = [t.kind for t in board.transitions]
    parts = [
        f"{kinds.count(kind)} {_plural(kind, kinds.count(kind))}"
        for kind in KIND_COLOURS
        if kind in kinds
    ]
    return " · ".join([length, shots + shown, *parts])


def _tenths(time_s: float) -> str:
    return seconds_to_timecode(round(time_s, 1))[:-2]


def _plural(kind: str, count: int) -> str:
    return kind if count == 1 else kind + ("es" if kind.endswith("sh") else "s")


def _draw_shots(axes: "Axes", board: Storyboard) -> None:
    """Blocks of shots, and on them the transitions in the colours of their kinds."""
    style_axes(axes)
    axes.grid(False)
    axes.set_ylim(0, 1)
    for number, shot in enumerate(board.shots):
        axes.axvspan(shot.start_s, shot.end_s, 0, 1, color=SHOTS[number % len(SHOTS)], lw=0)
        if shot.duration_s > LEAST_LABELLED * board.duration_s:
            middle_s = (shot.start_s + shot.end_s) / 2
            axes.text(
                middle_s, 0.42, f"{number + 1}", color=TEXT, fontsize=SMALL_PT, ha="center",
                va="center",
            )  # fmt: skip
    thin = len(board.transitions) > 80
    for transition in board.transitions:
        _draw_transition(axes, transition, thin)
    _add_key(axes, board.transitions)


def _draw_transition(axes: "Axes", transition: Transition, thin: bool) -> None:
    colour = KIND_COLOURS[transition.kind]
    if transition.kind in BOUNDARY_KINDS:
        half_s = transition.duration_s / 2
        if half_s:
            span = (transition.time_s - half_s, transition.time_s + half_s)
            axes.axvspan(*span, 0, 1, color=colour, alpha=0.35, lw=0)
        axes.axvline(transition.time_s, color=colour, lw=1 if thin else 2)
    else:
        axes.plot([transition.time_s], [0.85], marker="v", markersize=8, color=colour)
    if transition.starred:
        axes.plot(
            [transition.time_s], [0.84], marker="*", markersize=15, color=TEXT,
            markeredgecolor=BACKGROUND, clip_on=False, zorder=5,
        )  # fmt: skip


def _add_key(axes: "Axes", transitions: Sequence[Transition]) -> None:
    """Names of the kinds that occur, each in its colour, above the right end."""
    kinds = [kind for kind in KIND_COLOURS if any(t.kind == kind for t in transitions)]
    x = 1.0
    for kind in reversed(kinds):
        axes.text(
            x, 1.06, kind, transform=axes.transAxes, color=KIND_COLOURS[kind],
            fontsize=SMALL_PT, ha="right", va="bottom",
        )  # fmt: skip
        x -= 0.03 + 0.0125 * len(kind)


def _draw_mood(axes: "Axes", shots: Sequence[Shot]) -> None:
    """Arousal (0 to 1, filled) and valence (-1 to 1) of each shot as steps."""
    style_axes(axes)
    edges_s = [shots[0].start_s, *(shot.end_s for shot in shots)]
    arousal = [shot.affect.arousal for shot in shots]
    valence = [shot.affect.valence for shot in shots]
    axes.set_ylim(-1.05, 1.05)
    axes.axhline(0, color=MUTED, lw=1)
    axes.stairs(arousal, edges_s, baseline=0, fill=True, color=AROUSAL, alpha=0.28)
    axes.stairs(arousal, edges_s, baseline=None, color=AROUSAL, lw=2.5)
    axes.stairs(valence, edges_s, baseline=None, color=VALENCE, lw=2.5)
    axes.set_yticks([-1, 0, 1])
    axes.tick_params(labelsize=SMALL_PT)
    for x, colour, text in ((0.0, AROUSAL, "arousal"), (0.12, VALENCE, "valence")):
        axes.text(
            x, 1.02, text, transform=axes.transAxes, color=colour, fontsize=SMALL_PT, va="bottom"
        )
    axes.grid(color=GRID, linewidth=0.6, alpha=0.6)
