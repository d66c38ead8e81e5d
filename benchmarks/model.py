"""The embedded model beside the composer: figures on held-out storyboards.

    .venv/bin/python benchmarks/model.py [--model FILE] [--pieces 64] [--guidance 1.5] [--beats 1.5]

Composed and generated music for the same storyboards, plans, styles and keys, in two columns; the
third column is the bar. Held-out pieces are of a seed that no training bakes.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from composer import Piece, features, make_pieces

from vem_core.checkpoint import load_model
from vem_core.codecs.score.beats import BeatTable
from vem_core.codecs.score.tensor import score_to_tensor
from vem_core.engine.music_model import MusicModel
from vem_core.engine.sampling import SampleSettings
from vem_core.metrics.melody import equal_notes, motif_return, phrases
from vem_core.metrics.score import (
    Count,
    bass_on_chord,
    hit_contrast,
    hit_errors_ms,
    onset_density,
    outside_notes,
    silent_beats,
    spearman,
)
from vem_core.training.codec_stage import codec_figures
from vem_core.training.pieces import HELD_OUT_SEED, BakeSettings, compose_piece
from vem_core.types import PARTS, BeatPlan, Score, Storyboard

N_KNOWN = 220
"""Composed pieces that the classifier of styles learns from."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pair:
    """Composed and generated music for one clip."""

    storyboard: Storyboard
    plan: BeatPlan
    composed: Score
    generated: Score
    struck: int
    silent: int
    sample_s: float


def held_out(n: int) -> list[Piece]:
    """Pieces as those that were trained on, of a seed that no training bakes."""
    bake = BakeSettings(seed=HELD_OUT_SEED)
    composed = [compose_piece(index, bake) for index in range(n)]
    return [Piece(storyboard=c.storyboard, plan=c.plan, score=c.score) for c in composed]


