"""Which clips share their music, their picture, or both.

Candidates share whole words of a fingerprint at one and the same shift; they are found by sorting,
so the work grows with the number of words and not with its square. Each candidate is then held
against the other over the whole stretch that both have.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .fingerprints import PICTURE_RATE_HZ, SOUND_RATE_HZ, Fingerprint

_BUCKET = 32
"""Words that more places than this have in common tell nothing: silence, black."""
_VOTES = {"sound": 3, "picture": 2}
MOST_BIT_ERRORS = 0.33
"""Share of the bits of two sounds that may differ (Haitsma and Kalker: 0.35); by chance 0.5."""
LEAST_LIKENESS = 0.85
"""Share of equal signs of two pictures; of unlike ones about 0.5."""
_LIGHT = 24.0
"""Mean difference of grey, of 255, above which two pictures are not the same."""
_LEAST_OVERLAP = 0.5
"""Of the shorter clip."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two clips by their places in the list, the first before the second."""

    first: int
    second: int
    sound: bool
    picture: bool

    @property
    def duplicate(self) -> bool:
        return self.sound and self.picture


def find_pairs(prints: Sequence[Fingerprint]) -> list[Pair]:
    """Every two clips that share music or picture."""
    signs = [f.signs() for f in prints]
    by_sound = _candidates([f.words for f in prints], [f.words != 0 for f in prints], "sound")
    by_picture = _picture_candidates(signs)
    pairs = []
    for a, b in sorted({*by_sound, *by_picture}):
        sound_shift, picture_shift = by_sound.get((a, b)), by_picture.get((a, b))
        sound = sound_shift is not None and any(
            _same_sound(prints[a].words, prints[b].words, sound_shift + k) for k in (-1, 0, 1)
        )
        shifts = set() if picture_shift is None else {picture_shift}
        if sound and sound_shift is not None:
            shifts.add(round(sound_shift / SOUND_RATE_HZ * PICTURE_RATE_HZ))
        picture = any(
            _same_picture(prints[a], prints[b], signs[a], signs[b], shift + k)
            for shift in sorted(shifts)
            for k in (-1, 0, 1)
        )
        if sound or picture:
            pairs.append(Pair(a, b, sound, picture))
    return pairs


def _picture_candidates(signs: list[np.ndarray]) -> dict[tuple[int, int], int]:
    """By the upper or the lower half of a thumbnail."""
    found: dict[tuple[int, int], int] = {}
    weights = np.uint64(3) ** np.arange(32, dtype=np.uint64)
    for half in (slice(0, 32), slice(32, 64)):
        rows = [s[:, half] for s in signs]
        words = [(r + 1).astype(np.uint64) @ weights for r in rows]
        found |= _candidates(words, [np.abs(r).sum(axis=1) >= 10 for r in rows], "picture")
    return found


def _candidates(
    words: Sequence[np.ndarray], telling: Sequence[np.ndarray], kind: str
) -> dict[tuple[int, int], int]:
    """(clip, clip) -> the shift, in frames of the second against the first, most words agree on."""
    if not words:
        return {}
    clip = np.concatenate([np.full(len(w), i, np.int64) for i, w in enumerate(words)])
    place = np.concatenate([np.arange(len(w), dtype=np.int64) for w in words])
    every, use = np.concatenate(words), np.concatenate(telling)
    order = np.argsort(every[use], kind="stable")
    every, clip, place = every[use][order], clip[use][order], place[use][order]
    counts = np.searchsorted(every, every, "right") - np.searchsorted(every, every, "left")
    rare = counts <= _BUCKET
    every, clip, place = every[rare], clip[rare], place[rare]
    votes = []
    for lag in range(1, min(_BUCKET, len(every))):
        same = (every[lag:] == every[:-lag]) & (clip[lag:] != clip[:-lag])
        at = np.flatnonzero(same)
        votes.append(np.stack([clip[at], clip[at + lag], place[at + lag] - place[at]], axis=1))
    if not votes:
        return {}
    rows, n = np.unique(np.concatenate(votes), axis=0, return_counts=True)
    best: dict[tuple[int, int], tuple[int, int]] = {}
    for (a, b, shift), count in zip(rows.tolist(), n.tolist(), strict=True):
        if count >= _VOTES[kind] and count > best.get((a, b), (0, 0))[0]:
            best[a, b] = (count, shift)
    return {pair: shift for pair, (_, shift) in best.items()}


def _overlap(n_a: int, n_b: int, shift: int) -> tuple[slice, slice] | None:
    """The stretch that both have, if it is long enough."""
    start, end = max(0, -shift), min(n_a, n_b - shift)
    if end - start < max(_LEAST_OVERLAP * min(n_a, n_b), 4):
        return None
    return slice(start, end), slice(start + shift, end + shift)


def _same_sound(a: np.ndarray, b: np.ndarray, shift: int) -> bool:
    both = _overlap(len(a), len(b), shift)
    if both is None:
        return False
    wrong = np.bitwise_xor(a[both[0]], b[both[1]])
    heard = (a[both[0]] != 0) & (b[both[1]] != 0)
    if heard.mean() < _LEAST_OVERLAP:
        return False
    bits = np.unpackbits(wrong[heard].view(np.uint8))
    return float(bits.mean()) <= MOST_BIT_ERRORS


def _same_picture(
    a: Fingerprint, b: Fingerprint, signs_a: np.ndarray, signs_b: np.ndarray, shift: int
) -> bool:
    both = _overlap(len(signs_a), len(signs_b), shift)
    if both is None:
        return False
    likeness = float((signs_a[both[0]] == signs_b[both[1]]).mean())
    light = [f.thumbs[part].mean(axis=(1, 2)) for f, part in zip((a, b), both, strict=True)]
    return likeness >= LEAST_LIKENESS and float(np.abs(light[0] - light[1]).mean()) < _LIGHT


def groups(n: int, pairs: Sequence[Pair]) -> list[int]:
    """For each of n clips the first clip that it is joined to by pairs, directly or not."""
    parent = list(range(n))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for pair in pairs:
        a, b = sorted((root(pair.first), root(pair.second)))
        parent[b] = a
    return [root(i) for i in range(n)]
