"""Instruments made of sines and noise: each call gives one note, mono float64 at RATE.

Pitches are MIDI numbers (60 = middle C, 69 = 440 Hz), velocities lie in (0, 1]. The note-on is the
first sample, so a piece made of these notes has its true beats exactly where they were written.
"""

from functools import lru_cache

import numpy as np
from scipy.signal import butter, sosfilt

RATE = 48_000


def pitch_to_hz(pitch: float) -> float:
    """Equal temperament, A4 = 440 Hz."""
    return 440.0 * 2.0 ** ((pitch - 69) / 12)


def seconds(duration_s: float) -> np.ndarray:
    """Sample times of a note, in seconds."""
    return np.arange(round(duration_s * RATE)) / RATE


def noise(duration_s: float, seed: int) -> np.ndarray:
    """White noise that depends on its seed alone."""
    return np.random.default_rng(seed).standard_normal(round(duration_s * RATE))


@lru_cache(maxsize=64)
def _filter(kind: str, low_hz: float, high_hz: float) -> np.ndarray:
    edges = {"low": high_hz, "high": low_hz, "band": (low_hz, high_hz)}[kind]
    return np.asarray(butter(2, edges, kind, fs=RATE, output="sos"))


def band(sound: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    """Second-order band-pass."""
    return np.asarray(sosfilt(_filter("band", low_hz, high_hz), sound))


def high_pass(sound: np.ndarray, low_hz: float) -> np.ndarray:
    return np.asarray(sosfilt(_filter("high", low_hz, 0.0), sound))


def low_pass(sound: np.ndarray, high_hz: float) -> np.ndarray:
    return np.asarray(sosfilt(_filter("low", 0.0, high_hz), sound))


def release(sound: np.ndarray, release_s: float = 0.03) -> np.ndarray:
    """The last `release_s` seconds fade out."""
    n = min(round(release_s * RATE), len(sound))
    sound = sound.copy()
    sound[len(sound) - n :] *= np.cos(np.linspace(0, np.pi / 2, n)) ** 2
    return sound


def attack(sound: np.ndarray, attack_s: float) -> np.ndarray:
    """The first `attack_s` seconds fade in."""
    n = min(round(attack_s * RATE), len(sound))
    sound = sound.copy()
    sound[:n] *= np.sin(np.linspace(0, np.pi / 2, n)) ** 2
    return sound


def kick(velocity: float = 1.0, seed: int = 0) -> np.ndarray:
    """A sine that falls from 180 to 48 Hz, with a short click of noise."""
    t = seconds(0.42)
    phase = 2 * np.pi * np.cumsum(48 + 132 * np.exp(-t / 0.028)) / RATE
    click = band(noise(0.42, seed), 1500, 6000) * np.exp(-t / 0.004)
    body = np.sin(phase) * np.exp(-t / 0.13) * (1 - np.exp(-t / 0.0008))
    return release(velocity * (1.1 * body + 0.35 * velocity * click))


def snare(velocity: float = 1.0, seed: int = 1) -> np.ndarray:
    """Two tones of the shell and the rattle of the wires; soft strokes rattle less."""
    t = seconds(0.3)
    shell = np.sin(2 * np.pi * 187 * t) + 0.6 * np.sin(2 * np.pi * 331 * t)
    wires = band(noise(0.3, seed), 900, 9500)
    body = 0.5 * shell * np.exp(-t / 0.045)
    return release(velocity * (body + 1.2 * velocity**0.5 * wires * np.exp(-t / 0.085)))


def rim(velocity: float = 1.0, seed: int = 2) -> np.ndarray:
    """Stick across the rim."""
    t = seconds(0.12)
    tone = np.sin(2 * np.pi * 1710 * t) + 0.7 * np.sin(2 * np.pi * 470 * t)
    return release(
        velocity * (0.5 * tone + 0.4 * band(noise(0.12, seed), 2000, 8000)) * np.exp(-t / 0.014)
    )


def clap(velocity: float = 1.0, seed: int = 3) -> np.ndarray:
    """Three close bursts of noise, then a tail; the first burst is the beat."""
    t = seconds(0.35)
    bursts = sum(np.exp(-(t - d) / 0.004) * (t >= d) for d in (0.0, 0.011, 0.022))
    tail = 0.6 * np.exp(-(t - 0.022) / 0.09) * (t >= 0.022)
    return release(velocity * 0.9 * band(noise(0.35, seed), 700, 5000) * (bursts + tail))


@lru_cache(maxsize=8)
def _metal(duration_s: float, seed: int) -> np.ndarray:
    t = seconds(duration_s)
    squares = sum(
        np.sign(np.sin(2 * np.pi * f * t)) for f in (2033.0, 3011.0, 3693.0, 4174.0, 5437.0, 7987.0)
    )
    return high_pass(0.09 * squares + 0.5 * noise(duration_s, seed), 6500)


def hat(velocity: float = 1.0, open_s: float = 0.035, seed: int = 4) -> np.ndarray:
    """Closed hi-hat; a larger `open_s` (decay in seconds) opens it."""
    t = seconds(min(8 * open_s, 1.0))
    return release(velocity * 0.5 * _metal(1.0, seed)[: len(t)] * np.exp(-t / open_s))


def ride(velocity: float = 1.0, seed: int = 5) -> np.ndarray:
    """Ride cymbal: a ping over a wash."""
    t = seconds(1.0)
    wash = _metal(1.0, seed)[: len(t)] * (0.5 * np.exp(-t / 0.35) + 0.7 * np.exp(-t / 0.02))
    ping = 0.12 * np.sin(2 * np.pi * 5210 * t) * np.exp(-t / 0.12)
    return release(velocity * 0.5 * (wash + ping), 0.2)


def crash(velocity: float = 1.0, seed: int = 6) -> np.ndarray:
    t = seconds(2.4)
    return release(velocity * 0.55 * high_pass(noise(2.4, seed), 3200) * np.exp(-t / 0.6), 0.8)


def shaker(velocity: float = 1.0, seed: int = 7) -> np.ndarray:
    """Beads that land: a soft attack of 12 ms."""
    t = seconds(0.11)
    return attack(velocity * 0.35 * band(noise(0.11, seed), 5000, 12000) * np.exp(-t / 0.03), 0.012)


def tom(pitch: float, duration_s: float = 0.5, velocity: float = 1.0, seed: int = 8) -> np.ndarray:
    """A drum with a pitch; it rings as long as it rings, whatever `duration_s`."""
    t = seconds(0.5)
    phase = 2 * np.pi * np.cumsum(pitch_to_hz(pitch) * (1 + 0.5 * np.exp(-t / 0.04))) / RATE
    skin = 0.2 * band(noise(0.5, seed), 300, 3000) * np.exp(-t / 0.02)
    return release(velocity * (0.9 * np.sin(phase) * np.exp(-t / 0.16) + skin))


def _partials(
    pitch: float, duration_s: float, amplitudes: np.ndarray, decay_s: np.ndarray
) -> np.ndarray:
    """Sum of decaying harmonics below 16 kHz."""
    t = seconds(duration_s)
    hz = pitch_to_hz(pitch)
    n = np.arange(1, len(amplitudes) + 1)
    keep = n * hz * np.sqrt(1 + 0.0004 * n**2) < 16_000
    sound = np.zeros_like(t)
    for k, a, d in zip(n[keep], amplitudes[keep], decay_s[keep], strict=True):
        stretched_hz = (
            k * hz * np.sqrt(1 + 0.0004 * k**2)
        )  # stiff strings: partials lie a little high
        sound += a * np.sin(2 * np.pi * stretched_hz * t) * np.exp(-t / d)
    return sound


def pluck(pitch: float, duration_s: float, velocity: float = 1.0) -> np.ndarray:
    """A plucked string (guitar): bright at first, each partial dying sooner than the one below."""
    n = np.arange(1, 25)
    amplitudes = np.abs(np.sin(np.pi * n * 0.18)) / n ** (1.5 - 0.5 * velocity)
    sound = _partials(pitch, duration_s + 0.06, amplitudes, 1.6 / n**0.9)
    return release(velocity * 0.5 * attack(sound, 0.0015), 0.06)


def piano(pitch: float, duration_s: float, velocity: float = 1.0, seed: int = 9) -> np.ndarray:
    """A struck string: hammer noise, then partials with two decays."""
    n = np.arange(1, 21)
    amplitudes = 1.0 / n ** (2.1 - 0.9 * velocity)
    decay_s = (2.6 * 2 ** ((60 - pitch) / 24)) / n**0.7
    sound = _partials(pitch, duration_s + 0.12, amplitudes, decay_s)
    t = seconds(duration_s + 0.12)
    thump = 0.1 * band(noise(duration_s + 0.12, seed), 200, 2500) * np.exp(-t / 0.012)
    return release(velocity * 0.5 * attack(sound + thump, 0.002), 0.12)


def electric_piano(pitch: float, duration_s: float, velocity: float = 1.0) -> np.ndarray:
    """Two-operator FM: a bell-like tine over a round tone, with a slow tremolo."""
    t = seconds(duration_s + 0.15)
    hz = pitch_to_hz(pitch)
    index = (0.5 + 1.6 * velocity) * np.exp(-t / 0.5)
    body = np.sin(2 * np.pi * hz * t + index * np.sin(2 * np.pi * hz * t))
    tine = (
        0.22
        * velocity
        * np.sin(2 * np.pi * hz * t + 1.1 * np.exp(-t / 0.06) * np.sin(28 * np.pi * hz * t))
    )
    tremolo = 1 - 0.12 * (0.5 - 0.5 * np.cos(2 * np.pi * 4.6 * t))
    return release(
        velocity * 0.32 * attack((body + tine) * np.exp(-t / 1.4) * tremolo, 0.002), 0.15
    )


def bass(pitch: float, duration_s: float, velocity: float = 1.0) -> np.ndarray:
    """Finger bass: few partials, a low-passed snap at the start."""
    n = np.arange(1, 13)
    amplitudes = np.array([1.0, 0.62, 0.4, 0.22, 0.15, 0.1, 0.07, 0.05, 0.04, 0.03, 0.02, 0.02])
    sound = _partials(pitch, duration_s, amplitudes * velocity ** (0.12 * n), 1.5 / n**0.8)
    return release(velocity * 0.75 * attack(np.tanh(1.3 * sound), 0.004), 0.03)


def synth_bass(pitch: float, duration_s: float, velocity: float = 1.0) -> np.ndarray:
    """Saw through a falling low-pass, by weighting its partials."""
    t = seconds(duration_s)
    hz = pitch_to_hz(pitch)
    cutoff_hz = 160 + 1500 * velocity * np.exp(-t / 0.09)
    sound = np.zeros_like(t)
    for k in range(1, max(2, min(30, int(4000 / hz)))):
        gain = 1 / (1 + (k * hz / cutoff_hz) ** 4)
        sound += gain * np.sin(2 * np.pi * k * hz * t) / k
    return release(velocity * 0.55 * attack(sound, 0.003), 0.02)


def pad(
    pitch: float, duration_s: float, velocity: float = 1.0, attack_s: float = 0.25
) -> np.ndarray:
    """Detuned warm partials with a slow attack."""
    t = seconds(duration_s + 0.4)
    sound = np.zeros_like(t)
    for cents, phase in ((-7, 0.3), (0, 1.1), (6, 2.2)):
        hz = pitch_to_hz(pitch + cents / 100)
        for k in range(1, 9):
            sound += np.sin(2 * np.pi * k * hz * t + phase * k) / k**1.8
    return release(velocity * 0.1 * attack(sound, min(attack_s, duration_s)), 0.4)


def strings(
    pitch: float, duration_s: float, velocity: float = 1.0, attack_s: float = 0.05
) -> np.ndarray:
    """Bowed section: three players a few cents apart, each with a vibrato of its own."""
    t = seconds(duration_s + 0.12)
    sound = np.zeros_like(t)
    for cents, vibrato_hz, phase in ((-6, 5.1, 0.0), (2, 5.6, 1.7), (7, 4.8, 3.9)):
        hz = pitch_to_hz(pitch + cents / 100)
        depth = 0.0028 * np.minimum(t / 0.4, 1)
        angle = (
            2
            * np.pi
            * np.cumsum(hz * (1 + depth * np.sin(2 * np.pi * vibrato_hz * t + phase)))
            / RATE
        )
        for k in range(1, max(2, min(14, int(9000 / hz)))):
            sound += np.sin(k * angle + phase * k) / k**1.25
    return release(velocity * 0.11 * attack(sound, attack_s), 0.12)


def lead(pitch: float, duration_s: float, velocity: float = 1.0) -> np.ndarray:
    """A singing flute-like FM tone with late vibrato and some breath."""
    t = seconds(duration_s + 0.08)
    hz = pitch_to_hz(pitch)
    depth = 0.004 * np.clip((t - 0.18) / 0.3, 0, 1)
    angle = 2 * np.pi * np.cumsum(hz * (1 + depth * np.sin(2 * np.pi * 5.3 * t))) / RATE
    tone = np.sin(angle + 0.55 * velocity * np.sin(2 * angle)) + 0.15 * np.sin(3 * angle)
    breath = 0.05 * band(noise(len(t) / RATE, 10), 1500, 7000)
    swell = 0.85 + 0.15 * np.minimum(t / 0.2, 1)
    return release(velocity * 0.3 * attack((tone + breath) * swell, 0.018), 0.08)


def voice(pitch: float, duration_s: float, velocity: float = 1.0, vowel: int = 0) -> np.ndarray:
    """A sung vowel: a glottal buzz through three formants, with vibrato and a scoop into the
    note."""
    t = seconds(duration_s + 0.1)
    formants = ((730, 1090, 2440), (530, 1840, 2480), (390, 1990, 2550), (570, 840, 2410))[
        vowel % 4
    ]
    bend = (
        pitch
        - 0.7 * np.exp(-t / 0.05)
        + 0.25 * np.minimum(t / 0.5, 1) * np.sin(2 * np.pi * 5.4 * t)
    )
    angle = 2 * np.pi * np.cumsum(440.0 * 2.0 ** ((bend - 69) / 12)) / RATE
    hz = pitch_to_hz(pitch)
    sound = np.zeros_like(t)
    for k in range(1, max(2, int(5000 / hz))):
        gain = sum(1 / (1 + ((k * hz - f) / (60 + 0.06 * f)) ** 2) for f in formants)
        sound += (gain + 0.05) / k**0.5 * np.sin(k * angle)
    return release(velocity * 0.22 * attack(sound, 0.035), 0.1)
