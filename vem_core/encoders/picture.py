"""What a shot looks like, as numbers: the parser's features.

The slot that MAViL fills in VeM (f_v of eq. 6); another encoder gives another width.
"""

import math

import torch

from ..types import Shot, Storyboard

PICTURE_WIDTH = 20


def encode_pictures(storyboard: Storyboard) -> torch.Tensor:
    """(S, PICTURE_WIDTH) float32: light, colour, motion and mood of each shot, within about 1."""
    return torch.tensor([_features(shot) for shot in storyboard.shots], dtype=torch.float32)


def _features(shot: Shot) -> list[float]:
    picture, motion = shot.picture, shot.motion
    hues = [*picture.hues, *[0.0] * 12][:12]
    return [
        2 * picture.brightness - 1,
        2 * picture.saturation - 1,
        2 * picture.contrast - 1,
        picture.warmth,
        *(2 * hue for hue in hues),
        math.log1p(4 * motion.mean),
        math.log1p(4 * motion.peak),
        shot.affect.valence,
        2 * shot.affect.arousal - 1,
    ]