def make_pairs(model: MusicModel, pieces: list[Piece], settings: SampleSettings) -> list[Pair]:
    """The model's own music beside each piece: other themes, same clip, plan, style and key."""
    pairs = []
    for index, piece in enumerate(pieces):
        storyboard, plan, composed = piece.storyboard, piece.plan, piece.score
        own = replace(settings, seed=index)
        style, key = composed.style, composed.key
        condition = model.encode(storyboard, plan, style=style, key=key, seed=index)
        started = time.perf_counter()
        latents = model.sample(condition, own)
        seconds = time.perf_counter() - started
        landing = model.decode(latents, plan, style=style, key=key)
        pairs.append(
            Pair(
                storyboard=storyboard,
                plan=plan,
                composed=composed,
                generated=landing.score,
                struck=landing.struck,
                silent=landing.silent,
                sample_s=seconds,
            )
        )
        print(f"\r{index + 1} of {len(pieces)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return pairs


def pieces_of(pairs: list[Pair]) -> list[Piece]:
    """What the pairs were made for."""
    return [Piece(storyboard=p.storyboard, plan=p.plan, score=p.composed) for p in pairs]


def show(name: str, composed: float, generated: float, bar: str = "") -> None:
    print(f"  {name:<52} {composed:>9.3f} {generated:>9.3f}   {bar}")


def pooled(pairs: list[Pair], count: Callable[[Score], Count], name: str, bar: str) -> None:
    """A share over all pieces."""
    shares = []
    for scores in ([p.composed for p in pairs], [p.generated for p in pairs]):
        counts = [count(score) for score in scores]
        shares.append(sum(c.found for c in counts) / max(sum(c.total for c in counts), 1))
    show(name, shares[0], shares[1], bar)


def overlap(a: list[float], b: list[float], bins: np.ndarray) -> float:
    """Common area of two histograms."""
    first, second = (np.histogram(x, bins)[0] / max(len(x), 1) for x in (a, b))
    return float(np.minimum(first, second).sum())


def lengths(scores: list[Score]) -> list[float]:
    return [n.duration_steps for s in scores for part, ns in s.parts if part != "drums" for n in ns]


def gaps(scores: list[Score]) -> list[float]:
    found = []
    for score in scores:
        for _, notes in score.parts:
            steps = sorted({note.step for note in notes})
            found += list(np.diff(steps))
    return found


def self_similarity(score: Score) -> float:
    """Mean over bars of the likeness to the most similar earlier bar: share of equal notes."""
    beat = score.metre.steps_per_beat
    starts = [d * beat for d in score.downbeats]
    bars = [
        {
            (part, n.step - a, n.pitch)
            for part, notes in score.parts
            for n in notes
            if a <= n.step < b
        }
        for a, b in pairwise(starts)
    ]
    likeness = [
        max(len(bar & other) / max(len(bar | other), 1) for other in bars[:i])
        for i, bar in enumerate(bars)
        if i and bar
    ]
    return float(np.mean(likeness)) if likeness else 0.0


def show_codec(model: MusicModel, pairs: list[Pair]) -> None:
    print("1. Codec, held-out composed pieces")
    table = BeatTable([score_to_tensor(p.composed) for p in pairs])
    figures = codec_figures(model.codec, table, n_beats=table.n_beats)
    for part in PARTS:
        f1, error = figures[f"{part}_f1"], figures[f"{part}_velocity_error"]
        print(f"  {part:<12} note F1 {f1:.4f} (>= .99)   velocity error {error:.3f} (< .05)")
    print(f"  chords equal {figures['chords_equal']:.4f}")


def show_music(pairs: list[Pair]) -> None:
    print(f"3. Music: composed, generated ({len(pairs)} pieces)")
    pooled(pairs, outside_notes, "notes outside scale and chord", "within 10 %")
    pooled(pairs, bass_on_chord, "bass on chord tones on strong beats", "within 10 %")
    pooled(pairs, lambda s: motif_return(s).exact, "lead bars that return exactly", "within 10 %")
    pooled(pairs, lambda s: motif_return(s).varied, "lead bars that return varied", "within 10 %")
    columns = [[p.composed for p in pairs], [p.generated for p in pairs]]
    lead = [sum(len(s.notes("lead")) for s in scores) for scores in columns]
    seconds = sum(p.plan.duration_s for p in pairs)
    show("lead notes a second", lead[0] / seconds, lead[1] / seconds, "within 10 %")
    beats = sum(p.plan.n_beats for p in pairs)
    empty = [sum(silent_beats(s) for s in scores) / beats for scores in columns]
    show("empty beats", empty[0], empty[1], "0")
    alike = [float(np.mean([self_similarity(s) for s in scores])) for scores in columns]
    show("likeness of a bar to the nearest earlier one", alike[0], alike[1], "within 10 %")
    note = overlap(lengths(columns[0]), lengths(columns[1]), np.arange(0.0, 65.0, 0.5))
    gap = overlap(gaps(columns[0]), gaps(columns[1]), np.arange(0.0, 65.0))
    show("overlap of note lengths, of gaps between onsets", note, gap, ">= .9")


def follows_arousal(pairs: list[Pair], scores: list[Score]) -> float:
    """Mean Spearman correlation of arousal and onsets a second, over clips of 5 shots or more."""
    found = []
    for pair, score in zip(pairs, scores, strict=True):
        wanted = [shot.affect.arousal for shot in pair.storyboard.shots]
        if len(wanted) >= 5:
            value = spearman(wanted, onset_density(score, pair.storyboard))
            found.append(0.0 if np.isnan(value) else value)
    return float(np.mean(found))


def mode_heard(score: Score) -> str:
    """Major or minor, from the notes alone: which third of the tonic sounds longer."""
    length = {3: 0.0, 4: 0.0}
    for part, notes in score.parts:
        for note in notes if part != "drums" else ():
            third = (note.pitch - score.key.tonic) % 12
            if third in length:
                length[third] += note.duration_steps
    return "major" if length[4] >= length[3] else "minor"


def mode_follows_valence(pairs: list[Pair], scores: list[Score]) -> Count:
    """Clips whose mean valence lies outside the middle third and whose heard mode agrees."""
    found = total = 0
    for pair, score in zip(pairs, scores, strict=True):
        lengths_s = [shot.end_s - shot.start_s for shot in pair.storyboard.shots]
        valences = [shot.affect.valence for shot in pair.storyboard.shots]
        valence = float(np.average(valences, weights=lengths_s))
        if abs(valence) > 1 / 3:
            total += 1
            found += (mode_heard(score) == "major") == (valence > 0)
    return Count(found=found, total=total)


class StyleClassifier:
    """Least squares on the features of benchmarks/composer.py, learnt from composed pieces."""

    def __init__(self, scores: list[Score]):
        x = np.array([features(score) for score in scores])
        self.names = sorted({score.style for score in scores})
        self.mean, self.std = x.mean(axis=0), x.std(axis=0) + 1e-3
        target = np.eye(len(self.names))[[self.names.index(score.style) for score in scores]]
        z = self._inputs(x)
        self.weights = np.linalg.solve(z.T @ z + 5.0 * np.eye(z.shape[1]), z.T @ target)

    def _inputs(self, x: np.ndarray) -> np.ndarray:
        return np.hstack([(x - self.mean) / self.std, np.ones((len(x), 1))])

    def share_right(self, scores: list[Score]) -> float:
        x = np.array([features(score) for score in scores])
        guess = (self._inputs(x) @ self.weights).argmax(axis=1)
        return float(
            np.mean([self.names[g] == s.style for g, s in zip(guess, scores, strict=True)])
        )


def show_control(model: MusicModel, pairs: list[Pair], settings: SampleSettings) -> None:
    print("4. Control: composed, generated")
    composed, generated = [p.composed for p in pairs], [p.generated for p in pairs]
    bake = BakeSettings(seed=HELD_OUT_SEED)
    known = [compose_piece(len(pairs) + i, bake).score for i in range(N_KNOWN)]
    classifier = StyleClassifier(known)
    print("  with the mask")
    show_control_of(pairs, composed, generated, classifier)
    off = replace(settings, storyboard_strength=0.0)
    without = make_pairs(model, pieces_of(pairs), off)
    print("  with the mask removed in sampling: every frame sees every shot")
    show_control_of(pairs, composed, [p.generated for p in without], classifier)
    wide = make_pairs(
        model, make_pieces(len(pairs), np.random.default_rng(HELD_OUT_SEED)), settings
    )
    print("  storyboards of benchmarks/composer.py: arousal and valence over their whole range")
    composed, generated = [p.composed for p in wide], [p.generated for p in wide]
    show_control_of(wide, composed, generated, classifier)
    print("  the same with the mask removed")
    without = make_pairs(model, pieces_of(wide), off)
    show_control_of(wide, composed, [p.generated for p in without], classifier)


def show_control_of(
    pairs: list[Pair], composed: list[Score], generated: list[Score], classifier: StyleClassifier
) -> None:
    values = [follows_arousal(pairs, scores) for scores in (composed, generated)]
    show("Spearman of arousal and density (>= 5 shots)", values[0], values[1], ">= .8")
    counts = [mode_follows_valence(pairs, scores) for scores in (composed, generated)]
    shares = [count.found / max(count.total, 1) for count in counts]
    show(f"heard mode agrees with valence (of {counts[0].total})", shares[0], shares[1], ">= .9")
    right = [classifier.share_right(scores) for scores in (composed, generated)]
    show("style recovered", right[0], right[1], ">= .9")


def show_hits(model: MusicModel, pairs: list[Pair], settings: SampleSettings) -> None:
    print("5. Hits")
    composed = [hit_contrast(p.composed, p.plan) for p in pairs]
    generated = [hit_contrast(p.generated, p.plan) for p in pairs]
    gains = float(np.nanmean(composed)), float(np.nanmean(generated))
    show("onset strength at hits over median", *gains, ">= 2.5")
    off = replace(settings, beat_scale=0.0)
    without = make_pairs(model, pieces_of(pairs[:16]), off)
    contrast = [hit_contrast(p.generated, p.plan) for p in without]
    show("  adapter off", float("nan"), float(np.nanmean(contrast)), "half the gain at most")
    late = [np.concatenate([hit_errors_ms(p.composed, p.plan) for p in pairs]) > 1]
    late.append(np.concatenate([hit_errors_ms(p.generated, p.plan) for p in pairs]) > 1)
    show("hits without an onset within 1 ms", float(late[0].mean()), float(late[1].mean()), "0")
    struck, silent = sum(p.struck for p in pairs), sum(p.silent for p in pairs)
    print(f"  struck again after sampling: {struck}; silent: {silent}; of {len(late[1])}")


def show_variety(model: MusicModel, pairs: list[Pair], settings: SampleSettings) -> None:
    print("7. Variety")
    pair = pairs[0]
    scores = []
    for seed in range(8):
        style, key = pair.composed.style, pair.composed.key
        condition = model.encode(pair.storyboard, pair.plan, style=style, key=key, seed=seed)
        latents = model.sample(condition, replace(settings, seed=seed))
        scores.append(model.decode(latents, pair.plan, style=style, key=key).score)
    shares = [equal_notes(a, b) for a, b in combinations(scores, 2)]
    print(f"  equal melody notes of 8 seeds: mean {np.mean(shares):.3f}, most {max(shares):.3f}")
    known = {window for p in pairs for window in phrases(p.composed, 4)}
    copied = sum(bool(phrases(p.generated, 4) & known) for p in pairs)
    print(f"  generated pieces that hold 4 bars of a composed one: {copied} of {len(pairs)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--pieces", type=int, default=64)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=1.5)
    parser.add_argument("--beats", type=float, default=1.5)
    given = parser.parse_args()
    model = load_model(given.model)
    settings = SampleSettings(
        steps=given.steps, guidance_scale=given.guidance, beat_scale=given.beats
    )
    pairs = make_pairs(model, held_out(given.pieces), settings)
    show_codec(model, pairs)
    rates = [p.sample_s / p.plan.duration_s for p in pairs]
    print(f"2. Speed: 30 s of music sampled in {30 * float(np.median(rates)):.2f} s (< 2 s)")
    show_music(pairs)
    show_control(model, pairs, settings)
    show_hits(model, pairs, settings)
    show_variety(model, pairs, settings)


if __name__ == "__main__":
    main()
