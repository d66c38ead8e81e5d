"""Made-up film: textured scenes that move, and edits of them; small, seeded, in memory."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from vem_core.video.reader import VideoFrame

HEIGHT, WIDTH = 90, 160


@lru_cache(maxsize=32)
def world(seed: int) -> np.ndarray:
    """(270, 480, 3) uint8: a landscape of coloured blobs, coarse and fine."""
    import cv2

    random = np.random.default_rng(seed)
    picture = np.zeros((270, 480, 3), np.float32)
    for rows, weight in ((6, 90.0), (24, 60.0), (90, 40.0)):
        blobs = random.normal(0, 1, (rows, rows * 16 // 9, 3)).astype(np.float32)
        picture += weight * cv2.resize(blobs, (480, 270), interpolation=cv2.INTER_CUBIC)
    picture += random.uniform(70, 180, 3).astype(np.float32)
    return np.clip(picture, 5, 250).astype(np.uint8)


def scene(seed: int, n_frames: int, speed: float = 1.0) -> list[np.ndarray]:
    """A pan of `speed` pixels a frame over the world of that seed."""
    place = world(seed)
    frames = []
    for i in range(n_frames):
        x, y = round(100 + speed * i) % 320, round(60 + 0.3 * speed * i) % 180
        frames.append(place[y : y + HEIGHT, x : x + WIDTH].copy())
    return frames


def film(frames: Sequence[np.ndarray], fps: float = 25.0) -> list[VideoFrame]:
    return at_times(frames, [i / fps for i in range(len(frames))], 1 / fps)


def at_times(
    frames: Sequence[np.ndarray], times_s: Sequence[float], last_s: float
) -> list[VideoFrame]:
    ends_s = [*times_s[1:], times_s[-1] + last_s]
    return [
        VideoFrame(time_s=time_s, duration_s=end_s - time_s, pixels=pixels)
        for time_s, end_s, pixels in zip(times_s, ends_s, frames, strict=True)
    ]


def mixed(a: np.ndarray, b: np.ndarray | float, share: float) -> np.ndarray:
    """(1 - share) of a, share of b."""
    return (a * (1 - share) + np.asarray(b, np.float32) * share).round().astype(np.uint8)


def dissolved(a: Sequence[np.ndarray], b: Sequence[np.ndarray], n_frames: int) -> list[np.ndarray]:
    """The last `n_frames` of a blend into the first ones of b."""
    head = len(a) - n_frames
    blend = [mixed(a[head + i], b[i], (i + 0.5) / n_frames) for i in range(n_frames)]
    return [*a[:head], *blend, *b[n_frames:]]


def faded_out(frames: Sequence[np.ndarray], n_frames: int, level: float = 0.0) -> list[np.ndarray]:
    """The last `n_frames` go to black (0) or white (255)."""
    head = len(frames) - n_frames
    ramp = [mixed(f, level, (i + 1) / n_frames) for i, f in enumerate(frames[head:])]
    return [*frames[:head], *ramp]
