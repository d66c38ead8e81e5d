"""Figures of a score: does it obey theory, follow the picture, and meet the hits?

Every function takes values of vem_core.types alone and loads nothing. Onsets of one part at one
step count once, so that a chord weighs no more than a note; a beat is strong if it begins a bar or
stands in the middle of one of four beats (of two in 6/8).
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..types import BeatPlan, Chord, Note, Part, Score, Storyboard
from ..units import beats_to_seconds, seconds_to_beats

BRIGHT_MODES = ("major", "mixolydian")
PITCHED: tuple[Part, ...] = ("bass", "harmony", "keys", "lead", "strings")
_CADENCES = {7, 5, 10, 11, 1, 2, 8}
"""Roots above the tonic of chords that may close: V, IV, bVII, vii, bII, II, bVI."""
_WEIGHTS = {"drums": 1.0, "bass": 0.8, "harmony": 0.6, "keys": 0.5, "lead": 0.8, "strings": 0.6}


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How many of how many."""

    found: int
    total: int

    @property
    def share(self) -> float:
        return self.found / self.total if self.total else 0.0


def note_start_s(note: Note, score: Score) -> float:
    """When a note begins."""
    return beats_to_seconds(
        (note.step + note.offset_steps) / score.metre.steps_per_beat, score.beats_s
    )


def chord_at(score: Score, step: float) -> Chord:
    """The chord of a step. The score must have chords."""
    current = score.chords[0]
    for chord in score.chords:
        if chord.step > step + 1e-6:
            break
        current = chord
    return current


def _chord_table(score: Score) -> list[Chord]:
    last = max((note.step for _, notes in score.parts for note in notes), default=0)
    table: list[Chord] = []
    i = 0
    for step in range(last + 1):
        while i + 1 < len(score.chords) and score.chords[i + 1].step <= step:
            i += 1
        table.append(score.chords[i])
    return table


def outside_notes(score: Score) -> Count:
    """Pitched notes that are neither in the scale of the key nor in the chord of their step."""
    scale, table = set(score.key.scale), _chord_table(score)
    found = total = 0
    for part in PITCHED:
        for note in score.notes(part):
            total += 1
            inside = note.pitch % 12 in scale or note.pitch % 12 in table[note.step].pitch_classes
            found += not inside
    return Count(found=found, total=total)


def strong_steps(score: Score) -> list[int]:
    """Grid steps of strong beats within the clip."""
    beat = score.metre.steps_per_beat
    end = seconds_to_beats(score.duration_s, score.beats_s) * beat
    edges = [*score.downbeats, math.ceil(end / beat)]
    strong = []
    for start, stop in itertools.pairwise(edges):
        strong.append(start * beat)
        if score.metre.beats_per_bar == 4 and stop - start == 4:
            strong.append((start + 2) * beat)
        if score.metre.beats_per_bar == 2 and stop - start == 2:
            strong.append((start + 1) * beat)
    return [step for step in strong if step < end]


def bass_on_chord(score: Score) -> Count:
    """Strong beats on which the bass sounds, and sounds a tone of the chord."""
    table = _chord_table(score)
    bass = score.notes("bass")
    found = total = 0
    for step in strong_steps(score):
        sounding = [n for n in bass if n.step <= step < n.step + n.duration_steps - 0.25]
        for note in sounding[-1:]:
            total += 1
            found += note.pitch % 12 in table[min(step, len(table) - 1)].pitch_classes
    return Count(found=found, total=total)


def parallels(score: Score) -> Count:
    """Moves of the outer voices from chord to chord that run in parallel fifths or octaves.

    The lower voice is the bass, the upper the highest of lead, strings and harmony that sounds when
    the chord begins; a move counts if both voices change pitch class.
    """
    pairs = []
    for chord in score.chords:
        low = _sounding(score.notes("bass"), chord.step)
        high = [
            p for part in ("lead", "strings", "harmony")
            for p in _sounding(score.notes(part), chord.step)
        ]  # fmt: skip
        if low and high:
            pairs.append((min(low), max(high)))
    found = total = 0
    for (low_a, high_a), (low_b, high_b) in itertools.pairwise(pairs):
        if low_a % 12 == low_b % 12 or high_a == high_b:
            continue
        total += 1
        interval = (high_b - low_b) % 12
        found += interval in (0, 7) and (high_a - low_a) % 12 == interval
    return Count(found=found, total=total)


def _sounding(notes: Sequence[Note], step: int) -> list[int]:
    return [n.pitch for n in notes if n.step <= step < n.step + n.duration_steps - 0.25]


def out_of_range(score: Score, ranges: Mapping[str, tuple[int, int]]) -> Count:
    """Pitched notes outside the range of their part."""
    notes = [(ranges[part], n.pitch) for part in PITCHED for n in score.notes(part)]
    return Count(
        found=sum(not low <= pitch <= high for (low, high), pitch in notes), total=len(notes)
    )


def ends_on_cadence(score: Score) -> bool:
    """The last chord stands on the tonic and is reached from a chord that leads to it."""
    if score.chords[-1].root != score.key.tonic:
        return False
    before = [c for c in score.chords[:-1] if c.root != score.key.tonic]
    return bool(before) and (before[-1].root - score.key.tonic) % 12 in _CADENCES


