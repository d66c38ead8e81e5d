"""Synthesised drums and effects: drum machines, and the swells and blows that pictures ask for.

Each is a plain function of the sample rate; noise comes from generators with fixed seeds, so that
the same drum sounds the same everywhere.
"""

from collections.abc import Callable

import numpy as np


def _t(seconds: float, sample_rate: int) -> np.ndarray:
    return np.arange(round(seconds * sample_rate)) / sample_rate


def _sweep(t: np.ndarray, start_hz: float, end_hz: float, fall_s: float) -> np.ndarray:
    """Sine that falls exponentially from one frequency to another."""
    phase = end_hz * t + (start_hz - end_hz) * fall_s * (1 - np.exp(-t / fall_s))
    return np.sin(2 * np.pi * phase)


def _noise(n: int, seed: int, low_hz: float, high_hz: float, sample_rate: int) -> np.ndarray:
    """Noise with soft edges at both frequencies, RMS 1."""
    size = 1 << (n - 1).bit_length()
    frequency = np.maximum(np.fft.rfftfreq(size, 1 / sample_rate), 1e-3)
    shape = 1 / np.sqrt((1 + (low_hz / frequency) ** 4) * (1 + (frequency / high_hz) ** 4))
    phase = np.random.default_rng(seed).random(len(frequency))
    noise = np.fft.irfft(shape * np.exp(2j * np.pi * phase), size)[:n]
    return noise / np.sqrt((noise**2).mean())


def _rise(t: np.ndarray, seconds: float) -> np.ndarray:
    return np.minimum(t / seconds, 1.0)


def _metal(t: np.ndarray, base_hz: float) -> np.ndarray:
    """Six square waves at the ratios of the 808's cymbal oscillators, softened."""
    ratios = (1.0, 1.342, 1.2312, 1.6532, 1.9523, 2.1523)
    waves = [np.sign(np.sin(2 * np.pi * base_hz * r * t + i)) for i, r in enumerate(ratios)]
    return np.mean(waves, axis=0)


def _high_pass(x: np.ndarray, cutoff_hz: float, sample_rate: int) -> np.ndarray:
    """Fourth-order magnitude, zero phase but causal enough: the cut is far above the envelope."""
    size = 1 << len(x).bit_length()
    frequency = np.maximum(np.fft.rfftfreq(size, 1 / sample_rate), 1e-3)
    spectrum = np.fft.rfft(x, size) / np.sqrt(1 + (cutoff_hz / frequency) ** 8)
    return np.fft.irfft(spectrum, size)[: len(x)]


def _kick_808(rate: int) -> np.ndarray:
    t = _t(1.1, rate)
    body = _sweep(t, 190, 46, 0.028) * np.exp(-t / 0.32)
    return np.tanh(1.6 * body) + 0.4 * _sweep(t, 3200, 500, 0.004) * np.exp(-t / 0.006)


def _kick_house(rate: int) -> np.ndarray:
    t = _t(0.45, rate)
    body = _sweep(t, 320, 52, 0.022) * np.exp(-t / 0.14)
    click = _noise(len(t), 1, 2000, 9000, rate) * np.exp(-t / 0.005)
    return np.tanh(2.2 * body) + 0.3 * click


def _kick_soft(rate: int) -> np.ndarray:
    t = _t(0.4, rate)
    body = _sweep(t, 150, 55, 0.03) * np.exp(-t / 0.11)
    return np.tanh(1.3 * body) + 0.05 * _noise(len(t), 2, 200, 2500, rate) * np.exp(-t / 0.02)


def _snare_electro(rate: int) -> np.ndarray:
    t = _t(0.4, rate)
    tone = _sweep(t, 330, 185, 0.02) * np.exp(-t / 0.09)
    wires = _noise(len(t), 3, 1500, 9500, rate) * np.exp(-t / 0.11)
    return 0.8 * tone + 0.38 * wires


