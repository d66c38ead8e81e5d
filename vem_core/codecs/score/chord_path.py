"""The most likely chords of a piece: a path, since chords rarely change inside a beat."""

import numpy as np
import torch

from .pitch_rows import INVERSIONS, SHAPES
from .tensor import SLOTS

IN_BEAT = 4.0
"""Price of a change inside a beat, in nats of the decoder's certainty."""
ON_BEAT = 1.0
"""Price of a change on a beat."""


def chord_path(logits: list[torch.Tensor], steps_per_beat: int) -> np.ndarray:
    """Chord tokens of every slot by the Viterbi algorithm over slots.

    The decoder judges each slot for itself, so latents between two chords would flicker; a change
    must be worth its price. Changes to any chord cost the same, which makes a step linear in the
    number of chords.

    Args:
        logits: (B, SLOTS, size) of root, shape and inversion.

    Returns:
        (B, SLOTS, 3) int64; slots past `steps_per_beat` repeat the last one.
    """
    root, shape, inversion = (part[:, :steps_per_beat].log_softmax(dim=-1) for part in logits)
    joint = root[..., :, None, None] + shape[..., None, :, None] + inversion[..., None, None, :]
    gains = joint.flatten(0, 1).flatten(1).double().cpu().numpy()  # (steps, chords)
    best = np.empty(len(gains), dtype=np.int64)
    came_from = np.empty(gains.shape, dtype=np.int32)
    total = gains[0]
    same = np.arange(gains.shape[1])
    for step in range(1, len(gains)):
        price = ON_BEAT if step % steps_per_beat == 0 else IN_BEAT
        leader = int(total.argmax())
        change = total[leader] - price > total
        came_from[step] = np.where(change, leader, same)
        total = np.where(change, total[leader] - price, total) + gains[step]
    best[-1] = total.argmax()
    for step in range(len(gains) - 1, 0, -1):
        best[step - 1] = came_from[step, best[step]]
    tokens = np.stack(np.unravel_index(best, (12, len(SHAPES), INVERSIONS)), axis=-1)
    slots = np.minimum(np.arange(SLOTS), steps_per_beat - 1)
    return tokens.reshape(-1, steps_per_beat, 3)[:, slots].astype(np.int64)
