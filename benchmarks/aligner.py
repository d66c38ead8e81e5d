"""How well the aligner finds what music should hit: figure 6 of the issue.

Average precision over the peaks of its probability, matched one to one to the transitions within
two ticks of 1/16 s (and, stricter, one). Held-out composited clips: other seeds and other
photographs than those of the training. Montages: passages of the media clips cut together at known
times; a passage lies inside one shot, and its neighbour comes from another one ('cuts', 'mixed'
with dissolves and fades) or from a distant moment of the same one ('jump cuts'). Clips without a
transition: the highest probability of each. Run: python benchmarks/aligner.py [--media FOLDER]
[--clips FOLDER]; the composited clips are baked into the folder and need scikit-learn, matplotlib
and scikit-image.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import edits
from benchmarks.edits import BUNNY_CUTS_S, BUNNY_FPS, Edit
from vem_core.checkpoint import load_aligner
from vem_core.errors import MissingPackageError
from vem_core.parsing.sampling import RateSampler
from vem_core.rhythm.aligner import RATE_HZ, Aligner
from vem_core.rhythm.alignment import AlignerStream, Alignment
from vem_core.training.aligner_clips import (
    HELD_OUT_SEED,
    BakedClips,
    ClipSettings,
    bake_clips,
)
from vem_core.video.reader import VideoFrame, read_frames

ROOT = Path(__file__).parents[1]
BAR_PRECISION, BAR_SILENCE = 0.9, 0.5
PEAK_REACH = 3
"""Ticks: a peak is the highest of its neighbourhood."""
N_HELD_OUT, N_MONTAGES = 200, 10
SILENT = ("chaplin.mp4", "video_with_failing_audio.mp4", "transparent.webm", "no_duration.webm")
"""Looked through by eye: one shot each (the second holds a crash zoom and ends in a fade-out)."""
WIDTH, HEIGHT = 320, 180


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Judged:
    """The probabilities of one clip, and the truth."""

    probabilities: np.ndarray
    """(F,)"""
    truth: Sequence[int]
    """Ticks."""
    kinds: Sequence[str]


def peaks(probabilities: np.ndarray) -> list[tuple[float, int]]:
    """(probability, tick) of every local maximum."""
    n = len(probabilities)
    return [
        (float(p), tick)
        for tick, p in enumerate(probabilities)
        if p == probabilities[max(tick - PEAK_REACH, 0) : min(tick + PEAK_REACH + 1, n)].max()
    ]


def average_precision(
    clips: Sequence[Judged], within_ticks: int
) -> tuple[float, dict[str, list[bool]]]:
    """Mean precision at each found transition, the missed ones counting 0; and what was found.

    Peaks of all clips, the highest first, each take the nearest transition left within reach.
    """
    ranked = sorted(
        ((p, number, tick) for number, c in enumerate(clips) for p, tick in peaks(c.probabilities)),
        key=lambda row: -row[0],
    )
    left = [dict(zip(c.truth, c.kinds, strict=True)) for c in clips]
    n_truth = sum(len(rest) for rest in left)
    found: dict[str, list[bool]] = defaultdict(list)
    precisions: list[float] = []
    for rank, (_, number, tick) in enumerate(ranked, 1):
        near = min(left[number], key=lambda t, at=tick: abs(t - at), default=None)
        if near is not None and abs(near - tick) <= within_ticks:
            kind = left[number].pop(near)
            precisions.append((len(precisions) + 1) / rank)
            found[kind].append(clips[number].probabilities[tick] >= 0.5)
    for rest in left:
        for kind in rest.values():
            found[kind].append(False)
    return sum(precisions) / max(n_truth, 1), found


def describe(name: str, clips: Sequence[Judged]) -> float:
    """Print a line; returns the average precision within two ticks."""
    wide, found = average_precision(clips, 2)
    strict, _ = average_precision(clips, 1)
    n_truth = sum(len(c.truth) for c in clips)
    hits = sum(sum(flags) for flags in found.values())
    sure = sum(sum(p >= 0.5 for p, _ in peaks(c.probabilities)) for c in clips)
    print(
        f"{name:34} AP {wide:.3f} within 2 ticks, {strict:.3f} within 1;"
        f" above .5: recall {hits / max(n_truth, 1):.3f}, precision {hits / max(sure, 1):.3f}"
        f"   ({len(clips)} clips, {n_truth} transitions)"
    )
    return wide


def look(aligner: Aligner, frames: Sequence[VideoFrame]) -> Alignment:
    """The aligner over frames, as in the parser's pass."""
    config = aligner.config
    stream = AlignerStream(aligner)
    sampler = RateSampler(stream, width=config.width, height=config.height, rate_hz=config.rate_hz)
    for frame in frames:
        sampler(frame)
    return stream.finish()


