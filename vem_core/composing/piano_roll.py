"""A score as a picture: pitches over time, chords, drums, and the shots that they belong to."""

from typing import TYPE_CHECKING

from .. import plotting
from ..types import BeatPlan, Note, Part, Score, Storyboard
from ..units import beats_to_seconds
from .theory import note_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS: dict[Part, str] = {
    "drums": "#e8eaf0",
    "bass": "#f472b6",
    "harmony": "#60a5fa",
    "keys": "#2dd4bf",
    "lead": "#fbbf24",
    "strings": "#a78bfa",
}
_DRUM_ROWS = (
    ("low", (27, 28, 35, 36, 41, 43)),
    ("snare", (31, 32, 37, 38, 39, 40)),
    ("toms", (45, 47, 48, 50, 60, 61, 62, 63, 64)),
    ("hats", (42, 44, 46, 54, 56, 69, 70, 75, 76, 81, 82)),
    ("cymbals", (29, 30, 49, 51, 52, 53, 55, 57, 59)),
)


def draw_score(
    score: Score,
    *,
    storyboard: Storyboard | None = None,
    plan: BeatPlan | None = None,
    width_px: int = 1280,
    height_px: int = 640,
) -> "Figure":
    """Piano roll with chord symbols; where given, shots with their arousal, and hits."""
    figure = plotting.new_figure(width_px, height_px)
    shares = [6.0, 1.6] if storyboard is None else [1.0, 6.0, 1.6]
    grid = figure.add_gridspec(len(shares), 1, height_ratios=shares, hspace=0.02)
    axes = [figure.add_subplot(cell) for cell in grid]
    roll, drums = axes[-2], axes[-1]
    key = f"{note_name(score.key.tonic, score.key)} {score.key.mode}"
    title = f"{score.style}, {key}, {score.metre.name}"
    if storyboard is not None:
        plotting.style_axes(axes[0], title)
        _draw_shots(axes[0], storyboard)
    plotting.style_axes(roll, "" if storyboard is not None else title)
    plotting.style_axes(drums)
    _draw_notes(roll, score)
    _draw_chords(roll, score)
    _draw_drums(drums, score)
    for each in axes:
        each.set_xlim(0.0, score.duration_s)
        each.grid(visible=False)
        for index in score.downbeats:
            each.axvline(score.beats_s[index], color=plotting.GRID, linewidth=0.8, zorder=0)
        for hit in plan.hits if plan is not None else ():
            each.axvline(hit.beat_s, color=plotting.HIT, linewidth=0.9, alpha=0.7, zorder=0)
        if each is not drums:
            each.tick_params(labelbottom=False)
    plotting.mark_time(drums, score.duration_s)
    return figure


def _times(note: Note, score: Score) -> tuple[float, float]:
    beat = score.metre.steps_per_beat
    start = note.step + note.offset_steps
    return (
        beats_to_seconds(start / beat, score.beats_s),
        beats_to_seconds((start + note.duration_steps) / beat, score.beats_s),
    )


def _draw_notes(axes: "Axes", score: Score) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    boxes, colours = [], []
    lowest, highest = 60, 72
    for part, notes in score.parts:
        if part == "drums":
            continue
        for note in notes:
            start_s, end_s = _times(note, score)
            low, high = note.pitch - 0.42, note.pitch + 0.42
            boxes.append([(start_s, low), (end_s, low), (end_s, high), (start_s, high)])
            colours.append(to_rgba(COLOURS[part], 0.25 + 0.75 * note.velocity / 127))
            lowest, highest = min(lowest, note.pitch), max(highest, note.pitch)
        axes.plot([], [], color=COLOURS[part], linewidth=5, label=part)
    edges = [to_rgba(plotting.BACKGROUND)] * len(boxes)
    axes.add_collection(PolyCollection(boxes, facecolors=colours, edgecolors=edges, linewidths=0.4))
    axes.set_ylim(lowest - 2, highest + 11)
    octaves = range(-(-lowest // 12) * 12, highest + 1, 12)
    axes.set_yticks(list(octaves), [f"C{pitch // 12 - 1}" for pitch in octaves])
    axes.legend(
        loc="upper right", ncols=5, bbox_to_anchor=(1.0, 1.0), fontsize=9, facecolor=plotting.PANEL,
        edgecolor=plotting.GRID, labelcolor=plotting.TEXT,
    )  # fmt: skip


def _draw_chords(axes: "Axes", score: Score) -> None:
    beat = score.metre.steps_per_beat
    top = axes.get_ylim()[1]
    free_s = -1.0
    for chord in score.chords:
        at_s = max(beats_to_seconds(chord.step / beat, score.beats_s), 0.0)
        if at_s >= free_s and at_s < score.duration_s:
            axes.text(at_s, top - 5, chord.symbol, color=plotting.TEXT, fontsize=8, va="top")
            free_s = at_s + score.duration_s * 0.008 * (len(chord.symbol) + 0.5)


def _draw_drums(axes: "Axes", score: Score) -> None:
    rows = {key: i for i, (_, keys) in enumerate(_DRUM_ROWS) for key in keys}
    for note in score.notes("drums"):
        start_s, _ = _times(note, score)
        row = rows.get(note.pitch, len(_DRUM_ROWS) - 1)
        reach = 0.1 + 0.32 * note.velocity / 127
        axes.plot(
            [start_s, start_s], [row - reach, row + reach], color=COLOURS["drums"], linewidth=1.4
        )
    axes.set_ylim(-0.6, len(_DRUM_ROWS) - 0.4)
    axes.set_yticks(range(len(_DRUM_ROWS)), [name for name, _ in _DRUM_ROWS])


def _draw_shots(axes: "Axes", storyboard: Storyboard) -> None:
    for i, shot in enumerate(storyboard.shots):
        colour = plotting.SHOTS[i % len(plotting.SHOTS)]
        axes.axvspan(shot.start_s, shot.end_s, color=colour, linewidth=0)
        span_s = (shot.start_s, shot.end_s)
        axes.plot(span_s, [shot.affect.arousal] * 2, color=plotting.AROUSAL, linewidth=2.5)
        valence = (shot.affect.valence + 1) / 2
        axes.plot(span_s, [valence] * 2, color=plotting.VALENCE, linewidth=1.5, linestyle=":")
    axes.set_ylim(-0.08, 1.08)
    axes.set_yticks([0, 1], ["calm", "intense"])
