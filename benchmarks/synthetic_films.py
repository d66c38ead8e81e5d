"""Small videos for storyboards whose cuts and moods are known: each shot a moving pattern.

A shot's colour is drawn at random; it is brighter and warmer the happier, and its pattern moves
faster the more intense the shot is. Nothing here knows how the parser looks at pictures.
"""

from pathlib import Path

import av
import numpy as np

from vem_core.types import Shot, Storyboard

SIZE = (160, 90)


def _frame(shot: Shot, texture: np.ndarray, colour: np.ndarray, time_s: float) -> np.ndarray:
    """(H, W, 3) uint8."""
    width, height = SIZE
    moved = round((time_s - shot.start_s) * 160 * (0.02 + shot.affect.arousal))
    picture = np.roll(texture, moved, axis=1)[:height, :width]
    return np.clip(255 * picture[..., None] * colour, 0, 255).astype(np.uint8)


def _colour(shot: Shot, rng: np.random.Generator) -> np.ndarray:
    happy = (1 + shot.affect.valence) / 2
    drawn = rng.uniform(0.2, 1.0, 3)
    warm = np.array([1.0, 0.85, 0.6]) * happy + np.array([0.5, 0.7, 1.0]) * (1 - happy)
    return drawn * warm * (0.45 + 0.55 * happy)


def _texture(rng: np.random.Generator) -> np.ndarray:
    """(H, W) smooth noise in [0.2, 1] of a size of its own in each shot."""
    width, height = SIZE
    cells = int(rng.integers(3, 14))
    coarse = rng.uniform(0.2, 1.0, (cells, 2 * cells))
    rows = np.linspace(0, cells - 1, height).astype(int)
    columns = np.linspace(0, 2 * cells - 1, width).astype(int)
    return coarse[np.ix_(rows, columns)]


def write_film(board: Storyboard, path: Path, seed: int) -> Path:
    """Write the pictures of a storyboard, cut to the frame, without sound."""
    rng = np.random.default_rng([seed, 31])
    drawn = [(_texture(rng), _colour(shot, rng)) for shot in board.shots]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=board.fps)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "20"}
        for index in range(round(board.duration_s * float(board.fps))):
            time_s = (index + 0.5) / float(board.fps)
            place = board.shot_index(time_s)
            texture, colour = drawn[place]
            pixels = _frame(board.shots[place], texture, colour, time_s)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode(None))
    return path
