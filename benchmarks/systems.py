"""Cut-beat figures of systems over synthetic storyboards with known cuts and moods, in one table.

    .venv/bin/python benchmarks/systems.py [--n 200] [--heard 12] [--films 3] [--videos DIR]

Storyboards: log-normal shots around 2.5 s on whole frames of 25 fps, moods at random, fixed seed.
By their own times, over all storyboards: a constant tempo at random, 120 BPM from the first frame,
the best constant tempo (searched with the cuts in view), our plan. As heard, over the first
--heard storyboards: composed on our plan and rendered; a track of another composer snapped; the
same track unsnapped. Beats are then found by the tracker, which knows nothing of any plan. For the
first --films of them a video is written and scored as a creator would, cuts found by the parser,
and the file is then evaluated; the cuts and moods that count are those that were drawn. With
--videos, any folder of real videos with music instead. Intervals are 95 %: Wilson's for shares,
bootstrapped over clips for the rest.
"""

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import pieces
from composer import random_storyboard
from synthetic_films import write_film

from vem_core.codecs.score.render import RenderSettings, render
from vem_core.composing.compose import compose
from vem_core.composing.style import load_style
from vem_core.evaluation import MusicMatch, evaluate_video, match_music
from vem_core.evaluation.folders import VIDEOS
from vem_core.metrics import rhythm
from vem_core.metrics.semantic import mean_with_interval
from vem_core.parsing.parse import parse_video
from vem_core.rhythm.plan_settings import PlanSettings
from vem_core.rhythm.snapping import SnapSettings, snap_music
from vem_core.rhythm.tempo_map import plan_beats
from vem_core.types import METRES, Audio, BeatPlan, Samples, Storyboard, audio_of, samples_of
from vem_core.video.writer import mux

SEED = 7
BAR = 0.90
TEMPI_BPM = np.arange(80.0, 160.01, 0.25)
STYLES = ("house", "rock", "corporate", "synthwave", "cinematic", "trap")
SNAP = SnapSettings(hit_unit="beat")
TRACKS = ("house", "funk", "orchestral", "drum-and-bass")


