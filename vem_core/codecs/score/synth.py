"""Synthesised voices: band-limited wavetables with a moving low-pass.

A patch is data (instruments.json). The low-pass is worked into a few tables of one cycle each,
between which the filter's envelope crossfades: no aliasing, no state, and a second of a seven-voice
pad costs a few milliseconds. Everything follows from the patch and the pitch alone.
"""

import math
from dataclasses import dataclass

import numpy as np

_TABLE = 1024
_N_TABLES = 9


@dataclass(frozen=True, kw_only=True, slots=True)
class Patch:
    """What a synthesiser is set to."""

    wave: str
    """'saw', 'square', 'triangle', 'sine', 'organ' or 'bell' (two-operator FM)."""
    voices: int = 1
    detune_cents: float = 0.0
    """Spread of the outermost voices to either side."""
    width: float = 0.0
    """0: all voices in the middle; 1: spread from left to right."""
    sub: float = 0.0
    """Amplitude of a sine `sub_octave` octaves below."""
    sub_octave: int = 1
    cutoff: float = 40.0
    """Where the low-pass rests, in multiples of the pitch's frequency."""
    peak: float = 40.0
    """Where the low-pass starts."""
    sweep_s: float = 0.3
    """Time constant of its way from `peak` to `cutoff`."""
    resonance: float = 0.0
    """dB of lift at the cutoff."""
    attack_s: float = 0.003
    decay_s: float = 0.0
    """Time for a fall of 100 dB; 0: sustained."""
    sustain_db: float = 100.0
    release_s: float = 0.5
    """Time for a fall of 100 dB."""
    vibrato_cents: float = 0.0
    vibrato_hz: float = 5.2
    vibrato_delay_s: float = 0.35
    drop_semitones: float = 0.0
    """The pitch starts this much higher..."""
    drop_s: float = 0.03
    """... and falls with this time constant."""
    drive: float = 0.0
    """Soft saturation; 0 none."""
    noise: float = 0.0
    """Amplitude of breath noise, band-limited around the pitch."""
    fm_ratio: float = 2.0
    fm_index: float = 0.0
    fm_decay_s: float = 0.4


def synth_voice(patch: Patch, pitch: float, n_samples: int, sample_rate: int) -> np.ndarray:
    """(C, n_samples) float32: a held note with its envelope; C is 2 if the patch has width."""
    t = np.arange(n_samples, dtype=np.float64) / sample_rate
    f0 = 440.0 * 2 ** ((pitch - 69) / 12)
    cents = _pitch_cents(patch, t)
    cycles = f0 * t if cents is None else np.cumsum(f0 * 2 ** (cents / 1200)) / sample_rate
    if patch.wave == "bell":
        voice = _bell(patch, f0, cycles, t)[None]
    else:
        voice = _voices(patch, f0, cycles, t, sample_rate)
    if patch.sub:
        voice = voice + patch.sub * np.sin(2 * np.pi * cycles / 2**patch.sub_octave).astype("f4")
    if patch.noise:
        voice = voice + patch.noise * _breath(f0, n_samples, sample_rate, round(pitch))
    if patch.drive:
        voice = np.tanh((1 + patch.drive) * voice) / math.tanh(1 + patch.drive)
    return (voice * envelope(patch, t)).astype(np.float32)


def envelope(patch: Patch, t: np.ndarray) -> np.ndarray:
    """Attack and decay of a patch at times `t` in seconds, float32 in [0, 1]."""
    level = np.ones(len(t), dtype=np.float32)
    if patch.decay_s:
        fall_db = np.minimum(100 * t / patch.decay_s, patch.sustain_db)
        level = (10 ** (-fall_db / 20)).astype(np.float32)
    n = int(np.searchsorted(t, patch.attack_s))
    if n:
        level[:n] *= np.sin(np.pi / 2 * t[:n] / patch.attack_s).astype(np.float32) ** 2
    return level


def _pitch_cents(patch: Patch, t: np.ndarray) -> np.ndarray | None:
    if not patch.vibrato_cents and not patch.drop_semitones:
        return None
    cents = 100 * patch.drop_semitones * np.exp(-t / patch.drop_s)
    if patch.vibrato_cents:
        grown = np.clip((t - patch.vibrato_delay_s) / 0.4, 0, 1)
        cents = cents + patch.vibrato_cents * grown * np.sin(2 * np.pi * patch.vibrato_hz * t)
    return cents


def _harmonics(wave: str, n: int) -> np.ndarray:
    """Amplitudes of harmonics 1 ... n of a wave with a peak near 1."""
    h = np.arange(1, n + 1)
    if wave == "saw":
        return 2 / np.pi / h
    if wave == "square":
        return np.where(h % 2 == 1, 4 / np.pi / h, 0.0) * 0.8
    if wave == "triangle":
        return np.where(h % 2 == 1, 8 / np.pi**2 / h**2, 0.0)
    if wave == "organ":
        drawbars = {1: 1.0, 2: 0.8, 3: 0.6, 4: 0.35, 6: 0.2, 8: 0.25}
        return np.array([drawbars.get(int(k), 0.0) for k in h]) / 2
    return np.where(h == 1, 1.0, 0.0)


