"""Mood of shots from colour, motion and cutting rate.

Valence, and a part of arousal, from colour: Valdez and Mehrabian, "Effects of color on emotions",
J. Exp. Psychology: General 123 (1994), found over 76 colours
    pleasure = .69 B + .22 S        arousal = -.31 B + .60 S
with B brightness and S saturation. The coefficients are standardised, so B and S are standardised
here by the mean and deviation of ordinary video (COLOUR_NORMS).

Arousal from motion and cuts: Hanjalic and Xu, "Affective video content representation and
modeling", IEEE Trans. Multimedia 7 (2005): the arousal curve is a weighted mean of motion activity
and of the density of cuts, c = exp((1 - n) / delta) for a frame between two cuts n frames apart,
smoothed by a Kaiser window. Their third component, the energy of the sound, is left out: the music
is still to come. Adapted from feature films to clips of seconds to minutes: delta is 4 s (there
300 frames, 12 s), the window 3 s (there a minute), motion is saturated by a fixed scale instead of
the clip's own maximum, so that a calm and a frantic clip differ.

Scaling to types.Affect: valence = tanh(0.7 pleasure); arousal = 0.5 motion + 0.3 cuts + 0.2 colour,
with motion = 1 - exp(-speed / 0.12 widths per second) over the mean of mean and peak speed, and
colour = 1 / (1 + exp(-1.5 x the arousal of Valdez and Mehrabian)).
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..types import Affect, Motion, Picture, Shot

COLOUR_NORMS = {"brightness": (0.45, 0.18), "saturation": (0.35, 0.18)}
VALENCE_GAIN = 0.7
CUT_DELTA_S = 4.0
SPEED_SCALE = 0.12
COLOUR_GAIN = 1.5
MOTION_WEIGHT, CUT_WEIGHT, COLOUR_WEIGHT = 0.5, 0.3, 0.2
WINDOW_S, KAISER_BETA = 3.0, 5.0
GRID_HZ = 8.0


def colour_pleasure(picture: Picture) -> float:
    """Valdez and Mehrabian 1994, pleasure, in deviations from ordinary video."""
    return 0.69 * _standard("brightness", picture) + 0.22 * _standard("saturation", picture)


def colour_arousal(picture: Picture) -> float:
    """Valdez and Mehrabian 1994, arousal, in deviations from ordinary video."""
    return -0.31 * _standard("brightness", picture) + 0.60 * _standard("saturation", picture)


def _standard(name: str, picture: Picture) -> float:
    mean, deviation = COLOUR_NORMS[name]
    return (getattr(picture, name) - mean) / deviation


def cut_density(duration_s: float) -> float:
    """Hanjalic and Xu 2005, eq. for the density of cuts: 1 for the shortest shots, 0 for long."""
    return math.exp(-duration_s / CUT_DELTA_S)


def motion_activity(motion: Motion) -> float:
    """Motion in [0, 1): 0.35 for a calm pan of 5 % of the width per second, 0.92 for 30 %."""
    return 1.0 - math.exp(-0.5 * (motion.mean + motion.peak) / SPEED_SCALE)


def affect_of_picture(picture: Picture, motion: Motion, duration_s: float) -> Affect:
    """Mood of one shot by itself, not smoothed."""
    colour = 1.0 / (1.0 + math.exp(-COLOUR_GAIN * colour_arousal(picture)))
    arousal = (
        MOTION_WEIGHT * motion_activity(motion)
        + CUT_WEIGHT * cut_density(duration_s)
        + COLOUR_WEIGHT * colour
    )
    return Affect(valence=math.tanh(VALENCE_GAIN * colour_pleasure(picture)), arousal=arousal)


def picture_affects(shots: Sequence[Shot]) -> list[Affect]:
    """Mood of each shot from its own features, smoothed over its neighbours.

    A function of what a storyboard holds (picture, motion, times), so that it can be had again
    after an edit."""
    raw = [affect_of_picture(shot.picture, shot.motion, shot.duration_s) for shot in shots]
    step_s = _grid_step_s(shots)
    n_steps = max(1, math.ceil(shots[-1].end_s / step_s))
    times_s = (np.arange(n_steps) + 0.5) * step_s
    owner = np.searchsorted([shot.end_s for shot in shots[:-1]], times_s, side="right")
    smooth = []
    for values in ([a.valence for a in raw], [a.arousal for a in raw]):
        smooth.append(_smooth(np.asarray(values)[owner], step_s))
    affects = []
    for number, (shot, own) in enumerate(zip(shots, raw, strict=True)):
        inside = owner == number
        if inside.any() and shot.duration_s > 2 * step_s:
            valence, arousal = (float(curve[inside].mean()) for curve in smooth)
        else:
            valence, arousal = own.valence, own.arousal
        affects.append(Affect(valence=round(valence, 4), arousal=round(arousal, 4)))
    return affects


def with_picture_affects(shots: Sequence[Shot]) -> tuple[Shot, ...]:
    """The shots with the mood that their pixels suggest."""
    affects = picture_affects(shots)
    return tuple(replace(s, affect=a) for s, a in zip(shots, affects, strict=True))


def _grid_step_s(shots: Sequence[Shot]) -> float:
    """Fine enough for short clips, at most some 100,000 steps for long ones."""
    return max(1 / GRID_HZ, shots[-1].end_s / 100_000)


def _smooth(curve: np.ndarray, step_s: float) -> np.ndarray:
    """Convolve with a Kaiser window of WINDOW_S; the ends go on as they are."""
    half = max(1, round(WINDOW_S / step_s / 2))
    window = np.kaiser(2 * half + 1, KAISER_BETA)
    padded = np.pad(curve, half, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")
