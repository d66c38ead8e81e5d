"""Quality of a score as muspy measures it, how it repeats, and how like another one it is.

Conventions
-----------
A NoteTable holds one row a note: whole steps of a grid, onset included, end excluded, MIDI pitch,
and whether it is a drum. Where the name is muspy's, so is the definition (muspy 0.5.0, Dong et al.
2020, `muspy.metrics`), its quirks included; they are named below. Nothing is loaded.

Metrics
-------
pitch_range, n_pitches_used, n_pitch_classes_used, pitch_entropy, pitch_class_entropy,
scale_consistency, polyphony, polyphony_rate (more than two pitches at once)
                        Drums are left out. Entropies are in bits: 0 one pitch, log2(12) all alike.
empty_beat_rate, empty_measure_rate
                        Share of beats, of bars, in which nothing sounds. As in muspy a note that
                        ends on a beat fills that beat too, and the end of the last note begins one
                        more beat; so short rests are missed. silent_beats in score.py is stricter.
groove_consistency      1 - mean Hamming distance of the onset patterns of neighbouring bars.
groove_similarity       The same over all pairs of bars (Wu and Yang 2020).
self_similarity         (B, B) cosine similarity of bars as pitch class by step, drums beside.
repetition              Mean over bars from the second on of the greatest similarity to an earlier
                        bar: 1 a piece made of one bar, 0 one that never says a thing twice.
structure_contrast      Mean similarity at the lag that repeats best less the mean of all lags: how
                        plainly the piece is built of phrases of one length; 0 for an even texture.
histogram_overlap       Shared area of two normalised histograms, in [0, 1].
overlaps                That of pitch, of duration and of inter-onset interval of two scores.
evaluate                All of one score, as a dict ready for JSON.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..types import Score

_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_ROWS = 12 + 128
"""Pitch classes, and keys of drums."""
_LONGEST_LAG = 16
"""Bars; phrases and sections are shorter."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class NoteTable:
    """Notes of one piece on a grid; all arrays of shape (N,)."""

    onsets: np.ndarray
    """int steps from the start, 0 or more."""
    ends: np.ndarray
    """int steps, above the onset."""
    pitches: np.ndarray
    """int, 0 ... 127; for drums the key of the instrument."""
    drums: np.ndarray
    """bool."""
    steps_per_beat: int
    steps_per_bar: int

    def __post_init__(self) -> None:
        arrays = (self.onsets, self.ends, self.pitches, self.drums)
        if len({np.shape(a) for a in arrays}) > 1 or np.ndim(self.onsets) != 1:
            raise InputError("The columns of the notes differ in length; one value a note each.")
        if (self.onsets < 0).any() or (self.ends <= self.onsets).any():
            raise InputError("A note begins before step 0 or ends before it begins. Correct it.")
        if (self.pitches < 0).any() or (self.pitches > 127).any():
            raise InputError("A pitch lies outside of 0 to 127. Correct it.")
        if self.steps_per_beat < 1 or self.steps_per_bar % self.steps_per_beat:
            raise InputError(
                f"A bar of {self.steps_per_bar} steps does not hold whole beats of"
                f" {self.steps_per_beat} steps. Correct the metre."
            )

    @property
    def n_steps(self) -> int:
        """Steps up to the end of the last note."""
        return int(self.ends.max(initial=0))

    def pitched(self) -> np.ndarray:
        """Pitches of all notes but drums."""
        return self.pitches[~self.drums]


def note_table(score: Score) -> NoteTable:
    """The notes of a score on its grid; swing and human timing left out, ends rounded up.

    Bars are taken as regular from the first downbeat on (muspy knows no other); what lies before
    it is moved into a bar of its own.
    """
    beat = score.metre.steps_per_beat
    bar = beat * score.metre.beats_per_bar
    shift = -((score.downbeats[0] if score.downbeats else 0) * beat) % bar
    rows = [
        (
            note.step + shift,
            note.step + shift + max(math.ceil(note.duration_steps - 1e-6), 1),
            note.pitch,
            part == "drums",
        )
        for part, notes in score.parts
        for note in notes
    ]
    columns = np.array(rows, int).reshape(-1, 4)
    return NoteTable(
        onsets=columns[:, 0],
        ends=columns[:, 1],
        pitches=columns[:, 2],
        drums=columns[:, 3].astype(bool),
        steps_per_beat=beat,
        steps_per_bar=bar,
    )