def _tables(patch: Patch, f0: float, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """One cycle at each of several cutoffs, (K, _TABLE + 1) float32, and the cutoffs' logs."""
    n = max(1, min(_TABLE // 2 - 1, int(0.45 * sample_rate / f0)))
    amplitudes = _harmonics(patch.wave, n)
    low, high = sorted((patch.cutoff, patch.peak))
    n_tables = 1 if low == high else _N_TABLES
    logs = np.linspace(math.log(low), math.log(high), n_tables)
    h = np.arange(1, n + 1)
    spectra = np.zeros((n_tables, _TABLE // 2 + 1), dtype=complex)
    for row, log_cutoff in enumerate(logs):
        ratio = h / math.exp(log_cutoff)
        response = 1 / np.sqrt(1 + ratio**8)
        if patch.resonance:
            response *= 1 + (10 ** (patch.resonance / 20) - 1) * np.exp(
                -((np.log(ratio) / 0.25) ** 2)
            )
        spectra[row, 1 : n + 1] = -0.5j * amplitudes * response * _TABLE
    tables = np.fft.irfft(spectra, axis=1)
    return np.concatenate([tables, tables[:, :1]], axis=1).astype(np.float32), logs


def _voices(
    patch: Patch, f0: float, cycles: np.ndarray, t: np.ndarray, sample_rate: int
) -> np.ndarray:
    tables, logs = _tables(patch, f0, sample_rate)
    place = None
    if len(logs) > 1:
        log_cutoff = math.log(patch.cutoff) + (
            math.log(patch.peak) - math.log(patch.cutoff)
        ) * np.exp(-t / patch.sweep_s)
        place = (log_cutoff - logs[0]) / (logs[-1] - logs[0]) * (len(logs) - 1)
    spread = np.linspace(-1, 1, patch.voices) if patch.voices > 1 else np.zeros(1)
    rng = np.random.default_rng(round(f0 * 16) + patch.voices)
    starts = rng.random(patch.voices) if patch.voices > 1 else np.zeros(1)
    n_channels = 2 if patch.width and patch.voices > 1 else 1
    sound = np.zeros((n_channels, len(t)), dtype=np.float32)
    for i, (side, start) in enumerate(zip(spread, starts, strict=True)):
        phase = cycles * 2 ** (patch.detune_cents * side / 1200) + start
        voice = _look_up(tables, phase, place) / math.sqrt(patch.voices)
        if n_channels == 1:
            sound[0] += voice
            continue
        pan = patch.width * side * (1 if i % 2 else -1)
        angle = np.pi / 4 * (1 + pan)
        sound[0] += voice * np.float32(math.sqrt(2) * math.cos(angle))
        sound[1] += voice * np.float32(math.sqrt(2) * math.sin(angle))
    return sound


def _look_up(tables: np.ndarray, phase: np.ndarray, place: np.ndarray | None) -> np.ndarray:
    """Linear interpolation within a cycle and, where the cutoff moves, between tables."""
    position = (phase - np.floor(phase)) * _TABLE
    index = position.astype(np.int32)
    share = (position - index).astype(np.float32)
    if place is None:
        table = tables[0]
        return table[index] + share * (table[index + 1] - table[index])
    row = np.minimum(place.astype(np.int32), len(tables) - 2)
    mix = (place - row).astype(np.float32)
    flat = tables.ravel()
    at = row * tables.shape[1] + index
    lower = flat[at] + share * (flat[at + 1] - flat[at])
    at += tables.shape[1]
    upper = flat[at] + share * (flat[at + 1] - flat[at])
    return lower + mix * (upper - lower)


def _bell(patch: Patch, f0: float, cycles: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Two operators (Chowning 1973); the index dies away and shrinks for high notes."""
    index = patch.fm_index * min(1.0, (880 / f0) ** 0.5) * np.exp(-t / patch.fm_decay_s)
    phase = 2 * np.pi * cycles
    return np.sin(phase + index * np.sin(patch.fm_ratio * phase)).astype(np.float32)


def _breath(f0: float, n_samples: int, sample_rate: int, seed: int) -> np.ndarray:
    """Noise around f0 and above, RMS near 1, made in the frequency domain."""
    n = 1 << max(8, (n_samples - 1).bit_length())
    rng = np.random.default_rng(seed)
    frequency = np.fft.rfftfreq(n, 1 / sample_rate)
    shape = np.exp(-((np.log(np.maximum(frequency, 1.0) / (1.6 * f0)) / 0.6) ** 2))
    spectrum = shape * np.exp(2j * np.pi * rng.random(len(frequency)))
    noise = np.fft.irfft(spectrum, n)[:n_samples]
    return (noise / (np.sqrt((noise**2).mean()) + 1e-12)).astype(np.float32)
