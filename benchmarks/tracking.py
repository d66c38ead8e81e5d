"""Figure 2 of the sound side: beats of rendered pieces in ten styles, against the beats they were
made of.

    .venv/bin/python benchmarks/tracking.py [--seeds 3] [--librosa] [--composer] [--fit]

Prints tempo error, F at 70 ms, errors in place, half- and double-time errors for each style; what
music without a beat is called; and with --librosa the same figures for librosa.beat.beat_track.
--fit fits PulseWeights (vem_core/rhythm/pulse.py) to other seeds than those measured.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
import pieces

from scripts.demo_music import voices as v
from vem_core.rhythm.onsets import analysis_sound, onset_curves
from vem_core.rhythm.pulse import PulseWeights, read_pulses
from vem_core.rhythm.tracking import TrackSettings, track_beats
from vem_core.types import Audio

FIRST_TEST_SEED = 100
FIT_SEEDS = range(6)
OWN = TrackSettings(neural=False)


@dataclass(frozen=True, kw_only=True)
class Row:
    tempo_error: float
    """Share; found over true, less 1."""
    f_measure: float
    octave: float
    """Found tempo over true tempo where it is within 4 % of 1/2, 2, 1/3, 3, 2/3 or 3/2; else 1."""
    errors_s: np.ndarray
    """At the true beats that were found within 70 ms."""
    downbeats: float
    """Share of the true downbeats found within 70 ms."""
    seconds: float


def as_audio(piece: pieces.Piece) -> Audio:
    return Audio(waveform=torch.from_numpy(piece.sound), sample_rate=piece.sample_rate)


def composed(style: str, seed: int) -> pieces.Piece:
    """A piece by this project's composer and sampler, steady; never used to fit anything."""
    from vem_core.codecs.score.render import render
    from vem_core.composing.compose import compose
    from vem_core.composing.style import load_style
    from vem_core.rhythm.tempo_map import PlanSettings, plan_beats

    rng = np.random.default_rng([seed, *style.encode()])
    tempo_bpm = float(rng.uniform(*load_style(style).tempo_bpm))
    board = pieces.storyboard([9.0, 20.0, 28.0], 36.0, rng)
    plan = plan_beats(board, PlanSettings(fixed_tempo_bpm=tempo_bpm))
    mix = render(compose(board, plan, style=style, seed=seed)).mix
    beats_s = np.array(plan.beats_s)
    inside = (beats_s >= 0) & (beats_s < board.duration_s)
    first = int(np.argmax(inside))
    return pieces.Piece(
        name=f"{style} {seed}",
        sound=mix.waveform.numpy(),
        sample_rate=mix.sample_rate,
        beats_s=beats_s[inside],
        downbeats=np.array([i - first for i in plan.downbeats if inside[i]]),
        tempo_bpm=tempo_bpm,
    )


def score(piece: pieces.Piece, beats_s: np.ndarray, downbeats_s: np.ndarray, seconds: float) -> Row:
    import mir_eval

    tempo_bpm = 60 / np.median(np.diff(beats_s)) if len(beats_s) > 1 else 1.0
    ratio = tempo_bpm / piece.tempo_bpm
    octaves = [r for r in (1 / 2, 2, 1 / 3, 3, 2 / 3, 3 / 2) if abs(ratio / r - 1) < 0.04]
    nearest = np.array(
        [beats_s[np.abs(beats_s - t).argmin()] - t if len(beats_s) else 9.0 for t in piece.beats_s]
    )
    firsts = piece.beats_s[piece.downbeats]
    found = [len(downbeats_s) and np.abs(downbeats_s - t).min() < 0.07 for t in firsts]
    return Row(
        tempo_error=ratio - 1,
        f_measure=float(mir_eval.beat.f_measure(piece.beats_s, beats_s)),
        octave=octaves[0] if octaves else 1.0,
        errors_s=nearest[np.abs(nearest) < 0.07],
        downbeats=float(np.mean(found)),
        seconds=seconds,
    )


def own_row(piece: pieces.Piece) -> Row:
    started = time.perf_counter()
    track = track_beats(as_audio(piece), OWN)
    seconds = time.perf_counter() - started
    return score(piece, np.array(track.beats_s), np.array(track.downbeats_s), seconds)


def librosa_row(piece: pieces.Piece) -> Row:
    import librosa

    started = time.perf_counter()
    mono = librosa.resample(piece.sound.mean(axis=0), orig_sr=piece.sample_rate, target_sr=22050)
    _, beats_s = librosa.beat.beat_track(y=mono, sr=22050, units="time")
    return score(piece, np.asarray(beats_s), np.zeros(0), time.perf_counter() - started)


def show(name: str, rows: list[Row]) -> bool:
    """Print a line; whether the bars are met: tempo 1 %, F 0.95, beats 20 ms (95th percentile)."""
    errors_s = np.concatenate([row.errors_s for row in rows])
    f = float(np.mean([row.f_measure for row in rows]))
    tempo = max(abs(row.tempo_error) for row in rows)
    octaves = sum(row.octave != 1 for row in rows)
    p95_s = float(np.percentile(np.abs(errors_s), 95)) if len(errors_s) else 9.0
    met = f >= 0.95 and tempo <= 0.01 and p95_s <= 0.020
    print(
        f"{name:15s} tempo {100 * tempo:6.2f} %  F {f:.3f}"
        f" (least {min(r.f_measure for r in rows):.3f})"
        f"  median {1000 * np.median(errors_s) if len(errors_s) else 0:+5.1f} ms"
        f"  95 % {1000 * p95_s:5.1f} ms  octave errors {octaves} of {len(rows)}"
        f"  downbeats {np.mean([r.downbeats for r in rows]):.2f}"
        f"  {np.mean([r.seconds for r in rows]):.2f} s  {'' if met else 'MISSED'}",
        flush=True,
    )
    return met