def _snare_gated(rate: int) -> np.ndarray:
    """Snare with a burst of room that is cut short, as on records of the eighties."""
    t = _t(0.42, rate)
    gate = np.clip((0.26 - t) / 0.05, 0, 1)
    tone = _sweep(t, 300, 170, 0.02) * np.exp(-t / 0.12)
    room = _noise(len(t), 4, 400, 8000, rate) * (0.75 * np.exp(-t / 0.05) + 0.32) * gate
    return 0.7 * tone * gate + 0.42 * room


def _snare_trap(rate: int) -> np.ndarray:
    t = _t(0.25, rate)
    tone = _sweep(t, 420, 230, 0.012) * np.exp(-t / 0.05)
    return 0.7 * tone + 0.42 * _noise(len(t), 5, 2500, 12000, rate) * np.exp(-t / 0.06)


def _snare_lofi(rate: int) -> np.ndarray:
    t = _t(0.3, rate)
    tone = _sweep(t, 260, 180, 0.02) * np.exp(-t / 0.06)
    return 0.7 * tone + 0.3 * _noise(len(t), 6, 700, 4500, rate) * np.exp(-t / 0.075)


def _clap(rate: int) -> np.ndarray:
    """Four bursts (Roland's circuit): three short ones 10 ms apart, the last one rings."""
    t = _t(0.4, rate)
    bursts = sum(np.where(t >= d, np.exp(-(t - d) / 0.006), 0) for d in (0, 0.010, 0.020))
    level = 0.8 * bursts + np.where(t >= 0.028, np.exp(-(t - 0.028) / 0.085), 0)
    return 0.5 * level * _noise(len(t), 7, 900, 4500, rate)


def _snap(rate: int) -> np.ndarray:
    t = _t(0.2, rate)
    level = np.exp(-t / 0.012) + 0.25 * np.exp(-t / 0.06)
    return 0.5 * level * _noise(len(t), 8, 1800, 4200, rate)


def _hat(seconds: float, fall_s: float, base_hz: float) -> Callable[[int], np.ndarray]:
    def hat(rate: int) -> np.ndarray:
        t = _t(seconds, rate)
        tone = _metal(t, base_hz) + 0.35 * _noise(len(t), 9, 6000, 16000, rate)
        return (
            _high_pass(tone, 6500, rate) * np.exp(-t / fall_s) * np.clip((seconds - t) / 0.02, 0, 1)
        )

    return hat


def _rim_808(rate: int) -> np.ndarray:
    t = _t(0.12, rate)
    return (np.sin(2 * np.pi * 1667 * t) + 0.6 * np.sin(2 * np.pi * 455 * t)) * np.exp(-t / 0.012)


def _cowbell(rate: int) -> np.ndarray:
    t = _t(0.4, rate)
    tone = np.sign(np.sin(2 * np.pi * 540 * t)) + np.sign(np.sin(2 * np.pi * 800 * t))
    return 0.3 * _high_pass(tone, 400, rate) * (np.exp(-t / 0.015) + 0.4 * np.exp(-t / 0.12))


def _tom(base_hz: float) -> Callable[[int], np.ndarray]:
    def tom(rate: int) -> np.ndarray:
        t = _t(0.7, rate)
        tone = _sweep(t, 2.2 * base_hz, base_hz, 0.03) * np.exp(-t / 0.2)
        return np.tanh(1.3 * tone) + 0.08 * _noise(len(t), 10, 500, 5000, rate) * np.exp(-t / 0.03)

    return tom


def _impact(rate: int) -> np.ndarray:
    """A deep blow with a bright edge and a long dark tail, for the big cuts of a trailer."""
    t = _t(3.2, rate)
    boom = np.tanh(1.8 * _sweep(t, 120, 34, 0.06)) * np.exp(-t / 0.75)
    edge = _noise(len(t), 11, 900, 7000, rate) * np.exp(-t / 0.035)
    tail = _noise(len(t), 12, 60, 900, rate) * (0.6 * np.exp(-t / 0.22) + 0.4 * np.exp(-t / 0.8))
    return (boom + 0.35 * edge + 0.3 * tail) * np.clip((3.2 - t) / 0.3, 0, 1)


