"""Whether music means what the picture means: scores of shared spaces, and agreement of affect.

Conventions
-----------
Embeddings are (N, D), row i of both sides belonging together; whoever made them is the caller's
business, and belongs beside the figure. Shots come with durations in seconds. A softmax diagonal
depends on the size of the batch, so that stands beside it.

Metrics
-------
cosines             (N,) cosine of each pair.
cosine_score        Their mean: the CLAP score where the sides are CLAP's text and sound, the
                    LanguageBind or ImageBind score where they are a video's and a sound's.
time_weighted       sum of d_i / d * score_i over the shots of a storyboard: VeM's tw-CLAP and tw-LB
                    (section on metrics; each shot's score is that of the music in the shot).
relevance           GVMGen's cross-modal relevance (CMR): mean diagonal of the softmax over each row
                    of a batch's logits, video by music. Chance is 1 / B.
retrieval_rank      Mean share of the batch ranked above the right one; 0 best, 0.5 chance. Unlike
                    CMR it does not depend on the scale of the logits.
attention_diagonal  GVMGen's temporal alignment (TA) as its inference computes it: mean diagonal of
                    the last layer's attention, seconds by seconds. Chance is 1 / T.
attention_error     TA as it is trained and printed by the other script: mean squared distance of
                    that diagonal from 1. Lower is better.
agreement           Spearman's rank correlation of what a picture asks for and what is heard, with
                    the interval of Bonett and Wright (2000).
mean_with_interval  Mean over clips and its percentile bootstrap interval.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ..errors import InputError
from .score import spearman


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """A rank correlation and how sure it is."""

    rho: float | None
    """In [-1, 1]; None where either side does not vary or there are fewer than two shots."""
    low: float
    high: float
    n: int
    """Shots."""


def _check_pairs(a: np.ndarray, b: np.ndarray) -> None:
    if np.ndim(a) != 2 or np.shape(a) != np.shape(b) or not len(a):
        raise InputError(
            f"The embeddings have the shapes {np.shape(a)} and {np.shape(b)}; needed is the same"
            " (pairs, D) for both: one shared space, one row a pair."
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InputError("The embeddings hold a value that is not a number.")


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N,) cosine of each pair of rows, in [-1, 1]; 0 where a row is all zeros."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    _check_pairs(a, b)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.clip((a * b).sum(axis=1) / np.where(lengths > 0, lengths, 1.0), -1.0, 1.0)


def cosine_score(a: np.ndarray, b: np.ndarray) -> float:
    """Mean cosine of pairs, in [-1, 1]."""
    return float(cosines(a, b).mean())


def time_weighted(
    scores: Sequence[float] | np.ndarray, durations_s: Sequence[float] | np.ndarray
) -> float:
    """Mean of the shots' scores, each weighted by the duration of its shot."""
    values, weights = np.asarray(scores, float), np.asarray(durations_s, float)
    if values.shape != weights.shape or values.ndim != 1 or not len(values):
        raise InputError(
            f"There are {values.size} scores and {weights.size} durations; one of both a shot."
        )
    if not (weights > 0).all():
        raise InputError("A shot lasts 0 s or less. Correct its duration.")
    return float((values * weights).sum() / weights.sum())


def _check_square(name: str, values: np.ndarray, ndim: int) -> None:
    shape = np.shape(values)
    if np.ndim(values) != ndim or shape[-1] != shape[-2] or not shape[-1]:
        raise InputError(f"The {name} have the shape {shape}; the last two sides must be equal.")


def relevance(logits: np.ndarray) -> float:
    """Mean probability of the right music among the batch's, from (B, B) logits; in [0, 1]."""
    _check_square("logits", logits, 2)
    shifted = logits - logits.max(axis=1, keepdims=True)
    shares = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    return float(np.diagonal(shares).mean())


def retrieval_rank(logits: np.ndarray) -> float:
    """Mean share of the other music that is put above the right one, ties half; in [0, 1]."""
    _check_square("logits", logits, 2)
    if len(logits) < 2:
        return math.nan
    right = np.diagonal(logits)[:, None]
    above = (logits > right).sum(axis=1) + ((logits == right).sum(axis=1) - 1) / 2
    return float((above / (len(logits) - 1)).mean())


def attention_diagonal(attention: np.ndarray) -> float:
    """Mean diagonal of (B, T, T) attention, rows adding up to 1; in [0, 1], higher is better."""
    _check_square("attention maps", attention, 3)
    return float(np.diagonal(attention, axis1=1, axis2=2).mean())


def attention_error(attention: np.ndarray) -> float:
    """Mean squared distance of the diagonal of (B, T, T) attention from 1; lower is better."""
    _check_square("attention maps", attention, 3)
    return float(np.square(np.diagonal(attention, axis1=1, axis2=2) - 1).mean())


def agreement(
    wanted: Sequence[float] | np.ndarray,
    heard: Sequence[float] | np.ndarray,
    confidence: float = 0.95,
) -> Agreement:
    """Rank correlation over shots, with an interval by Fisher's transform.

    The deviation of the transform is sqrt((1 + rho^2 / 2) / (n - 3)) (Bonett and Wright 2000);
    below four shots the interval is [-1, 1].
    """
    a, b = np.asarray(wanted, float), np.asarray(heard, float)
    if a.shape != b.shape or a.ndim != 1:
        raise InputError(
            f"There are {a.size} wanted and {b.size} heard values; one of both a shot."
        )
    rho = spearman(a, b) if len(a) >= 2 else math.nan
    if math.isnan(rho):
        return Agreement(rho=None, low=-1.0, high=1.0, n=len(a))
    if len(a) < 4:
        return Agreement(rho=rho, low=-1.0, high=1.0, n=len(a))
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    centre = math.atanh(min(max(rho, -1 + 1e-12), 1 - 1e-12))
    spread = z * math.sqrt((1 + rho**2 / 2) / (len(a) - 3))
    low, high = math.tanh(centre - spread), math.tanh(centre + spread)
    return Agreement(rho=rho, low=low, high=high, n=len(a))


def mean_with_interval(
    values: Sequence[float] | np.ndarray,
    generator: np.random.Generator,
    confidence: float = 0.95,
    n_draws: int = 2000,
) -> tuple[float, float, float]:
    """(mean, low, high) over clips by the percentile bootstrap; NaN and (NaN, NaN) without any."""
    x = np.asarray(values, float)
    if not len(x):
        return math.nan, math.nan, math.nan
    means = x[generator.integers(0, len(x), (n_draws, len(x)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(x.mean()), float(low), float(high)
