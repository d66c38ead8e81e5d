"""Hits: how the music meets each cut, by its size, with something before and something after."""

from dataclasses import dataclass, field

import numpy as np

from ..types import PARTS, BeatPlan, Key, Part
from .draft import Dice, Draft, Tone
from .drums import drum_tone
from .form import Form
from .grid import Grid
from .style import DRUMS, Style
from .theory import Span, ladder, nearest

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
    roots: list[int]
    """Bass note of each chord."""
    struck: dict[Part, dict[tuple[int, int], Tone]] = field(
        default_factory=lambda: {part: {} for part in PARTS}
    )
    """Tones of hits by step and pitch; they take the place of equal ones."""

    def play(self, draft: Draft, gestures: tuple[Gesture, ...], dice: Dice) -> None:
        """Make every hit heard, each in its size."""
        rng = dice.roll("hits")
        sizes = {gesture.step: gesture.size for gesture in gestures}
        for gesture in gestures:
            colour, coin = int(rng.integers(1 << 16)), float(rng.random())
            if gesture.size >= MEDIUM:
                self._before(draft, gesture, coin, sizes)
            self._chord(gesture, colour)
            self._low_and_struck(gesture, colour)
            if gesture.size == BIG:
                self._after(draft, gesture)
        for part, tones in draft.items():
            struck = self.struck[part]
            kept = [tone for tone in tones if (tone.step, tone.pitch) not in struck]
            draft[part] = kept + list(struck.values())
            for tone in draft[part]:
                tone.hit = max(tone.hit, sizes.get(tone.step, 0))

    def _put(self, part: Part, step: int, end: float, pitch: int, accent: float) -> None:
        """A tone that is there whatever the intensity."""
        self.struck[part][step, pitch] = Tone(
            step=step, length=max(end - step, 1), pitch=pitch, accent=accent, keep=True, hit=SMALL
        )

    def _level(self, gesture: Gesture) -> float:
        return float(self.grid.arousal[gesture.step])

    def _chord(self, gesture: Gesture, colour: int) -> None:
        """The chord is struck on the hit and rings to the next stroke.

        In calm shots fewer players take part, so that a hit does not make a calm shot busy.
        """
        step = gesture.step
        span = int(self.span_at[step])
        end = self.spans[span].end
        pitches = self.voicings[span]
        accent = {SMALL: 0.1, MEDIUM: 0.3, BIG: 0.6}[gesture.size]
        for pitch in pitches if gesture.size > SMALL else pitches[-3:]:
            self._put("harmony", step, end, pitch, accent)
        level = self._level(gesture)
        struck = gesture.size > SMALL or level >= self.style.enters["drums"]
        busy = level > 0.35 or gesture.size == BIG
        # Pads swell slowly: where no drum marks the hit, the keys do.
        if struck and (not busy or (gesture.size == SMALL and colour % 2)):
            return
        low, high = self.style.ranges["keys"]
        chord = ladder(self.spans[span].chord.tones, max(low, min(pitches[0], high - 12)), high)
        above = [pitch for pitch in chord if pitch <= pitches[-1] + 9]  # within reach of the chord
        n = {SMALL: 1, MEDIUM: 3, BIG: 4}[gesture.size]
        for pitch in (above or chord)[-n:] if gesture.size == SMALL else chord[:n]:
            self._put("keys", step, min(step + self.grid.beat, end), pitch, 0.2)

    def _low_and_struck(self, gesture: Gesture, colour: int) -> None:
        step, style, level = gesture.step, self.style, self._level(gesture)
        span = int(self.span_at[step])
        end = self.spans[span].end
        if gesture.size > SMALL or level > style.enters["bass"] + 0.2:
            self._put("bass", step, end, self.roots[span], 0.2 * gesture.size)
        quiet = level < style.enters["drums"]
        small = style.small_hits[colour % len(style.small_hits)]
        if gesture.size == SMALL:
            names = () if quiet else (small,)
        elif gesture.size == MEDIUM:
            loud = "crash" if level > 0.55 or colour % 2 else small
            names = (small,) if quiet else ("kick", loud)
        else:
            names = style.big_hits[:2] if quiet else style.big_hits
        for name in names:
            accent = 0.25 * (gesture.size - 1) - 0.3 * quiet
            stroke = drum_tone(step, name)
            self._put("drums", step, stroke.end, stroke.pitch, accent)
        if gesture.size == BIG and not quiet:
            low, high = style.ranges["strings"]
            top = nearest((low + high) // 2 + 5, set(self.spans[span].chord.tones))
            for pitch in (top, top - 12):
                if low <= pitch <= high:
                    self._put("strings", step, end, pitch, 0.5)

    def _before(self, draft: Draft, gesture: Gesture, coin: float, sizes: dict[int, int]) -> None:
        """What leads to a hit: a swell, a moment of silence, or steps of the scale."""
        step, grid = gesture.step, self.grid
        before = float(grid.arousal[max(step - 1, 0)])
        if gesture.size == BIG:
            self._swell(draft, gesture, coin)
        if gesture.size == BIG and before > 0.45 and coin < self.style.stop:
            gap = max(grid.beat // 2, 2)
            for part in ("drums", "bass", "keys", "strings"):
                draft[part] = [tone for tone in draft[part] if not step - gap <= tone.step < step]
                for tone in draft[part]:
                    if tone.step < step - gap < tone.end and DRUMS["riser"] != tone.pitch:
                        tone.length = step - gap - tone.step
            return
        n = 2 if gesture.size == MEDIUM else 4
        each = 1 if grid.beat == 4 else 2
        start = step - n * each
        if before < 0.3 + 0.02 * n or start <= grid.first:
            return
        if any(start <= other < step for other in sizes):
            return
        target = self.voicings[int(self.span_at[step])][-1]
        low, high = self.style.ranges["keys"]
        target = target - 12 if target > high else target + 12 if target < low + 8 else target
        run = ladder(self.spans[int(self.span_at[start])].chord.scale, low, target - 1)[-n:]
        draft["keys"] = [tone for tone in draft["keys"] if not start <= tone.step < step]
        for i, pitch in enumerate(run):
            at = start + i * each  # the run may cross into another chord
            pitch = nearest(pitch, self.spans[int(self.span_at[at])].chord.scale)
            draft["keys"].append(
                Tone(step=at, length=each, pitch=pitch, keep=True, accent=0.1 * i - 0.2)
            )

    def _swell(self, draft: Draft, gesture: Gesture, coin: float) -> None:
        """A sound of the style that grows until the hit: a reversed cymbal, a riser."""
        if not self.style.swells:
            return
        name = self.style.swells[int(coin * 997) % len(self.style.swells)]
        length = self.grid.bar_steps if name == "riser" else 2 * self.grid.beat
        start = max(gesture.step - length, self.grid.first)
        if gesture.step - start >= self.grid.beat:
            draft["drums"].append(
                Tone(
                    step=start,
                    length=gesture.step - start,
                    pitch=DRUMS[name],
                    keep=True,
                    accent=-0.2,
                )
            )

    def _after(self, draft: Draft, gesture: Gesture) -> None:
        """After a big hit the weak notes of two beats are held back, so that it can ring."""
        step, grid = gesture.step, self.grid
        for part in ("drums", "keys", "bass"):
            for tone in draft[part]:
                if step < tone.step <= step + 2 * grid.beat and grid.level(tone.step) < 2:
                    tone.low += 0.3
                    tone.accent -= 0.15
