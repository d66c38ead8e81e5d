"""How like real music generated music is as a whole: distances of embeddings and of tags.

Conventions
-----------
Embeddings are (N, D), one row a clip or a window of sound; posteriors are (N, K), each row at least
0 and adding up to 1. `reference` is real, `generated` is judged. Which network made them decides
the figures, so name it beside them, and never compare across networks: one system's FAD is 4 with
one embedding and 50 with another. Nothing is loaded; randomness comes in as a generator.

Metrics
-------
frechet_distance    ||m1 - m2||^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)) of two Gaussians (Dowson and
                    Landau 1982).
fad                 That of two sets of embeddings, covariances with ddof 1 (Kilgour et al. 2019;
                    fadtk's definition). Biased upwards where N is not far above D.
fad_infinity        FAD of growing samples of the generated set, drawn with replacement, extended
                    to infinitely many by a line through FAD against 1 / N (Gui et al. 2024; fadtk).
kl_divergence       Mean over pairs of KL(reference || generated) in nats (VeM's KLD, as
                    audioldm_eval).
inception_score     exp(E KL(p(y|x) || p(y))) (Salimans et al. 2016); from 1 to K.
density, coverage   Naeem et al. 2020, as prdc: how many balls of a reference point and its k-th
                    neighbour hold a generated point, over k; how many of them hold any.
evaluate            All that apply, as a dict ready for JSON.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..errors import InputError

NEAREST_K = 5
"""prdc's usual choice."""
_LEAST = 1e-10
"""Probability below which a tag counts as this probable, so that logarithms are finite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extrapolation:
    """A figure extended to infinitely many samples."""

    value: float
    slope: float
    r_squared: float
    """How well the line fits; below 0.9 the value means little."""
    sizes: tuple[int, ...]
    figures: tuple[float, ...]
    """FAD at each size."""


def _check_embeddings(*named: tuple[str, np.ndarray], least: int = 2) -> None:
    for name, values in named:
        if np.ndim(values) != 2:
            raise InputError(
                f"The {name} embeddings have the shape {np.shape(values)}; needed is (clips, D)."
            )
        if len(values) < least:
            raise InputError(
                f"There are {len(values)} {name} embeddings; needed are {least} or more. Add clips."
            )
        if not np.isfinite(values).all():
            raise InputError(f"The {name} embeddings hold a value that is not a number.")
    widths = {np.shape(values)[1] for _, values in named}
    if len(widths) > 1:
        raise InputError(
            f"The embeddings are {' and '.join(map(str, sorted(widths)))} wide; both sets must come"
            " from the same network."
        )


def frechet_distance(
    mean_a: np.ndarray, covariance_a: np.ndarray, mean_b: np.ndarray, covariance_b: np.ndarray
) -> float:
    """Frechet distance (squared 2-Wasserstein) of two Gaussians; means (D,), covariances (D, D).

    The trace of (S1 S2)^(1/2) is taken from the eigenvalues of S1^(1/2) S2 S1^(1/2), which is
    symmetric: they are real, and singular covariances are no special case.
    """
    values, vectors = np.linalg.eigh(covariance_a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    inner = root @ covariance_b @ root
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh((inner + inner.T) / 2), 0)).sum()
    offset = mean_a - mean_b
    distance = offset @ offset + np.trace(covariance_a) + np.trace(covariance_b) - 2 * shared
    return max(float(distance), 0.0)


def _gaussian(embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return embeddings.mean(axis=0), np.atleast_2d(np.cov(embeddings, rowvar=False))


def fad(reference: np.ndarray, generated: np.ndarray) -> float:
    """Frechet audio distance of two sets of embeddings, 0 or more.

    Raises:
        InputError: fewer than two embeddings, unlike widths or values that are not finite.
    """
    reference, generated = np.asarray(reference, float), np.asarray(generated, float)
    _check_embeddings(("reference", reference), ("generated", generated))
    return frechet_distance(*_gaussian(reference), *_gaussian(generated))


def fad_infinity(
    reference: np.ndarray,
    generated: np.ndarray,
    generator: np.random.Generator,
    *,
    n_least: int | None = None,
    n_steps: int = 25,
) -> Extrapolation:
    """FAD for infinitely many generated clips: the line through FAD against 1 / N at 1 / N = 0.

    `n_least`: the smallest sample; fadtk's 500, or a fifth of the set where it is smaller.

    Raises:
        InputError: fewer than ten generated embeddings, or what `fad` refuses.
    """
    reference, generated = np.asarray(reference, float), np.asarray(generated, float)
    _check_embeddings(("reference", reference))
    _check_embeddings(("generated", generated), least=10)
    _check_embeddings(("reference", reference), ("generated", generated))
    n_least = min(500, len(generated) // 5) if n_least is None else n_least
    sizes = [int(n) for n in np.linspace(max(n_least, 2), len(generated), n_steps)]
    gaussian = _gaussian(reference)
    figures = []
    for size in sizes:
        drawn = generated[generator.integers(0, len(generated), size)]
        figures.append(frechet_distance(*gaussian, *_gaussian(drawn)))
    inverse = 1 / np.array(sizes)
    heights = np.array(figures)
    slope, value = np.polyfit(inverse, heights, 1)
    residual = np.square(heights - (slope * inverse + value)).sum()
    total = np.square(heights - heights.mean()).sum()
    return Extrapolation(
        value=float(value),
        slope=float(slope),
        r_squared=float(1 - residual / total) if total else 1.0,
        sizes=tuple(sizes),
        figures=tuple(map(float, figures)),
    )


def _check_posteriors(*named: tuple[str, np.ndarray]) -> None:
    for name, values in named:
        if np.ndim(values) != 2 or not len(values):
            raise InputError(
                f"The {name} posteriors have the shape {np.shape(values)}; needed is (clips, tags)."
            )
        if not np.isfinite(values).all() or (values < 0).any():
            raise InputError(f"The {name} posteriors hold a value that is no probability.")
        if np.abs(values.sum(axis=1) - 1).max() > 1e-3:
            raise InputError(
                f"A row of the {name} posteriors does not add up to 1. Use a softmax over the tags."
            )


def kl_divergence(reference: np.ndarray, generated: np.ndarray) -> float:
    """Mean of KL(reference || generated) over clips in nats, 0 or more.

    Row i of both belongs to the same video. Probabilities below 1e-10 count as 1e-10.

    Raises:
        InputError: no probabilities, or sets of unlike shape.
    """
    p, q = np.asarray(reference, float), np.asarray(generated, float)
    _check_posteriors(("reference", p), ("generated", q))
    if p.shape != q.shape:
        raise InputError(
            f"The posteriors have the shapes {p.shape} and {q.shape}; KLD compares clip by clip, so"
            " both sets must hold the same videos."
        )
    return float(_kl(p, q).mean())


def _kl(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """(N,) KL of rows in nats."""
    log_ratio = np.log(np.maximum(p, _LEAST)) - np.log(np.maximum(q, _LEAST))
    return np.maximum((p * log_ratio).sum(axis=1), 0.0)


def inception_score(generated: np.ndarray) -> float:
    """exp of the mean KL from each clip's tags to the tags of all, in [1, K]."""
    p = np.asarray(generated, float)
    _check_posteriors(("generated", p))
    return float(np.exp(_kl(p, np.broadcast_to(p.mean(axis=0), p.shape)).mean()))


