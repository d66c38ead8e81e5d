"""A picture of a beat plan: beats and bars under the shots, what is hit and missed, the tempo."""

from typing import TYPE_CHECKING

import numpy as np

from .. import plotting
from ..types import BeatPlan, Hit, Miss, Storyboard
from .plan_report import signed, summarise_hits, summarise_tempo

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_PX = 1280
ROW_PX, TEMPO_PX = 150, 190
ROW_LIMITS_S = (40.0, 100.0, 240.0)
"""A clip longer than these gets two, three, four rows."""
LEAST_BEAT_PX, LEAST_LABEL_PX = 5.0, 46.0
MARKERS = {"downbeat": ("D", 110), "beat": ("o", 80), "half-beat": ("o", 30)}
"""Shape and size of a hit by its unit."""


def draw_plan(storyboard: Storyboard, plan: BeatPlan) -> "Figure":
    """Rows of time with shots, beats, bars and every transition; below them the tempo.

    A hit is green, a miss red with its distance to the nearest beat in frames. Long clips wrap into
    up to four rows; beats that would touch each other are left out, downbeats stay longer.
    """
    n_rows = 1 + sum(plan.duration_s > limit for limit in ROW_LIMITS_S)
    figure = plotting.new_figure(WIDTH_PX, 60 + n_rows * ROW_PX + TEMPO_PX)
    axes = figure.subplots(n_rows + 1, 1, height_ratios=[ROW_PX] * n_rows + [TEMPO_PX])
    row_s = plan.duration_s / n_rows
    for number in range(n_rows):
        _draw_row(axes[number], storyboard, plan, number * row_s, (number + 1) * row_s)
    plotting.style_axes(axes[0], summarise_hits(plan))
    axes[0].grid(False)
    _draw_legend(axes[0], plan)
    _draw_tempo(axes[-1], plan)
    return figure


def _draw_row(
    axes: "Axes", storyboard: Storyboard, plan: BeatPlan, start_s: float, end_s: float
) -> None:
    plotting.style_axes(axes)
    axes.grid(False)
    margin_s = (end_s - start_s) * 0.006
    axes.set_xlim(start_s - margin_s, end_s + margin_s)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    plotting.mark_time(axes, end_s - start_s)
    for index, shot in enumerate(storyboard.shots):
        if shot.end_s > start_s and shot.start_s < end_s:
            colour = plotting.SHOTS[index % len(plotting.SHOTS)]
            left_s, right_s = max(shot.start_s, start_s), min(shot.end_s, end_s)
            axes.axvspan(left_s, right_s, 0.0, 1.0, color=colour, alpha=0.5, linewidth=0)
    px_per_s = (WIDTH_PX - 40) / (end_s - start_s)
    _draw_grid(axes, plan, start_s, end_s, px_per_s)
    _draw_transitions(axes, storyboard, plan, start_s, end_s, px_per_s)


def _draw_grid(axes: "Axes", plan: BeatPlan, start_s: float, end_s: float, px_per_s: float) -> None:
    """Beats as short lines, downbeats as longer ones with the number of the bar."""
    from matplotlib.patheffects import withStroke

    beats_s = np.array([b for b in plan.beats_s if start_s <= b <= end_s])
    if len(beats_s) > 1 and float(np.diff(beats_s).min()) * px_per_s >= LEAST_BEAT_PX:
        axes.vlines(beats_s, 0, 0.22, color=plotting.BEAT, linewidth=1.4)
    labelled_s = -np.inf
    for number, downbeat_s in enumerate(plan.downbeats_s, 1):
        if not start_s <= downbeat_s <= end_s:
            continue
        axes.vlines([downbeat_s], 0, 0.4, color=plotting.DOWNBEAT, linewidth=1.8)
        if (downbeat_s - labelled_s) * px_per_s >= LEAST_LABEL_PX:
            axes.annotate(
                str(number),
                (downbeat_s, 0.42),
                xytext=(1, 0),
                textcoords="offset points",
                color=plotting.TEXT,
                fontsize=10,
                path_effects=[withStroke(linewidth=3, foreground=plotting.PANEL)],
                zorder=4,
            )
            labelled_s = downbeat_s


def _draw_transitions(
    axes: "Axes",
    storyboard: Storyboard,
    plan: BeatPlan,
    start_s: float,
    end_s: float,
    px_per_s: float,
) -> None:
    """A stem for each transition; stars above the starred; frames beside what is off the grid."""
    starred = {t.time_s for t in storyboard.transitions if t.starred}
    rows: list[Hit | Miss] = [*plan.hits, *plan.misses]
    rows.sort(key=lambda row: row.transition_s)
    labelled_s = -np.inf
    for row in rows:
        time_s = row.transition_s
        if not start_s <= time_s <= end_s:
            continue
        hit = isinstance(row, Hit)
        colour = plotting.HIT if hit else plotting.MISS
        axes.vlines([time_s], 0, 0.66, color=colour, linewidth=1.6)
        shape, size = MARKERS[row.unit] if hit else ("X", 90)
        axes.scatter([time_s], [0.66], marker=shape, s=size, color=colour, zorder=3, linewidth=0)
        if time_s in starred:
            axes.scatter([time_s], [0.9], marker="*", s=130, color=plotting.TRANSITION, zorder=3)
        exact = abs(row.error_frames) < 0.005
        if not exact and (time_s - labelled_s) * px_per_s >= LEAST_LABEL_PX:
            axes.annotate(
                f"{signed(row.error_frames, 1)} f",
                (time_s, 0.66),
                xytext=(0, 8),
                textcoords="offset points",
                ha="center",
                color=colour,
                fontsize=10,
            )
            labelled_s = time_s


def _draw_legend(axes: "Axes", plan: BeatPlan) -> None:
    from matplotlib.lines import Line2D

    def entry(marker: str, size: float, colour: str, label: str) -> Line2D:
        return Line2D(
            [], [], marker=marker, markersize=size**0.5, color=colour, linestyle="", label=label
        )

    entries = [
        entry(shape, size, plotting.HIT, unit)
        for unit, (shape, size) in MARKERS.items()
        if any(hit.unit == unit for hit in plan.hits)
    ]
    if plan.misses:
        entries.append(entry("X", 90, plotting.MISS, "missed, frames off"))
    if entries:
        axes.legend(
            handles=entries,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=len(entries),
            frameon=False,
            labelcolor=plotting.TEXT,
            fontsize=11,
            borderaxespad=0.1,
            handletextpad=0.2,
            columnspacing=1.0,
        )


def _draw_tempo(axes: "Axes", plan: BeatPlan) -> None:
    plotting.style_axes(axes, f"{plan.metre.name} at {summarise_tempo(plan)}")
    edges_s = np.array(plan.beats_s)
    tempi = 60.0 / np.diff(edges_s)
    axes.stairs(tempi, edges_s, color=plotting.SOUND, linewidth=1.8, baseline=None)
    axes.axhline(plan.tempo.base_bpm, color=plotting.MUTED, linestyle="--", linewidth=1.2)
    spread = max(
        plan.tempo.max_bpm - plan.tempo.base_bpm,
        plan.tempo.base_bpm - plan.tempo.min_bpm,
        0.02 * plan.tempo.base_bpm,
    )
    axes.set_ylim(plan.tempo.base_bpm - 1.25 * spread, plan.tempo.base_bpm + 1.25 * spread)
    axes.set_xlim(-0.006 * plan.duration_s, 1.006 * plan.duration_s)
    plotting.mark_time(axes, plan.duration_s)
    axes.set_ylabel("BPM", fontsize=11)
