"""Hits: how the music meets each cut, by its size, with something before and something after."""

from dataclasses import dataclass

import numpy as np

from ..types import BeatPlan, Key
from .draft import Dice, Draft, Tone
from .drums import drum_tone
from .form import Form
from .grid import Grid
from .style import Style
from .theory import Span, key_scale, ladder, nearest

SMALL, MEDIUM, BIG = 1, 2, 3
_BIG_EVERY_S = 4.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Gesture:
    """A hit of the plan on the grid, and how much is made of it."""

    step: int
    size: int
    score: float


def plan_gestures(grid: Grid, plan: BeatPlan) -> tuple[Gesture, ...]:
    """Rank the hits by the weight of the cut and by how much the mood changes there.

    The strongest fifth are big, never two within four seconds; the next two fifths medium.
    """
    scores: dict[int, float] = {}
    top = max((hit.weight for hit in plan.hits), default=1.0) or 1.0
    for hit in plan.hits:
        step = grid.step_at(hit.beat_s)
        if not grid.first <= step < grid.n_steps:
            continue
        before, after = max(step - 1, 0), step
        rise = float(grid.arousal[after] - grid.arousal[before])
        turn = abs(float(grid.valence[after] - grid.valence[before]))
        score = 0.5 * hit.weight / top + 0.5 * abs(rise) + 0.3 * max(rise, 0.0) + 0.15 * turn
        score += 0.12 * (grid.level(step) == 4)
        scores[step] = max(scores.get(step, 0.0), score)
    ranked = sorted(scores, key=lambda step: (-scores[step], step))
    sizes: dict[int, int] = {}
    for rank, step in enumerate(ranked):
        share = (rank + 0.5) / len(ranked)
        near = [
            s for s, size in sizes.items()
            if size == BIG and abs(grid.times_s[s] - grid.times_s[step]) < _BIG_EVERY_S
        ]  # fmt: skip
        if (share < 0.2 or scores[step] > 0.85) and scores[step] > 0.4 and not near:
            sizes[step] = BIG
        else:
            sizes[step] = MEDIUM if share < 0.6 and scores[step] > 0.3 else SMALL
    return tuple(Gesture(step=step, size=sizes[step], score=scores[step]) for step in sorted(sizes))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class HitPlayer:
    """Adds the gestures to a draft."""

    grid: Grid
    form: Form
    style: Style
    key: Key
    spans: list[Span]
    span_at: np.ndarray
    voicings: list[tuple[int, ...]]

    def play(self, draft: Draft, gestures: tuple[Gesture, ...], dice: Dice) -> None:
        """Make every hit heard, each in its size."""
        rng = dice.roll("hits")
        for gesture in gestures:
            colour, coin = int(rng.integers(1 << 16)), float(rng.random())
            if gesture.size >= MEDIUM:
                self._before(draft, gesture, coin)
            self._chord(draft, gesture)
            self._low_and_struck(draft, gesture, colour)
            if gesture.size == BIG:
                self._after(draft, gesture)
            for tones in draft.values():
                for tone in tones:
                    if tone.step == gesture.step:
                        tone.hit = max(tone.hit, gesture.size)

    def _level(self, gesture: Gesture) -> float:
        return float(self.grid.arousal[gesture.step])

    def _chord(self, draft: Draft, gesture: Gesture) -> None:
        """The chord is struck on the hit and rings to the next stroke."""
        step = gesture.step
        span = int(self.span_at[step])
        end = self.spans[span].end
        pitches = self.voicings[span]
        for pitch in pitches if gesture.size > SMALL else pitches[-3:]:
            accent = {SMALL: 0.1, MEDIUM: 0.3, BIG: 0.6}[gesture.size]
            _put(draft["harmony"], step, end, pitch, accent)
        low, high = self.style.ranges["keys"]
        chord = ladder(self.spans[span].chord.tones, max(low, pitches[0]), high)
        n = {SMALL: 1, MEDIUM: 3, BIG: 4}[gesture.size]
        for pitch in chord[-n:] if gesture.size == SMALL else chord[:n]:
            _put(draft["keys"], step, min(step + self.grid.beat, end), pitch, 0.2)

    def _low_and_struck(self, draft: Draft, gesture: Gesture, colour: int) -> None:
        step, style = gesture.step, self.style
        span = int(self.span_at[step])
        chord = self.spans[span].chord
        low, high = style.ranges["bass"]
        playing = [tone.pitch for tone in draft["bass"] if tone.step <= step < tone.end]
        root = nearest(playing[-1] if playing else (2 * low + high) // 3, {chord.bass})
        root = root + 12 if root < low else root - 12 if root > high else root
        if gesture.size > SMALL or self._level(gesture) > style.enters["bass"]:
            _put(draft["bass"], step, self.spans[span].end, root, 0.2 * gesture.size)
        drums = [*style.small_hits]
        names = [drums[colour % len(drums)]]
        if gesture.size >= MEDIUM:
            names = [style.big_hits[0] if colour % 3 else drums[colour % len(drums)], "kick"]
        if gesture.size == BIG:
            names = list(style.big_hits)
        quiet = self._level(gesture) < style.enters["drums"] - 0.1
        if quiet and gesture.size == SMALL:
            return
        for name in names[:1] if quiet else names:
            stroke = drum_tone(step, name, accent=0.25 * (gesture.size - 1) - 0.3 * quiet)
            _put(draft["drums"], step, stroke.end, stroke.pitch, stroke.accent)
        if gesture.size == BIG:
            low, high = style.ranges["strings"]
            top = nearest((low + high) // 2 + 5, set(chord.tones))
            for pitch in (top, top - 12):
                if low <= pitch <= high:
                    _put(draft["strings"], step, self.spans[span].end, pitch, 0.5)

    def _before(self, draft: Draft, gesture: Gesture, coin: float) -> None:
        """Steps of the scale that lead to the hit, or a moment of silence right before it."""
        step, grid = gesture.step, self.grid
        busy = self._level(gesture) > 0.5 and float(grid.arousal[max(step - 1, 0)]) > 0.4
        if gesture.size == BIG and busy and coin < self.style.stop:
            gap = max(grid.beat // 2, 2)
            for part in ("drums", "bass", "keys", "strings"):
                draft[part] = [
                    tone for tone in draft[part] if not step - gap <= tone.step < step or tone.hit
                ]
                for tone in draft[part]:
                    if tone.step < step - gap < tone.end:
                        tone.length = step - gap - tone.step
            return
        n = 2 if gesture.size == MEDIUM else 4
        start = step - n if grid.beat == 4 else step - 2 * n
        each = (step - start) // n
        if start <= grid.first or any(
            tone.hit and start <= tone.step < step for tone in draft["keys"]
        ):
            return
        target = self.voicings[int(self.span_at[step])][-1]
        low, high = self.style.ranges["keys"]
        target = target - 12 if target > high else target + 12 if target < low + 8 else target
        run = ladder(key_scale(self.key), low, target - 1)[-n:]
        draft["keys"] = [tone for tone in draft["keys"] if not start <= tone.step < step]
        for i, pitch in enumerate(run):
            draft["keys"].append(
                Tone(
                    step=start + i * each, length=each, pitch=pitch, keep=True, accent=0.1 * i - 0.2
                )
            )

    def _after(self, draft: Draft, gesture: Gesture) -> None:
        """After a big hit the weak notes of a beat or two are held back, so that it can ring."""
        step, grid = gesture.step, self.grid
        for part in ("drums", "keys", "bass"):
            for tone in draft[part]:
                if step < tone.step <= step + 2 * grid.beat and grid.level(tone.step) < 2:
                    tone.low += 0.3
                    tone.accent -= 0.15


def _put(tones: list[Tone], step: int, end: float, pitch: int, accent: float) -> None:
    """A tone that is there whatever the intensity; an equal one gives way to it."""
    tones[:] = [tone for tone in tones if not (tone.step == step and tone.pitch == pitch)]
    tones.append(
        Tone(step=step, length=max(end - step, 1), pitch=pitch, accent=accent, keep=True, hit=SMALL)
    )
