"""What the aligner says of a film, tick by tick, and what that means for its transitions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ..types import Storyboard, Transition
from .aligner import Aligner

CHUNK_TICKS = 128
NEAR_TICKS = 2
"""A transition may lie this far from the tick that is taken for its own."""
LEAST_FACTOR = 0.4
"""What is left of the strength of a transition that the aligner does not believe in at all."""
WEIGHED_KINDS = ("cut", "dissolve", "fade")
"""Flashes are no change of picture: the aligner is taught to pass them by and has no say."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Alignment:
    """An aligner's view of a whole film."""

    times_s: np.ndarray
    """(F,) float64, one per tick."""
    probabilities: np.ndarray
    """(F,) float32 in [0, 1]: here is a transition to hit."""
    activations: np.ndarray
    """(F, D) float32, the layer before the probability; D is 0 where they were not kept."""

    def probability_at(self, transition: Transition) -> float:
        """The highest one within NEAR_TICKS, or a quarter of the transition's duration."""
        if not len(self.times_s):
            return 0.0
        tick_s = self.times_s[1] - self.times_s[0] if len(self.times_s) > 1 else 1.0
        reach_s = max(NEAR_TICKS * tick_s, transition.duration_s / 4)
        near = np.abs(self.times_s - transition.time_s) <= reach_s + 1e-9
        return float(self.probabilities[near].max(initial=0.0))


class AlignerStream:
    """A sink for ticks in order (see parsing.sampling): runs the network over chunks of them.

    Holds one chunk and its surroundings at a time. The film is taken to stand still before its
    first tick and after its last. The result is that of the whole film at once.
    """

    def __init__(
        self, aligner: Aligner, *, keep_activations: bool = False, chunk_ticks: int = CHUNK_TICKS
    ):
        self._aligner = aligner
        self._context = aligner.context
        self._chunk_ticks = chunk_ticks
        self._keep = keep_activations
        self._frames: list[np.ndarray] = []
        self._n_seen = 0
        self._probabilities: list[np.ndarray] = []
        self._activations: list[np.ndarray] = []

    def __call__(self, time_s: float, pixels: np.ndarray) -> None:
        """The next tick: (H, W, 3) uint8 RGB of the aligner's size."""
        if not self._n_seen:
            self._frames = [pixels] * self._context
        self._frames.append(pixels)
        self._n_seen += 1
        if len(self._frames) == self._chunk_ticks + 2 * self._context:
            self._run()

    def finish(self) -> Alignment:
        """The whole film's; to be called once, after the last tick."""
        width = self._aligner.config.activation_width if self._keep else 0
        if self._n_seen:
            self._frames += [self._frames[-1]] * self._context
            self._run()
        none = np.zeros(0, np.float32), np.zeros((0, width), np.float32)
        return Alignment(
            times_s=np.arange(self._n_seen) / self._aligner.config.rate_hz,
            probabilities=np.concatenate([none[0], *self._probabilities]),
            activations=np.concatenate([none[1], *self._activations])
            if self._keep
            else np.zeros((self._n_seen, 0), np.float32),
        )

    def _run(self) -> None:
        inner = slice(self._context, len(self._frames) - self._context)
        if inner.start >= inner.stop:
            return
        device = self._aligner.out.weight.device
        with torch.inference_mode():
            frames = torch.from_numpy(np.stack(self._frames)).to(device)
            logits, activations = self._aligner(frames[None])
        self._probabilities.append(logits[0, inner].sigmoid().cpu().numpy())
        if self._keep:
            self._activations.append(activations[0, inner].cpu().numpy())
        self._frames = self._frames[inner.stop - self._context :]


def weigh_transitions(
    storyboard: Storyboard, alignment: Alignment, given_s: Sequence[float] = ()
) -> Storyboard:
    """The storyboard with the strengths of its transitions times what the aligner thinks of them.

    The factor runs from LEAST_FACTOR at probability 0 to 1. What the creator said stays: starred
    transitions, and those at the times `given_s`.
    """

    def weighed(one: Transition) -> Transition:
        given = one.starred or any(abs(one.time_s - time_s) < 1e-3 for time_s in given_s)
        if given or one.kind not in WEIGHED_KINDS:
            return one
        factor = LEAST_FACTOR + (1 - LEAST_FACTOR) * alignment.probability_at(one)
        return replace(one, strength=round(one.strength * factor, 4))

    return replace(storyboard, transitions=tuple(map(weighed, storyboard.transitions)))
