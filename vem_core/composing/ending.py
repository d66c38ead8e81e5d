"""The close: seven ways to end a piece on its last chord, which sounds until the picture ends."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..types import Part
from .draft import Dice, Draft, Tone
from .drums import drum_tone
from .form import Form, Phrase
from .grid import Grid
from .melody import settle
from .motif import Cell
from .style import Style
from .theory import Span, ladder, nearest

INTENSE = 0.45
"""Arousal of the last shot from which an ending may be loud."""
_MUCH = 0.25
_STINGER_S = 1.8
"""A short last chord may ring no longer than this before the clip ends."""


def choose_ending(grid: Grid, form: Form, style: Style, dice: Dice) -> str:
    """One of the style's endings that fits the last shot and the time left, by the seed.

    A stinger, repeated strokes and a groove that runs on belong to intense ends, an echo of the
    motif to calm ones; most need a beat and a half or more. What always fits is a held chord. Where
    the last chord fills much of an intense shot, it must keep moving: no long stinger, no broad
    approach.
    """
    room = grid.end - form.final
    ring_s = float(grid.times_s[-1] - grid.times_s[form.final])
    intense = float(grid.arousal[-1]) > INTENSE
    last_shot = grid.shot == grid.shot[-1]
    moves = intense and last_shot[form.final :].sum() > _MUCH * last_shot.sum()
    long = room >= 1.5 * grid.beat
    fits = {
        "held": True,
        "broad": not moves and form.final - 2 * grid.bar_steps > grid.first,
        "arpeggio": long,
        "echo": not intense and long,
        "stinger": intense and ring_s <= (1.0 if moves else _STINGER_S),
        "strokes": intense and long,
        "vamp": intense and long,
    }
    open_to = [name for name in style.endings if fits[name]] or ["held"]
    return open_to[dice.lot("ending", len(open_to))]


def add_close(
    draft: Draft,
    grid: Grid,
    form: Form,
    style: Style,
    spans: list[Span],
    voicing: tuple[int, ...],
    motif: Cell,
    ending: str,
) -> None:
    """Write the closing chord at `form.final` in the manner of `ending`; it sounds to the end."""
    close = Close(
        draft=draft, grid=grid, step=form.final, style=style, span=spans[-1], voicing=voicing,
        motif=motif,
    )  # fmt: skip
    if ending == "broad":
        _broaden(draft, grid, form.final)
    close.clear(("drums", "bass", "keys", "harmony", "strings"))
    if ending == "vamp":
        _run_on(close, form.phrases[-1])
    _WAYS[ending](close)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Close:
    """The last chord and the players who share it."""

    draft: Draft
    grid: Grid
    step: int
    style: Style
    span: Span
    voicing: tuple[int, ...]
    motif: Cell
    """Set on chords: its heights are pitches."""

    @property
    def length(self) -> float:
        return max(self.grid.end - self.step, 0.25)

    @property
    def level(self) -> float:
        """Mean arousal of the last bar or so: who has been playing."""
        return self.grid.mean(self.grid.arousal, self.step - 4 * self.grid.beat, self.grid.n_steps)

    @property
    def each(self) -> int:
        """Steps between the notes of what keeps moving: from beats to sixteenths by arousal."""
        arousal = float(self.grid.arousal[-1])
        if arousal < INTENSE:
            return self.grid.beat
        return 1 if arousal > 0.75 and self.grid.beat == 4 else 2

    @property
    def last(self) -> int:
        """The step of a last stroke on a beat: half a beat or more before the clip ends."""
        beat = self.grid.beat
        return self.step + (int(self.grid.end - self.step) - beat // 2) // beat * beat

    @property
    def root(self) -> int:
        """The last bass note."""
        low, _ = self.style.ranges["bass"]
        root = nearest(low + 5, {self.span.chord.root})
        return root + 12 if root < low else root

    def clear(self, parts: tuple[Part, ...]) -> None:
        """Silence parts from the last chord on."""
        for part in parts:
            self.draft[part] = [tone for tone in self.draft[part] if tone.step < self.step]

    def play(self, part: Part, pitch: int, step: int, length: float, accent: float) -> Tone:
        tone = Tone(
            step=step, length=length, pitch=pitch, accent=accent, keep=True,
            hit=int(step == self.step),
        )  # fmt: skip
        self.draft[part].append(tone)
        return tone

    def chord(self, step: int, length: float, accent: float) -> None:
        """Harmony and bass together."""
        for i, pitch in enumerate(self.voicing):
            self.play("harmony", pitch, step, length, accent).late = self.style.strum * i
        self.bass(step, length, accent)

    def bass(self, step: int, length: float, accent: float) -> None:
        self.play("bass", self.root, step, length, accent)

    def rungs(self) -> list[int]:
        """The chord over the range of the keys."""
        low, high = self.style.ranges["keys"]
        return ladder(self.span.chord.tones, max(low, self.voicing[0]), high)

    def keys(self, step: int, length: float, spread: float = 0.0) -> None:
        for i, pitch in enumerate(self.rungs()[:4]):
            tone = self.play("keys", pitch, step, length, 0.0)
            tone.late = spread * i if self.grid.first < step else 0.0

    def strings(self, length: float) -> None:
        if self.level > self.style.enters["strings"] - 0.1:
            low, high = self.style.ranges["strings"]
            for pitch in ladder(self.span.chord.tones, (low + high) // 2 - 4, high)[:2]:
                self.play("strings", pitch, self.step, length, 0.2)

    def drums(self, step: int, names: tuple[str, ...], accent: float) -> None:
        if self.level > self.style.enters["drums"]:
            for name in names:
                stroke = drum_tone(step, name, accent=accent)
                stroke.keep, stroke.hit = True, int(step == self.step)
                self.draft["drums"].append(stroke)


def _held(close: Close) -> None:
    """Everybody holds the chord, the keys rolled; an intense end has a roll that dies away."""
    grid, step = close.grid, close.step
    close.chord(step, close.length, 0.3)
    close.keys(step, close.length, 0.2)
    close.strings(close.length)
    close.drums(step, close.style.big_hits[:2], 0.3)
    last = int(grid.end - max(grid.beat / 2, 2))
    if float(grid.arousal[-1]) > INTENSE:
        for at in range(step + close.each, last + 1, close.each):
            fade = 0.4 * (at - step) / max(last - step, 1)
            close.drums(at, close.style.small_hits[-1:], -0.4 - fade)


def _arpeggio(close: Close) -> None:
    """The chord is held, and the keys go up and down on it, softer and softer."""
    grid, step = close.grid, close.step
    close.chord(step, close.length, 0.3)
    close.strings(close.length)
    close.drums(step, close.style.big_hits[:2], 0.3)
    each = close.each
    last = int(grid.end - max(grid.beat / 2, 2))
    rungs = close.rungs()
    there_and_back = [*rungs[:6], *rungs[4:0:-1]]
    for i, at in enumerate(range(step, last + 1, each)):
        fade = -0.5 * (at - step) / max(last - step, 1)
        close.play("keys", there_and_back[i % len(there_and_back)], at, each, 0.2 + fade)


def _echo(close: Close) -> None:
    """Over the held chord the keys remember the head of the motif."""
    grid, step = close.grid, close.step
    close.chord(step, close.length, 0.2)
    close.strings(close.length)
    low, high = close.style.ranges["keys"]
    last = int(grid.end - step) - grid.beat // 2
    head = [note for note in close.motif.notes if note[0] < last][:4]
    middle = sum(pitch for _, _, pitch in head) / max(len(head), 1)
    shift = 12 * round((low + 0.6 * (high - low) - middle) / 12)
    cell = Cell(
        notes=tuple((s, n, min(max(p + shift, low), high)) for s, n, p in head),
        size=close.motif.size,
    )
    span = close.span
    settled = settle(cell, lambda _: span.chord, lambda s: grid.level(step + s), (low, high))
    for i, (at, length, pitch) in enumerate(settled.notes):
        rings = i == len(head) - 1
        close.play("keys", pitch, step + at, grid.end - step - at if rings else length, -0.1)
    if not settled.notes or settled.notes[0][0]:  # the motif sets out after a rest
        close.play("keys", close.rungs()[0], step, min(grid.beat, close.length), 0.0)
    close.drums(step, close.style.big_hits[:1], 0.0)


def _stinger(close: Close) -> None:
    """One short chord of everybody; only its softest voices ring on."""
    grid, short = close.grid, min(close.length, close.grid.beat * 0.75)
    for i, pitch in enumerate(close.voicing):
        rings = i in (0, len(close.voicing) - 1)
        close.play("harmony", pitch, close.step, close.length if rings else short, 0.4)
    close.bass(close.step, short, 0.5)
    close.keys(close.step, short)
    for tone in close.draft["lead"]:
        if tone.step == close.step:
            tone.length = min(tone.length, short)
    close.drums(close.step, close.style.big_hits, 0.5)
    if grid.first < close.step - grid.beat // 2:
        close.drums(close.step - grid.beat // 2, close.style.small_hits[:1], 0.1)


def _strokes(close: Close) -> None:
    """The whole band strikes the chord on each beat, or half beat; the last stroke rings."""
    grid, step = close.grid, close.step
    room = int(grid.end - step)
    each = grid.beat if room >= 2.5 * grid.beat else grid.beat // 2
    last = step + min(room // each - 1, 3) * each
    for at in range(step, last + 1, each):
        rings = at == last
        length = grid.end - at if rings else each * 0.6
        close.chord(at, length, 0.4 if rings else 0.2)
        close.keys(at, length)
        close.drums(at, close.style.big_hits[:2] if rings else ("kick", "snare"), 0.4)
    close.strings(close.length)


def _run_on(close: Close, phrase: Phrase) -> None:
    """Drums and the rhythm of the bass from the beginning of the last phrase, once more."""
    grid, draft = close.grid, close.draft
    source = phrase.bars[1 if phrase.upbeat and len(phrase.bars) > 1 else 0]
    root = close.root
    for part in ("drums", "bass"):
        by_place: dict[int, list[Tone]] = {}
        for tone in draft[part]:
            if source.start <= tone.step < source.end:
                by_place.setdefault(tone.step - source.start, []).append(tone)
        for at in range(close.step, close.last):
            for tone in by_place.get(at - grid.bar_at(at).start, []):
                pitch = tone.pitch if part == "drums" else root
                length = min(tone.length, close.last - at)
                draft[part].append(replace(tone, step=at, pitch=pitch, length=length, hit=0))


def _vamp(close: Close) -> None:
    """The groove runs on under the chord until a last stroke of everybody."""
    grid, step, last = close.grid, close.step, close.last
    for pitch in close.voicing:
        close.play("harmony", pitch, step, last - step, 0.2)
        close.play("harmony", pitch, last, grid.end - last, 0.4)
    close.bass(step, min(grid.beat // 2, last - step), 0.3)
    close.bass(last, grid.end - last, 0.4)
    close.keys(step, min(grid.beat, last - step))
    close.keys(last, grid.end - last)
    close.strings(close.length)
    close.drums(last, close.style.big_hits[:2], 0.4)


def _broaden(draft: Draft, grid: Grid, final: int) -> None:
    """A ritardando written out on the plan's own beats: before the close eighths, then quarters.

    What is left rings to the next stroke, so that the line slows down without thinning out.
    """
    bar = grid.bar_at(final - 1)
    earlier = max(bar.start - grid.bar_steps // 2, grid.first)
    parts: tuple[Part, ...] = ("drums", "bass", "harmony", "keys")
    for part in parts:
        slow = [
            tone
            for tone in draft[part]
            if not earlier <= tone.step < final
            or grid.level(tone.step) >= (2 if tone.step >= bar.start else 1)
        ]
        onsets = sorted({tone.step for tone in slow if tone.step >= earlier} | {final})
        for tone in slow:
            if part != "drums" and earlier <= tone.step < final:
                tone.length = min(at for at in onsets if at > tone.step) - tone.step
        draft[part] = slow


_WAYS: dict[str, Callable[[Close], None]] = {
    "held": _held,
    "broad": _held,
    "arpeggio": _arpeggio,
    "echo": _echo,
    "stinger": _stinger,
    "strokes": _strokes,
    "vamp": _vamp,
}
