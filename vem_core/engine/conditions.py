"""Storyboard and beat plan -> Conditioning: the encoders' work for one clip."""

import torch

from ..encoders.clock import ACTIVATION_WIDTH, GRID_WIDTH, encode_grid, encode_hits
from ..encoders.overall import encode_overall, overall_width
from ..encoders.picture import PICTURE_WIDTH, encode_pictures
from ..encoders.text import TextEncoder, encode_texts
from ..model.conditioning import ConditioningWidths
from ..types import BeatPlan, Conditioning, Key, Storyboard
from .roles import ROLE_WIDTH, encode_roles
from .themes import find_places

SOFT_KINDS = ("dissolve", "fade")
SAME_S = 0.02
"""A transition this near to an edge of shots is that edge."""


def conditioning_widths(
    styles: tuple[str, ...], text: TextEncoder, n_channels: int
) -> ConditioningWidths:
    """Sizes of what encode_clip returns."""
    return ConditioningWidths(
        text=text.width,
        picture=PICTURE_WIDTH,
        overall=overall_width(styles),
        frame=GRID_WIDTH + ROLE_WIDTH,
        activation=ACTIVATION_WIDTH,
        reference=n_channels,
    )


def edge_widths_s(storyboard: Storyboard) -> torch.Tensor:
    """(S - 1,) duration of the dissolve or fade at each inner edge; 0 where the picture cuts."""
    soft = [t for t in storyboard.transitions if t.kind in SOFT_KINDS]
    widths_s = [
        max((t.duration_s for t in soft if abs(t.time_s - shot.start_s) < SAME_S), default=0.0)
        for shot in storyboard.shots[1:]
    ]
    return torch.tensor(widths_s, dtype=torch.float64)


def encode_clip(
    storyboard: Storyboard,
    plan: BeatPlan,
    *,
    style: str,
    key: Key,
    styles: tuple[str, ...],
    text: TextEncoder,
    reference: torch.Tensor,
) -> Conditioning:
    """What the model is told of one clip; latent frames are the beats of the plan.

    Args:
        styles: the styles that the model knows, in its order.
        reference: (C, M) latents of the themes, encode_themes.

    Raises:
        InputError: the model does not know the style.
    """
    frame_times_s = torch.tensor(plan.beats_s, dtype=torch.float64)
    shots = storyboard.shots
    edges_s = [0.0, *(shot.end_s for shot in shots)]
    grid = encode_grid(plan, frame_times_s)
    places = find_places(storyboard, plan, style)
    return Conditioning(
        frame_times_s=frame_times_s,
        frames=torch.cat([grid, encode_roles(storyboard, plan, places.half)], dim=1),
        activations=encode_hits(plan, storyboard, frame_times_s),
        texts=encode_texts(storyboard, text),
        pictures=encode_pictures(storyboard),
        shot_edges_s=torch.tensor(edges_s, dtype=torch.float64),
        edge_widths_s=edge_widths_s(storyboard),
        overall=encode_overall(storyboard, plan, style, key, styles),
        reference=reference,
        reference_at=torch.from_numpy(places.frame),
    )
