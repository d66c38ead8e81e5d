"""The motif that a piece is made from: found in composed music, invented for new music.

It is told to the denoiser once, as latent frames that every frame of the piece may look at, so
that a tune can come back. Only its lead is told, on a plain dynamic: how it sounds is the piece's
own affair.
"""

import zlib
from collections import Counter

import numpy as np
import torch

from ..codecs.score.latent_codec import ScoreCodec
from ..codecs.score.pitch_rows import key_rows
from ..codecs.score.tensor import REGISTERS, SLOTS, PartNotes, ScoreTensor
from ..composing.draft import Dice
from ..composing.form import make_form
from ..composing.grid import make_grid
from ..composing.harmony import choose_progressions
from ..composing.melody import make_tune
from ..composing.style import load_style
from ..types import PARTS, BeatPlan, Key, Part, Storyboard

BARS = 2
PLAIN_VELOCITY = 80.0


def find_motif(tensor: ScoreTensor, storyboard: Storyboard, plan: BeatPlan) -> ScoreTensor | None:
    """The two bars of lead from which a piece is made, alone; None where the lead has no tune.

    They open the statement of the theme (a phrase A of the form plan) that returns most often with
    the same notes; of several, the first. Without such a phrase any bar may open them.
    """
    size = plan.metre.beats_per_bar
    lead = tensor.parts["lead"]
    room = tensor.n_beats - BARS * size
    themes = _theme_starts(storyboard, plan)
    for starts in (themes, list(plan.downbeats)):
        tunes = {b: _tune(lead.places, b, size) for b in starts if b <= room}
        tunes = {start: tune for start, tune in tunes.items() if len(tune) >= 2}
        if tunes:
            break
    else:
        return None
    counts = Counter(tunes.values())
    start = max(tunes, key=lambda b: (counts[tunes[b]], -b))
    inside = (lead.places[:, 0] >= start) & (lead.places[:, 0] < start + BARS * size)
    places = lead.places[inside] - np.array([start, 0, 0])
    return lead_alone(places, lead.values[inside, 1], BARS * size, tensor.steps_per_beat)


def _theme_starts(storyboard: Storyboard, plan: BeatPlan) -> list[int]:
    """Beats on which the phrases A begin, after their upbeat."""
    grid = make_grid(storyboard, plan)
    phrases = [p for p in make_form(grid, plan).phrases if p.label == "A"]
    starts = [p.bars[min(int(p.upbeat), len(p.bars) - 1)].start for p in phrases]
    return [start // grid.beat for start in starts if start % grid.beat == 0]


def _tune(places: np.ndarray, start: int, n_beats: int) -> frozenset[tuple[int, ...]]:
    inside = (places[:, 0] >= start) & (places[:, 0] < start + n_beats)
    return frozenset((int(b) - start, int(s), int(r)) for b, s, r in places[inside])


def lead_alone(
    places: np.ndarray, durations: np.ndarray, n_beats: int, steps_per_beat: int
) -> ScoreTensor:
    """A tensor of nothing but a lead on a plain dynamic, on the tonic."""
    none = PartNotes(places=np.zeros((0, 3), dtype=np.int64), values=np.zeros((0, 3)))
    plain = np.stack(
        [np.full(len(places), PLAIN_VELOCITY), durations, np.zeros(len(places))], axis=1
    )
    parts: dict[Part, PartNotes] = dict.fromkeys(PARTS, none)
    parts["lead"] = PartNotes(places=places, values=plain)
    return ScoreTensor(
        parts=parts,
        chords=np.zeros((n_beats, SLOTS, 3), dtype=np.int64),
        steps_per_beat=steps_per_beat,
    )


def invent_motif(
    storyboard: Storyboard, plan: BeatPlan, style: str, key: Key, seed: int
) -> ScoreTensor:
    """The head of a theme in the style: two bars, drawn by the seed."""
    manner = load_style(style)
    grid = make_grid(storyboard, plan)
    dice = Dice(seed, zlib.crc32(f"{plan.duration_s:.3f} {plan.fps}".encode()))
    progressions = choose_progressions(manner.chords[key.mode], dice)
    theme = make_tune(grid, manner, key, progressions, dice).themes["A"]
    base, order = key_rows(key)
    spb, size = plan.metre.steps_per_beat, plan.metre.beats_per_bar
    places, durations = [], []
    for bar, cell in enumerate(theme.bars[:BARS]):
        for step, length, pitch in cell.notes:
            beat, slot = divmod(step, spb)
            octave, semitone = divmod(pitch - base, 12)
            row = 12 * (octave - REGISTERS["lead"].lowest) + order.index(semitone)
            places.append((bar * size + beat, slot, row))
            durations.append(float(length))
    return lead_alone(np.array(places), np.array(durations), BARS * size, spb)


def encode_motif(codec: ScoreCodec, motif: ScoreTensor | None) -> torch.Tensor:
    """(C, M): latents of the motif in the channels of the lead, zero (the mean) elsewhere."""
    if motif is None:
        return torch.zeros(codec.n_channels, 0)
    told = torch.zeros(codec.n_channels, motif.n_beats)
    lead = codec.channels_of("lead")
    told[lead] = codec.encode_tensor(motif)[lead]
    return told
