"""Edits with known transitions, made out of real clips, for benchmarks and by hand.

Everything is seeded. Passages are taken from inside the source's own shots, so that the only cuts
are those made here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from vem_core.video.reader import VideoFrame, read_frames

BUNNY_FPS = 24
BUNNY_SHOTS_S = ((2.2, 11.7), (11.9, 15.6), (15.75, 22.9), (23.05, 29.9))
"""Insides of the four shots of big_buck_bunny_0_30.webm, after its fade-in."""
BUNNY_CUTS_S = (11.795, 15.67, 22.961)
WIDTH = 480


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Edit:
    """Frames and the truth about them."""

    frames: list[np.ndarray]
    """(H, W, 3) uint8 RGB."""
    times_s: list[float]
    cuts_s: tuple[float, ...] = ()
    slow_s: tuple[tuple[float, float], ...] = ()
    """(middle, duration) of dissolves or fades."""
    flashes_s: tuple[float, ...] = ()

    def video_frames(self) -> list[VideoFrame]:
        ends = [*self.times_s[1:], 2 * self.times_s[-1] - self.times_s[-2]]
        return [
            VideoFrame(time_s=t, duration_s=end - t, pixels=pixels)
            for t, end, pixels in zip(self.times_s, ends, self.frames, strict=True)
        ]


def load(path: Path, width: int = WIDTH) -> list[np.ndarray]:
    """All frames of a short clip, scaled down."""
    return [frame.pixels for frame in read_frames(path, max_width=width)]


def bunny_shots(frames: Sequence[np.ndarray]) -> list[Sequence[np.ndarray]]:
    """The frames inside each of the source's shots."""
    return [frames[round(a * BUNNY_FPS) : round(b * BUNNY_FPS)] for a, b in BUNNY_SHOTS_S]


def even_times(n_frames: int, fps: float) -> list[float]:
    return [i / fps for i in range(n_frames)]


def pieces(
    shots: Sequence[Sequence[np.ndarray]],
    random: np.random.Generator,
    n_frames: Sequence[int],
    *,
    other_shot: bool = True,
) -> list[list[np.ndarray]]:
    """Passages of the wanted lengths; with `other_shot`, neighbours come from different shots."""
    found: list[list[np.ndarray]] = []
    last = -1
    for wanted in n_frames:
        fitting = [
            i
            for i, shot in enumerate(shots)
            if len(shot) >= wanted and not (other_shot and i == last)
        ]
        last = int(random.choice(fitting))
        start = int(random.integers(0, len(shots[last]) - wanted + 1))
        found.append(list(shots[last][start : start + wanted]))
    return found


def montage(shots: Sequence[Sequence[np.ndarray]], seed: int, *, other_shot: bool = True) -> Edit:
    """Some 30 s of passages of 0.5 to 6 s, hard cuts between them."""
    random = np.random.default_rng(seed)
    lengths = np.exp(random.uniform(np.log(0.5), np.log(6.0), 14))
    n_frames = [round(s * BUNNY_FPS) for s in lengths]
    return joined(pieces(shots, random, n_frames, other_shot=other_shot), BUNNY_FPS)


def joined(parts: Sequence[Sequence[np.ndarray]], fps: float) -> Edit:
    """The parts one after the other."""
    edges = np.cumsum([len(part) for part in parts])
    frames = [frame for part in parts for frame in part]
    cuts_s = tuple(float(edge / fps) for edge in edges[:-1])
    return Edit(frames=frames, times_s=even_times(len(frames), fps), cuts_s=cuts_s)


