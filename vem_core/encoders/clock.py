"""Where latent frames lie in time: in bar and clip, and around the hits of the beat plan."""

import math
from bisect import bisect_right
from itertools import pairwise

import torch

from ..types import BeatPlan, Hit, Storyboard, TransitionKind

PLACES_IN_BAR = 6
GRID_WIDTH = PLACES_IN_BAR + 9
SUBFRAMES = 6
"""Points of a latent frame at which the activation curve is read: every sixteenth or triplet."""
KINDS: tuple[TransitionKind, ...] = ("cut", "dissolve", "fade", "flash")
ACTIVATION_WIDTH = SUBFRAMES + len(KINDS) + 4
NEAR_S, FAR_S = 0.7, 3.0


def encode_grid(plan: BeatPlan, frame_times_s: torch.Tensor) -> torch.Tensor:
    """(L, GRID_WIDTH) float32: bar position, tempo, and the way to both ends of the clip.

    Nothing here depends on shots or transitions.
    """
    times_s = frame_times_s.tolist()
    starts_s = plan.downbeats_s
    beat_s = 60 / plan.tempo.base_bpm
    rows = []
    for start_s, end_s in pairwise(times_s):
        middle_s = (start_s + end_s) / 2
        bar = bisect_right(starts_s, middle_s) - 1
        bar_start_s = starts_s[bar] if bar >= 0 else plan.beats_s[0]
        left_s = starts_s[bar + 1] - middle_s if bar + 1 < len(starts_s) else 4 * beat_s
        place = int((middle_s - bar_start_s) / (end_s - start_s))
        at = [0.0] * PLACES_IN_BAR
        at[min(max(place, 0), PLACES_IN_BAR - 1)] = 1.0
        rows.append(
            [
                *at,
                float(bar < 0),  # before the first whole bar
                min(left_s / (end_s - start_s), 8.0) / 4,
                math.log2(end_s - start_s),
                middle_s / plan.duration_s * 2 - 1,
                math.exp(-max(middle_s, 0.0) / FAR_S),
                math.exp(-max(plan.duration_s - middle_s, 0.0) / FAR_S),
                math.exp(-max(plan.duration_s - middle_s, 0.0) / NEAR_S),
                _share(-start_s, end_s - start_s),
                _share(end_s - plan.duration_s, end_s - start_s),
            ]
        )
    return torch.tensor(rows, dtype=torch.float32)


def _share(outside_s: float, length_s: float) -> float:
    """How much of a frame lies before the start or after the end of the clip."""
    return min(max(outside_s / length_s, 0.0), 1.0)


def encode_hits(
    plan: BeatPlan, storyboard: Storyboard, frame_times_s: torch.Tensor
) -> torch.Tensor:
    """(L, ACTIVATION_WIDTH) float32: the plan's hits as the activations that the adapter reads.

    The hits are drawn as a curve of triangles, as high as the hit's weight and as wide as two
    subframes, and read at SUBFRAMES points of each frame. Then follow the weight per kind of
    transition in the frame, and how near the next and the last hit are.
    """
    times_s = frame_times_s.tolist()
    kinds = {t.time_s: t.kind for t in storyboard.transitions}
    hits = [(hit, kinds.get(hit.transition_s)) for hit in plan.hits]
    rows = []
    for start_s, end_s in pairwise(times_s):
        step_s = (end_s - start_s) / SUBFRAMES
        curve = [_curve(plan.hits, start_s + i * step_s, step_s) for i in range(SUBFRAMES)]
        by_kind = [0.0] * len(KINDS)
        for hit, kind in hits:
            if kind and start_s - step_s / 2 <= hit.beat_s < end_s - step_s / 2:
                by_kind[KINDS.index(kind)] = max(by_kind[KINDS.index(kind)], hit.weight)
        early_s = start_s - step_s / 2
        next_s = min((h.beat_s - start_s for h in plan.hits if h.beat_s >= early_s), default=1e9)
        last_s = min((start_s - h.beat_s for h in plan.hits if h.beat_s < early_s), default=1e9)
        near = [math.exp(-max(d, 0.0) / s) for d in (next_s, last_s) for s in (NEAR_S, FAR_S)]
        rows.append([*curve, *by_kind, *near])
    return torch.tensor(rows, dtype=torch.float32)


def _curve(hits: tuple[Hit, ...], time_s: float, half_width_s: float) -> float:
    heights = (hit.weight * (1 - abs(hit.beat_s - time_s) / half_width_s) for hit in hits)
    return max((height for height in heights if height > 0), default=0.0)
