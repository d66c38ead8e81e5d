"""'Corner Light': 24 bars of warm mid-tempo funk in D minor, 104 BPM with a swung sixteenth.

Sections: intro (keys and hats), groove, groove with the tune, breakdown, full chorus, ending.
"""

from collections.abc import Callable

import numpy as np

from . import voices as v
from .mixdown import Event

TEMPO_BPM = 104.0
BEATS_PER_BAR = 4
SWING = 0.58
"""Where in its eighth the second sixteenth falls; 0.5 would be straight."""
PICKUP_S = 0.25
SECTIONS = (
    ("intro", 4),
    ("groove", 4),
    ("verse", 4),
    ("breakdown", 4),
    ("chorus", 8),
    ("ending", 1),
)
N_BARS = sum(n for _, n in SECTIONS)

# Dm9 | Bbmaj7 | Gm9 | A7(#5): root, then the keys' voicing around middle C.
CHORDS = (
    (38, (53, 57, 60, 64)),
    (34, (53, 57, 58, 62)),
    (31, (53, 58, 62, 65)),
    (33, (55, 58, 61, 65)),
)
# Bar, beat, pitch, length in beats: call and answer over four bars.
TUNE = (
    (0, 0.0, 69, 0.75), (0, 0.75, 72, 0.5), (0, 1.5, 74, 1.25), (0, 3.0, 72, 0.5),
    (0, 3.5, 69, 0.5),
    (1, 0.5, 70, 0.75), (1, 1.5, 69, 0.5), (1, 2.0, 65, 1.5), (1, 3.75, 67, 0.25),
    (2, 0.0, 67, 0.75), (2, 0.75, 70, 0.5), (2, 1.5, 74, 1.0), (2, 2.75, 77, 0.75),
    (2, 3.5, 74, 0.5),
    (3, 0.0, 73, 1.0), (3, 1.5, 70, 0.5), (3, 2.0, 69, 1.75),
)  # fmt: skip
KEYS_RHYTHM = ((0.0, 0.6, 0.75), (1.75, 0.2, 0.5), (2.5, 0.8, 0.65), (3.75, 0.2, 0.4))
BASS_RHYTHM = (
    (0.0, 0, 0.65),
    (0.75, 0, 0.2),
    (1.5, 12, 0.4),
    (1.75, 10, 0.2),
    (2.5, 7, 0.45),
    (3.25, 0, 0.2),
    (3.5, 12, 0.3),
)


def open_hat(velocity: float) -> np.ndarray:
    return v.hat(velocity, open_s=0.11)