def longest_run_bars(score: Score, part: Part) -> float:
    """The longest stretch, in regular bars, in which a part has no rest of a beat or more."""
    beat = score.metre.steps_per_beat
    longest = 0.0
    start = reached = None
    for note in score.notes(part):
        at = note.step + note.offset_steps
        if start is None or reached is None or at - reached >= beat - 1.0:
            start, reached = at, at
        reached = max(reached, at + note.duration_steps)
        longest = max(longest, reached - start)
    return longest / (beat * score.metre.beats_per_bar)


def silent_beats(score: Score) -> int:
    """Beats of the clip during which nothing sounds."""
    beat = score.metre.steps_per_beat
    end = seconds_to_beats(score.duration_s, score.beats_s)
    first = seconds_to_beats(0.0, score.beats_s)
    sounding = np.zeros(math.ceil(end) + 1, dtype=bool)
    for _, notes in score.parts:
        for note in notes:
            at = (note.step + note.offset_steps) / beat
            last = at + note.duration_steps / beat
            sounding[max(int(at + 1e-9), 0) : math.ceil(last - 1e-6)] = True
    begin = math.ceil(first - 1e-6)
    return int((~sounding[begin : max(math.floor(end + 1e-6), begin)]).sum())


def first_onset_s(score: Score) -> float:
    """When the music speaks; infinite where it never does."""
    return min((note_start_s(n, score) for _, ns in score.parts for n in ns), default=math.inf)


def last_sound_s(score: Score) -> float:
    """When the last note ends."""
    beat = score.metre.steps_per_beat
    return max(
        beats_to_seconds((n.step + n.offset_steps + n.duration_steps) / beat, score.beats_s)
        for _, ns in score.parts
        for n in ns
    )


def onsets_s(score: Score) -> np.ndarray:
    """(N,) times of onsets, of all parts; notes of one part at one step count once."""
    times: dict[tuple[str, int], float] = {}
    for part, notes in score.parts:
        for note in notes:
            at = note_start_s(note, score)
            times[part, note.step] = min(times.get((part, note.step), at), at)
    return np.sort(np.array(list(times.values())))


def onset_density(score: Score, storyboard: Storyboard) -> np.ndarray:
    """(S,) onsets a second in each shot."""
    times = onsets_s(score) + 0.02  # an onset that anticipates a cut by a hair belongs to it
    edges = [shot.start_s for shot in storyboard.shots] + [storyboard.duration_s + 0.02]
    counts = np.histogram(times, bins=edges)[0]
    return counts / np.array([shot.duration_s for shot in storyboard.shots])


def spearman(a: Sequence[float] | np.ndarray, b: Sequence[float] | np.ndarray) -> float:
    """Rank correlation; equal values share their mean rank. NaN for constant or too few values."""
    x, y = _ranks(np.asarray(a, dtype=float)), _ranks(np.asarray(b, dtype=float))
    if len(x) < 2 or x.std() == 0 or y.std() == 0:
        return math.nan
    return float(np.corrcoef(x, y)[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def mode_agrees(score: Score, storyboard: Storyboard) -> bool | None:
    """Whether the mode fits the clip's valence; None in the middle third, where either may.

    The valence is that of the shots weighted by their duration: a piece has one key.
    """
    valence = sum(s.affect.valence * s.duration_s for s in storyboard.shots) / storyboard.duration_s
    if abs(valence) <= 1 / 3:
        return None
    return (score.key.mode in BRIGHT_MODES) == (valence > 0)


def brightness(score: Score, storyboard: Storyboard) -> np.ndarray:
    """(S,) share of each shot that sounds on chords with a major third, in [0, 1]."""
    beat = score.metre.steps_per_beat
    starts = [max(beats_to_seconds(c.step / beat, score.beats_s), 0.0) for c in score.chords]
    major = [(c.root + 4) % 12 in c.pitch_classes for c in score.chords]
    shares = []
    for shot in storyboard.shots:
        total = 0.0
        for start, end, is_major in zip(starts, [*starts[1:], 1e9], major, strict=True):
            total += is_major * max(min(end, shot.end_s) - max(start, shot.start_s), 0.0)
        shares.append(total / shot.duration_s)
    return np.array(shares)


def hit_errors_ms(score: Score, plan: BeatPlan) -> np.ndarray:
    """(H,) distance of each planned hit inside the clip to the nearest onset."""
    times = onsets_s(score)
    hits = [hit.beat_s for hit in plan.hits if 0 <= hit.beat_s < plan.duration_s - 0.02]
    if not len(times):
        return np.full(len(hits), math.inf)
    return np.array([1000 * float(np.abs(times - at).min()) for at in hits])


def onset_strengths(score: Score) -> dict[int, float]:
    """Step -> loudness of what begins there: velocities (share of full) weighted by part."""
    strengths: dict[int, float] = {}
    for part, notes in score.parts:
        for note in notes:
            weight = _WEIGHTS[part] * note.velocity / 127
            strengths[note.step] = strengths.get(note.step, 0.0) + weight
    return strengths


def hit_contrast(score: Score, plan: BeatPlan) -> float:
    """Mean onset strength at planned hits over the median at all other onsets; NaN without hits."""
    strengths = onset_strengths(score)
    beat = score.metre.steps_per_beat
    hits = {round(seconds_to_beats(hit.beat_s, score.beats_s) * beat) for hit in plan.hits}
    at_hits = [strengths.get(step, 0.0) for step in hits]
    others = [strength for step, strength in strengths.items() if step not in hits]
    if not at_hits or not others:
        return math.nan
    return float(np.mean(at_hits) / np.median(others))