def _sub_drop(rate: int) -> np.ndarray:
    t = _t(2.2, rate)
    return np.tanh(1.5 * _sweep(t, 95, 28, 0.5)) * np.exp(-t / 0.9) * np.clip((2.2 - t) / 0.3, 0, 1)


def _riser(rate: int) -> np.ndarray:
    """Noise and a tone that climb for four seconds; played so that it ends where its note ends."""
    seconds = 4.0
    t = _t(seconds, rate)
    share = t / seconds
    phase = 110 * seconds / np.log(8) * (8**share - 1)
    tone = sum(np.sin(2 * np.pi * phase * d) for d in (1.0, 1.006, 1.5)) / 3
    dark = _noise(len(t), 13, 200, 1200, rate)
    bright = _noise(len(t), 14, 2500, 11000, rate)
    noise = (1 - share) * dark + share * bright
    return (0.45 * tone + 0.4 * noise) * share**2.2 * np.clip((seconds - t) / 0.012, 0, 1)


def _reverse_cymbal(rate: int) -> np.ndarray:
    seconds = 2.4
    t = _t(seconds, rate)
    shimmer = _high_pass(_metal(t, 330), 3500, rate)
    noise = _noise(len(t), 15, 3500, 13000, rate)
    level = np.exp(-(seconds - t) / 0.5) * np.clip((seconds - t) / 0.01, 0, 1)
    return (0.5 * noise + 0.9 * shimmer) * level * _rise(t, 0.3)


def _whoosh(rate: int) -> np.ndarray:
    """Air that passes by: swells for 0.9 s, played so that it ends where its note ends."""
    t = _t(0.9, rate)
    share = t / 0.9
    air = (1 - share) * _noise(len(t), 16, 300, 1500, rate) + share * _noise(
        len(t), 17, 900, 6000, rate
    )
    return 0.5 * air * np.sin(np.pi / 2 * share) ** 3 * np.clip((0.9 - t) / 0.05, 0, 1)


def _crackle(rate: int) -> np.ndarray:
    """Dust of a record: clicks at random times over a faint hiss."""
    n = 4 * rate
    rng = np.random.default_rng(18)
    clicks = np.zeros(n)
    clicks[rng.integers(0, n, 60)] = rng.exponential(1.0, 60) * rng.choice((-1, 1), 60)
    t = np.arange(n) / rate
    edges = np.clip(np.minimum(t, 4 - t) / 0.3, 0, 1)
    ring = np.convolve(clicks, np.exp(-np.arange(60) / 9.0))[:n]
    return (0.5 * _high_pass(ring, 700, rate) + 0.008 * _noise(n, 19, 1500, 8000, rate)) * edges


SOUNDS: dict[str, Callable[[int], np.ndarray]] = {
    "808 kick": _kick_808,
    "house kick": _kick_house,
    "soft kick": _kick_soft,
    "electro snare": _snare_electro,
    "gated snare": _snare_gated,
    "trap snare": _snare_trap,
    "lo-fi snare": _snare_lofi,
    "analog clap": _clap,
    "snap": _snap,
    "analog hat": _hat(0.12, 0.025, 330.0),
    "analog open hat": _hat(0.6, 0.17, 330.0),
    "soft hat": _hat(0.08, 0.014, 280.0),
    "analog cymbal": _hat(3.0, 0.55, 300.0),
    "808 rim": _rim_808,
    "808 cowbell": _cowbell,
    "low analog tom": _tom(72.0),
    "mid analog tom": _tom(100.0),
    "high analog tom": _tom(140.0),
    "impact": _impact,
    "sub drop": _sub_drop,
    "riser": _riser,
    "reverse cymbal": _reverse_cymbal,
    "whoosh": _whoosh,
    "crackle": _crackle,
}
"""name -> function of the sample rate -> (T,) samples with a peak near 1."""

END_ALIGNED = frozenset({"riser", "reverse cymbal", "whoosh"})
"""Sounds that lead into something: they end where their note ends, however long the note is."""
