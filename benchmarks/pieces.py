"""Pieces of music with known beats, in ten styles, for the benchmarks of tracking and snapping.

Each style is a small arranger: chords, patterns and fills drawn from a seeded generator, played
with human timing (sigma 4 ms), rendered by the voices of scripts/demo_music. The true beats are the
grid.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from scripts.demo_music import voices as v
from scripts.demo_music.mixdown import Event, render
from vem_core.types import Affect, Motion, Picture, Shot, Storyboard, Transition

PROGRESSIONS = (
    ((0, "maj"), (9, "min"), (5, "maj"), (7, "maj")),
    ((9, "min"), (5, "maj"), (0, "maj"), (7, "maj")),
    ((2, "min"), (7, "maj"), (0, "maj"), (9, "min")),
    ((0, "maj"), (7, "maj"), (9, "min"), (5, "maj")),
    ((9, "min"), (2, "min"), (4, "min"), (9, "min")),
)
CHORDS = {"maj": (0, 4, 7, 11), "min": (0, 3, 7, 10)}
PENTATONIC = (0, 2, 4, 7, 9, 12, 14, 16)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A rendered piece and its truth."""

    name: str
    sound: np.ndarray
    """(2, T) float32."""
    sample_rate: int
    beats_s: np.ndarray
    downbeats: np.ndarray
    """Indices into beats_s."""
    tempo_bpm: float


class Band:
    """Collects events; knows the key and the chords."""

    def __init__(self, rng: np.random.Generator, n_bars: int, per_bar: int):
        self.rng, self.n_bars, self.per_bar = rng, n_bars, per_bar
        self.key = int(rng.integers(-5, 7))
        self.chords = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
        self.events: list[Event] = []

    def chord(self, bar: int, base: int = 60) -> list[int]:
        root, kind = self.chords[bar % len(self.chords)]
        low = base + (root + self.key) % 12
        return [low + step for step in CHORDS[kind]]

    def root(self, bar: int) -> int:
        return 36 + (self.chords[bar % len(self.chords)][0] + self.key) % 12

    def tune(self) -> int:
        return 72 + self.key % 12 + int(self.rng.choice(PENTATONIC))

    def add(self, beat: float, voice: Callable, velocity: float, **more: float) -> None:
        late_s = float(self.rng.normal(0, 0.004))
        velocity = float(np.clip(velocity * self.rng.uniform(0.88, 1.08), 0.05, 1))
        self.events.append(Event(beat=beat, voice=voice, velocity=velocity, late_s=late_s, **more))

    def drum(self, bar: int, voice: Callable, hits: dict[float, float], pan: float = 0.0) -> None:
        for beat, velocity in hits.items():
            self.add(bar * self.per_bar + beat, voice, velocity, pan=pan, room=0.08)

    def note(self, bar: int, beat: float, voice: Callable, pitch: int, **more: float) -> None:
        velocity = more.pop("velocity", 0.7)
        self.add(bar * self.per_bar + beat, voice, velocity, pitch=pitch, **more)

    def stab(
        self, bar: int, beat: float, voice: Callable, duration_beats: float, velocity: float
    ) -> None:
        for index, pitch in enumerate(self.chord(bar)):
            pan = 0.5 * (index / 1.5 - 1)
            self.note(
                bar, beat, voice, pitch, duration_beats=duration_beats, velocity=velocity, pan=pan
            )


def evenly(step: float, end: float, velocity: float, offset: float = 0.0) -> dict[float, float]:
    """One stroke every `step` beats."""
    return {float(b): velocity for b in np.arange(offset, end - 1e-9, step)}


OPEN_HAT = partial(v.hat, open_s=0.12)
SPICCATO = partial(v.strings, attack_s=0.012)


def house(b: Band, bar: int) -> None:
    b.drum(bar, v.kick, evenly(1, 4, 0.95))
    b.drum(bar, v.clap, {1: 0.6, 3: 0.6})
    b.drum(bar, OPEN_HAT, evenly(1, 4, 0.5, 0.5), pan=0.2)
    if bar % 4 >= 2:
        b.drum(bar, v.shaker, evenly(0.25, 4, 0.35), pan=-0.3)
    for beat in (0.5, 1.5, 2.5, 3.25, 3.5):
        b.note(bar, beat, v.synth_bass, b.root(bar), duration_beats=0.3, velocity=0.7)
    for beat in (0, 0.75, 1.5, 2.5):
        b.stab(bar, beat, v.electric_piano, 0.4, 0.45)


