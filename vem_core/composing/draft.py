"""What the composer works with before a score: tones with conditions, and named dice."""

import zlib
from dataclasses import dataclass

import numpy as np

from ..types import PARTS, BeatPlan, Part

ALWAYS = 2.0


@dataclass(slots=True)
class Tone:
    """A note in the making.

    It sounds where the intensity of the moment lies in [low, high); `keep` makes it sound anyway.
    """

    step: int
    length: float
    pitch: int
    accent: float = 0.0
    """-1 ghost ... 0 normal ... 1 accent."""
    low: float = -1.0
    high: float = ALWAYS
    keep: bool = False
    late: float = 0.0
    """Micro-timing in steps: strums, players that lay back."""
    hit: int = 0
    """Size of the hit it marks: 0 none, 1 small, 2 medium, 3 big."""

    @property
    def end(self) -> float:
        return self.step + self.length


Draft = dict[Part, list[Tone]]


def empty_draft() -> Draft:
    """No tones in any part."""
    return {part: [] for part in PARTS}


@dataclass(frozen=True, slots=True)
class Dice:
    """Random generators by purpose, so that a change in one part does not move the others."""

    seed: int
    salt: int

    def roll(self, purpose: str) -> np.random.Generator:
        """The generator of a purpose; the same name gives the same numbers, on any machine."""
        entropy = (self.seed, self.salt, zlib.crc32(purpose.encode()))
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))

    def lot(self, purpose: str, n: int) -> int:
        """One of 0 ... n - 1, drawn without putting back.

        `n` seeds that follow one another draw all different numbers: who tries a few seeds in a
        row hears as much variety as there is.
        """
        block = Dice(self.seed // n, self.salt).roll("lot " + purpose)
        return int(block.permutation(n)[self.seed % n])

    def turn(self, purpose: str, n: int, every: int) -> int:
        """One of 0 ... n - 1 that moves on by one with every `every` seeds.

        What two seeds share because the lots of `every` ran out, they then do not share in this.
        """
        start = int(Dice(0, self.salt).roll("turn " + purpose).integers(n))
        return (start + self.seed // every) % n


def dice_of(seed: int, plan: BeatPlan) -> Dice:
    """The dice of a piece: another clip length is another piece, another mood or word is not."""
    return Dice(seed, zlib.crc32(f"{plan.duration_s:.3f} {plan.fps}".encode()))


def pick(rng: np.random.Generator, weights: dict[str, float]) -> str:
    """A key of `weights`, drawn by weight."""
    names = list(weights)
    shares = np.array([weights[name] for name in names], dtype=float)
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


def pitches_at(tones: list[Tone], steps: list[int]) -> list[int | None]:
    """The pitch of a line that sounds at each of the rising `steps`; None where it rests."""
    found: list[int | None] = []
    i = -1
    for step in steps:
        while i + 1 < len(tones) and tones[i + 1].step <= step:
            i += 1
        found.append(tones[i].pitch if i >= 0 and tones[i].end > step else None)
    return found
