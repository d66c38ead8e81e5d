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

    for part in ("harmony", "bass", "keys", "strings", "drums"):
        draft[part] = [tone for tone in draft[part] if tone.step < step]
    for i, pitch in enumerate(voicing):
        hold("harmony", pitch, 0.3, style.strum * i)
    low, high = style.ranges["bass"]
    bass = nearest(low + 5, {chord.root})
    hold("bass", bass + 12 if bass < low else bass, 0.3)
    level = grid.mean(grid.arousal, step - 4 * grid.beat, grid.n_steps)
    low, high = style.ranges["keys"]
    rungs = ladder(chord.tones, max(low, voicing[0]), high)[:4]
    intense = float(grid.arousal[-1])
    if intense > 0.5 and length > 3:
        _roll(draft, grid, step, ladder(chord.tones, max(low, voicing[0]), high), intense, style)
    else:
        for i, pitch in enumerate(rungs):
            hold("keys", pitch, 0.0, 0.2 * i if grid.first < step else 0.0)
    if level > style.enters["strings"] - 0.1:
        low, high = style.ranges["strings"]
        for pitch in ladder(chord.tones, (low + high) // 2 - 4, high)[:2]:
            hold("strings", pitch, 0.2)
    if level > style.enters["drums"]:
        for name in style.big_hits[:2]:
            stroke = drum_tone(step, name, accent=0.3)
            stroke.keep, stroke.hit = True, 1
            draft["drums"].append(stroke)


def _roll(
    draft: Draft, grid: Grid, step: int, rungs: list[int], intense: float, style: Style
) -> None:
    """An intense end keeps moving on the last chord: an arpeggio up and down, and a soft roll."""
    each = 1 if intense > 0.75 and grid.beat == 4 else 2
    last = int(grid.end - max(grid.beat / 2, 2))
    there_and_back = [*rungs[:6], *rungs[4:0:-1]]
    for i, at in enumerate(range(step, last + 1, each)):
        pitch = there_and_back[i % len(there_and_back)]
        fade = -0.5 * (at - step) / max(last - step, 1)
        draft["keys"].append(
            Tone(step=at, length=each, pitch=pitch, keep=True, accent=0.2 + fade, hit=int(i == 0))
        )
        if at > step and intense > style.enters["drums"] and (at - step) % 2 == 0:
            stroke = drum_tone(at, style.small_hits[-1], accent=-0.5 + fade / 2)
            stroke.keep = True
            draft["drums"].append(stroke)
