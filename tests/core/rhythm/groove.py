"""Small drum grooves with known beats, and an attack finder that shares nothing with the code
tested."""

from fractions import Fraction

import numpy as np
import torch

from vem_core.types import Affect, Audio, Motion, Picture, Shot, Storyboard, Transition

RATE = 22_050


def _hit(kind: str, rng: np.random.Generator, rate: int) -> np.ndarray:
    t = np.arange(round(0.15 * rate)) / rate
    noise = rng.standard_normal(len(t))
    if kind == "kick":
        return np.sin(2 * np.pi * (50 * t - 3 * np.exp(-t / 0.03))) * np.exp(-t / 0.06)
    if kind == "snare":
        return 0.5 * noise * np.exp(-t / 0.04) + 0.4 * np.sin(2 * np.pi * 190 * t) * np.exp(
            -t / 0.04
        )
    return 0.25 * np.diff(noise, prepend=0) * np.exp(-t / 0.012)


def groove(
    beats_s: np.ndarray, *, per_bar: int = 4, rate: int = RATE, tail_s: float = 0.5, seed: int = 0
) -> Audio:
    """Kick on the bar's first beat (and third of four), snare between, hats on half-beats, and a
    bass
    note for two beats from each bar's first; (1, T)."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(round((beats_s[-1] + tail_s) * rate) + 2 * rate)
    halves_s = (beats_s[:-1] + beats_s[1:]) / 2
    strokes = [("hat", t, 0.5) for t in (*beats_s, *halves_s)]
    for index, t in enumerate(beats_s):
        place = index % per_bar
        strokes.append(
            ("kick", t, 1.0)
            if (place % 2 == 0 and per_bar == 4) or place == 0
            else ("snare", t, 0.7)
        )
        if place == 0 and index + 1 < len(beats_s):
            start, stop = round(t * rate), round((2 * beats_s[index + 1] - t) * rate)
            hz = (55.0, 73.4, 65.4, 49.0)[index // per_bar % 4]
            bass = np.sin(2 * np.pi * hz * np.arange(stop - start) / rate)
            sound[start:stop] += (
                0.35 * (bass * np.linspace(1, 0.2, len(bass)))[: len(sound) - start]
            )
    for kind, t, gain in strokes:
        hit = gain * _hit(kind, rng, rate)
        start = round(t * rate)
        sound[start : start + len(hit)] += hit
    sound = sound[: round((beats_s[-1] + tail_s) * rate)]
    return as_audio(0.5 * sound / np.abs(sound).max(), rate)


def steady(tempo_bpm: float, n_beats: int, start_s: float = 0.3) -> np.ndarray:
    return start_s + 60 / tempo_bpm * np.arange(n_beats)


def as_audio(sound: np.ndarray, rate: int = RATE) -> Audio:
    return Audio(
        waveform=torch.from_numpy(np.atleast_2d(sound).astype(np.float32)), sample_rate=rate
    )


def board(cuts_s: list[float], duration_s: float, arousal: list[float] | None = None) -> Storyboard:
    """Shots between the cuts, each with an arousal."""
    edges = [0.0, *cuts_s, duration_s]
    arousal = arousal or [0.5] * (len(edges) - 1)
    shots = tuple(
        Shot(
            start_s=a,
            end_s=b,
            affect=Affect(valence=0.0, arousal=level),
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
        for a, b, level in zip(edges, edges[1:], arousal, strict=False)
    )
    cuts = tuple(Transition(time_s=t) for t in cuts_s)
    return Storyboard(duration_s=duration_s, fps=Fraction(25), shots=shots, transitions=cuts)


def attack_near(audio: Audio, time_s: float, reach_s: float = 0.06) -> float:
    """Where, around a time, the energy of 2 ms rises most over the 20 ms before."""
    rate = audio.sample_rate
    start = round((time_s - reach_s - 0.02) * rate)
    stop = round((time_s + reach_s) * rate)
    sound = audio.waveform.mean(dim=0).numpy()[max(start, 0) : stop].astype(float)
    step = round(0.002 * rate)
    energy = (sound[: len(sound) // step * step].reshape(-1, step) ** 2).sum(axis=1)
    before = np.array([energy[max(0, i - 10) : i].mean() if i else 0.0 for i in range(len(energy))])
    rise = energy - 3 * before
    rise[: 10 if start >= 0 else 0] = -np.inf
    return (max(start, 0) + int(rise.argmax()) * step) / rate