def funk(b: Band, bar: int) -> None:
    b.drum(bar, v.kick, {0: 0.95, 0.75: 0.5, 2.5: 0.85, **({3.75: 0.5} if bar % 2 else {})})
    ghosts = {beat: 0.16 for beat in (0.28, 1.78, 2.28, 3.28) if b.rng.random() < 0.7}
    b.drum(bar, v.snare, {1: 0.8, 3: 0.82, **ghosts})
    hats = {
        k + s: vel
        for k in range(4)
        for s, vel in ((0, 0.6), (0.28, 0.25), (0.5, 0.45), (0.78, 0.25))
    }
    b.drum(bar, v.hat, hats, pan=0.25)
    for beat, up in ((0, 0), (0.78, 12), (1.5, 7), (2.5, 0), (3.28, 10)):
        b.note(bar, beat, v.bass, b.root(bar) + up, duration_beats=0.3, velocity=0.8)
    for beat in (1.28, 1.5, 3.5):
        b.stab(bar, beat, v.electric_piano, 0.2, 0.5)


def swing(b: Band, bar: int) -> None:
    b.drum(bar, v.ride, {0: 0.5, 1: 0.65, 1.66: 0.4, 2: 0.5, 3: 0.65, 3.66: 0.4}, pan=0.3)
    b.drum(bar, v.hat, {1: 0.5, 3: 0.5}, pan=-0.2)
    if b.rng.random() < 0.4:
        b.drum(bar, v.snare, {float(b.rng.choice((0.66, 1.66, 2.66, 3.66))): 0.25})
    line = (0, 4 if b.chords[bar % 4][1] == "maj" else 3, 7, 9)
    for beat, up in enumerate(line):
        b.note(bar, beat, v.bass, b.root(bar) + up, duration_beats=0.9, velocity=0.8)
    for beat in ((0, 1.66), (0.66, 2), (1.66, 3.66))[b.rng.integers(3)]:
        b.stab(bar, beat, v.piano, 0.5, 0.5)
    if bar % 4 < 3:
        for beat in sorted(b.rng.choice((0, 0.66, 1, 1.66, 2, 2.66, 3, 3.66), 4, replace=False)):
            b.note(bar, beat, v.lead, b.tune(), duration_beats=0.6, velocity=0.7)


def half_time(b: Band, bar: int) -> None:
    b.drum(bar, v.kick, {0: 1.0, 2.5: 0.7, **({1.75: 0.6} if bar % 2 else {})})
    b.drum(bar, v.snare, {1: 0.95, 3: 0.95})
    b.drum(bar, v.hat, evenly(0.25, 4, 0.35) | evenly(0.5, 4, 0.5), pan=0.2)
    for beat, length in ((0, 0.9), (1.75, 0.6), (2.5, 1.3)):
        b.note(bar, beat, v.synth_bass, b.root(bar), duration_beats=length, velocity=0.8)
    b.stab(bar, 0, v.pad, 3.8, 0.6)
    for beat in sorted(b.rng.choice((0.5, 1, 1.5, 2, 3, 3.5), 3, replace=False)):
        b.note(bar, beat, v.pluck, b.tune(), duration_beats=0.6, velocity=0.6, pan=-0.3)


def ballad(b: Band, bar: int) -> None:
    chord = b.chord(bar, 55)
    for i, index in enumerate((0, 1, 2, 3, 2, 1, 2, 1)):
        velocity = 0.7 if i == 0 else 0.5 if i % 2 == 0 else 0.38
        b.note(bar, i / 2, v.piano, chord[index], duration_beats=0.9, velocity=velocity, room=0.3)
    b.note(bar, 0, v.piano, b.root(bar), duration_beats=3.9, velocity=0.7, room=0.3)
    if bar % 2:
        b.note(bar, 2, v.piano, b.root(bar) + 7, duration_beats=1.9, velocity=0.5, room=0.3)
    b.stab(bar, 0, v.pad, 3.8, 0.4)
    for beat in ((0, 1.5, 2), (0, 2, 3), (1, 2, 2.5, 3))[b.rng.integers(3)]:
        b.note(bar, beat, v.strings, b.tune(), duration_beats=0.9, velocity=0.6, room=0.4)


def waltz(b: Band, bar: int) -> None:
    b.note(bar, 0, v.bass, b.root(bar), duration_beats=0.9, velocity=0.8)
    for beat in (1, 2):
        b.stab(bar, beat, v.piano, 0.5, 0.45)
    rhythm = ((0,), (0, 2), (0, 1, 2), (0, 1.5, 2))[b.rng.integers(4)]
    for beat, after in zip(rhythm, (*rhythm[1:], 3), strict=True):
        b.note(bar, beat, v.strings, b.tune(), duration_beats=after - beat, velocity=0.7, room=0.3)
    if bar % 8 == 7:
        b.drum(bar, v.shaker, evenly(1, 3, 0.6))


