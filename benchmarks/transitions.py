"""How well transitions are found: figure 1 of the issue, and a set of our own.

Figure 1: hard cuts within one frame on the bundled clip and on ten montages, encoded and read
back; neighbouring passages of a montage come from different shots of the source. The untouched
clip; the clip without transitions. Our own set: jump cuts inside one shot, dissolves, fades, flash
frames, shake, whip pans, titles, variable frame rate, darkness. Matching is one to one.
Run: python benchmarks/transitions.py [--media FOLDER]
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import edits
from benchmarks.edits import BUNNY_CUTS_S, BUNNY_FPS, Edit
from vem_core.parsing.parse import parse_frames, parse_video
from vem_core.parsing.settings import ParseSettings
from vem_core.types import Transition

ROOT = Path(__file__).parents[1]
BAR_F1 = 0.97
DEMO = ROOT / "vem_core" / "assets" / "demo"


class Score:
    """Hits, misses and false ones, summed over clips."""

    def __init__(self) -> None:
        self.hits = self.misses = self.false = 0
        self.errors_s: list[float] = []

    def add(self, truth_s: Sequence[float], found_s: Sequence[float], within_s: float) -> None:
        left = sorted(found_s)
        for time_s in truth_s:
            near = min(left, key=lambda f, t=time_s: abs(f - t), default=None)
            if near is not None and abs(near - time_s) <= within_s + 1e-4:
                left.remove(near)
                self.hits += 1
                self.errors_s.append(abs(near - time_s))
            else:
                self.misses += 1
        self.false += len(left)

    @property
    def f1(self) -> float:
        total = 2 * self.hits + self.misses + self.false
        return 2 * self.hits / total if total else 1.0

    def __str__(self) -> str:
        mean_ms = 1000 * float(np.mean(self.errors_s)) if self.errors_s else 0.0
        return (
            f"F1 {self.f1:.3f}   {self.hits} found, {self.misses} missed, {self.false} false,"
            f" mean error {mean_ms:.1f} ms"
        )


def times_of(transitions: Iterable[Transition], *kinds: str) -> list[float]:
    return [t.time_s for t in transitions if t.kind in kinds]


def find(edit: Edit, settings: ParseSettings) -> tuple[Transition, ...]:
    return parse_frames(edit.video_frames(), Fraction(BUNNY_FPS), settings).storyboard.transitions


def bundled_clip() -> Score:
    """Hard cuts within a frame; dissolve and fade within two."""
    truth = json.loads((DEMO / "clip.json").read_text(encoding="utf-8"))
    frame_s = 1 / float(Fraction(truth["fps"]))
    found = parse_video(DEMO / "clip.mp4").storyboard.transitions
    cuts, slow = Score(), Score()
    true_times = {
        kind: [t["time_s"] for t in truth["transitions"] if (t["kind"] == "cut") == (kind == "cut")]
        for kind in ("cut", "slow")
    }
    cuts.add(true_times["cut"], times_of(found, "cut"), frame_s)
    slow.add(true_times["slow"], times_of(found, "dissolve", "fade"), 2 * frame_s)
    print(f"bundled clip: hard cuts       {cuts}")
    print(f"bundled clip: dissolve, fade  {slow}")
    return cuts


def montages(shots: Sequence[Sequence[np.ndarray]], settings: ParseSettings) -> Score:
    """Ten montages through an encoder and the whole of parse_video."""
    score = Score()
    n_short = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(10):
            edit = edits.montage(shots, seed)
            path = Path(folder) / f"{seed}.mp4"
            edits.write(edit, path)
            found = parse_video(path, settings).storyboard.transitions
            score.add(edit.cuts_s, times_of(found, "cut", "dissolve", "fade"), 1 / BUNNY_FPS)
            edges = np.array([0, *edit.cuts_s])
            n_short += int((np.diff(edges) < 1.0).sum())
    print(f"ten montages                  {score}   ({n_short} shots under 1 s)")
    return score


def real_clips(media: Path, settings: ParseSettings) -> bool:
    found = parse_video(media / "big_buck_bunny_0_30.webm", settings).storyboard.transitions
    score = Score()
    score.add(BUNNY_CUTS_S, [t.time_s for t in found if t.time_s > 2.0], 1 / BUNNY_FPS)
    early = [t for t in found if t.time_s <= 2.0]
    right = score.f1 == 1.0 and len(early) <= 1 and all(t.kind == "fade" for t in early)
    print(f"big_buck_bunny, untouched     {score}, {len(early)} within its fade-in")
    none = parse_video(media / "chaplin.mp4", settings).storyboard.transitions
    print(f"chaplin                       {len(none)} transitions")
    return right and not none


def own_set(
    shots: Sequence[Sequence[np.ndarray]], still: Sequence[np.ndarray], settings: ParseSettings
) -> None:
    """What the issue's figure leaves out; still: a shot of another film."""
    print("\nOur own set (in memory, seeded)")
    fps = BUNNY_FPS
    _cuts("jump cuts and cuts, any passage", settings, [
        edits.montage(shots, 100 + seed, other_shot=False) for seed in range(10)
    ])  # fmt: skip
    rolls = [np.random.default_rng(200 + seed) for seed in range(10)]
    _cuts("variable frame rate", settings, [
        edits.uneven(edits.montage(shots, 100 + seed), roll) for seed, roll in enumerate(rolls)
    ])  # fmt: skip
    dark = [[(p * 0.22).astype(np.uint8) for p in shot] for shot in shots]
    _cuts("darkness (22 % of the light)", settings, [
        edits.montage(dark, 300 + seed) for seed in range(5)
    ])  # fmt: skip
    for length in (6, 10, 16, 24, 36, 48):
        made = []
        for seed in range(8):
            random = np.random.default_rng(1000 * length + seed)
            a, b = edits.pieces(shots, random, (length + 30, length + 30))
            made.append(edits.dissolved(a, b, length, fps))
        _slow(f"dissolves of {length / fps:.2f} s", settings, made, "dissolve")
    for ramp, hold, level in ((5, 1, 0), (12, 4, 0), (24, 12, 0), (10, 3, 255)):
        made = []
        for seed in range(8):
            random = np.random.default_rng(5000 + 100 * ramp + seed)
            a, b = edits.pieces(shots, random, (ramp + 30, ramp + 30))
            made.append(edits.faded(a, b, ramp, hold, level, fps))
        name = "black" if level == 0 else "white"
        _slow(f"fades through {name}, {(2 * ramp + hold) / fps:.2f} s", settings, made, "fade")
    _silent_set([*shots, still], settings)


