"""One picture a video: where the music fits, where it does not, and by how much."""

from typing import TYPE_CHECKING

import numpy as np

from .. import plotting
from ..metrics.affect import loudness_db
from ..metrics.rhythm import HIT_WINDOWS_S, nearest_errors_s
from .listening import ENVELOPE_HZ
from .match import MusicMatch
from .words import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 1200
ERROR_LIMIT_MS = 300.0


def draw_match(match: MusicMatch) -> "Figure":
    """The sound over shots and cuts, the error at each cut, and mood beside loudness."""
    figure = plotting.new_figure(1280, 820)
    rows = figure.subplots(3, 1, sharex=True, height_ratios=[3, 2, 2])
    _draw_sound(rows[0], match)
    _draw_errors(rows[1], match)
    _draw_mood(rows[2], match)
    rows[2].set_xlim(0, match.storyboard.duration_s)
    plotting.mark_time(rows[2], match.storyboard.duration_s)
    return figure


def _met(match: MusicMatch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times of the transitions, their errors in ms (empty without a beat), and who is met."""
    times_s = np.array([t.time_s for t in match.storyboard.transitions])
    if not match.track.has_beat or not len(times_s):
        return times_s, np.zeros(0), np.zeros(len(times_s), bool)
    errors_s = nearest_errors_s(times_s, np.array(match.track.beats_s))
    return times_s, 1000 * errors_s, np.abs(errors_s) <= HIT_WINDOWS_S[1]


def _draw_sound(axes: "Axes", match: MusicMatch) -> None:
    rates = [match.figures[f"hit_rate_{1000 * w:.0f}_ms"] for w in HIT_WINDOWS_S]
    words = ", ".join(
        f"{percent(rate)} within {1000 * w:.0f} ms"
        for w, rate in zip(HIT_WINDOWS_S, rates, strict=True)
    )
    chance = percent(match.figures["hit_rate_70_ms_chance"])
    plotting.style_axes(axes, f"Cuts met by a beat: {words} (chance at 70 ms: {chance})")
    axes.grid(False)
    for index, shot in enumerate(match.storyboard.shots):
        colour = plotting.SHOTS[index % len(plotting.SHOTS)]
        axes.axvspan(shot.start_s, shot.end_s, color=colour, alpha=0.55, linewidth=0)
    peaks = match.heard.envelope
    if len(peaks):
        edges = np.linspace(0, len(peaks), min(COLUMNS, len(peaks)) + 1).astype(int)
        tops = np.maximum.reduceat(peaks, edges[:-1])
        times_s = (edges[:-1] + edges[1:]) / 2 / ENVELOPE_HZ
        axes.fill_between(times_s, -tops, tops, color=plotting.SOUND, linewidth=0, alpha=0.85)
    axes.vlines(match.track.beats_s, 1.05, 1.15, color=plotting.BEAT, linewidth=1)
    axes.vlines(match.track.downbeats_s, 1.05, 1.2, color=plotting.DOWNBEAT, linewidth=1.6)
    times_s, errors_ms, met = _met(match)
    if not len(errors_ms):
        axes.vlines(times_s, -1.05, 1.3, color=plotting.TRANSITION, linewidth=1.4)
    else:
        for chosen, colour in ((met, plotting.HIT), (~met, plotting.MISS)):
            axes.vlines(times_s[chosen], -1.05, 1.3, color=colour, linewidth=1.6)
    for time_s in match.heard.delivery.dropouts_s:
        axes.plot([time_s], [0], "x", color=plotting.MISS, markersize=9, markeredgewidth=2)
    axes.set_ylim(-1.05, 1.3)
    axes.set_yticks([])


def _draw_errors(axes: "Axes", match: MusicMatch) -> None:
    plotting.style_axes(axes, "Nearest beat to each cut, ms (above 0: the music is late)")
    for window_s in HIT_WINDOWS_S:
        axes.axhspan(-1000 * window_s, 1000 * window_s, color=plotting.HIT, alpha=0.08, linewidth=0)
    times_s, errors_ms, met = _met(match)
    axes.set_ylim(-ERROR_LIMIT_MS, ERROR_LIMIT_MS)
    if not len(errors_ms):
        why = match.track.reason or "the picture has no cuts"
        axes.text(
            0.5, 0.5, f"Nothing to measure: {why}", transform=axes.transAxes, ha="center",
            va="center", color=plotting.MUTED, fontsize=12,
        )  # fmt: skip
        return
    shown = np.clip(errors_ms, -0.95 * ERROR_LIMIT_MS, 0.95 * ERROR_LIMIT_MS)
    for chosen, colour in ((met, plotting.HIT), (~met, plotting.MISS)):
        axes.vlines(times_s[chosen], 0, shown[chosen], color=colour, linewidth=2.5)
        axes.plot(times_s[chosen], shown[chosen], "o", color=colour, markersize=5)


def _draw_mood(axes: "Axes", match: MusicMatch) -> None:
    found = match.affect["arousal_loudness"]
    agreement = "not measured" if found.rho is None else f"rank correlation {found.rho:+.2f}"
    plotting.style_axes(axes, f"Arousal of the picture and loudness of the music: {agreement}")
    shots = match.storyboard.shots
    edges_s = np.array([0.0, *(shot.end_s for shot in shots)])
    energy, rate_hz = match.heard.energy()
    axes.stairs(
        [shot.affect.arousal for shot in shots], edges_s, color=plotting.AROUSAL, linewidth=2.2,
        label="arousal", baseline=None,
    )  # fmt: skip
    axes.set_ylim(0, 1.02)
    levels = axes.twinx()
    levels.stairs(
        loudness_db(energy, rate_hz, edges_s), edges_s, color=plotting.SOUND, linewidth=2.2,
        label="loudness, dB", baseline=None,
    )  # fmt: skip
    levels.tick_params(colors=plotting.TEXT, labelsize=11)
    for place, at in ((axes, (0.01, 0.72)), (levels, (0.88, 0.72))):
        place.legend(
            loc=at, fontsize=10, facecolor=plotting.PANEL, labelcolor=plotting.TEXT,
            edgecolor=plotting.GRID,
        )  # fmt: skip