def six_eight(b: Band, bar: int) -> None:
    """Two dotted-quarter beats a bar; an eighth is a third of a beat."""
    strum = (0.75, 0.3, 0.4, 0.65, 0.3, 0.42)
    for i, velocity in enumerate(strum):
        chord = b.chord(bar, 52)
        for late, pitch in enumerate(chord[:3] if i % 3 else chord):
            b.note(
                bar,
                i / 3 + 0.008 * late,
                v.pluck,
                pitch,
                duration_beats=0.5,
                velocity=velocity,
                pan=-0.2,
            )
    b.drum(bar, v.kick, {0: 0.7})
    b.drum(bar, v.rim, {1: 0.5})
    if bar % 4 >= 2:
        b.drum(bar, v.shaker, evenly(1 / 3, 2, 0.5))
    b.note(bar, 0, v.bass, b.root(bar), duration_beats=0.9, velocity=0.7)
    b.note(bar, 1, v.bass, b.root(bar) + 7, duration_beats=0.9, velocity=0.6)
    for i in sorted(b.rng.choice(6, 3, replace=False)):
        b.note(bar, i / 3, v.lead, b.tune(), duration_beats=0.4, velocity=0.7, room=0.3)


def bossa(b: Band, bar: int) -> None:
    clave = (0, 1.5, 3) if bar % 2 == 0 else (1, 2.5)
    b.drum(bar, v.rim, dict.fromkeys(clave, 0.6), pan=-0.2)
    b.drum(bar, v.kick, {0: 0.6, 1.5: 0.25, 2: 0.6, 3.5: 0.25})
    b.drum(bar, v.hat, {1: 0.5, 3: 0.5})
    b.drum(bar, v.shaker, evenly(0.5, 4, 0.5) | evenly(0.5, 4, 0.35, 0.25), pan=0.3)
    for beat, up, velocity in ((0, 0, 0.8), (1.5, 7, 0.45), (2, 7, 0.8), (3.5, 0, 0.45)):
        length = 0.5 if beat % 1 else 1.4
        b.note(bar, beat, v.bass, b.root(bar) + up, duration_beats=length, velocity=velocity)
    for beat in (0, 1, 1.5, 2.5, 3.5) if bar % 2 == 0 else (0.5, 1.5, 2, 3, 3.5):
        b.stab(bar, beat, v.pluck, 0.4, 0.45)
    for beat in sorted(b.rng.choice((0, 0.5, 1.5, 2, 2.5, 3.5), 3, replace=False)):
        b.note(bar, beat, v.lead, b.tune(), duration_beats=0.7, velocity=0.6)


