"""One sounding pitch of an instrument, ready to be placed: resampled or synthesised, with envelope.

Rendering groups the notes of a part by pitch: a voice is made once, as long as its longest note.
"""

import math
from dataclasses import dataclass

import numpy as np

from .instruments import Drum, Instrument
from .packages import load_pedalboard, load_soxr
from .percussion import END_ALIGNED, SOUNDS
from .soundbank import DRUMS, SoundBank, Zone
from .synth import synth_voice

_DARK_DRUM_HZ = 1800.0
_DRUM_FADE_S = 0.03


@dataclass(kw_only=True, slots=True)
class Voice:
    """A held note of full strength; (C, n) float32 each."""

    dark: np.ndarray
    """The low-passed sound: a soft touch."""
    edge: np.ndarray
    """What a hard touch adds to it."""
    release_s: float
    """Time for a fall of 100 dB after the note ends."""
    ends_with_note: bool = False
    """It leads into something: its end, not its start, lies at the note's place."""


def make_voice(
    instrument: Instrument, pitch: int, n_samples: int, bank: SoundBank, sample_rate: int
) -> Voice:
    """A voice of up to `n_samples` samples; shorter where the sound itself is."""
    if instrument.patch is not None:
        sound = synth_voice(instrument.patch, pitch, n_samples, sample_rate)
        release_s = instrument.patch.release_s
    else:
        zone = bank.zone(instrument.sample, pitch + instrument.zone_shift)
        source = bank.samples(instrument.sample, zone)
        tuned = pitch + instrument.tune_cents / 100
        sound = _play_zone(source, zone, tuned, n_samples, sample_rate)
        sound *= _envelope(zone, instrument.attack_s, sound.shape[1], sample_rate)
        release_s = zone.release_s
    if instrument.release_s is not None:
        release_s = instrument.release_s
    if instrument.tremolo_depth:
        t = np.arange(sound.shape[1]) / sample_rate
        wave = 0.5 - 0.5 * np.cos(2 * np.pi * instrument.tremolo_hz * t)
        sound *= (1 - instrument.tremolo_depth * wave).astype(np.float32)
    if instrument.low_pass_hz:
        sound = low_pass(sound, instrument.low_pass_hz, sample_rate)
    sound *= np.float32(10 ** (instrument.gain_db / 20))
    f0 = 440.0 * 2 ** ((pitch - 69) / 12)
    dark = low_pass(sound, min(max(instrument.mellow * f0, 400.0), 9000.0), sample_rate)
    return Voice(dark=dark, edge=sound - dark, release_s=release_s)


def make_drum(drum: Drum, gain_db: float, bank: SoundBank, sample_rate: int) -> Voice:
    """The whole sound of one drum; `gain_db` levels synthesised drums."""
    if drum.sound in SOUNDS:
        sound = SOUNDS[drum.sound](sample_rate).astype(np.float32)[None]
        n_fade = round(_DRUM_FADE_S * sample_rate)
        if drum.sound not in END_ALIGNED:
            sound[:, -n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32)
        if drum.semitones:
            sound = _resample(sound, sample_rate * 2 ** (drum.semitones / 12), sample_rate)
    else:
        zone = bank.drums[drum.sound]
        gain_db = zone.gain_db
        shift = zone.root_key - drum.semitones
        ratio = 2 ** ((60 - shift) / 12)
        sound = _resample(bank.samples(DRUMS, zone), zone.sample_rate * ratio, sample_rate)
    sound *= np.float32(10 ** ((gain_db + drum.level_db) / 20))
    angle = math.pi / 4 * (1 + drum.pan)
    sides = np.array([[math.cos(angle)], [math.sin(angle)]], dtype=np.float32)
    sound = sides * sound
    dark = low_pass(sound, _DARK_DRUM_HZ, sample_rate)
    return Voice(
        dark=dark,
        edge=sound - dark,
        release_s=0.06,
        ends_with_note=drum.sound in END_ALIGNED,
    )


def low_pass(sound: np.ndarray, cutoff_hz: float, sample_rate: int) -> np.ndarray:
    """Two first-order low-passes in a row: 12 dB per octave without resonance."""
    pb = load_pedalboard()
    cutoff_hz = min(cutoff_hz, 0.45 * sample_rate)
    board = pb.Pedalboard([pb.LowpassFilter(cutoff_hz), pb.LowpassFilter(cutoff_hz)])
    return board(np.ascontiguousarray(sound), sample_rate)


def _resample(sound: np.ndarray, source_rate: float, sample_rate: int) -> np.ndarray:
    """(C, T) at source_rate to (C, T') at sample_rate; the first samples coincide."""
    return np.ascontiguousarray(load_soxr().resample(sound.T, source_rate, sample_rate, "HQ").T)


def _play_zone(
    source: np.ndarray, zone: Zone, pitch: float, n_samples: int, sample_rate: int
) -> np.ndarray:
    """The sample at a pitch, its loop unrolled as far as needed."""
    rate = zone.sample_rate * 2 ** ((pitch - zone.root_key) / 12)
    needed = math.ceil(n_samples * rate / sample_rate) + 32
    if zone.loop is not None and needed > zone.loop[1]:
        start, end = zone.loop
        index = np.arange(needed)
        index[end:] = start + (index[end:] - start) % (end - start)
        source = source[:, index]
    else:
        source = source[:, :needed]
    sound = _resample(source, rate, sample_rate)[:, :n_samples]
    return sound * np.float32(10 ** (zone.gain_db / 20))


def _envelope(zone: Zone, attack_s: float, n: int, sample_rate: int) -> np.ndarray:
    t = np.arange(n, dtype=np.float32) / np.float32(sample_rate)
    level = np.ones(n, dtype=np.float32)
    if zone.decay_s:
        fall_db = np.clip(100 * (t - zone.hold_s) / zone.decay_s, 0, zone.sustain_db)
        level = np.exp(fall_db * np.float32(-math.log(10) / 20))
    attack_s = max(attack_s, zone.attack_s)
    n_attack = min(n, round(attack_s * sample_rate))
    if n_attack:
        level[:n_attack] *= np.sin(np.pi / 2 * t[:n_attack] / attack_s) ** 2
    return level