def write(edit: Edit, path: Path, fps: int = BUNNY_FPS) -> None:
    """Encode in H.264 as an editor would export it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps))
        height, width = edit.frames[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width // 2 * 2, height // 2 * 2, "yuv420p"
        stream.options = {"crf": "23", "preset": "veryfast"}
        for pixels in edit.frames:
            frame = av.VideoFrame.from_ndarray(pixels[: stream.height, : stream.width], "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def dissolved(a: Sequence[np.ndarray], b: Sequence[np.ndarray], length: int, fps: float) -> Edit:
    """The end of `a` blends into the start of `b` over `length` frames."""
    head, tail = len(a) - length, b[length:]
    blend = []
    for i in range(length):
        share = (i + 0.5) / length
        mixed = a[head + i].astype(np.float32) * (1 - share) + b[i].astype(np.float32) * share
        blend.append(mixed.round().astype(np.uint8))
    frames = [*a[:head], *blend, *tail]
    slow = ((head + length / 2) / fps, length / fps)
    return Edit(frames=frames, times_s=even_times(len(frames), fps), slow_s=(slow,))


def faded(
    a: Sequence[np.ndarray], b: Sequence[np.ndarray], ramp: int, hold: int, level: int, fps: float
) -> Edit:
    """`a` goes to `level` (0 black, 255 white) over `ramp` frames, `b` comes from it."""

    def mix(pixels: np.ndarray, share: float) -> np.ndarray:
        return (pixels * share + level * (1 - share)).round().astype(np.uint8)

    out = [mix(p, 1 - (i + 1) / (ramp + 1)) for i, p in enumerate(a[-ramp:])]
    back = [mix(p, (i + 1) / (ramp + 1)) for i, p in enumerate(b[:ramp])]
    plain = [np.full_like(a[0], level)] * hold
    frames = [*a[:-ramp], *out, *plain, *back, *b[ramp:]]
    slow = ((len(a) + hold / 2) / fps, (2 * ramp + hold) / fps)
    return Edit(frames=frames, times_s=even_times(len(frames), fps), slow_s=(slow,))


def flashed(
    shot: Sequence[np.ndarray], random: np.random.Generator, length: int, decay: int, fps: float
) -> Edit:
    """White for `length` frames in the middle, and back over `decay` frames."""
    at = len(shot) // 2 + int(random.integers(-5, 6))
    frames = list(shot)
    for i in range(length + decay):
        share = 1.0 if i < length else 1 - (i - length + 1) / (decay + 1)
        mixed = frames[at + i].astype(np.float32) * (1 - share) + 250.0 * share
        frames[at + i] = mixed.astype(np.uint8)
    middle_s = (at + (length + decay) / 2) / fps
    return Edit(frames=frames, times_s=even_times(len(frames), fps), flashes_s=(middle_s,))


def shifted(pixels: np.ndarray, x: float, y: float, zoom: float = 1.0) -> np.ndarray:
    """A crop of the picture, moved by shares of its width and height, as a camera would."""
    height, width = pixels.shape[:2]
    matrix = np.array(
        [
            [zoom, 0, (1 - zoom) * width / 2 - x * width],
            [0, zoom, (1 - zoom) * height / 2 - y * height],
        ],
        dtype=np.float32,
    )
    return cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)


def shaken(
    shot: Sequence[np.ndarray], random: np.random.Generator, most: float, fps: float
) -> Edit:
    """A hand-held camera: drifts, and jolts of up to `most` of the width from frame to frame."""
    offset = np.zeros(2)
    frames = []
    for pixels in shot:
        jolt = random.uniform(-most, most, 2) * (random.random() < 0.3)
        offset = np.clip(0.9 * offset + random.normal(0, 0.004, 2) + jolt, -0.15, 0.15)
        frames.append(shifted(pixels, *offset, zoom=1.4))
    return Edit(frames=frames, times_s=even_times(len(frames), fps))


def whipped(shot: Sequence[np.ndarray], random: np.random.Generator, fps: float) -> Edit:
    """A pan that runs across two picture widths in a third of a second and blurs on its way."""
    wide = np.hstack([shot[0], shot[0][:, ::-1], shot[0]])
    width = shot[0].shape[1]
    length, rest = round(fps / 3), round(fps)
    positions = np.concatenate(
        [np.zeros(rest), 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / length), np.ones(rest)]
    )
    positions += random.normal(0, 0.0005, len(positions))
    frames = []
    for before, here in zip([positions[0], *positions], positions, strict=False):
        x = int(np.clip(here, 0, 1) * 2 * width)
        blur = max(1, int(abs(here - before) * 2 * width / 2))
        view = wide[:, min(x, 2 * width) : min(x, 2 * width) + width]
        frames.append(cv2.blur(view, (blur, 1)))
    return Edit(frames=frames, times_s=even_times(len(frames), fps))


def titled(shot: Sequence[np.ndarray], random: np.random.Generator, how: str, fps: float) -> Edit:
    """A big title that pops up and goes ('pop'), or runs across the picture ('run')."""
    height, width = shot[0].shape[:2]
    start, end = len(shot) // 3, 2 * len(shot) // 3
    y = int(height * random.uniform(0.4, 0.7))
    frames = []
    for i, pixels in enumerate(shot):
        pixels = pixels.copy()
        if start <= i < end:
            x = int(width * (0.06 if how == "pop" else 0.9 - 1.2 * (i - start) / (end - start)))
            scale = width / 190
            for colour, weight in (((10, 10, 10), 14), ((250, 240, 220), 7)):
                cv2.putText(
                    pixels, "VIDEO ECHO", (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, weight,
                    cv2.LINE_AA,
                )  # fmt: skip
        frames.append(pixels)
    return Edit(frames=frames, times_s=even_times(len(frames), fps))


def uneven(edit: Edit, random: np.random.Generator) -> Edit:
    """The same frames at a variable rate: some dropped, the others held longer."""
    first = {i for i, t in enumerate(edit.times_s) if any(abs(t - c) < 1e-6 for c in edit.cuts_s)}
    kept = [i for i in range(len(edit.frames)) if i == 0 or i in first or random.random() > 0.35]
    return Edit(
        frames=[edit.frames[i] for i in kept],
        times_s=[edit.times_s[i] for i in kept],
        cuts_s=edit.cuts_s,
    )
