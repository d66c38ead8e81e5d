"""The themes that a piece is made from, told to the denoiser as a lead sheet.

A theme is four bars of tune over four bars of chords, and a fifth bar that closes it. Theme and
contrast are told once, as latent frames that every frame of the piece may look at, and each beat of
the piece is told which of these frames the form plan puts there: so that a tune can come back.
How it is played, by whom, how loud and with what changes, is the model's own affair.
"""

from dataclasses import dataclass

import numpy as np
import torch

from ..codecs.score.latent_codec import ScoreCodec
from ..codecs.score.pitch_rows import key_rows, read_chord
from ..codecs.score.tensor import REGISTERS, SLOTS, PartNotes, ScoreTensor
from ..composing.draft import dice_of
from ..composing.form import Phrase, make_form
from ..composing.grid import Grid, make_grid
from ..composing.harmony import choose_progressions, is_slow, template_chords, template_index
from ..composing.melody import Theme, make_tune
from ..composing.style import Style, load_style
from ..composing.theory import Harmony
from ..types import PARTS, BeatPlan, Chord, Key, Part, Storyboard

LABELS = ("A", "B")
"""Theme and contrast; in an interlude (C) the tune rests."""
BARS = 5
"""Of a theme: four, and the one that closes it."""
CLOSING = BARS - 1
PLAIN_VELOCITY = 80.0
NOWHERE = -1


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ThemePlaces:
    """Where the beats of a piece stand in its themes."""

    frame: np.ndarray
    """(L,) int64 index of the beat of the lead sheet, NOWHERE where no theme is."""
    half: np.ndarray
    """(L,) int64: 0 at full speed; at half speed 1 or 2, the half of that beat which is heard."""


def invent_themes(
    storyboard: Storyboard, plan: BeatPlan, style: str, key: Key, seed: int
) -> ScoreTensor:
    """The lead sheet of a seed: LABELS x BARS bars of lead and chords, on a plain dynamic.

    The same arguments give the themes that `compose` makes its piece from.
    """
    manner = load_style(style)
    grid = make_grid(storyboard, plan)
    dice = dice_of(seed, plan)
    progressions = choose_progressions(manner.chords[key.mode], dice)
    tune = make_tune(grid, manner, key, progressions, dice)
    size = plan.metre.beats_per_bar
    chords = np.zeros((len(LABELS) * BARS * size, SLOTS, 3), dtype=np.int64)
    places, durations = [], []
    for label, bars in zip(LABELS, (progressions.theme, progressions.contrast), strict=True):
        for bar in range(BARS):
            first = (LABELS.index(label) * BARS + bar) * size
            model = template_chords(bars, min(bar, CLOSING - 1), key)
            chords[first : first + size] = _chord_tokens(model, size, key)[:, None]
            notes = _bar(tune.themes[label], bar)
            for step, length, pitch in notes:
                beat, slot = divmod(step, grid.beat)
                places.append((first + beat, slot, _lead_row(pitch, key)))
                durations.append(float(length))
    return _lead_sheet(np.array(places), np.array(durations), chords, grid.beat)


def _bar(theme: Theme, bar: int) -> tuple[tuple[int, int, int], ...]:
    return theme.closed.notes if bar == CLOSING else theme.bars[bar].notes


def _lead_row(pitch: int, key: Key) -> int:
    base, order = key_rows(key)
    octave, semitone = divmod(pitch - base, 12)
    return 12 * (octave - REGISTERS["lead"].lowest) + order.index(semitone)


def _chord_tokens(chords: list[Harmony], n_beats: int, key: Key) -> np.ndarray:
    """(n_beats, 3): the chords of a bar, evenly on its beats."""
    chords = chords[:n_beats]
    tokens = [
        read_chord(Chord(step=0, root=c.root, pitch_classes=c.tones, symbol=c.symbol), key)
        for c in chords
    ]
    return np.array([tokens[beat * len(tokens) // n_beats] for beat in range(n_beats)])


def _lead_sheet(
    places: np.ndarray, durations: np.ndarray, chords: np.ndarray, steps_per_beat: int
) -> ScoreTensor:
    none = PartNotes(places=np.zeros((0, 3), dtype=np.int64), values=np.zeros((0, 3)))
    parts: dict[Part, PartNotes] = dict.fromkeys(PARTS, none)
    plain = np.full(len(places), PLAIN_VELOCITY)
    values = np.stack([plain, durations, np.zeros(len(places))], axis=1)
    order = np.lexsort(places.T[::-1])
    parts["lead"] = PartNotes(places=places[order], values=values[order])
    return ScoreTensor(parts=parts, chords=chords, steps_per_beat=steps_per_beat)


def find_places(storyboard: Storyboard, plan: BeatPlan, style: str) -> ThemePlaces:
    """Which beat of the lead sheet the form plan puts on each beat of the plan."""
    manner = load_style(style)
    grid = make_grid(storyboard, plan)
    form = make_form(grid, plan)
    frame = np.full(plan.n_beats, NOWHERE, dtype=np.int64)
    half = np.zeros(plan.n_beats, dtype=np.int64)
    for phrase in form.phrases:
        if phrase.label not in LABELS:
            continue
        for i, bar in enumerate(phrase.bars):
            if phrase.upbeat and i == 0:
                continue
            for beat in range(bar.start // grid.beat, -(-min(bar.end, form.final) // grid.beat)):
                at = beat - bar.start // grid.beat
                if beat < plan.n_beats and at < plan.metre.beats_per_bar:
                    frame[beat], half[beat] = _place(phrase, i, at, grid, manner)
    return ThemePlaces(frame=frame, half=half)


def _place(phrase: Phrase, bar: int, beat: int, grid: Grid, style: Style) -> tuple[int, int]:
    size = grid.metre.beats_per_bar
    slow = is_slow(phrase, style)
    model = template_index(phrase, bar, slow)
    first = LABELS.index(phrase.label) * BARS * size
    if slow:
        halves = (bar - phrase.upbeat) % 2 * size + beat
        return first + model * size + halves // 2, 1 + halves % 2
    if bar == len(phrase.bars) - 1 and phrase.closed:
        model = CLOSING
    return first + model * size + beat, 0


def encode_themes(codec: ScoreCodec, themes: ScoreTensor) -> torch.Tensor:
    """(C, M): latents of a lead sheet in the channels of lead and chords, zero elsewhere."""
    told = torch.zeros(codec.n_channels, themes.n_beats)
    z = codec.encode_tensor(themes)
    for name in ("lead", "chords"):
        told[codec.channels_of(name)] = z[codec.channels_of(name)]
    return told