def density(reference: np.ndarray, generated: np.ndarray, nearest_k: int = NEAREST_K) -> float:
    """Balls of reference points that hold a generated point, mean over these, over k; 0 or more.

    About 1 where both sets have one distribution.
    """
    radii, distances = _balls(reference, generated, nearest_k)
    return float((distances < radii[:, None]).sum(axis=0).mean() / nearest_k)


def coverage(reference: np.ndarray, generated: np.ndarray, nearest_k: int = NEAREST_K) -> float:
    """Share of reference points whose ball holds at least one generated point, in [0, 1]."""
    radii, distances = _balls(reference, generated, nearest_k)
    return float((distances.min(axis=1) < radii).mean())


def _balls(
    reference: np.ndarray, generated: np.ndarray, nearest_k: int
) -> tuple[np.ndarray, np.ndarray]:
    """(N,) distance of each reference point to its k-th neighbour, and (N, M) to the generated."""
    reference, generated = np.asarray(reference, float), np.asarray(generated, float)
    _check_embeddings(("generated", generated), least=1)
    _check_embeddings(("reference", reference), least=nearest_k + 1)
    _check_embeddings(("reference", reference), ("generated", generated), least=1)
    among = _distances(reference, reference)
    radii = np.partition(among, nearest_k, axis=1)[:, nearest_k]  # place 0 is the point itself
    return radii, _distances(reference, generated)


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N, M) Euclidean distances, row by row: the expanded square loses digits to cancellation."""
    return np.stack([np.linalg.norm(b - row, axis=1) for row in a])


def evaluate(
    *,
    reference: np.ndarray | None = None,
    generated: np.ndarray | None = None,
    reference_posteriors: np.ndarray | None = None,
    generated_posteriors: np.ndarray | None = None,
    generator: np.random.Generator | None = None,
) -> dict[str, float | int | None]:
    """All that the given arrays allow, by name; what needs more clips than there are is None."""
    scores: dict[str, float | int | None] = {}
    if reference is not None and generated is not None:
        scores |= {"n_reference": len(reference), "n_generated": len(generated)}
        enough = min(len(reference), len(generated)) >= 2
        scores["fad"] = fad(reference, generated) if enough else None
        extended = None
        if len(generated) >= 10 and len(reference) >= 2:
            generator = generator or np.random.default_rng(0)
            extended = fad_infinity(reference, generated, generator)
        scores["fad_infinity"] = extended.value if extended else None
        scores["fad_infinity_r_squared"] = extended.r_squared if extended else None
        balls = len(reference) > NEAREST_K
        scores["density"] = density(reference, generated) if balls else None
        scores["coverage"] = coverage(reference, generated) if balls else None
    if generated_posteriors is not None:
        scores["inception_score"] = inception_score(generated_posteriors)
        if reference_posteriors is not None:
            paired = reference_posteriors.shape == generated_posteriors.shape
            scores["kld"] = (
                kl_divergence(reference_posteriors, generated_posteriors) if paired else None
            )
    assert not any(isinstance(v, float) and math.isnan(v) for v in scores.values())
    return scores