class Arrangement:
    """Collects the events of the piece; every place is swung, every stroke is a little human."""

    def __init__(self, seed: int):
        self._rng = np.random.default_rng(seed)
        self.events: list[Event] = []

    def play(self, bar: int, beat: float, voice: Callable, velocity: float, **more: float) -> None:
        place = bar * BEATS_PER_BAR + beat
        eighth, inside = divmod(place * 2, 1)
        swung = (
            eighth + (2 * SWING * inside if inside <= 0.5 else 1 - 2 * (1 - SWING) * (1 - inside))
        ) / 2
        strong = beat % 1 == 0
        self.events.append(
            Event(
                beat=swung,
                voice=voice,
                velocity=float(np.clip(velocity * self._rng.normal(1, 0.05), 0.05, 1)),
                late_s=float(self._rng.normal(0, 0.0015 if strong else 0.004)),
                **more,
            )
        )

    def drums(self, bar: int, *, full: bool, fill: bool) -> None:
        kicks = (
            ((0, 0.95), (1.75, 0.5), (2.5, 0.85))
            if bar % 2 == 0
            else ((0, 0.95), (0.75, 0.45), (2.5, 0.85), (3.25, 0.4))
        )
        for beat, velocity in kicks:
            self.play(bar, beat, v.kick, velocity, room=0.04)
        for beat in (1, 3):
            self.play(bar, beat, v.snare, 0.85, pan=-0.05, room=0.14)
        for beat in (1.75, 2.25, 3.75):  # ghost notes
            if self._rng.random() < 0.75:
                self.play(bar, beat, v.snare, 0.14, pan=-0.05, room=0.1)
        for sixteenth in range(16):
            accent = (0.9, 0.3, 0.65, 0.38)[sixteenth % 4]
            self.play(bar, sixteenth / 4, v.hat, accent, pan=0.35, room=0.05)
        if bar % 2:
            self.play(bar, 3.5, open_hat, 0.4, pan=0.35, room=0.05)
        if full:
            for eighth in range(8):
                self.play(bar, eighth / 2, v.shaker, 0.6 if eighth % 2 else 0.9, pan=-0.5)
            for beat in (1, 3):
                self.play(bar, beat, v.clap, 0.35, pan=0.1, room=0.25)
        if fill:
            for index, beat in enumerate((2.0, 2.5, 2.75, 3.0, 3.25, 3.5, 3.75)):
                pitch = (50, 50, 47, 47, 43, 43, 40)[index]
                self.play(
                    bar, beat, v.tom, 0.55 + 0.05 * index, pitch=pitch, pan=0.4 - 0.13 * index
                )

    def bass(self, bar: int) -> None:
        root = CHORDS[bar % 4][0]
        for beat, up, length in BASS_RHYTHM:
            velocity = 0.55 if beat == 0 else 0.42
            self.play(
                bar, beat, v.bass, velocity, pitch=root + up, duration_beats=length, room=0.02
            )

    def keys(self, bar: int, velocity: float = 0.6) -> None:
        for beat, length, share in KEYS_RHYTHM:
            for index, pitch in enumerate(CHORDS[bar % 4][1]):
                self.play(
                    bar, beat, v.electric_piano, velocity * share / 0.7, pitch=pitch,
                    duration_beats=length, pan=-0.35 + 0.2 * index, room=0.2,
                )  # fmt: skip

    def guitar(self, bar: int) -> None:
        for sixteenth in (2, 3, 6, 10, 11, 14):
            for pitch in CHORDS[bar % 4][1][1:]:
                self.play(
                    bar,
                    sixteenth / 4,
                    v.pluck,
                    0.32,
                    pitch=pitch + 12,
                    duration_beats=0.12,
                    pan=0.6,
                )

    def pads(self, bar: int, velocity: float) -> None:
        for index, pitch in enumerate(CHORDS[bar % 4][1]):
            self.play(
                bar,
                0,
                v.pad,
                velocity,
                pitch=pitch,
                duration_beats=3.9,
                pan=-0.6 + 0.4 * index,
                room=0.4,
            )

    def tune(
        self, bar: int, *, octave: int = 0, voice: Callable = v.lead, velocity: float = 0.46
    ) -> None:
        for at, beat, pitch, length in TUNE:
            if at == bar % 4:
                self.play(
                    bar, beat, voice, velocity, pitch=pitch + octave, duration_beats=length,
                    pan=0.1, room=0.35,
                )  # fmt: skip


def arrange(seed: int = 104) -> list[Event]:
    """All events of the piece."""
    a, bar = Arrangement(seed), 0
    for name, n_bars in SECTIONS:
        for index in range(n_bars):
            _bar(a, name, bar, last=index == n_bars - 1)
            if index == 0 and name in ("groove", "chorus"):
                a.play(bar, 0, v.crash, 0.55, pan=-0.3, room=0.2)
            bar += 1
    return a.events


def _bar(a: Arrangement, section: str, bar: int, *, last: bool) -> None:
    if section == "ending":
        for voice, pitch, velocity in ((v.bass, 38, 0.5), (v.lead, 74, 0.4)):
            a.play(bar, 0, voice, velocity, pitch=pitch, duration_beats=3.5, room=0.3)
        for pitch in CHORDS[0][1]:
            a.play(bar, 0, v.electric_piano, 0.7, pitch=pitch, duration_beats=3.8, room=0.4)
        a.play(bar, 0, v.kick, 0.9)
        a.play(bar, 0, v.crash, 0.6, room=0.3)
        return
    a.keys(bar, 0.5 if section in ("intro", "breakdown") else 0.6)
    if section == "intro":
        for sixteenth in range(0, 16, 2):
            a.play(bar, sixteenth / 4, v.hat, 0.8 if sixteenth % 4 == 0 else 0.45, pan=0.35)
        a.play(bar, 0, v.kick, 0.8)
        if last:
            for beat in (2.5, 3.0, 3.5, 3.75):
                a.play(bar, beat, v.snare, 0.35 + 0.12 * beat / 3, room=0.15)
        return
    if section == "breakdown":
        a.pads(bar, 0.25)
        a.tune(bar, octave=0, voice=v.pluck, velocity=0.5)
        for beat in range(4):
            a.play(bar, beat, v.rim, 0.7 if beat % 2 else 0.45, pan=-0.2, room=0.2)
        a.play(bar, 0, v.kick, 0.85)
        a.play(bar, 0, v.bass, 0.4, pitch=CHORDS[bar % 4][0], duration_beats=3.0)
        if last:
            a.drums(bar, full=False, fill=True)
        return
    a.drums(bar, full=section == "chorus", fill=last)
    a.bass(bar)
    a.guitar(bar)
    if section in ("verse", "chorus"):
        a.tune(bar)
    if section == "chorus":
        a.pads(bar, 0.22)
        a.tune(bar, octave=12, voice=v.strings, velocity=0.4)
