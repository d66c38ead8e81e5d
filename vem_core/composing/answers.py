"""What other parts do with the tune: answer it where it rests, double it at the height."""

from dataclasses import replace
from itertools import pairwise

from .draft import Draft, Tone, pitches_at
from .form import Form
from .grid import Bar, Grid
from .melody import ChordAt, settle
from .motif import Cell, fitted
from .style import Style


def add_answers(
    draft: Draft, motif: Cell, grid: Grid, form: Form, style: Style, chord_at: ChordAt
) -> None:
    """In bars without tune the keys play the motif, in long rests they echo its last notes.

    What the keys would play there otherwise is left out.
    """
    lead = sorted(draft["lead"], key=lambda tone: tone.step)
    busy = {tone.step for tone in lead}
    for phrase in form.phrases:
        for i, bar in enumerate(phrase.bars):
            silent = not any(step in busy for step in range(bar.start, bar.end))
            held = pitches_at(lead, [bar.start])[0] is not None
            if silent and not held and not (phrase.upbeat and i == 0):
                _answer(draft, fitted(motif, bar.length), bar, grid, style, chord_at)
    for tone, following in pairwise(lead):
        bar = grid.bar_at(tone.step)
        gap_start = -(-int(tone.end) // grid.beat) * grid.beat
        gap_end = min(following.step, bar.end)
        if gap_end - gap_start >= 2 * grid.beat and gap_end > gap_start:
            last = [t for t in lead if bar.start <= t.step <= tone.step][-3:]
            shift = gap_start - last[0].step
            notes = tuple((t.step + shift - bar.start, int(t.length), t.pitch) for t in last)
            cell = Cell(
                notes=tuple(n for n in notes if bar.start + n[0] < gap_end), size=bar.length
            )
            _answer(draft, cell, bar, grid, style, chord_at)


def double_tune(draft: Draft, form: Form, style: Style) -> None:
    """In intense phrases the strings leave their figure and play the tune, an octave off."""
    low, high = style.ranges["strings"]
    for phrase in form.phrases:
        if phrase.energy < style.double_above:
            continue
        tune = [t for t in draft["lead"] if phrase.start <= t.step < min(phrase.end, form.final)]
        if not tune:
            continue
        middle = sum(tone.pitch for tone in tune) / len(tune)
        octave = next((o for o in (12, -12, 0) if low + 4 <= middle + o <= high - 4), 0)
        draft["strings"] = [
            tone
            for tone in draft["strings"]
            if not any(other.step <= tone.step < other.end for other in tune)
        ]
        for tone in draft["strings"]:
            following = [other.step for other in tune if tone.step < other.step < tone.end]
            tone.length = min([tone.length, *(step - tone.step for step in following)])
        draft["strings"] += [
            Tone(step=tone.step, length=tone.length, pitch=tone.pitch + octave, keep=True)
            for tone in tune
            if low <= tone.pitch + octave <= high
        ]


def _answer(
    draft: Draft, cell: Cell, bar: Bar, grid: Grid, style: Style, chord_at: ChordAt
) -> None:
    if not cell.notes:
        return
    low, high = style.ranges["keys"]
    middle = sum(pitch for _, _, pitch in cell.notes) / len(cell.notes)
    octaves = [12 * i for i in range(-4, 5)]
    shift = min(octaves, key=lambda o: abs(middle + o - (low + 0.6 * (high - low))))
    notes = tuple(
        (s, min(n, cell.size - s), min(max(p + shift, low), high)) for s, n, p in cell.notes
    )
    settled = settle(
        replace(cell, notes=notes),
        lambda step: chord_at(bar.start + step),
        lambda step: grid.level(bar.start + step),
        (low, high),
    )
    start = bar.start + settled.notes[0][0]
    end = bar.start + settled.notes[-1][0] + settled.notes[-1][1]
    draft["keys"] = [tone for tone in draft["keys"] if not start <= tone.step < end]
    for tone in draft["keys"]:
        if tone.step < start < tone.end:
            tone.length = start - tone.step
    draft["keys"] += [
        Tone(step=bar.start + s, length=n, pitch=p, keep=True, accent=0.15)
        for s, n, p in settled.notes
    ]