def _silent_set(shots: Sequence[Sequence[np.ndarray]], settings: ParseSettings) -> None:
    """Things that are no boundary: counts what is taken for one."""
    fps = BUNNY_FPS
    makers: dict[str, Callable[[Sequence[np.ndarray], np.random.Generator], Edit]] = {
        "flash, 1 frame": lambda s, r: edits.flashed(s, r, 1, 0, fps),
        "flash, 3 frames": lambda s, r: edits.flashed(s, r, 3, 0, fps),
        "flash, decays in 8 frames": lambda s, r: edits.flashed(s, r, 1, 8, fps),
        "shake, jolts of 3 %": lambda s, r: edits.shaken(s, r, 0.03, fps),
        "shake, jolts of 8 %": lambda s, r: edits.shaken(s, r, 0.08, fps),
        "whip pan": lambda s, r: edits.whipped(s, r, fps),
        "title pops up": lambda s, r: edits.titled(s, r, "pop", fps),
        "title runs": lambda s, r: edits.titled(s, r, "run", fps),
    }
    for name, make in makers.items():
        boundaries = flashes = n_clips = 0
        for seed, shot in enumerate(shots):
            for take in range(3):
                random = np.random.default_rng(7000 + 10 * seed + take)
                start = int(random.integers(0, max(1, len(shot) - 90)))
                found = find(make(shot[start : start + 90], random), settings)
                boundaries += len(times_of(found, "cut", "dissolve", "fade"))
                flashes += len(times_of(found, "flash"))
                n_clips += 1
        print(f"  {name:32} {boundaries} false boundaries, {flashes} flashes in {n_clips} clips")


def _cuts(name: str, settings: ParseSettings, made: Sequence[Edit]) -> None:
    score = Score()
    for edit in made:
        found = find(edit, settings)
        score.add(edit.cuts_s, times_of(found, "cut", "dissolve", "fade"), 1 / BUNNY_FPS)
    print(f"  {name:32} {score}")


def _slow(name: str, settings: ParseSettings, made: Sequence[Edit], kind: str) -> None:
    """Middle within three frames; the durations as ratios to the true ones."""
    score, others, ratios = Score(), 0, []
    for edit in made:
        found = find(edit, settings)
        score.add([m for m, _ in edit.slow_s], times_of(found, kind), 3 / BUNNY_FPS)
        others += sum(t.kind not in (kind, "flash") for t in found)
        ratios += [t.duration_s / edit.slow_s[0][1] for t in found if t.kind == kind]
    ratio = float(np.median(ratios)) if ratios else 0.0
    print(f"  {name:32} {score}, {others} of another kind, duration x {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--media", type=Path, default=ROOT.parent / "shared" / "media")
    parser.add_argument("--detector", default="adaptive")
    arguments = parser.parse_args()
    settings = ParseSettings(detector=arguments.detector)
    print(f"Figure 1 (bars: F1 >= {BAR_F1} within one frame; no false ones in the real clips)")
    cuts = bundled_clip()
    if not (arguments.media / "chaplin.mp4").exists():
        print(f"The real clips are not in {arguments.media}: the rest is left out.")
        return
    shots = edits.bunny_shots(edits.load(arguments.media / "big_buck_bunny_0_30.webm"))
    joined = montages(shots, settings)
    real = real_clips(arguments.media, settings)
    met = cuts.f1 >= BAR_F1 and joined.f1 >= BAR_F1 and real
    print("Figure 1:", "met" if met else "NOT MET")
    own_set(shots, edits.load(arguments.media / "chaplin.mp4"), settings)


if __name__ == "__main__":
    main()
