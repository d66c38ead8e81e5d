"""One visual language for every picture this project draws: a dark theme, legible at node size.

Figures are made without pyplot, so that drawing needs no display and keeps no global state.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from .files import whole_file
from .units import seconds_to_timecode

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BACKGROUND = "#16181d"
PANEL = "#1f232b"
TEXT = "#e8eaf0"
MUTED = "#8b93a5"
GRID = "#333945"
BEAT = "#5b6475"
DOWNBEAT = "#aab4c8"
HIT = "#4ade80"
MISS = "#f87171"
TRANSITION = "#fbbf24"
AROUSAL = "#fb7185"
VALENCE = "#60a5fa"
SOUND = "#2dd4bf"
SHOTS = ("#3b4a6b", "#4a3b6b", "#6b3b57", "#6b523b", "#3b6b55", "#3b636b")
"""Fills of neighbouring shots, in turn."""
TICKS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


def new_figure(width_px: int = 1280, height_px: int = 480, dpi: int = 100) -> "Figure":
    """An empty figure in the project's colours."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(width_px / dpi, height_px / dpi),
        dpi=dpi,
        facecolor=BACKGROUND,
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    return figure


def style_axes(axes: "Axes", title: str = "") -> None:
    """Apply colours and sizes; text is 11 points so that it survives a node's width."""
    axes.set_facecolor(PANEL)
    axes.tick_params(colors=TEXT, labelsize=11)
    for spine in axes.spines.values():
        spine.set_color(GRID)
    axes.grid(color=GRID, linewidth=0.6, alpha=0.6)
    axes.set_axisbelow(True)
    axes.xaxis.label.set_color(TEXT)
    axes.yaxis.label.set_color(TEXT)
    if title:
        axes.set_title(title, color=TEXT, fontsize=13, loc="left")


def mark_time(axes: "Axes", span_s: float) -> None:
    """Round times as 1:23 along the bottom, eight at most over `span_s` seconds."""
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    step_s = next((step for step in TICKS_S if span_s / step <= 8), TICKS_S[-1])
    n_cut = 4 if step_s >= 1 else 2  # of '.000'

    def words(time_s: float, _: int | None) -> str:
        return seconds_to_timecode(max(time_s, 0.0))[:-n_cut]

    axes.xaxis.set_major_locator(MultipleLocator(step_s))
    axes.xaxis.set_major_formatter(FuncFormatter(words))


def save_figure(figure: "Figure", path: str | Path) -> None:
    """Write a PNG whole."""
    with whole_file(path) as temporary:
        figure.savefig(temporary, facecolor=figure.get_facecolor())
