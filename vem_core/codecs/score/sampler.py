"""Plays the notes of one part: voices placed at exact samples, with velocity, release and choke."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...errors import InputError
from .instruments import Catalogue, Instrument
from .soundbank import SoundBank
from .voices import Voice, make_drum, make_voice

_CHOKED_BY = {46: (42, 44, 46)}
"""An open hi-hat ends where any hi-hat is struck."""
_STEAL_S = 0.08
"""Release (100 dB) of a note that the next one of a monophonic instrument ends."""
_FULL_VELOCITY = 100.0
_SOFT_VELOCITY = 64.0
_HEARD_DB = 80.0
"""A release is followed this far down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A note in samples; start may lie before 0."""

    start: int
    stop: int
    pitch: int
    velocity: int
    release_s: float | None = None
    """Instead of the voice's own."""


def loudness_of(velocity: int) -> float:
    """Amplitude of a velocity, 1 at 100: accents 4.7 dB from 64 to 100, and a whisper still heard.

    Below 64 the fall is less than half as steep: what is played softly is darker rather than gone,
    since a film's calm shots are listened to at the same volume as its climax.
    """
    soft = min(velocity, _SOFT_VELOCITY) / _SOFT_VELOCITY
    loud = max(velocity, _SOFT_VELOCITY) / _FULL_VELOCITY
    return soft**0.5 * loud**1.2


def brightness_of(velocity: int) -> float:
    """Share of the edge that is heard: little at a whisper, all of it from 120 on."""
    return min(1.0, velocity / 120.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Player:
    """Bank, catalogue and rate that parts are played with; `check` may raise to interrupt."""

    bank: SoundBank
    catalogue: Catalogue
    sample_rate: int
    check: Callable[[], None]

    def play(self, events: Sequence[Event], instrument: Instrument, n_samples: int) -> np.ndarray:
        """(C, n_samples) float32: what the instrument plays, one channel if it has no width.

        Raises:
            InputError: a drum is asked for that the kit lacks.
        """
        if instrument.doubled:
            once = replace(instrument, doubled=False)
            again = replace(once, zone_shift=5, tune_cents=4.0)
            left = self.play(events, once, n_samples)
            right = self.play(self._second_take(events), again, n_samples)
            return np.concatenate([left, right]) * np.float32(math.sqrt(0.5))
        events = _choke(events) if instrument.kit else _retrigger(events, instrument)
        by_pitch: dict[int, list[Event]] = {}
        for event in events:
            by_pitch.setdefault(event.pitch, []).append(event)
        sound: np.ndarray | None = None
        for pitch in sorted(by_pitch):
            self.check()
            voice = self._voice(instrument, pitch, by_pitch[pitch], n_samples)
            if sound is None:
                sound = np.zeros((len(voice.dark), n_samples), dtype=np.float32)
            elif len(voice.dark) > len(sound):
                sound = np.repeat(sound, 2, axis=0) * np.float32(math.sqrt(0.5))
            for event in by_pitch[pitch]:
                self._place(sound, voice, event, one_shot=bool(instrument.kit))
        return np.zeros((1, n_samples), dtype=np.float32) if sound is None else sound

    def _voice(
        self, instrument: Instrument, pitch: int, events: Sequence[Event], n_samples: int
    ) -> Voice:
        if instrument.kit:
            drum = instrument.kit.get(pitch)
            if drum is None:
                raise InputError(
                    f"The drums play key {pitch}, which '{instrument.name}' lacks; it has keys"
                    f" {min(instrument.kit)} to {max(instrument.kit)}. Move those notes."
                )
            gain_db = self.catalogue.drum_gains_db.get(drum.sound, 0.0) + instrument.gain_db
            return make_drum(drum, gain_db, self.bank, self.sample_rate)
        longest = max(min(e.stop, n_samples) - e.start for e in events)
        release_s = instrument.release_s
        if release_s is None:
            release_s = (
                instrument.patch.release_s
                if instrument.patch
                else self.bank.zone(instrument.sample, pitch).release_s
            )
        n = longest + round(_HEARD_DB / 100 * release_s * self.sample_rate)
        return make_voice(instrument, pitch, max(n, 64), self.bank, self.sample_rate)

    def _second_take(self, events: Sequence[Event]) -> list[Event]:
        """The same notes played again: up to 8 ms later and a little softer or harder."""
        taken = []
        for number, event in enumerate(events):
            chance = (number * 0.6180339887) % 1.0
            late = round(0.008 * chance * self.sample_rate)
            velocity = min(127, max(1, event.velocity + round(8 * ((chance * 7.0) % 1.0) - 4)))
            taken.append(
                replace(event, start=event.start + late, stop=event.stop + late, velocity=velocity)
            )
        return taken

    def _place(self, sound: np.ndarray, voice: Voice, event: Event, *, one_shot: bool) -> None:
        n_voice = voice.dark.shape[1]
        start = event.stop - n_voice if voice.ends_with_note else event.start
        release_s = voice.release_s if event.release_s is None else event.release_s
        n_release = max(round(_HEARD_DB / 100 * release_s * self.sample_rate), 1)
        held = max(event.stop - start, 0)
        if voice.ends_with_note or (one_shot and event.release_s is None):
            held = n_voice
        first = max(0, -start)
        last = min(n_voice, held + n_release, sound.shape[1] - start)
        if last <= first:
            return
        gain = np.float32(loudness_of(event.velocity))
        edge = np.float32(loudness_of(event.velocity) * brightness_of(event.velocity))
        piece = voice.dark[:, first:last] * gain
        piece += voice.edge[:, first:last] * edge
        if last > held:
            fall = np.arange(max(first, held) - held, last - held, dtype=np.float32)
            rate = np.float32(-5 * math.log(10) / (release_s * self.sample_rate))
            piece[:, max(held - first, 0) :] *= np.exp(rate * fall)
        if first:
            n_fade = min(round(0.004 * self.sample_rate), piece.shape[1])
            piece[:, :n_fade] *= np.linspace(0, 1, n_fade, dtype=np.float32)
        sound[:, start + first : start + last] += piece


def _retrigger(events: Sequence[Event], instrument: Instrument) -> list[Event]:
    """A note struck again ends its predecessor; on a monophonic instrument any note does."""
    ordered = sorted(events, key=lambda e: (e.start, e.pitch))
    following: dict[int, int] = {}
    done = []
    for event in reversed(ordered):
        line = -1 if instrument.monophonic else event.pitch
        next_start = following.get(line)
        following[line] = event.start
        if next_start is not None and event.start < next_start < event.stop:
            release_s = _STEAL_S if instrument.monophonic else None
            event = replace(event, stop=next_start, release_s=release_s)
        done.append(event)
    return done[::-1]


def _choke(events: Sequence[Event]) -> list[Event]:
    struck = {
        pitch: sorted(e.start for e in events if e.pitch in by) for pitch, by in _CHOKED_BY.items()
    }
    done = []
    for event in events:
        later = [s for s in struck.get(event.pitch, ()) if s > event.start]
        done.append(replace(event, stop=later[0], release_s=0.06) if later else event)
    return done
