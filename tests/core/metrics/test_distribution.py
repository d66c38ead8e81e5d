"""Distances of distributions: closed forms, scipy's matrix root, prdc's figures, hand counts."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg

from vem_core.errors import InputError
from vem_core.metrics import distribution

PRDC = json.loads(
    (Path(__file__).parents[2] / "data/distribution/prdc.json").read_text(encoding="utf-8")
)


def exact(mean: list[float], deviations: list[float], n_pairs: int = 1) -> np.ndarray:
    """Points with exactly these means, these deviations (ddof 1) and no covariance."""
    mean_, sigma = np.array(mean), np.array(deviations)
    offsets = np.concatenate([np.diag(sigma), -np.diag(sigma)] * n_pairs)
    return mean_ + offsets * math.sqrt((len(offsets) - 1) / (2 * n_pairs))


def test_fad_of_known_gaussians() -> None:
    """Uncorrelated: squared distance of the means plus squares of the deviations' differences."""
    a, b = exact([0, 0, 0], [1, 2, 3]), exact([3, 4, 0], [2, 2, 1])
    assert distribution.fad(a, b) == pytest.approx(9 + 16 + 1 + 0 + 4, rel=1e-6)
    assert distribution.fad(a, a) == pytest.approx(0.0, abs=1e-9)


def test_fad_is_that_of_scipys_matrix_root() -> None:
    """As fadtk and pytorch-fid compute it; covariances of full rank."""
    random = np.random.default_rng(0)
    for _ in range(5):
        mixing = random.normal(size=(8, 8))
        a, b = random.normal(size=(60, 8)), random.normal(size=(40, 8)) @ mixing + 0.3
        s_a, s_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
        offset = a.mean(axis=0) - b.mean(axis=0)
        root = scipy.linalg.sqrtm(s_a @ s_b)
        expected = offset @ offset + np.trace(s_a + s_b - 2 * np.real(root))
        assert distribution.fad(a, b) == pytest.approx(expected, rel=1e-6)


def test_fad_of_singular_covariances() -> None:
    """Four clips in sixteen dimensions: real, finite and 0 against themselves."""
    few = np.random.default_rng(1).normal(size=(4, 16))
    assert distribution.fad(few, few) == pytest.approx(0.0, abs=1e-6)
    assert math.isfinite(distribution.fad(few, few[::-1] * 2))


def test_fad_infinity_is_fadtks_line() -> None:
    """The same draws, scipy's root and numpy's line; and it takes the bias of few clips away."""
    random = np.random.default_rng(2)
    reference, generated = random.normal(size=(4000, 6)), random.normal(size=(200, 6))
    found = distribution.fad_infinity(
        reference, generated, np.random.default_rng(7), n_least=40, n_steps=9
    )
    draws = np.random.default_rng(7)
    s_r = np.cov(reference, rowvar=False)
    points = []
    for n in np.linspace(40, 200, 9).astype(int):
        drawn = generated[draws.integers(0, 200, n)]
        offset = reference.mean(axis=0) - drawn.mean(axis=0)
        s_g = np.cov(drawn, rowvar=False)
        root = np.real(scipy.linalg.sqrtm(s_r @ s_g))
        points.append((n, offset @ offset + np.trace(s_r + s_g - 2 * root)))
    slope, expected = np.polyfit([1 / n for n, _ in points], [f for _, f in points], 1)
    assert found.value == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert found.slope == pytest.approx(slope, rel=1e-6)
    assert found.figures == pytest.approx([f for _, f in points], rel=1e-6)
    assert found.value < distribution.fad(reference, generated[:40])


def test_kld_and_inception_score_by_hand() -> None:
    """KL((.5, .5) || (.25, .75)) = .5 ln 2 + .5 ln 2/3; two certain clips of two tags score 2."""
    p, q = np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[0.25, 0.75], [1.0, 0.0]])
    expected = (0.5 * math.log(2) + 0.5 * math.log(2 / 3)) / 2
    assert distribution.kl_divergence(p, q) == pytest.approx(expected, rel=1e-6)
    assert distribution.kl_divergence(p, p) == 0.0
    assert distribution.kl_divergence(p[1:], q[1:, ::-1]) > 20  # the wrong tag, surely
    assert distribution.inception_score(np.eye(4)) == pytest.approx(4.0)
    assert distribution.inception_score(np.full((5, 4), 0.25)) == pytest.approx(1.0)
    mixed = np.array([[0.75, 0.25], [0.25, 0.75]])
    gain = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert distribution.inception_score(mixed) == pytest.approx(math.exp(gain), rel=1e-6)


@pytest.mark.parametrize("case", PRDC, ids=[case["name"] for case in PRDC])
def test_density_and_coverage_are_those_of_prdc(case: dict) -> None:
    reference, generated = np.array(case["reference"]), np.array(case["generated"])
    k = case["nearest_k"]
    assert distribution.density(reference, generated, k) == pytest.approx(case["density"])
    assert distribution.coverage(reference, generated, k) == pytest.approx(case["coverage"])


def test_density_and_coverage_by_hand() -> None:
    """Points 0, 1, 3 with k = 1 have balls of 1, 1 and 2. 0.5 lies in two of them, 2.5 in one; the
    ball of 0 holds 0.5, that of 1 holds 0.5, that of 3 holds 2.5: density 1.5, coverage 1."""
    reference, generated = np.array([[0.0], [1.0], [3.0]]), np.array([[0.5], [2.5]])
    assert distribution.density(reference, generated, 1) == pytest.approx(1.5)
    assert distribution.coverage(reference, generated, 1) == 1.0
    assert distribution.coverage(reference, generated[1:], 1) == pytest.approx(1 / 3)


def test_what_cannot_be_measured_is_none() -> None:
    random = np.random.default_rng(3)
    few = random.normal(size=(4, 3))
    scores = distribution.evaluate(reference=few, generated=few)
    assert scores["fad"] == pytest.approx(0.0, abs=1e-9)
    assert scores["fad_infinity"] is scores["density"] is scores["coverage"] is None
    scores = distribution.evaluate(
        reference_posteriors=np.full((3, 2), 0.5), generated_posteriors=np.full((2, 2), 0.5)
    )
    assert scores == {"inception_score": pytest.approx(1.0), "kld": None}


def test_malformed_sets_are_refused() -> None:
    ok = np.eye(3)
    with pytest.raises(InputError, match="There are 1 generated embeddings"):
        distribution.fad(ok, ok[:1])
    with pytest.raises(InputError, match="2 and 3 wide"):
        distribution.fad(ok, ok[:, :2])
    with pytest.raises(InputError, match="not a number"):
        distribution.fad(ok * np.nan, ok)
    with pytest.raises(InputError, match="does not add up to 1"):
        distribution.inception_score(2 * ok)
    with pytest.raises(InputError, match="must hold the same videos"):
        distribution.kl_divergence(ok, ok[:2])
    with pytest.raises(InputError, match="There are 3 reference embeddings; needed are 6"):
        distribution.density(ok, ok)