def judge_edit(aligner: Aligner, edit: Edit) -> Judged:
    seen = look(aligner, edit.video_frames())
    cuts = [int(np.ceil(t * RATE_HZ - 1e-6)) for t in edit.cuts_s]
    slow = [round(t * RATE_HZ) for t, _ in edit.slow_s]
    kinds = ["cut"] * len(cuts) + ["slow"] * len(slow)
    return Judged(probabilities=seen.probabilities, truth=[*cuts, *slow], kinds=kinds)


def held_out(aligner: Aligner, folder: Path) -> float:
    """Composited clips of the held-out seed."""
    bake_clips(folder, ClipSettings(seed=HELD_OUT_SEED, n_clips=N_HELD_OUT))
    judged = []
    clips = BakedClips(folder)
    for i in range(len(clips)):
        clip = clips[i]
        stream = AlignerStream(aligner)
        for tick, pixels in enumerate(clip.frames):
            stream(tick / RATE_HZ, pixels)
        seen = stream.finish()
        judged.append(
            Judged(probabilities=seen.probabilities, truth=clip.ticks.tolist(), kinds=clip.kinds)
        )
    value = describe("held-out composited clips", judged)
    _, found = average_precision(judged, 2)
    for kind, flags in sorted(found.items(), key=lambda item: -len(item[1])):
        print(f"    {kind:12} {np.mean(flags):.2f} of {len(flags)} found above .5")
    return value


