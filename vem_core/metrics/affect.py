"""Does the music do what the mood of the picture asks for, shot by shot?

Conventions
-----------
Curves are arrays with one value (or one row) a frame, frame i at i / rate_hz seconds from the first
frame shown. Shots come as their edges, (S + 1,) increasing seconds. Nothing listens here.

Metrics
-------
shot_means          (S, ...) mean of a curve over each shot.
loudness_db         (S,) level of each shot from a curve of energy.
onset_rates_hz      (S,) onsets a second in each shot.
major_minus_minor   How much better a chroma fits the best major key than the best minor key, as the
                    difference of the correlations with the profiles of Krumhansl and Kessler
                    (1982); in [-2, 2], above 0: major.
evaluate            Agreement (semantic.py) of arousal with loudness, with onset rate and with both,
                    and of valence with mode, over the shots of one clip.
"""

import itertools
import math

import numpy as np

from ..errors import InputError
from .semantic import Agreement, agreement

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
SILENCE_DB = -70.0


def _check_edges(edges_s: np.ndarray) -> None:
    if np.ndim(edges_s) != 1 or len(edges_s) < 2 or (np.diff(edges_s) <= 0).any():
        raise InputError("The edges of the shots must be increasing times, one more than shots.")


def shot_means(curve: np.ndarray, rate_hz: float, edges_s: np.ndarray) -> np.ndarray:
    """(S, ...) mean over the frames of each shot, of the nearest frame in shots too short for one.

    Shots after the end of the curve are 0.
    """
    _check_edges(edges_s)
    means = np.zeros((len(edges_s) - 1, *np.shape(curve)[1:]))
    for i, (start_s, end_s) in enumerate(itertools.pairwise(edges_s)):
        first = math.ceil(start_s * rate_hz - 1e-6)
        last = max(math.ceil(end_s * rate_hz - 1e-6), first + 1)
        rows = curve[first:last]
        if len(rows):
            means[i] = rows.mean(axis=0)
    return means


def loudness_db(energy: np.ndarray, rate_hz: float, edges_s: np.ndarray) -> np.ndarray:
    """(S,) 10 log10 of the mean energy of each shot; -70 dB and below is silence."""
    return 10 * np.log10(np.maximum(shot_means(energy, rate_hz, edges_s), 10 ** (SILENCE_DB / 10)))


def onset_rates_hz(onsets_s: np.ndarray, edges_s: np.ndarray) -> np.ndarray:
    """(S,) onsets a second in each shot."""
    _check_edges(edges_s)
    counts = np.histogram(onsets_s, bins=edges_s)[0]
    return counts / np.diff(edges_s)


def major_minus_minor(chroma: np.ndarray) -> float:
    """Best correlation with a major key less the best with a minor key; 0 for an even chroma.

    `chroma`: (12,) energy of the pitch classes from A, C or anywhere: keys are tried all round.
    """
    values = np.asarray(chroma, float)
    if values.shape != (12,):
        raise InputError(f"The chroma has the shape {values.shape}; needed are 12 pitch classes.")
    centred = values - values.mean()
    length = np.linalg.norm(centred)
    if length < 1e-12 * max(float(np.abs(values).max(initial=0.0)), 1e-12):
        return 0.0
    best = []
    for profile in (_MAJOR, _MINOR):
        shape = np.array(profile) - np.mean(profile)
        shape = shape / np.linalg.norm(shape)
        best.append(max(float(np.roll(shape, key) @ centred) for key in range(12)) / length)
    return best[0] - best[1]


def _ranks(values: np.ndarray) -> np.ndarray:
    """Places in order, ties at their mean; so that decibels and rates can be added."""
    return (values[:, None] > values).sum(axis=1) + (values[:, None] == values).sum(axis=1) / 2


def evaluate(
    *,
    edges_s: np.ndarray,
    arousal: np.ndarray,
    valence: np.ndarray,
    energy: np.ndarray,
    rate_hz: float,
    onsets_s: np.ndarray,
    chroma: np.ndarray,
    chroma_rate_hz: float,
) -> dict[str, Agreement]:
    """Agreement over the shots of one clip by name.

    `arousal`, `valence`: (S,); `energy`: (F,) at rate_hz; `chroma`: (F, 12) at chroma_rate_hz.
    Energy as a whole is the sum of the ranks of loudness and of onset rate.
    """
    loud = loudness_db(energy, rate_hz, edges_s)
    busy = onset_rates_hz(onsets_s, edges_s)
    bright = np.array([major_minus_minor(c) for c in shot_means(chroma, chroma_rate_hz, edges_s)])
    return {
        "arousal_energy": agreement(arousal, _ranks(loud) + _ranks(busy)),
        "arousal_loudness": agreement(arousal, loud),
        "arousal_onset_rate": agreement(arousal, busy),
        "valence_mode": agreement(valence, bright),
    }