def pitch_range(notes: NoteTable) -> int:
    """Semitones between the lowest and the highest pitch; 0 without notes."""
    pitches = notes.pitched()
    return int(pitches.max() - pitches.min()) if len(pitches) else 0


def n_pitches_used(notes: NoteTable) -> int:
    """Different pitches."""
    return len(np.unique(notes.pitched()))


def n_pitch_classes_used(notes: NoteTable) -> int:
    """Different pitch classes."""
    return len(np.unique(notes.pitched() % 12))


def pitch_entropy(notes: NoteTable) -> float:
    """Bits of the histogram of pitches, in [0, 7]; NaN without pitched notes."""
    return _entropy(np.bincount(notes.pitched(), minlength=128))


def pitch_class_entropy(notes: NoteTable) -> float:
    """Bits of the histogram of pitch classes, in [0, log2(12)]; NaN without pitched notes."""
    return _entropy(np.bincount(notes.pitched() % 12, minlength=12))


def _entropy(counts: np.ndarray) -> float:
    if not counts.sum():
        return math.nan
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def scale_consistency(notes: NoteTable) -> float:
    """Share of pitched notes in the major scale that holds most of them; NaN without any.

    The natural minor scales hold the same notes as the major ones.
    """
    counts = np.bincount(notes.pitched() % 12, minlength=12)
    if not counts.sum():
        return math.nan
    inside = [sum(counts[(root + step) % 12] for step in _MAJOR) for root in range(12)]
    return float(max(inside) / counts.sum())


def _sounding(notes: NoteTable) -> np.ndarray:
    """(steps,) number of different pitches that sound; drums do not."""
    roll = np.zeros((notes.n_steps, 128), bool)
    for onset, end, pitch in zip(
        notes.onsets[~notes.drums], notes.ends[~notes.drums], notes.pitched(), strict=True
    ):
        roll[onset:end, pitch] = True
    return roll.sum(axis=1)


def polyphony(notes: NoteTable) -> float:
    """Mean number of pitches where at least one sounds; NaN without pitched notes."""
    sounding = _sounding(notes)
    return float(sounding.sum() / (sounding > 0).sum()) if sounding.any() else math.nan


def polyphony_rate(notes: NoteTable, threshold: int = 2) -> float:
    """Share of steps at which more than `threshold` pitches sound; NaN for an empty score."""
    sounding = _sounding(notes)
    return float((sounding > threshold).mean()) if len(sounding) else math.nan


def empty_beat_rate(notes: NoteTable) -> float:
    """Share of beats without a note, as muspy counts; NaN for an empty score."""
    return _empty_rate(notes, notes.steps_per_beat)


def empty_measure_rate(notes: NoteTable) -> float:
    """Share of bars without a note, as muspy counts; NaN for an empty score."""
    return _empty_rate(notes, notes.steps_per_bar)