def drum_and_bass(b: Band, bar: int) -> None:
    b.drum(bar, v.kick, {0: 1.0, 2.5: 0.9, **({1.75: 0.5} if bar % 4 == 3 else {})})
    b.drum(bar, v.snare, {1: 0.9, 3: 0.9, 1.75: 0.2, 2.25: 0.2, **({3.75: 0.3} if bar % 2 else {})})
    b.drum(bar, v.hat, evenly(0.5, 4, 0.5), pan=0.2)
    for beat, length in ((0, 1.4), (1.5, 0.9), (2.5, 1.4)):
        b.note(bar, beat, v.synth_bass, b.root(bar // 2), duration_beats=length, velocity=0.8)
    if bar % 2 == 0:
        b.stab(bar // 2, 0, v.pad, 7.8, 0.5)
        b.events[-4:] = [
            Event(beat=bar * 4, voice=v.pad, pitch=e.pitch, velocity=0.5, duration_beats=7.8)
            for e in b.events[-4:]
        ]
    for beat in sorted(b.rng.choice(np.arange(8) / 2, 2, replace=False)):
        b.note(bar, beat, v.pluck, b.tune(), duration_beats=0.5, velocity=0.6, pan=-0.3)


def orchestral(b: Band, bar: int) -> None:
    chord = b.chord(bar, 55)
    for i in range(8):
        pitch = chord[(0, 2, 1, 2, 0, 2, 1, 2)[i]]
        velocity = 0.8 if i in (0, 4) else 0.55 if i % 2 == 0 else 0.45
        b.note(
            bar, i / 2, SPICCATO, pitch, duration_beats=0.22, velocity=velocity, pan=-0.3, room=0.4
        )
    for beat in (0, 1, 2, 3):
        b.note(
            bar,
            beat,
            SPICCATO,
            b.root(bar) + 12,
            duration_beats=0.4,
            velocity=0.6,
            pan=0.4,
            room=0.4,
        )
    b.note(bar, 0, v.tom, 36, velocity=0.9 if bar % 2 == 0 else 0.6, room=0.5)
    if bar % 4 == 3:
        for beat in (2, 2.5, 3, 3.5):
            b.note(bar, beat, v.tom, 40, velocity=0.5, room=0.5)
    b.stab(bar, 0, v.strings, 3.9, 0.4)
    if bar % 2 == 0:
        b.note(bar, 0, v.strings, b.tune(), duration_beats=2.8, velocity=0.7, room=0.4)


STYLES: dict[str, tuple[Callable[[Band, int], None], int, tuple[float, float]]] = {
    "house": (house, 4, (118, 130)),
    "funk": (funk, 4, (90, 112)),
    "swing": (swing, 4, (100, 170)),
    "half-time": (half_time, 4, (66, 84)),
    "ballad": (ballad, 4, (62, 86)),
    "waltz": (waltz, 3, (96, 150)),
    "six-eight": (six_eight, 2, (54, 80)),
    "bossa": (bossa, 4, (112, 140)),
    "drum-and-bass": (drum_and_bass, 4, (164, 176)),
    "orchestral": (orchestral, 4, (88, 132)),
}
"""Arranger of one bar, beats in a bar, usual tempi in BPM."""


def make_piece(
    style: str, seed: int, *, duration_s: float = 40.0, tempo_bpm: float | None = None
) -> Piece:
    """A piece of about `duration_s` seconds; tempo, key, chords and patterns follow from the
    seed."""
    arrange, per_bar, tempi = STYLES[style]
    rng = np.random.default_rng([seed, *style.encode()])
    if tempo_bpm is None:
        tempo_bpm = float(rng.uniform(*tempi))
    lead_in_s = float(rng.uniform(0.05, 0.9))
    n_bars = max(4, round((duration_s - lead_in_s) * tempo_bpm / 60 / per_bar))
    band = Band(rng, n_bars, per_bar)
    for bar in range(n_bars):
        arrange(band, bar)
    beats_s = lead_in_s + 60 / tempo_bpm * np.arange(n_bars * per_bar + 1)
    sound = render(band.events, beats_s, beats_s[-1] + 1.0, reverb_s=float(rng.uniform(0.5, 1.8)))
    return Piece(
        name=f"{style} {seed}",
        sound=sound,
        sample_rate=v.RATE,
        beats_s=beats_s[:-1],
        downbeats=np.arange(0, n_bars * per_bar, per_bar),
        tempo_bpm=tempo_bpm,
    )


def drum_loop(seed: int, tempo_bpm: float, *, n_bars: int = 4) -> Piece:
    """A loop of drums alone that ends on its bar line, so that it repeats without a gap."""
    rng = np.random.default_rng([seed, 77])
    band = Band(rng, n_bars, 4)
    pattern = seed % 4
    for bar in range(n_bars):
        kicks: tuple[dict[float, float], ...] = (
            {0: 1, 2: 0.9},
            {0: 1, 1.5: 0.7, 2: 0.8},
            evenly(1, 4, 1),
            {0: 1, 0.75: 0.6, 2.5: 0.9},
        )
        band.drum(bar, v.kick, kicks[pattern])
        band.drum(bar, v.snare, {1: 0.8, 3: 0.8, **({3.75: 0.4} if bar == n_bars - 1 else {})})
        band.drum(bar, v.hat, evenly(0.5, 4, 0.45) | evenly(1, 4, 0.6), pan=0.2)
    beats_s = 60 / tempo_bpm * np.arange(n_bars * 4 + 1)
    first = min(e.late_s for e in band.events if e.beat == 0)
    sound = render(band.events, beats_s + max(0.0, -first), beats_s[-1], reverb_s=0.4)
    return Piece(
        name=f"loop {tempo_bpm:.0f}",
        sound=sound,
        sample_rate=v.RATE,
        beats_s=beats_s[:-1] + max(0.0, -first),
        downbeats=np.arange(0, n_bars * 4, 4),
        tempo_bpm=tempo_bpm,
    )


def storyboard(times_s: list[float], duration_s: float, rng: np.random.Generator) -> Storyboard:
    """A storyboard with cuts at these times and random moods."""
    edges = [0.0, *times_s, duration_s]
    shots = tuple(
        Shot(
            start_s=a,
            end_s=b,
            affect=Affect(valence=0.0, arousal=float(rng.uniform(0.2, 0.9))),
            picture=Picture(
                keyframe_s=a,
                brightness=0.5,
                saturation=0.5,
                contrast=0.5,
                warmth=0.0,
                hues=(0.0,) * 12,
            ),
            motion=Motion(mean=0.1, peak=0.2),
        )
        for a, b in pairwise(edges)
    )
    cuts = tuple(Transition(time_s=t, strength=float(rng.uniform(0.3, 1))) for t in times_s)
    return Storyboard(duration_s=duration_s, fps=Fraction(25), shots=shots, transitions=cuts)