@dataclass
class Row:
    """One system's figures, gathered clip by clip."""

    name: str
    errors_ms: list[float] = field(default_factory=list)
    """Of each cut to its nearest beat; infinite without beats."""
    chance: list[float] = field(default_factory=list)
    accent: list[float] = field(default_factory=list)
    arousal: list[float] = field(default_factory=list)
    n_clips: int = 0
    n_beatless: int = 0

    def add(self, storyboard: Storyboard, beats_s: np.ndarray) -> None:
        """Take a clip by the times of its beats."""
        cuts_s = np.array([t.time_s for t in storyboard.transitions])
        inside_s = beats_s[(beats_s >= 0) & (beats_s < storyboard.duration_s)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            errors_s = rhythm.nearest_errors_s(cuts_s, beats_s)
            self.chance.append(rhythm.chance_hit_rate(inside_s, 0.07, storyboard.duration_s))
        self.errors_ms += (
            1000 * errors_s if len(beats_s) else np.full(len(cuts_s), np.inf)
        ).tolist()
        self.n_clips += 1
        self.n_beatless += not len(beats_s)

    def add_heard(self, match: MusicMatch) -> None:
        """Take a clip by what was heard."""
        self.add(match.storyboard, np.array(match.track.beats_s))
        rank, rho = match.accents["accent_rank"], match.affect["arousal_energy"].rho
        self.accent += [] if rank is None else [rank]
        self.arousal += [] if rho is None else [rho]

    def cells(self) -> list[str]:
        """The row of the table."""
        errors_ms = np.abs(self.errors_ms)
        cells = [self.name, str(self.n_clips), str(len(errors_ms))]
        for window_ms in (40, 70, 100):
            hits = int((errors_ms <= window_ms + 1e-6).sum())
            low, high = rhythm.wilson_interval(hits, len(errors_ms))
            cells.append(f"{hits / max(len(errors_ms), 1):.2f} ({low:.2f}-{high:.2f})")
        finite = errors_ms[np.isfinite(errors_ms)]
        cells.append(f"{np.mean(self.chance):.2f}")
        cells.append(f"{finite.mean():.0f}" if len(finite) else "-")
        for values in (self.accent, self.arousal):
            mean, low, high = mean_with_interval(values, np.random.default_rng(0))
            cells.append(f"{mean:.2f} ({low:.2f}-{high:.2f})" if values else "-")
        return cells


HEAD = [
    "system", "clips", "cuts", "within 40 ms", "within 70 ms", "within 100 ms", "chance at 70",
    "mean off, ms", "accent rank", "arousal rho",
]  # fmt: skip


def constant(tempo_bpm: float, phase_s: float, duration_s: float) -> np.ndarray:
    """Beats of one tempo from before the clip to after it."""
    period_s = 60 / tempo_bpm
    return np.arange(phase_s % period_s - period_s, duration_s + period_s, period_s)


def best_constant(storyboard: Storyboard) -> np.ndarray:
    """The constant tempo and phase with the most cuts within 70 ms, the nearest among equals."""
    cuts_s = np.array([t.time_s for t in storyboard.transitions])
    best, found = (-1.0, -np.inf), constant(120, 0, storyboard.duration_s)
    for tempo_bpm in TEMPI_BPM if len(cuts_s) else ():
        period_s = 60 / tempo_bpm
        phases_s = np.arange(0, period_s, 0.01)[:, None]
        off_s = np.abs((cuts_s - phases_s + period_s / 2) % period_s - period_s / 2)
        hits, near = (off_s <= 0.07).mean(axis=1), -off_s.mean(axis=1)
        place = np.lexsort((near, hits))[-1]
        if (hits[place], near[place]) > best:
            best = (float(hits[place]), float(near[place]))
            found = constant(tempo_bpm, float(phases_s[place, 0]), storyboard.duration_s)
    return found


def with_halves(beats_s: np.ndarray) -> np.ndarray:
    """Beats and the middles between them."""
    return np.sort(np.concatenate([beats_s, (beats_s[1:] + beats_s[:-1]) / 2]))


def by_own_times(boards: list[Storyboard]) -> tuple[list[Row], list[BeatPlan]]:
    """Every system that needs no sound, over all storyboards."""
    rng = np.random.default_rng(SEED + 1)

    def random_phase(board: Storyboard) -> np.ndarray:
        tempo_bpm = float(np.exp(rng.uniform(np.log(80), np.log(160))))
        return constant(tempo_bpm, float(rng.uniform(0, 1)), board.duration_s)

    systems: dict[str, Callable[[Storyboard], np.ndarray]] = {
        "random tempo and phase": random_phase,
        "fixed 120 BPM": lambda board: constant(120, 0, board.duration_s),
        "best constant tempo": best_constant,
    }
    rows = [Row(name) for name in systems]
    ours, halves = Row("our plan, on beats"), Row("our plan, half-beats too")
    plans = []
    for board in boards:
        for row, system in zip(rows, systems.values(), strict=True):
            row.add(board, system(board))
        plan = plan_beats(board, PlanSettings(hit_unit="beat"))
        plans.append(plan)
        ours.add(board, np.array(plan.beats_s))
        halves.add(board, with_halves(np.array(plan_beats(board).beats_s)))
    return [*rows, ours, halves], plans


def composed(board: Storyboard, index: int) -> tuple[Audio | Samples, BeatPlan]:
    """Our music on our plan, in the tempo range of a style that has a beat."""
    style = STYLES[index % len(STYLES)]
    tempo_range = load_style(style).tempo_range_bpm(METRES["4/4"])
    plan = plan_beats(board, PlanSettings(hit_unit="beat", tempo_range_bpm=tempo_range))
    return render(compose(board, plan, style=style, seed=index), RenderSettings()).mix, plan


def track(board: Storyboard, index: int) -> Audio:
    """A piece by the benchmarks' own composer, longer than the clip."""
    style = TRACKS[index % len(TRACKS)]
    made = pieces.make_piece(style, 100 + index, duration_s=board.duration_s + 25)
    return audio_of(Samples(values=made.sound, sample_rate=made.sample_rate))


def cut_to(audio: Audio, duration_s: float) -> Samples:
    """The start of a track, as long as the clip."""
    samples = samples_of(audio)
    values = samples.values[:, : round(duration_s * samples.sample_rate)]
    return Samples(values=np.ascontiguousarray(values), sample_rate=samples.sample_rate)


def as_heard(boards: list[Storyboard]) -> tuple[list[Row], dict[str, list[float]]]:
    """The systems that sound; and by style the errors at what our plans meant to hit, in ms."""
    ours, snapped = Row("our music, as heard"), Row("a track snapped, as heard")
    plain = Row("the same track unsnapped, as heard")
    planned: dict[str, list[float]] = {style: [] for style in STYLES}
    for index, board in enumerate(boards):
        music, plan = composed(board, index)
        match = match_music(music, board)
        ours.add_heard(match)
        hits_s = np.array([hit.transition_s for hit in plan.hits])
        if match.track.has_beat and len(hits_s):
            beats_s = np.array(match.track.beats_s)
            errors_ms = (1000 * np.abs(rhythm.nearest_errors_s(hits_s, beats_s))).tolist()
        else:
            errors_ms = [np.inf] * len(hits_s)
        planned[STYLES[index % len(STYLES)]] += errors_ms
        foreign = track(board, index)
        snapped.add_heard(match_music(snap_music(foreign, board, SNAP).audio, board))
        plain.add_heard(match_music(cut_to(foreign, board.duration_s), board))
        print(f"heard {index + 1} of {len(boards)}", file=sys.stderr, flush=True)
    return [plain, snapped, ours], planned


def as_films(boards: list[Storyboard]) -> Row:
    """Our music on whole videos: parsed, planned, composed, muxed, and read back from the file."""
    row = Row("our videos, cuts found by the parser")
    found = drawn = missed = 0
    with tempfile.TemporaryDirectory() as name:
        for index, board in enumerate(boards):
            silent = write_film(board, Path(name) / f"{index}-silent.mp4", index)
            parsed = parse_video(silent).storyboard
            music, _ = composed(parsed, index)
            scored = Path(name) / f"{index}.mp4"
            mux(silent, audio_of(samples_of(music)), scored)
            row.add_heard(evaluate_video(scored, storyboard=board))
            times_s = [np.array([t.time_s for t in b.transitions]) for b in (board, parsed)]
            hits = len(rhythm.match_events(times_s[0], times_s[1], 0.02))
            drawn, found = drawn + len(times_s[0]), found + hits
            missed += len(times_s[1]) - hits
    print(f"cuts in the films: {found} of {drawn} found, {missed} false ones", file=sys.stderr)
    return row


def show(rows: list[Row]) -> None:
    """The table, ready for a README."""
    rows = [row for row in rows if row.n_clips]
    lines = [HEAD, ["---"] * len(HEAD), *(row.cells() for row in rows)]
    for cells in lines:
        print("| " + " | ".join(cells) + " |")
    for row in rows:
        if row.n_beatless:
            print(f"{row.name}: no beat found in {row.n_beatless} of {row.n_clips} clips")


def show_planned(planned: dict[str, list[float]]) -> None:
    """Share of the planned hits that the tracker hears within 70 ms: all, and where it hears a
    beat at all; style by style."""
    every = np.array([error for errors in planned.values() for error in errors])
    for name, errors_ms in (
        ("all clips", every),
        ("clips in which the tracker finds a beat", every[np.isfinite(every)]),
    ):
        if len(errors_ms):
            hits = int((errors_ms <= 70).sum())
            low, high = rhythm.wilson_interval(hits, len(errors_ms))
            share = hits / len(errors_ms)
            print(
                f"planned hits with a tracked beat within 70 ms, {name}: {share:.3f}"
                f" ({low:.3f}-{high:.3f}) of {len(errors_ms)}; bar {BAR:.2f}:"
                f" {'met' if share >= BAR else 'MISSED'}"
            )
    counts = {s: (sum(e <= 70 for e in errors), len(errors)) for s, errors in planned.items()}
    print("by style: " + ", ".join(f"{s} {a} of {n}" for s, (a, n) in counts.items() if n))


def real_videos(folder: Path) -> None:
    """Any folder of videos with music."""
    row = Row(folder.name)
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in VIDEOS):
        row.add_heard(evaluate_video(path))
    show([row])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="storyboards")
    parser.add_argument("--heard", type=int, default=12, help="of these, rendered and tracked")
    parser.add_argument("--films", type=int, default=3, help="of these, as whole videos")
    parser.add_argument("--videos", type=Path, help="a folder of real videos instead")
    arguments = parser.parse_args()
    if arguments.videos is not None:
        real_videos(arguments.videos)
        return
    started = time.process_time()
    rng = np.random.default_rng(SEED)
    boards = [random_storyboard(rng, int(rng.integers(4, 21))) for _ in range(arguments.n)]
    rows, plans = by_own_times(boards)
    heard, planned = as_heard(boards[: arguments.heard])
    show([*rows, *heard, as_films(boards[: arguments.films])] if arguments.films else rows + heard)
    hits = [abs(hit.error_ms) for plan in plans for hit in plan.hits]
    n_cuts = sum(len(board.transitions) for board in boards)
    print(
        f"\nour plan hits {len(hits)} of {n_cuts} cuts on beats; largest error of a hit by the"
        f" plan's own times: {max(hits, default=0.0):.6f} ms"
    )
    show_planned(planned)
    print(f"seed {SEED}, {time.process_time() - started:.0f} s of CPU")


if __name__ == "__main__":
    main()
