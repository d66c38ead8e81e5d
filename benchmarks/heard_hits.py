"""Planned hits in the rendered sound of pieces of every style: on time, and do they stand out?

    .venv/bin/python benchmarks/heard_hits.py [--pieces 4]

Delay: only the notes that start at hits are rendered, cut to a quarter of a second, with all
instruments and effects; a hit is heard where the level (RMS of 1 ms) first comes within 20 dB of
its maximum in the 100 ms after it. That is the time of the onset itself, whatever else sounds; bar
5 ms. Masked is a hit whose level does not double there: a whisper under the ring of a cymbal that
was struck at an earlier hit.
Strength: of the whole mix before mastering, spectral flux (librosa, hop 10 ms) at a hit over its
median where no hit is; the mean of a piece's hits must be 2.5 or more.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import librosa
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.composer import random_storyboard
from vem_core.codecs.score.render import RenderSettings, render
from vem_core.codecs.score.soundbank import SoundBank
from vem_core.composing.compose import compose
from vem_core.composing.style import load_style, style_names
from vem_core.rhythm.plan_settings import PlanSettings
from vem_core.rhythm.tempo_map import plan_beats
from vem_core.types import BeatPlan, Score
from vem_core.units import seconds_to_beats

SHOTS = 8
LATEST_S, NEEDED = 0.005, 2.5
HEARD = 10 ** (-20 / 20)


def only_hits(score: Score, plan: BeatPlan) -> Score:
    """The notes that start at hits, at most a quarter of a second long."""
    beat = score.metre.steps_per_beat
    steps = {round(seconds_to_beats(hit.beat_s, score.beats_s) * beat) for hit in plan.hits}
    quarter = 0.25 * beat / min(np.diff(score.beats_s))
    parts = tuple(
        (
            part,
            tuple(
                replace(note, duration_steps=min(note.duration_steps, quarter))
                for note in notes
                if note.step in steps
            ),
        )
        for part, notes in score.parts
    )
    return replace(score, parts=parts)


def delays_s(score: Score, plan: BeatPlan, bank: SoundBank) -> np.ndarray:
    """(hits,) time from each planned hit to its onset; infinite where it is masked."""
    mix = render(only_hits(score, plan), RenderSettings(end_fade_s=0.0), bank=bank).mix
    rate, power = mix.sample_rate, (mix.waveform.numpy() ** 2).mean(axis=0)
    level = np.sqrt(np.convolve(power, np.ones(rate // 1000) * 1000 / rate)[: len(power)])
    found = []
    for hit in plan.hits:
        at = round(hit.beat_s * rate)
        after = level[at : at + rate // 10]
        heard = len(after) and after.max() > max(1e-4, 2 * level[max(at - 1, 0)])
        found.append(np.argmax(after > HEARD * after.max()) / rate if heard else np.inf)
    return np.array(found)


def strength(score: Score, plan: BeatPlan, bank: SoundBank) -> tuple[float, float]:
    """Mean onset strength at hits over the median elsewhere, and that of the weakest hit."""
    mix = render(score, bank=bank).mix
    rate, hop = mix.sample_rate, 441
    flux = librosa.onset.onset_strength(
        y=mix.waveform.numpy().mean(axis=0), sr=rate, hop_length=hop
    )
    times_s = np.arange(len(flux)) * hop / rate
    hits_s = np.array([hit.beat_s for hit in plan.hits])
    far = np.abs(times_s[:, None] - hits_s).min(axis=1) > 0.06
    at_hits = [flux[np.abs(times_s - at) < 0.05].max() for at in hits_s]
    elsewhere = max(float(np.median(flux[far])), 1e-6)
    return float(np.mean(at_hits)) / elsewhere, float(np.min(at_hits)) / elsewhere


def counts(delay: np.ndarray) -> str:
    """How many hits there are, come late and are masked."""
    masked = int(np.isinf(delay).sum())
    late = int((delay > LATEST_S).sum()) - masked
    return f"{len(delay):3} hits, {late:2} later than 5 ms, {masked} masked"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=4, help="of each style")
    args = parser.parse_args()
    bank, means, every = SoundBank(), [], []
    for number, style in enumerate(style_names()):
        delays, strengths, weakest = [], [], []
        for seed in range(args.pieces):
            storyboard = random_storyboard(np.random.default_rng([number, seed]), SHOTS)
            settings = PlanSettings(tempo_range_bpm=load_style(style).tempo_bpm)
            plan = plan_beats(storyboard, settings)
            score = compose(storyboard, plan, style=style, seed=seed)
            if not plan.hits:
                continue
            delays.append(delays_s(score, plan, bank))
            mean, least = strength(score, plan, bank)
            strengths.append(mean)
            weakest.append(least)
        delay = np.concatenate(delays)
        heard = delay[np.isfinite(delay)]
        every.append(delay)
        means += strengths
        print(
            f"   {style:10} {counts(delay)};"
            f" median {1e3 * np.median(heard):4.1f}, latest {1e3 * heard.max():5.1f} ms; strength"
            f" {np.mean(strengths):5.1f}, lowest piece {min(strengths):4.1f},"
            f" weakest hit {min(weakest):4.1f}",
            flush=True,
        )
    print(f"{counts(np.concatenate(every))} (bar 0)")
    print(
        f"onset strength at hits over median elsewhere: {np.mean(means):.2f}, lowest of"
        f" {len(means)} pieces {min(means):.2f} (bar {NEEDED})"
    )


if __name__ == "__main__":
    main()
