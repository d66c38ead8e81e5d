"""The close: the last chord in every part that plays, held until the picture ends."""

from .draft import Draft, Tone
from .drums import drum_tone
from .form import Form
from .grid import Grid
from .style import Style
from .theory import Span, ladder, nearest


def add_close(
    draft: Draft, grid: Grid, form: Form, style: Style, spans: list[Span], voicing: tuple[int, ...]
) -> None:
    """Write the closing chord at `form.final`; it rings to the end of the clip."""
    step = form.final
    chord = spans[-1].chord
    length = max(grid.end - step, 0.25)

    def hold(part: str, pitch: int, accent: float, late: float = 0.0) -> None:
        draft[part].append(  # type: ignore[index]
            Tone(step=step, length=length, pitch=pitch, accent=accent, keep=True, late=late, hit=1)
        )

    for part in ("harmony", "bass", "keys", "strings"):
        draft[part] = [tone for tone in draft[part] if tone.step < step]
    for i, pitch in enumerate(voicing):
        hold("harmony", pitch, 0.3, style.strum * i)
    low, high = style.ranges["bass"]
    bass = nearest(low + 5, {chord.root})
    hold("bass", bass + 12 if bass < low else bass, 0.3)
    level = grid.mean(grid.arousal, step - 4 * grid.beat, grid.n_steps)
    low, high = style.ranges["keys"]
    rungs = ladder(chord.tones, max(low, voicing[0]), high)[:4]
    for i, pitch in enumerate(rungs):
        hold("keys", pitch, 0.0, 0.2 * i if grid.first < step else 0.0)
    if level > style.enters["strings"] - 0.1:
        low, high = style.ranges["strings"]
        for pitch in ladder(chord.tones, (low + high) // 2 - 4, high)[:2]:
            hold("strings", pitch, 0.2)
    draft["drums"] = [tone for tone in draft["drums"] if tone.step < step]
    if level > style.enters["drums"]:
        for name in style.big_hits[:2]:
            stroke = drum_tone(step, name, accent=0.3)
            stroke.keep, stroke.hit = True, 1
            draft["drums"].append(stroke)