def beatless() -> dict[str, np.ndarray]:
    """Sounds without a beat: noise, pads, notes and syllables at random instants."""
    rng = np.random.default_rng(3)

    def scatter(rate_hz: float, note) -> np.ndarray:
        sound, at_s = np.zeros(40 * v.RATE), 0.2
        while at_s < 37:
            one = note()
            start = round(at_s * v.RATE)
            sound[start : start + len(one)] += 0.3 * one[: len(sound) - start]
            at_s += float(rng.exponential(1 / rate_hz)) + 0.05
        return sound

    def pitch(low: int, high: int) -> int:
        return int(rng.integers(low, high))

    return {
        "noise": 0.1 * rng.normal(size=30 * v.RATE),
        "pads": scatter(0.5, lambda: v.pad(pitch(48, 72), float(rng.uniform(2, 5)), 0.6)),
        "piano at random": scatter(
            3, lambda: v.piano(pitch(48, 78), 0.6, float(rng.uniform(0.3, 0.9)))
        ),
        "syllables": scatter(
            4, lambda: v.voice(pitch(50, 62), float(rng.uniform(0.08, 0.35)), 0.7)
        ),
        "drums at random": scatter(4, lambda: (v.kick, v.snare, v.hat)[pitch(0, 3)](0.7)),
    }


def show_composed(n_seeds: int) -> None:
    """The second set: shown, with no bar of its own."""
    from vem_core.composing import style

    found = []
    for name in sorted(path.stem for path in style.FOLDER.glob("*.json")):
        rows = [own_row(composed(name, seed)) for seed in range(n_seeds)]
        show(f"c: {name}", rows)
        found += rows
    show("c: all", found)


def show_beatless() -> bool:
    right = True
    for name, sound in beatless().items():
        audio = Audio(waveform=torch.from_numpy(sound[None].astype(np.float32)), sample_rate=v.RATE)
        track = track_beats(audio, OWN)
        right = right and not track.has_beat
        verdict = "BEAT" if track.has_beat else "no beat"
        print(f"{name:15s} {verdict} (confidence {track.confidence:.2f})")
    return right


def fit(rounds: int = 4000, pull: float = 0.002) -> None:
    """Conditional logit over each piece's readings, pulled towards the present weights."""
    prior = PulseWeights().values()
    examples = []
    loops = [pieces.drum_loop(seed, 66 + 2.6 * seed, n_bars=8) for seed in range(40)]
    for style in [*pieces.STYLES, "loop"]:
        for seed in FIT_SEEDS if style != "loop" else range(len(loops)):
            piece = loops[seed] if style == "loop" else pieces.make_piece(style, seed)
            pulses = read_pulses(onset_curves(analysis_sound(as_audio(piece))), PulseWeights())
            right = np.array([is_right(pulse.beats / 100, piece) for pulse in pulses])
            if right.any():
                examples.append((np.array([pulse.evidence for pulse in pulses]), right))
    weights = prior.copy()
    for _ in range(rounds):
        gradient = -pull * (weights - prior)
        for evidence, right in examples:
            scores = evidence @ weights
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            wanted = chances * right / (chances * right).sum()
            gradient += (wanted - chances) @ evidence / len(examples)
        weights += 0.5 * gradient
    for name, value in zip(PulseWeights.__slots__, weights, strict=True):
        print(f"    {name}: float = {value:.1f}")


def is_right(beats_s: np.ndarray, piece: pieces.Piece) -> bool:
    near = np.abs(beats_s[:, None] - piece.beats_s[None]) < 0.07
    recall, precision = near.any(axis=0).mean(), near.any(axis=1).mean()
    return bool(min(recall, precision) > 0.9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="pieces for each style")
    parser.add_argument("--librosa", action="store_true", help="also librosa's tracker")
    parser.add_argument("--composer", action="store_true", help="also pieces by the composer")
    parser.add_argument("--fit", action="store_true", help="fit the weights and print them")
    arguments = parser.parse_args()
    if arguments.fit:
        fit()
        return
    rows: dict[str, list[Row]] = {}
    theirs: dict[str, list[Row]] = {}
    for style in pieces.STYLES:
        for seed in range(FIRST_TEST_SEED, FIRST_TEST_SEED + arguments.seeds):
            piece = pieces.make_piece(style, seed)
            rows.setdefault(style, []).append(own_row(piece))
            if arguments.librosa:
                theirs.setdefault(style, []).append(librosa_row(piece))
        show(style, rows[style])
    met = show("all", [row for found in rows.values() for row in found])
    if arguments.composer:
        show_composed(arguments.seeds)
    for style, found in theirs.items():
        show(f"l: {style}", found)
    right = show_beatless()
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("PASS" if met and right else "MISSED")


if __name__ == "__main__":
    main()