def media_shots(media: Path) -> list[Sequence[np.ndarray]]:
    """The insides of shots of the media clips, all in one size."""

    def load(name: str) -> list[np.ndarray]:
        frames = edits.load(media / name, WIDTH)
        return [cv2.resize(f, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for f in frames]

    plane = load("video_with_failing_audio.mp4")
    return [
        *edits.bunny_shots(load("big_buck_bunny_0_30.webm")),
        load("chaplin.mp4"),
        plane[:75],  # the plane against the sky
        plane[100:180],  # the field, before it fades
    ]


def far_pieces(
    shots: Sequence[Sequence[np.ndarray]], random: np.random.Generator, n: int
) -> list[Sequence[np.ndarray]]:
    """Passages of one shot, each starting 2.5 s or more from where the last one ended."""
    shot = shots[int(random.choice([i for i, s in enumerate(shots) if len(s) > 160]))]
    parts, end = [], -1000
    for _ in range(n):
        length = int(np.exp(random.uniform(np.log(0.5), np.log(3.0))) * BUNNY_FPS)
        starts = [s for s in range(len(shot) - length) if abs(s - end) >= 2.5 * BUNNY_FPS]
        if not starts:
            break
        start = int(random.choice(starts))
        parts.append(shot[start : start + length])
        end = start + length
    return parts


def mixed(shots: Sequence[Sequence[np.ndarray]], seed: int) -> Edit:
    """Some ten passages: cuts, dissolves and fades in turn."""
    random = np.random.default_rng(seed)
    lengths = [round(s * BUNNY_FPS) for s in np.exp(random.uniform(0, np.log(3.0), 10))]
    parts = edits.pieces(shots, random, lengths)
    frames, cuts_s, slow_s = list(parts[0]), [], []
    for part in parts[1:]:
        way, n = random.random(), int(random.integers(6, 23))
        if way < 0.4:
            cuts_s.append(len(frames) / BUNNY_FPS)
            frames += part
            continue
        if way < 0.75:
            made = edits.dissolved(frames, part, n, BUNNY_FPS)
        else:
            level = int(random.choice([0, 0, 255]))
            made = edits.faded(frames, part, n // 2, int(random.integers(1, 6)), level, BUNNY_FPS)
        frames = made.frames
        slow_s += made.slow_s
    times_s = edits.even_times(len(frames), BUNNY_FPS)
    return Edit(frames=frames, times_s=times_s, cuts_s=tuple(cuts_s), slow_s=tuple(slow_s))


def montages(aligner: Aligner, media: Path) -> float:
    """Real pictures, cut at known times; returns the lower precision of cuts and mixed ones."""
    shots = media_shots(media)
    cuts = [judge_edit(aligner, edits.montage(shots, seed)) for seed in range(N_MONTAGES)]
    various = [judge_edit(aligner, mixed(shots, 50 + seed)) for seed in range(N_MONTAGES)]
    jumps = [
        judge_edit(
            aligner,
            edits.joined(far_pieces(shots, np.random.default_rng(90 + seed), 10), BUNNY_FPS),
        )
        for seed in range(N_MONTAGES)
    ]
    with tempfile.TemporaryDirectory() as folder:  # through an encoder and back
        path = Path(folder) / "montage.mp4"
        edit = edits.montage(shots, 7)
        edits.write(edit, path)
        again = Edit(frames=edits.load(path, WIDTH), times_s=edit.times_s, cuts_s=edit.cuts_s)
        coded = [judge_edit(aligner, again)]
    value = describe("montages of media clips, cuts", cuts)
    value = min(value, describe("montages, cuts, dissolves, fades", various))
    describe("one montage encoded in H.264", coded)
    describe("jump cuts inside a shot (no bar)", jumps)
    return value


def bunny(aligner: Aligner, media: Path) -> None:
    seen = look(aligner, list(read_frames(media / "big_buck_bunny_0_30.webm", max_width=WIDTH)))
    cuts = [int(np.ceil(t * RATE_HZ - 1e-6)) for t in BUNNY_CUTS_S]
    describe(
        "big_buck_bunny, untouched",
        [Judged(probabilities=seen.probabilities, truth=cuts, kinds=["cut"] * 3)],
    )


def silence(aligner: Aligner, media: Path) -> float:
    """The highest probability in clips that hold no transition; returns chaplin's."""
    highest = {}
    for name in SILENT:
        seen = look(aligner, list(read_frames(media / name, max_width=WIDTH)))
        at = int(seen.probabilities.argmax())
        highest[name] = float(seen.probabilities[at])
        print(f"{name:34} at most {highest[name]:.3f}, at {seen.times_s[at]:.2f} s")
    return highest["chaplin.mp4"]


def speed(aligner: Aligner) -> None:
    """Thirty seconds of ticks on one thread and on all of the machine's."""
    frames = np.random.default_rng(0).integers(0, 256, (480, 36, 64, 3), dtype=np.uint8)
    for n_threads in sorted({1, os.cpu_count() or 1}):
        torch.set_num_threads(n_threads)
        seconds = []
        for _ in range(3):
            stream = AlignerStream(aligner)
            start = time.perf_counter()
            for tick, pixels in enumerate(frames):
                stream(tick / RATE_HZ, pixels)
            stream.finish()
            seconds.append(time.perf_counter() - start)
        print(f"30 s of film, {n_threads} thread(s): {min(seconds):.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--media", type=Path, default=ROOT.parent / "shared" / "media")
    parser.add_argument("--clips", type=Path, help="folder for the held-out clips")
    parser.add_argument("--weights", type=Path, help="another aligner than the one of VeM")
    arguments = parser.parse_args()
    aligner = load_aligner(arguments.weights)
    n_weights = sum(p.numel() for p in aligner.parameters())
    print(f"Aligner of {n_weights} weights; a tick depends on {aligner.context} to each side")
    met = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            met.append(held_out(aligner, arguments.clips or Path(folder)) >= BAR_PRECISION)
        except MissingPackageError as error:
            print(f"The composited clips are left out. {error}")
    if (arguments.media / "chaplin.mp4").exists():
        met.append(montages(aligner, arguments.media) >= BAR_PRECISION)
        bunny(aligner, arguments.media)
        met.append(silence(aligner, arguments.media) <= BAR_SILENCE)
        print("Figure 6:", "met" if all(met) and len(met) == 3 else "NOT MET")
    else:
        print(f"The real clips are not in {arguments.media}: the rest is left out.")
    speed(aligner)


if __name__ == "__main__":
    main()
