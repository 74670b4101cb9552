"""The blend is linear, and the cross-encoder moves products only against each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recommender.fusion import blend, rerank_terms
from recommender.policy import SEED_WEIGHTS, Weights
from recommender.types import SOURCES

shares = st.floats(0, 1, width=32)
tables = arrays(np.float32, (6, len(SOURCES)), elements=shares)
weights = st.builds(Weights, **dict.fromkeys(SOURCES, shares))
logits = arrays(np.float32, st.integers(1, 20), elements=st.floats(-30, 30, width=32) | st.just(float("nan")))


def test_seed_004_blend() -> None:
    scores = np.eye(len(SOURCES), dtype=np.float32)
    assert blend(scores, SEED_WEIGHTS) == pytest.approx([0.5, 0.3, 0.2] + [0.0] * (len(SOURCES) - 3))


def test_weights_stand_in_the_order_of_the_columns() -> None:
    each = Weights(**{source: float(number) for number, source in enumerate(SOURCES)})
    assert each.vector().tolist() == list(range(len(SOURCES)))


@given(tables, weights, weights)
def test_the_blend_is_linear_in_the_weights(table: np.ndarray, one: Weights, other: Weights) -> None:
    both = Weights(**{source: getattr(one, source) + getattr(other, source) for source in SOURCES})
    np.testing.assert_allclose(blend(table, both), blend(table, one) + blend(table, other), atol=1e-5)


@given(tables, tables, weights)
def test_the_blend_is_linear_in_the_scores(one: np.ndarray, other: np.ndarray, chosen: Weights) -> None:
    np.testing.assert_allclose(blend(one + other, chosen), blend(one, chosen) + blend(other, chosen), atol=1e-5)


@given(logits, st.floats(0, 2))
def test_rerank_terms_sum_to_0_and_spread_by_the_weight(values: np.ndarray, weight: float) -> None:
    terms = rerank_terms(values, weight)
    known = np.isfinite(values)
    assert np.isfinite(terms).all()
    assert abs(float(terms.sum())) < 1e-5 * len(values)
    assert not terms[~known].any()
    assert np.ptp(terms) <= weight + 1e-6
    if known.any() and np.ptp(values[known]) > 1e-3:
        assert np.ptp(terms[known]) == pytest.approx(weight, abs=1e-5)
        order = np.argsort(values[known], kind="stable")
        assert (np.diff(terms[known][order]) >= -1e-7).all()


def test_an_unknown_product_gets_0() -> None:
    terms = rerank_terms(np.array([2.0, np.nan, -2.0], np.float32), 0.5)
    assert terms.tolist() == [0.25, 0.0, -0.25]


@pytest.mark.parametrize("values", [[], [3.0], [1.0, 1.0, 1.0], [np.nan, np.nan]])
def test_where_there_is_nothing_to_compare_nothing_is_added(values: list[float]) -> None:
    assert rerank_terms(np.array(values, dtype=np.float32), 0.5).tolist() == [0.0] * len(values)
