"""Clips for the aligner: shots joined by transitions of every kind, with all that is none.

Baked once into shards of small frames. Clip i of a seed is the same on every machine that draws
with the same OpenCV.
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from ..errors import InputError
from ..files import whole_file
from ..rhythm.aligner import FRAME_HEIGHT, FRAME_WIDTH, RATE_HZ
from ..types import Progress, no_progress
from .aligner_edits import KINDS, SHARP, Effect, Join, draw_effects, draw_join, draw_stock
from .aligner_photos import Photos, grade, load_photos
from .aligner_scenes import make_shot, seen_elsewhere
from .aligner_shots import CANVAS_HEIGHT, CANVAS_WIDTH, Shot
from .stated import state_settings

HELD_OUT_SEED = 1
"""Clips of this seed show the held-out photographs; they are for figures, never for training."""
CLIPS_VERSION = 1
"""To be raised whenever a seed gives other clips."""
RATES = (12.0, 15.0, 24.0, 25.0, 30.0, 50.0, 60.0)
RATE_SHARES = (0.04, 0.06, 0.3, 0.25, 0.25, 0.05, 0.05)
MOST_JOINS = 16
LEAST_CHANGE = 9.0
"""Mean difference, of 255, below which two pictures do not make a transition."""
LEAST_SEEN = 4.0
"""The same on the small frames as they come out, blurred: below it nothing is labelled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipSettings:
    """What to draw."""

    clips_version: int = CLIPS_VERSION
    n_clips: int = 4000
    clips_per_shard: int = 100
    n_ticks: int = 128
    seed: int = 0

    @property
    def held_out(self) -> bool:
        return self.seed == HELD_OUT_SEED


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MadeClip:
    """A clip as the aligner sees it, and the truth."""

    frames: np.ndarray
    """(T, H, W, 3) uint8 RGB, one per tick."""
    ticks: np.ndarray
    """(N,) int64: the tick of each transition, as its frame is first shown or nearest."""
    kinds: tuple[str, ...]
    durations_s: np.ndarray
    """(N,)"""


def tick_times(random: np.random.Generator, n_ticks: int, fps: float) -> np.ndarray:
    """(T,) time of the frame that is on screen at each tick; now and then the picture stands."""
    ticks = np.arange(n_ticks) / RATE_HZ
    times_s = np.floor(ticks * fps + 1e-6) / fps
    if random.random() < 0.12:  # dropped frames
        for _ in range(int(random.integers(1, 5))):
            start = int(random.integers(0, n_ticks - 6))
            times_s[start : start + int(random.integers(2, 6))] = times_s[start]
    return times_s


def draw_edges(random: np.random.Generator, duration_s: float) -> list[float]:
    """Times where shots meet."""
    if random.random() < 0.18:
        return []
    fast = float(np.exp(random.uniform(np.log(0.7), np.log(5.0))))  # the median shot of this clip
    edges: list[float] = []
    time_s = float(random.uniform(0.3, fast + 0.5))
    while time_s < duration_s - 0.3 and len(edges) < MOST_JOINS:
        edges.append(time_s)
        time_s += max(float(random.lognormal(np.log(fast), 0.5)), 0.32)
    return edges


def draw_shots(
    random: np.random.Generator, photos: Photos, edges: Sequence[float], duration_s: float
) -> list[Shot]:
    """The shots between the edges; each begins at its edge, on a clock of its own."""
    look, wild = grade(random), float(random.random())
    starts, ends = [0.0, *edges], [*edges, duration_s]
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    shots = [make_shot(random, photos, lengths[0], look=look, wild=wild)]
    scenes = list(shots)
    for number in range(1, len(lengths)):
        last, length_s = shots[-1], lengths[number]
        again = random.random()
        for _ in range(4):
            if again < 0.14:
                shot = seen_elsewhere(random, last, lengths[number - 1], length_s, wild)
            elif again < 0.3 and len(scenes) > 1:  # shot and counter-shot
                scene = scenes[-2]
                shot = seen_elsewhere(random, scene, 0.0, length_s, wild)
            else:
                shot = make_shot(random, photos, length_s, look=look, wild=wild)
            before, after = last.draw(lengths[number - 1]), shot.draw(0.0)
            if float(cv2.absdiff(before, after).mean()) > LEAST_CHANGE:
                break
        if again >= 0.3 or len(scenes) < 2:
            scenes.append(shot)
        shots.append(shot)
    return shots


