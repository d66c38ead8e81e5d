"""What a snap did, in words and as a picture."""

from typing import TYPE_CHECKING

import numpy as np

from .. import plotting
from ..units import seconds_to_timecode
from .snapping import Snapped, SnappedHit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NEAR_MS = 15.0
"""An attack this near to its beat is heard as on it."""
_COLUMNS = 1200


def describe_snap(snapped: Snapped) -> str:
    """A few lines for people: what the music was, how far it was bent, and every hit."""
    track = snapped.track
    if not track.has_beat:
        head = [f"The music has no beat that could be found: {track.reason}. It is not stretched."]
    else:
        low, high = (100 * (share - 1) for share in snapped.stretch_range)
        head = [
            f"Music at {track.tempo_bpm:.1f} BPM (sure to {100 * track.confidence:.0f} %), taken"
            f" from {seconds_to_timecode(snapped.music_start_s)} on.",
            f"Segments stretched by {low:+.1f} to {high:+.1f} %.",
        ]
    lines = [*head, *snapped.notes]
    if snapped.hits:
        near = sum(is_near(hit) for hit in snapped.hits)
        lines.append(
            f"{near} of {len(snapped.hits)} hits have an attack of the music within {NEAR_MS:g} ms."
        )
    return "\n".join([*lines, *map(_hit_line, snapped.hits)])


def is_near(hit: SnappedHit) -> bool:
    """Whether the music's attack was measured within NEAR_MS of the planned beat."""
    return hit.error_ms is not None and abs(hit.error_ms) <= NEAR_MS


def _hit_line(hit: SnappedHit) -> str:
    heard = "no clear attack" if hit.error_ms is None else f"{hit.error_ms:+.1f} ms"
    return f"{seconds_to_timecode(hit.transition_s):>10}  {hit.unit:<9} {heard}"


def draw_snap(snapped: Snapped) -> "Figure":
    """The music as it came out, the plan's beats above it, and every hit by how near it is."""
    audio = snapped.audio
    figure = plotting.new_figure(1280, 420)
    axes = figure.add_subplot()
    plotting.style_axes(axes, _title(snapped))
    axes.grid(False)
    loudest = audio.waveform.abs().amax(dim=0).numpy()
    edges = np.linspace(0, loudest.size, min(_COLUMNS, loudest.size) + 1).astype(int)
    peaks = np.maximum.reduceat(loudest, edges[:-1]) / max(float(loudest.max()), 1e-9)
    times_s = (edges[:-1] + edges[1:]) / 2 / audio.sample_rate
    axes.fill_between(times_s, -peaks, peaks, color=plotting.SOUND, linewidth=0, alpha=0.85)
    _draw_marks(axes, snapped)
    axes.set_xlim(0, audio.duration_s)
    axes.set_ylim(-1.05, 1.3)
    axes.set_yticks([])
    plotting.mark_time(axes, audio.duration_s)
    if snapped.joins:
        axes.set_xlabel("dotted: joins of the music")
    return figure


def _title(snapped: Snapped) -> str:
    if not snapped.hits:
        return snapped.notes[0] if snapped.notes else "Music placed"
    near = sum(map(is_near, snapped.hits))
    low, high = (100 * (share - 1) for share in snapped.stretch_range)
    return (
        f"{near} of {len(snapped.hits)} hits within {NEAR_MS:g} ms,"
        f" stretched by {low:+.1f} to {high:+.1f} %"
    )


def _draw_marks(axes: "Axes", snapped: Snapped) -> None:
    if snapped.plan is not None:
        axes.vlines(snapped.plan.beats_s, 1.05, 1.15, color=plotting.BEAT, linewidth=1)
        axes.vlines(snapped.plan.downbeats_s, 1.05, 1.2, color=plotting.DOWNBEAT, linewidth=1.6)
        missed_s = [miss.transition_s for miss in snapped.plan.misses]
        axes.vlines(missed_s, -1.05, 1.3, color=plotting.MISS, linewidth=1.6)
    for near, colour in ((True, plotting.HIT), (False, plotting.TRANSITION)):
        chosen = [hit.transition_s for hit in snapped.hits if is_near(hit) == near]
        axes.vlines(chosen, -1.05, 1.3, color=colour, linewidth=1.6)
    for join in snapped.joins:
        axes.axvline(join.time_s, color=plotting.MUTED, linewidth=1, linestyle=":")