def _empty_rate(notes: NoteTable, span: int) -> float:
    if notes.n_steps < 1:
        return math.nan
    filled = np.zeros(notes.n_steps // span + 1, bool)
    for onset, end in zip(notes.onsets // span, notes.ends // span, strict=True):
        filled[onset : end + 1] = True
    return float(1 - filled.mean())


def _grooves(notes: NoteTable) -> np.ndarray:
    """(B, steps) whether anything begins at each step of each bar."""
    n_bars = notes.n_steps // notes.steps_per_bar + 1
    grooves = np.zeros((n_bars, notes.steps_per_bar), bool)
    grooves[notes.onsets // notes.steps_per_bar, notes.onsets % notes.steps_per_bar] = True
    return grooves


def groove_consistency(notes: NoteTable) -> float:
    """1 - mean Hamming distance of neighbouring bars' onsets; NaN for fewer than two bars."""
    grooves = _grooves(notes)
    if len(grooves) < 2:
        return math.nan
    return float(1 - (grooves[:-1] != grooves[1:]).mean())


def groove_similarity(notes: NoteTable) -> float:
    """The same over all pairs of bars that hold notes; NaN for fewer than two."""
    grooves = _grooves(notes)
    grooves = grooves[grooves.any(axis=1)]
    if len(grooves) < 2:
        return math.nan
    upper = np.triu_indices(len(grooves), 1)
    return float(1 - (grooves[upper[0]] != grooves[upper[1]]).mean())


def self_similarity(notes: NoteTable) -> np.ndarray:
    """(B, B) cosine of bars: what sounds as pitch class by step, and drum onsets by key.

    A bar without notes is like another such bar (1) and unlike all others (0).
    """
    n_bars = math.ceil(notes.n_steps / notes.steps_per_bar)
    roll = np.zeros((n_bars * notes.steps_per_bar, _ROWS), np.float32)
    for onset, end, pitch, drum in zip(
        notes.onsets, notes.ends, notes.pitches, notes.drums, strict=True
    ):
        if drum:
            roll[onset, 12 + pitch] = 1.0
        else:
            roll[onset:end, pitch % 12] = 1.0
    bars = roll.reshape(n_bars, notes.steps_per_bar * _ROWS)  # (B * steps, rows) -> (B, ...)
    norms = np.linalg.norm(bars, axis=1)
    likeness = (bars @ bars.T) / np.maximum(np.outer(norms, norms), 1e-12)
    empty = norms == 0
    likeness[np.ix_(empty, empty)] = 1.0
    return np.clip(likeness.astype(float), 0.0, 1.0)


def repetition(notes: NoteTable) -> float:
    """Mean greatest similarity of a bar to an earlier one, in [0, 1]; NaN for fewer than two."""
    likeness = self_similarity(notes)
    if len(likeness) < 2:
        return math.nan
    return float(np.mean([likeness[i, :i].max() for i in range(1, len(likeness))]))


def structure_contrast(notes: NoteTable) -> float:
    """Similarity at the best lag less the mean over lags, in [0, 1]; NaN for fewer than 4 bars.

    Lags go up to half the piece and at most 16 bars.
    """
    likeness = self_similarity(notes)
    lags = range(1, min(len(likeness) // 2, _LONGEST_LAG) + 1)
    if len(likeness) < 4:
        return math.nan
    means = [float(np.diagonal(likeness, lag).mean()) for lag in lags]
    return max(means) - float(np.mean(means))


def histogram_overlap(
    a: Sequence[float] | np.ndarray, b: Sequence[float] | np.ndarray, edges: np.ndarray
) -> float:
    """Shared area of the normalised histograms of two lists over `edges`; NaN if one is empty.

    Values beyond the outer edges count in the outer bins.
    """
    if not len(a) or not len(b):
        return math.nan
    shares = []
    for values in (a, b):
        counts = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)[0]
        shares.append(counts / counts.sum())
    return float(np.minimum(*shares).sum())


def inter_onset_steps(notes: NoteTable) -> np.ndarray:
    """Steps between onsets that follow each other; onsets at one step are one."""
    return np.diff(np.unique(notes.onsets))


def overlaps(a: NoteTable, b: NoteTable) -> dict[str, float]:
    """Histogram overlap of pitch (semitones), duration and inter-onset interval (quarter beats).

    Durations are those of pitched notes; intervals are those of all notes. Above 4 beats all are
    one.
    """
    edges = np.arange(0.125, 16.5, 0.25)
    return {
        "pitch_overlap": histogram_overlap(a.pitched(), b.pitched(), np.arange(-0.5, 128.0)),
        "duration_overlap": histogram_overlap(_quarters(a), _quarters(b), edges),
        "inter_onset_overlap": histogram_overlap(
            inter_onset_steps(a) * 4 / a.steps_per_beat,
            inter_onset_steps(b) * 4 / b.steps_per_beat,
            edges,
        ),
    }


def _quarters(notes: NoteTable) -> np.ndarray:
    """Durations of pitched notes in quarters of a beat."""
    return (notes.ends - notes.onsets)[~notes.drums] * 4 / notes.steps_per_beat


def evaluate(notes: NoteTable) -> dict[str, float | int | None]:
    """Every figure of one score by name; None where there is nothing to measure."""
    figures = {
        function.__name__: function(notes)
        for function in (
            pitch_range,
            n_pitches_used,
            n_pitch_classes_used,
            pitch_entropy,
            pitch_class_entropy,
            scale_consistency,
            polyphony,
            polyphony_rate,
            empty_beat_rate,
            empty_measure_rate,
            groove_consistency,
            groove_similarity,
            repetition,
            structure_contrast,
        )
    }
    return {name: None if math.isnan(value) else value for name, value in figures.items()}
