"""Scores of shared spaces and agreement of affect: figures worked out by hand or published."""

import math

import numpy as np
import pytest
import scipy.stats

from vem_core.errors import InputError
from vem_core.metrics import semantic


def test_cosines_by_hand() -> None:
    """45 degrees, opposite, a zero row."""
    a = np.array([[1.0, 0.0], [1.0, 2.0], [0.0, 0.0]])
    b = np.array([[3.0, 3.0], [-2.0, -4.0], [1.0, 0.0]])
    assert semantic.cosines(a, b) == pytest.approx([math.sqrt(0.5), -1.0, 0.0])
    assert semantic.cosine_score(a, b) == pytest.approx((math.sqrt(0.5) - 1) / 3)
    assert semantic.cosine_score(a[:2], 5 * a[:2]) == pytest.approx(1.0)


def test_shots_weigh_as_long_as_they_last() -> None:
    """1 s at .8 and 3 s at .2: (.8 + .6) / 4."""
    assert semantic.time_weighted([0.8, 0.2], [1.0, 3.0]) == pytest.approx(0.35)
    assert semantic.time_weighted([0.4, 0.4], [1.0, 9.0]) == pytest.approx(0.4)


def test_relevance_by_hand() -> None:
    """Softmax of (ln 3, 0) is .75; all alike is chance; sure and right is 1, sure and wrong 0."""
    logits = np.array([[math.log(3), 0.0], [0.0, 0.0]])
    assert semantic.relevance(logits) == pytest.approx((0.75 + 0.5) / 2, rel=1e-6)
    assert semantic.relevance(np.zeros((16, 16))) == pytest.approx(1 / 16)
    assert semantic.relevance(1000 * np.eye(8)) == pytest.approx(1.0)
    assert semantic.relevance(-1000 * np.eye(8)) == pytest.approx(0.0)


def test_retrieval_rank_by_hand() -> None:
    """First row: one of two above. Second: a tie with one, the other below. Third: best."""
    logits = np.array([[1.0, 2.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 9.0]])
    assert semantic.retrieval_rank(logits) == pytest.approx((0.5 + 0.25 + 0) / 3)
    assert semantic.retrieval_rank(np.zeros((5, 5))) == 0.5


def test_attention_diagonal_by_hand() -> None:
    """Diagonals .5 .75 and 1 0: mean .5625, squared distances .25 .0625 0 1, mean .328125."""
    maps = np.array([[[0.5, 0.5], [0.25, 0.75]], [[1.0, 0.0], [1.0, 0.0]]])
    assert semantic.attention_diagonal(maps) == pytest.approx(0.5625)
    assert semantic.attention_error(maps) == pytest.approx(0.328125)
    perfect = np.eye(30)[None]
    assert semantic.attention_diagonal(perfect) == 1.0 and semantic.attention_error(perfect) == 0.0
    even = np.full((1, 30, 30), 1 / 30)
    assert semantic.attention_diagonal(even) == pytest.approx(1 / 30)


def test_agreement_is_scipys_spearman_with_the_interval_of_bonett_and_wright() -> None:
    random = np.random.default_rng(0)
    wanted = random.integers(0, 8, 30).astype(float)  # with ties
    heard = wanted + random.normal(0, 2, 30)
    found = semantic.agreement(wanted, heard)
    rho = float(np.asarray(scipy.stats.spearmanr(wanted, heard))[0])
    assert found.rho == pytest.approx(rho, rel=1e-6)
    half = 1.959963985 * math.sqrt((1 + rho**2 / 2) / 27)
    expected = [math.tanh(math.atanh(rho) + side * half) for side in (-1, 1)]
    assert [found.low, found.high] == pytest.approx(expected, rel=1e-6)


def test_agreement_at_its_ends_and_where_nothing_varies() -> None:
    up = np.arange(6.0)
    assert semantic.agreement(up, up**3).rho == pytest.approx(1.0)
    assert semantic.agreement(up, -up).rho == pytest.approx(-1.0)
    flat = semantic.agreement(up, np.ones(6))
    assert (flat.rho, flat.low, flat.high, flat.n) == (None, -1.0, 1.0, 6)
    assert semantic.agreement([1, 2, 3], [1, 2, 3]).low == -1.0


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Normal pairs of correlation .6 have a rank correlation of 6 / pi asin(.3)."""
    random = np.random.default_rng(1)
    truth, covered = 6 / math.pi * math.asin(0.3), 0
    for _ in range(400):
        a = random.normal(size=40)
        found = semantic.agreement(a, 0.6 * a + 0.8 * random.normal(size=40))
        covered += found.low <= truth <= found.high
    assert 0.92 <= covered / 400 <= 0.98


def test_bootstrap_of_a_mean() -> None:
    """The deviation of a mean of 400 values of deviation 1 is .05."""
    values = np.random.default_rng(2).normal(0, 1, 400)
    values = (values - values.mean()) / values.std() + 3
    mean, low, high = semantic.mean_with_interval(values, np.random.default_rng(3))
    assert mean == pytest.approx(3.0)
    assert (low, high) == pytest.approx((3 - 0.098, 3 + 0.098), abs=0.01)
    assert semantic.mean_with_interval([2, 2], np.random.default_rng(0)) == (2.0, 2.0, 2.0)


def test_malformed_input_is_refused() -> None:
    with pytest.raises(InputError, match="one shared space"):
        semantic.cosines(np.ones((2, 3)), np.ones((2, 4)))
    with pytest.raises(InputError, match="A shot lasts 0 s"):
        semantic.time_weighted([1.0], [0.0])
    with pytest.raises(InputError, match="must be equal"):
        semantic.relevance(np.ones((2, 3)))
    with pytest.raises(InputError, match="3 wanted and 2 heard"):
        semantic.agreement([1, 2, 3], [1, 2])
