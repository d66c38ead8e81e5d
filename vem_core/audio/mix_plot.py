"""A picture of a finished mix: its envelope, where the music is down, and its levels in words."""

from typing import TYPE_CHECKING

import numpy as np

from ..plotting import (
    BACKGROUND,
    MISS,
    MUTED,
    SOUND,
    TEXT,
    TRANSITION,
    mark_time,
    new_figure,
    style_axes,
)
from ..units import seconds_to_timecode
from .mixing import Mixed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 1200


def draw_mix(mixed: Mixed) -> "Figure":
    """Peaks and rms of the mix over time, ducks shaded, levels in the title, notes below."""
    report = mixed.report
    figure = new_figure(1280, 420)
    axes = figure.add_subplot()
    peaks, rms = _envelope(mixed.audio.waveform.numpy())
    times_s = (np.arange(peaks.size) + 0.5) * report.duration_s / peaks.size
    axes.fill_between(times_s, -peaks, peaks, color=SOUND, alpha=0.35, linewidth=0)
    axes.fill_between(times_s, -rms, rms, color=SOUND, linewidth=0)
    for start_s, end_s in report.ducks_s:
        axes.axvspan(start_s, end_s, color=TRANSITION, alpha=0.18, linewidth=0)
    ceiling = 10 ** ((report.true_peak_dbtp or 0.0) / 20)
    for level in (-ceiling, ceiling):
        axes.axhline(level, color=MISS, linewidth=0.8, linestyle=":")
    style_axes(axes, _title(mixed))
    axes.set_xlim(0, report.duration_s)
    axes.set_ylim(-1.05, 1.05)
    axes.set_yticks([])
    mark_time(axes, report.duration_s)
    if report.ducks_s:
        axes.set_xlabel("shaded: music ducked")
    if report.notes:
        box = {"facecolor": BACKGROUND, "edgecolor": MUTED, "alpha": 0.85}
        notes = "\n".join(report.notes)
        place = {"transform": axes.transAxes, "va": "bottom", "wrap": True}
        axes.text(0.01, 0.02, notes, color=TEXT, fontsize=11, bbox=box, **place)
    return figure


def _title(mixed: Mixed) -> str:
    report = mixed.report
    parts = [f"{seconds_to_timecode(report.duration_s)}, {report.sample_rate / 1000:g} kHz"]
    if report.loudness_lufs is None or report.true_peak_dbtp is None:
        return f"{parts[0]}, silent"
    parts += [f"{report.loudness_lufs:.1f} LUFS", f"peak {report.true_peak_dbtp:.1f} dBTP"]
    if report.limited_db > 0.1:
        parts.append(f"limited by up to {report.limited_db:.1f} dB")
    if report.ducks_s:
        parts.append(f"ducked for {report.ducked_s:.1f} s")
    return "   ".join(parts)


def _envelope(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Peak and rms of (C, T) over at most _COLUMNS stretches of equal length."""
    n_columns = min(_COLUMNS, samples.shape[1])
    edges = np.linspace(0, samples.shape[1], n_columns + 1).astype(int)[:-1]
    peaks = np.maximum.reduceat(np.abs(samples).max(axis=0), edges)
    power = np.add.reduceat(np.square(samples).mean(axis=0), edges)
    return peaks, np.sqrt(power / (samples.shape[1] / n_columns))