def make_clip(index: int, settings: ClipSettings, photos: Photos) -> MadeClip:
    """Clip `index` of a seed."""
    random = np.random.default_rng((settings.seed, index))
    duration_s = settings.n_ticks / RATE_HZ
    fps = float(random.choice(RATES, p=RATE_SHARES))
    edges = [round(edge * fps) / fps for edge in draw_edges(random, duration_s)]
    shots = draw_shots(random, photos, edges, duration_s)
    starts = [0.0, *edges]
    lengths = np.diff([*starts, duration_s])
    joins = [
        draw_join(random, edge, 0.8 * float(lengths[i : i + 2].min()), fps)
        for i, edge in enumerate(edges)
    ]
    canvas = (CANVAS_HEIGHT, CANVAS_WIDTH)
    effects = draw_effects(random, duration_s, canvas, float(random.random()))
    stock = draw_stock(random, (FRAME_HEIGHT, FRAME_WIDTH))
    times_s = tick_times(random, settings.n_ticks, fps)
    frames = np.empty((settings.n_ticks, FRAME_HEIGHT, FRAME_WIDTH, 3), np.uint8)
    for tick, time_s in enumerate(times_s.tolist()):
        if tick and time_s == times_s[tick - 1]:
            frames[tick] = frames[tick - 1]
            continue
        picture = stock.on_canvas(_draw(shots, starts, joins, effects, time_s))
        small = cv2.resize(picture, (FRAME_WIDTH, FRAME_HEIGHT), interpolation=cv2.INTER_AREA)
        frames[tick] = stock.on_frame(small)
    ticks = [_tick_of(join, times_s) for join in joins]
    seen = [i for i, join in enumerate(joins) if _is_seen(frames, ticks[i], join)]
    return MadeClip(
        frames=frames,
        ticks=np.array([ticks[i] for i in seen], np.int64),
        kinds=tuple(joins[i].kind for i in seen),
        durations_s=np.array([joins[i].duration_s for i in seen]),
    )


def _is_seen(frames: np.ndarray, tick: int, join: Join) -> bool:
    """Whether the picture differs before and after: no label for what darkness or blur hides."""
    half = int(np.ceil(join.duration_s * RATE_HZ / 2))
    before = cv2.blur(frames[max(tick - half - 1, 0)], (5, 5))
    after = cv2.blur(frames[min(tick + half, len(frames) - 1)], (5, 5))
    return float(cv2.absdiff(before, after).mean()) > LEAST_SEEN


def _draw(
    shots: Sequence[Shot],
    starts: Sequence[float],
    joins: Sequence[Join],
    effects: Sequence[Effect],
    time_s: float,
) -> np.ndarray:
    number = bisect.bisect_right(starts, time_s + 1e-6) - 1
    picture = None
    for i, join in enumerate(joins):
        if join.duration_s and join.start_s < time_s < join.end_s:
            a = shots[i].draw(time_s - starts[i])
            b = shots[i + 1].draw(time_s - starts[i + 1])
            picture = join.blend(a, b, time_s)
    if picture is None:
        picture = shots[number].draw(time_s - starts[number])
    for effect in effects:
        picture = effect(picture, time_s)
    return picture


def _tick_of(join: Join, times_s: np.ndarray) -> int:
    if join.kind in SHARP:
        return min(int(np.searchsorted(times_s, join.time_s - 1e-6)), len(times_s) - 1)
    return int(np.abs(np.arange(len(times_s)) / RATE_HZ - join.time_s).argmin())


def bake_clips(folder: Path, settings: ClipSettings, progress: Progress = no_progress) -> None:
    """Draw the clips of `settings` into shards; shards that are there are kept.

    Raises:
        InputError: the folder holds shards of other settings.
        MissingPackageError: a package that carries sample photographs is not installed.
    """
    state_settings(
        folder,
        settings,
        "holds clips baked with other settings. Choose another folder, or empty it.",
    )
    firsts = range(0, settings.n_clips, settings.clips_per_shard)
    missing = [first for first in firsts if not _shard_path(folder, first).exists()]
    photos = load_photos(held_out=settings.held_out) if missing else Photos(pixels=())
    for n, first in enumerate(missing):
        progress(n / len(missing))
        last = min(first + settings.clips_per_shard, settings.n_clips)
        clips = [make_clip(index, settings, photos) for index in range(first, last)]
        _write_shard(_shard_path(folder, first), clips)
    progress(1.0)


def _shard_path(folder: Path, first: int) -> Path:
    return folder / f"clips-{first:06d}.safetensors"


def _write_shard(path: Path, clips: Sequence[MadeClip]) -> None:
    from safetensors.numpy import save_file

    truth = np.full((len(clips), MOST_JOINS, 2), -1, np.int16)
    durations_s = np.zeros((len(clips), MOST_JOINS), np.float32)
    for row, clip in enumerate(clips):
        n = len(clip.ticks)
        truth[row, :n, 0] = clip.ticks
        truth[row, :n, 1] = [KINDS.index(kind) for kind in clip.kinds]  # type: ignore[arg-type]
        durations_s[row, :n] = clip.durations_s
    tensors = {
        "frames": np.stack([clip.frames for clip in clips]),
        "truth": truth,
        "durations_s": durations_s,
    }
    with whole_file(path) as temporary:
        save_file(tensors, temporary)


