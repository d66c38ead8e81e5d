"""How much of one picture is new against another.

A cut replaces the picture; motion moves it. So the second picture is cut into blocks, and each
block is looked for in the neighbourhood of its place in the first (block matching). What is found
has moved; the share of blocks that are not found is new.
"""

from dataclasses import dataclass

import numpy as np

BLOCK = 9
"""Pixels of a mini frame."""
NEAR, FAR = 5, 8
"""Reach of the search in pixels of a mini frame: 6 % and 10 % of its width."""
FLOOR = 49.0
"""Variance of noise and compression: what a flat block may differ by."""
UNLIKE = 0.5
"""A block is new where its squared error exceeds this share of its own variance."""
BLACK = 32
"""Blocks that stay below in both pictures (borders, darkness) have no say."""
MIN_BLOCKS = 6
HISTOGRAM_BINS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Novelty:
    """What of a picture is new."""

    share: float
    """Of its blocks, in [0, 1]."""
    spread: float
    """Of the nine fields of a 3 x 3 grid, those with a quarter of new blocks or more, in [0, 1].

    A title is new in the middle; a cut is new everywhere."""


NOTHING_NEW = Novelty(share=0.0, spread=0.0)


def novelty(before: np.ndarray, after: np.ndarray, reach: int = FAR) -> Novelty:
    """What `after` shows that `before` does not hold near its place; both (H, W, 3) uint8.

    Pictures with fewer than MIN_BLOCKS blocks that are not black give NOTHING_NEW.
    """
    live, new = _search_blocks(before, after, reach)
    n_live = int(live.sum())
    if n_live < min(MIN_BLOCKS, live.size):
        return NOTHING_NEW
    shares = []
    for rows in np.array_split(np.arange(live.shape[0]), 3):
        for columns in np.array_split(np.arange(live.shape[1]), 3):
            field = np.ix_(rows, columns)
            if live[field].any():
                shares.append(new[field].sum() / live[field].sum())
    return Novelty(
        share=float(new.sum() / n_live),
        spread=float(np.mean([share >= 0.25 for share in shares])),
    )


def _search_blocks(
    before: np.ndarray, after: np.ndarray, reach: int
) -> tuple[np.ndarray, np.ndarray]:
    """For each block of `after`, as two grids of bool: it has a say; it is new."""
    import cv2

    height, width = after.shape[:2]
    size = min(BLOCK, height), min(BLOCK, width)
    blocks, old = _cut_up(after, size), _cut_up(before, size)  # (rows, columns, pixels, 3)
    live = np.maximum(blocks.max(axis=(2, 3)), old.max(axis=(2, 3))) > BLACK
    limit = UNLIKE * (blocks.var(axis=2).mean(axis=2) + FLOOR)
    # most blocks stay where they are: only the others are searched for
    new = live & (np.square(blocks - old).mean(axis=(2, 3)) > limit)
    around = cv2.copyMakeBorder(before, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    for row, column in np.argwhere(new):
        y, x = int(row) * size[0], int(column) * size[1]
        block = after[y : y + size[0], x : x + size[1]]
        window = around[y : y + size[0] + 2 * reach, x : x + size[1] + 2 * reach]
        error = cv2.matchTemplate(window, block, cv2.TM_SQDIFF).min() / block.size
        new[row, column] = error > limit[row, column]
    return live, new


def _cut_up(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8 -> (rows, columns, pixels of a block, 3) float32, remainders left off."""
    rows, columns = picture.shape[0] // size[0], picture.shape[1] // size[1]
    whole = picture[: rows * size[0], : columns * size[1]].astype(np.float32)
    blocks = whole.reshape(rows, size[0], columns, size[1], 3).swapaxes(1, 2)
    return blocks.reshape(rows, columns, -1, 3)


def colour_distance(before: np.ndarray, after: np.ndarray) -> float:
    """1 - intersection of colour histograms (Swain and Ballard 1991), in [0, 1]."""
    overlap = np.minimum(_histogram(before), _histogram(after)).sum()
    return float(1.0 - overlap)


def _histogram(picture: np.ndarray) -> np.ndarray:
    import cv2

    bins = [HISTOGRAM_BINS] * 3
    counts = cv2.calcHist([picture], [0, 1, 2], None, bins, [0, 256] * 3)
    return counts / counts.sum()


def picture_change(before: np.ndarray, after: np.ndarray) -> float:
    """How much the picture changes, in [0, 1]: three parts new content, two parts new colours."""
    return 0.6 * novelty(before, after).share + 0.4 * colour_distance(before, after)


def same_but_lighter(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two thumbnails show one scene under different exposure: they correlate."""
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.linalg.norm(a) * np.linalg.norm(b))
    return scale > 0 and float(a @ b) / scale > 0.9
