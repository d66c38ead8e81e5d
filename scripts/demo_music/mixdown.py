"""Events on a beat grid, rendered and mixed: the smallest studio that sounds like one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve

from .voices import RATE, noise

Voice = Callable[..., np.ndarray]


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One note: when, on which voice, and where in the room."""

    beat: float
    """Position on the grid, in beats from the first."""
    voice: Voice
    velocity: float = 0.8
    pitch: float | None = None
    """None for drums, which have one sound."""
    duration_beats: float = 1.0
    pan: float = 0.0
    """-1 left ... 1 right."""
    room: float = 0.15
    """Share sent to the reverb."""
    late_s: float = 0.0
    """Played this much after its place on the grid; negative: before."""


def beats_to_seconds(beats: np.ndarray | float, beats_s: np.ndarray) -> np.ndarray:
    """Piecewise linear through the beats; beyond the last the tempo goes on."""
    beats_s = np.append(beats_s, 2 * beats_s[-1] - beats_s[-2])
    last = len(beats_s) - 1
    over = np.maximum(np.asarray(beats) - last, 0) * (beats_s[-1] - beats_s[-2])
    return np.interp(beats, np.arange(len(beats_s)), beats_s) + over


def hall(decay_s: float, seed: int = 11) -> np.ndarray:
    """Stereo impulse response (2, T): decaying noise, darker as it dies, after 12 ms of silence."""
    t = np.arange(round(1.5 * decay_s * RATE)) / RATE
    tails = []
    for side in range(2):
        dry = noise(len(t) / RATE, seed + side)[: len(t)] * np.exp(-6.9 * t / decay_s)
        dark = np.convolve(dry, np.ones(12) / 12, "same")
        share = np.exp(-t / (0.25 * decay_s))
        tails.append(share * dry + (1 - share) * dark)
    response = np.pad(np.stack(tails), ((0, 0), (round(0.012 * RATE), 0)))
    return response / np.sqrt((response**2).sum(axis=1, keepdims=True))


def render(
    events: Sequence[Event], beats_s: np.ndarray, duration_s: float, *, reverb_s: float = 1.4
) -> np.ndarray:
    """(2, T) float32, peak at -1 dBFS. `beats_s`: the time of every beat of the grid."""
    n = round(duration_s * RATE)
    dry, wet = np.zeros((2, n)), np.zeros((2, n))
    played: dict[tuple, np.ndarray] = {}
    for event in sorted(events, key=lambda e: e.beat):
        start_s, end_s = beats_to_seconds(
            np.array([event.beat, event.beat + event.duration_beats]), beats_s
        )
        sound = _play(played, event, float(end_s - start_s))
        start = round((float(start_s) + event.late_s) * RATE)
        sound = sound[max(0, -start) :]
        start = max(start, 0)
        sound = sound[: max(0, n - start)]
        angle = (event.pan + 1) * np.pi / 4
        stereo = np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]]) * sound
        dry[:, start : start + len(sound)] += stereo
        wet[:, start : start + len(sound)] += event.room * stereo
    if reverb_s > 0:
        dry += np.stack([fftconvolve(w, h)[:n] for w, h in zip(wet, hall(reverb_s), strict=True)])
    return master(dry)


def _play(played: dict[tuple, np.ndarray], event: Event, duration_s: float) -> np.ndarray:
    """The note's sound; equal notes are computed once, with the velocity in steps of 1/16."""
    velocity = round(event.velocity * 16) / 16 or event.velocity
    key = (event.voice, event.pitch, velocity, round(duration_s, 3))
    if key not in played:
        if event.pitch is None:
            played[key] = event.voice(velocity=velocity)
        else:
            played[key] = event.voice(event.pitch, round(duration_s, 3), velocity)
    return played[key]


def master(mix: np.ndarray) -> np.ndarray:
    """Gentle saturation around -12 dBFS RMS, then the peak to -1 dBFS."""
    loud = np.sqrt(np.mean(mix**2)) + 1e-12
    mix = np.tanh(mix * (0.2 / loud))
    return (mix * (10 ** (-1 / 20) / np.abs(mix).max())).astype(np.float32)