class BakedClips:
    """The clips of a folder; their frames stay on disk until they are wanted."""

    def __init__(self, folder: Path):
        from safetensors import safe_open

        paths = sorted(folder.glob("clips-*.safetensors"))
        if not paths:
            raise InputError(f"'{folder}' holds no clips. Bake them first.")
        self._shards = [safe_open(path, framework="np") for path in paths]
        self._truth = [shard.get_tensor("truth") for shard in self._shards]
        self._durations_s = [shard.get_tensor("durations_s") for shard in self._shards]
        self._places = [
            (s, row) for s, truth in enumerate(self._truth) for row in range(len(truth))
        ]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> MadeClip:
        s, row = self._places[index]
        truth = self._truth[s][row]
        n = int((truth[:, 0] >= 0).sum())
        return MadeClip(
            frames=self._shards[s].get_slice("frames")[row],
            ticks=truth[:n, 0].astype(np.int64),
            kinds=tuple(KINDS[kind] for kind in truth[:n, 1]),
            durations_s=self._durations_s[s][row, :n].astype(np.float64),
        )


def soft_targets(
    ticks: np.ndarray, kinds: Sequence[str], durations_s: np.ndarray, n_ticks: int
) -> np.ndarray:
    """(T,) float32 labels: 1 at a transition, and beside it less.

    A quarter one tick beside a cut; around the middle of a slow transition a triangle that is wider
    by 15 % of its duration, since nobody can tell the middle of a dissolve to the frame.
    """
    target = np.zeros(n_ticks, np.float32)
    for tick, kind, duration_s in zip(ticks, kinds, durations_s, strict=True):
        slow = 0.0 if kind in SHARP else 0.15 * duration_s * RATE_HZ
        reach = 4 / 3 + min(slow, 4.0)
        target = np.maximum(target, 1 - np.abs(np.arange(n_ticks) - tick) / reach)
    return target.astype(np.float32)


class AlignerBatches:
    """Crops of clips, mirrored, turned back in time, lit and coloured otherwise."""

    def __init__(self, clips: BakedClips, batch_clips: int, crop_ticks: int):
        self._clips = clips
        self._batch_clips = batch_clips
        self._crop_ticks = crop_ticks

    def draw(self, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, T, H, W, 3) uint8 frames and (B, T) targets, by the generator alone."""
        seed = int(torch.randint(1 << 62, (1,), generator=generator))
        random = np.random.default_rng(seed)
        frames, targets = [], []
        for _ in range(self._batch_clips):
            clip = self._clips[int(random.integers(len(self._clips)))]
            pixels, target = self._vary(random, clip)
            frames.append(pixels)
            targets.append(target)
        return torch.from_numpy(np.stack(frames)), torch.from_numpy(np.stack(targets))

    def _vary(self, random: np.random.Generator, clip: MadeClip) -> tuple[np.ndarray, np.ndarray]:
        pixels, ticks, n_ticks = clip.frames, clip.ticks, len(clip.frames)
        if random.random() < 0.4:  # the first frame of the new shot becomes the last of the old
            pixels = pixels[::-1]
            sharp = np.array([kind in SHARP for kind in clip.kinds], np.int64)
            ticks = n_ticks - 1 - ticks + sharp
        target = soft_targets(ticks, clip.kinds, clip.durations_s, n_ticks)
        start = int(random.integers(n_ticks - self._crop_ticks + 1))
        chosen = slice(start, start + self._crop_ticks)
        pixels, target = pixels[chosen], target[chosen]
        if random.random() < 0.5:
            pixels = pixels[:, :, ::-1]
        if random.random() < 0.3:
            pixels = pixels[..., random.permutation(3)]
        levels = np.linspace(0, 1, 256) ** np.exp(random.normal(0, 0.25))
        levels = levels[:, None] * np.exp(random.normal(0, 0.1, 3)) * np.exp(random.normal(0, 0.2))
        table = ((levels + random.normal(0, 0.04)) * 255).clip(0, 255).astype(np.uint8)
        if random.random() < 0.04:
            table = 255 - table
        lit = np.stack([table[:, c][pixels[..., c]] for c in range(3)], axis=-1)
        if random.random() < 0.08:
            lit[:] = lit.mean(axis=-1, keepdims=True).astype(np.uint8)
        return lit, target
