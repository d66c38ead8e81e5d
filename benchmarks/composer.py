"""Figures 1 to 5 of the composer, each beside its bar; rendered music only with --sound.

python benchmarks/composer.py [--pieces 200] [--sound]
"""

import argparse
import math
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from vem_core.composing.compose import compose
from vem_core.composing.style import load_style, style_names
from vem_core.metrics.melody import equal_notes, motif_return, phrases
from vem_core.metrics.score import (
    bass_on_chord,
    brightness,
    ends_on_cadence,
    first_onset_s,
    hit_contrast,
    hit_errors_ms,
    last_sound_s,
    longest_run_bars,
    mode_agrees,
    onset_density,
    onsets_s,
    out_of_range,
    outside_notes,
    parallels,
    silent_beats,
    spearman,
)
from vem_core.rhythm.plan_settings import PlanSettings
from vem_core.rhythm.tempo_map import plan_beats
from vem_core.types import (
    METRES,
    PARTS,
    Affect,
    BeatPlan,
    Motion,
    Picture,
    Score,
    Shot,
    Storyboard,
    Transition,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A score and what it was written for."""

    storyboard: Storyboard
    plan: BeatPlan
    score: Score


def random_storyboard(rng: np.random.Generator, n_shots: int) -> Storyboard:
    """Shots of log-normal length (median 2.5 s), each with its own mood around that of the clip."""
    lengths_s = np.maximum(np.exp(rng.normal(np.log(2.5), 0.55, n_shots)), 0.6)
    ends_s = [round(float(t) * 25) / 25 for t in np.cumsum(lengths_s)]
    mood = float(rng.uniform(-1, 1))
    shots = []
    for start_s, end_s in zip([0.0, *ends_s], ends_s, strict=False):
        valence = float(np.clip(rng.normal(mood, 0.3), -1, 1))
        shots.append(
            Shot(
                start_s=start_s,
                end_s=end_s,
                affect=Affect(valence=valence, arousal=float(rng.uniform(0, 1))),
                picture=Picture(
                    keyframe_s=start_s, brightness=0.5, saturation=0.5, contrast=0.5, warmth=0.0,
                    hues=(0.0,) * 12,
                ),
                motion=Motion(mean=0.1, peak=0.3),
            )
        )  # fmt: skip
    transitions = tuple(
        Transition(time_s=shot.end_s, strength=float(rng.uniform(0.2, 1))) for shot in shots[:-1]
    )
    return Storyboard(
        duration_s=ends_s[-1], fps=Fraction(25), shots=tuple(shots), transitions=transitions
    )


def make_pieces(n: int, rng: np.random.Generator) -> list[Piece]:
    """Pieces over all styles and metres, for clips of 2 to 30 shots."""
    names, pieces = style_names(), []
    for i in range(n):
        style = names[i % len(names)]
        metre = list(METRES)[i // len(names) % 3]
        storyboard = random_storyboard(rng, int(rng.integers(2, 31)))
        tempo_range_bpm = load_style(style).tempo_range_bpm(METRES[metre])
        settings = PlanSettings(metre=metre, tempo_range_bpm=tempo_range_bpm)
        plan = plan_beats(storyboard, settings)
        score = compose(storyboard, plan, style=style, seed=i)
        pieces.append(Piece(storyboard=storyboard, plan=plan, score=score))
    return pieces


def show(name: str, value: str, bar: str = "") -> None:
    """One figure and its bar."""
    print(f"  {name:<58} {value:>16}   {bar}")


def show_theory(pieces: list[Piece]) -> None:
    """Figure 1."""
    print(f"1. Theory, {len(pieces)} pieces")
    outside: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    bass, moves, ranges = [0, 0], [0, 0], [0, 0]
    longest, cadences, silent, late_s, early_s = 0.0, 0, 0, 0.0, math.inf
    for piece in pieces:
        score = piece.score
        for totals, count in (
            (outside[score.style], outside_notes(score)),
            (bass, bass_on_chord(score)),
            (moves, parallels(score)),
            (ranges, out_of_range(score, load_style(score.style).ranges)),
        ):
            totals[0] += count.found
            totals[1] += count.total
        longest = max(longest, *(longest_run_bars(score, part) for part in PARTS))
        cadences += ends_on_cadence(score)
        silent += silent_beats(score)
        late_s = max(late_s, first_onset_s(score))
        early_s = min(early_s, last_sound_s(score) - score.duration_s)
    for style, (found, total) in sorted(outside.items()):
        rules = "approach notes" if load_style(style).chromatic else "none allowed"
        show(f"notes outside scale and chord, {style}", f"{found} of {total}", rules)
    show("bass on chord tones on strong beats", f"{bass[0] / bass[1]:.4f}", ">= .95")
    show("parallel fifths and octaves, outer voices", f"{moves[0] / moves[1]:.4f}", "< .02")
    show("notes out of range", f"{ranges[0]} of {ranges[1]}", "0")
    show("pieces that end on a cadence", f"{cadences} of {len(pieces)}", "all")
    show("longest stretch without a rest, bars", f"{longest:.1f}", "<= 16")
    show("beats without sound", str(silent), "0")
    show("latest first onset, s", f"{late_s:.3f}", "<= 0.5")
    show("earliest end against the picture's, s", f"{early_s:.3f}", "about 0")


def show_control(pieces: list[Piece]) -> None:
    """Figure 2."""
    print("2. Control")
    within, arousal, density, colour = [], [], [], []
    for piece in pieces:
        wanted = [shot.affect.arousal for shot in piece.storyboard.shots]
        heard = onset_density(piece.score, piece.storyboard)
        if len(wanted) >= 5:
            within.append(spearman(wanted, heard))
            mood = [shot.affect.valence for shot in piece.storyboard.shots]
            colour.append(spearman(mood, brightness(piece.score, piece.storyboard)))
        arousal += wanted
        density += list(heard)
    show(
        "Spearman arousal, onset density: mean of pieces >= 5 shots",
        f"{np.mean(within):.3f}",
        ">= .9",
    )
    show("  lowest tenth of the pieces", f"{np.quantile(within, 0.1):.3f}")
    show("  all shots of all pieces together", f"{spearman(arousal, density):.3f}")
    agree = [a for a in (mode_agrees(p.score, p.storyboard) for p in pieces) if a is not None]
    show(
        "mode agrees with valence outside the middle third", f"{sum(agree)} of {len(agree)}", "all"
    )
    show("Spearman valence, share of major chords, per shot", f"{np.nanmean(colour):.3f}")
    show("style recovered on held-out pieces", f"{style_recovered(pieces):.3f}", ">= .95")


def features(score: Score) -> np.ndarray:
    """What a plain classifier sees: drums used, places in the beat, registers, lengths, timing."""
    beat = score.metre.steps_per_beat
    parts = []
    keys = np.zeros(61)
    for note in score.notes("drums"):
        keys[min(max(note.pitch - 27, 0), 60)] += 1
    parts.append(keys / max(keys.sum(), 1))
    for part in PARTS:
        notes = score.notes(part)
        n = max(len(notes), 1)
        places = np.bincount([round(12 * (x.step % beat) / beat) for x in notes], minlength=13) / n
        pitch = np.array([x.pitch for x in notes] or [0])
        late = np.array([x.offset_steps for x in notes] or [0.0])
        length = np.array([x.duration_steps for x in notes] or [0.0])
        per_s = len(notes) / score.duration_s / 10
        numbers = [pitch.mean() / 40, pitch.std() / 20, 4 * late.mean(), 4 * late.std(),
                   np.log1p(length).mean() / 2, per_s]  # fmt: skip
        parts += [places, np.array(numbers)]
    shapes = np.zeros(6)
    for chord in score.chords:
        shapes[min(len(chord.pitch_classes), 5)] += 1
    return np.concatenate([*parts, shapes / len(score.chords)])


def style_recovered(pieces: list[Piece]) -> float:
    """Share of held-out pieces (every second) whose style a linear classifier names."""
    x = np.array([features(piece.score) for piece in pieces])
    names = sorted({piece.score.style for piece in pieces})
    y = np.array([names.index(piece.score.style) for piece in pieces])
    train = (np.arange(len(pieces)) // len(names)) % 2 == 0
    mean, std = x[train].mean(axis=0), x[train].std(axis=0) + 1e-3
    z = np.hstack([(x - mean) / std, np.ones((len(x), 1))])
    target = np.eye(len(names))[y[train]]
    gram = z[train].T @ z[train] + 5.0 * np.eye(z.shape[1])
    guess = (z @ np.linalg.solve(gram, z[train].T @ target)).argmax(axis=1)
    return float((guess[~train] == y[~train]).mean())


def show_hits(pieces: list[Piece]) -> None:
    """Figure 3, in the score."""
    print("3. Hits")
    errors_ms = np.concatenate([hit_errors_ms(p.score, p.plan) for p in pieces])
    contrast = np.array([hit_contrast(p.score, p.plan) for p in pieces])
    contrast = contrast[np.isfinite(contrast)]
    show("planned hits", str(len(errors_ms)))
    show("without an onset within 1 ms", str(int((errors_ms > 1).sum())), "0")
    show("onset strength at hits over median elsewhere: mean", f"{contrast.mean():.2f}", ">= 2.5")
    show("  lowest tenth of the pieces", f"{np.quantile(contrast, 0.1):.2f}")


def show_tune(pieces: list[Piece]) -> None:
    """How often the motif comes back."""
    print("   Motif")
    exact, varied, total, notes, seconds = 0, 0, 0, 0, 0.0
    for piece in pieces:
        found = motif_return(piece.score)
        exact += found.exact.found
        varied += found.varied.found
        total += found.exact.total
        notes += len(piece.score.notes("lead"))
        seconds += piece.score.duration_s
    show("bars of lead that repeat an earlier one exactly", f"{exact / total:.3f}")
    show("  exactly or varied", f"{varied / total:.3f}")
    show("lead notes a second", f"{notes / seconds:.2f}")


def show_variety(pieces: list[Piece], rng: np.random.Generator) -> None:
    """Figure 4."""
    print("4. Variety")
    worst, mean = 0.0, []
    for style in style_names():
        storyboard = random_storyboard(rng, 12)
        plan = plan_beats(storyboard, PlanSettings(tempo_range_bpm=load_style(style).tempo_bpm))
        scores = [compose(storyboard, plan, style=style, seed=seed) for seed in range(8)]
        shares = [equal_notes(a, b) for a, b in combinations(scores, 2)]
        worst = max(worst, *shares)
        mean += shares
    show("equal melody notes, eight seeds: mean", f"{np.mean(mean):.3f}")
    show("  largest of any pair", f"{worst:.3f}", "< .5")
    more = make_pieces(500 - len(pieces), np.random.default_rng(7)) if len(pieces) < 500 else []
    owner: dict[tuple[object, ...], int] = {}
    shared = set()
    for i, piece in enumerate([*pieces, *more]):
        for window in phrases(piece.score):
            if owner.setdefault(window, i) != i:
                shared.add((owner[window], i))
    show(
        f"pairs of {len(pieces) + len(more)} pieces that share 8 bars of melody",
        str(len(shared)),
        "0",
    )


def show_speed(rng: np.random.Generator) -> None:
    """Figure 5, composing only."""
    print("5. Speed")
    worst_s = worst_cpu_s = 0.0
    for style in style_names():
        storyboard = random_storyboard(rng, 60)
        plan = plan_beats(storyboard, PlanSettings(tempo_range_bpm=load_style(style).tempo_bpm))
        start_s, start_cpu_s = time.perf_counter(), time.process_time()
        compose(storyboard, plan, style=style)
        share = 180 / storyboard.duration_s
        worst_s = max(worst_s, (time.perf_counter() - start_s) * share)
        worst_cpu_s = max(worst_cpu_s, (time.process_time() - start_cpu_s) * share)
    show("180 s of music composed, slowest style, s", f"{worst_s:.2f}", "< 1")
    show("  of these on the processor, s", f"{worst_cpu_s:.2f}", "the same on an idle machine")


def level_db(waveform: np.ndarray) -> float:
    return 10 * math.log10(float((waveform**2).mean()) + 1e-12)


def show_sound() -> None:
    """Figures 2 and 3 as heard before mastering: a piece of each style, from calm to intense."""
    import librosa

    from vem_core.codecs.score.render import render

    print("   Sound: dB from the calmest to the most intense shot; onset strength at hits over its")
    print("   median elsewhere, and over its median at other onsets")
    for style in style_names():
        arousals = [0.1, 0.4, 0.25, 0.7, 0.95, 0.6]
        storyboard = random_storyboard(np.random.default_rng(3), len(arousals))
        shots = tuple(
            replace(shot, affect=Affect(valence=0.5, arousal=arousal))
            for shot, arousal in zip(storyboard.shots, arousals, strict=True)
        )
        storyboard = replace(storyboard, shots=shots)
        tempo_range_bpm = load_style(style).tempo_bpm
        plan = plan_beats(storyboard, PlanSettings(tempo_range_bpm=tempo_range_bpm))
        score = compose(storyboard, plan, style=style)
        mix = render(score).mix
        waveform, rate = mix.waveform.numpy(), mix.sample_rate
        calm, intense = (
            level_db(waveform[:, round(s.start_s * rate) : round(s.end_s * rate)])
            for s in (shots[0], shots[4])
        )
        strength = librosa.onset.onset_strength(y=waveform.mean(axis=0), sr=rate, hop_length=441)
        times_s = np.arange(len(strength)) * 441 / rate
        hits_s = np.array([hit.beat_s for hit in plan.hits])
        near = np.abs(times_s[:, None] - hits_s).min(axis=1) < 0.06
        at_hits = np.mean([strength[np.abs(times_s - at) < 0.05].max() for at in hits_s])
        others = [at for at in onsets_s(score) if np.abs(hits_s - at).min() > 0.1]
        beside = np.median([strength[np.abs(times_s - at) < 0.05].max() for at in others])
        over = at_hits / np.median(strength[~near])
        bars = f">= 8 dB; {over:5.1f} (>= 2.5) {at_hits / beside:5.2f}"
        show(style, f"{intense - calm:.1f} dB", bars)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pieces", type=int, default=200)
    parser.add_argument("--sound", action="store_true", help="render a piece of each style, too")
    arguments = parser.parse_args()
    n = arguments.pieces
    rng = np.random.default_rng(0)
    start_s = time.perf_counter()
    pieces = make_pieces(n, rng)
    print(f"{n} pieces planned and composed in {time.perf_counter() - start_s:.0f} s")
    show_theory(pieces)
    show_control(pieces)
    show_hits(pieces)
    show_tune(pieces)
    show_variety(pieces, rng)
    show_speed(rng)
    if arguments.sound:
        show_sound()


if __name__ == "__main__":
    main()
