"""Fold-in is the least-squares step of the training library, for one customer or many."""

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from implicit.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from models.collaborative import Collaborative, load_collaborative
from recommender.history import ItemWeights
from recommender.snapshot import Neighbours

ITEMS, FACTORS = 12, 5


@pytest.fixture(scope="module")
def purchases() -> sp.csr_matrix:
    """Confidences of eight customers over twelve items."""
    rng = np.random.default_rng(3)
    dense = np.where(rng.random((8, ITEMS)) < 0.4, rng.uniform(0.1, 3.0, (8, ITEMS)), 0.0)
    return sp.csr_matrix(dense.astype(np.float32))


@pytest.fixture(scope="module")
def fitted(purchases: sp.csr_matrix) -> AlternatingLeastSquares:
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(factors=FACTORS, regularization=0.7, iterations=5, random_state=1)
        model.fit(purchases, show_progress=False)
    return model


@pytest.fixture(scope="module")
def model(fitted: AlternatingLeastSquares) -> Collaborative:
    nothing = Neighbours(np.zeros(ITEMS + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
    return Collaborative(np.asarray(fitted.item_factors), 0.7, nothing, nothing, nothing, np.zeros(ITEMS, np.float32))


def customer_of(purchases: sp.csr_matrix, user: int) -> ItemWeights:
    row = purchases[user]
    return ItemWeights(row.indices, row.data)


@pytest.mark.parametrize("user", range(8))
def test_fold_in_equals_implicits_own_user_factors(
    model: Collaborative, fitted: AlternatingLeastSquares, purchases: sp.csr_matrix, user: int
) -> None:
    with threadpool_limits(1, "blas"):
        expected = fitted.recalculate_user(user, purchases[user])
    np.testing.assert_allclose(
        model.fold_in([customer_of(purchases, user)])[0], np.ravel(expected), rtol=1e-3, atol=1e-4
    )


def test_a_batch_equals_one_at_a_time(model: Collaborative, purchases: sp.csr_matrix) -> None:
    customers = [customer_of(purchases, user) for user in range(8)]
    alone = np.concatenate([model.fold_in([customer]) for customer in customers])
    np.testing.assert_allclose(model.fold_in(customers), alone, rtol=1e-6, atol=1e-7)


def test_an_empty_batch_has_no_rows_and_a_customer_without_items_no_direction(model: Collaborative) -> None:
    nobody = ItemWeights(np.zeros(0, np.int32), np.zeros(0, np.float32))
    assert model.fold_in([]).shape == (0, FACTORS)
    assert model.fold_in([nobody]).tolist() == [[0.0] * FACTORS]


@given(st.dictionaries(st.integers(0, ITEMS - 1), st.floats(0.03125, 5.0, width=32), max_size=ITEMS))
def test_fold_in_solves_the_normal_equations(model: Collaborative, weights: dict[int, float]) -> None:
    customer = ItemWeights(np.array(list(weights), np.int32), np.array(list(weights.values()), np.float32))
    found = model.fold_in([customer])[0]
    y = model.factors.astype(np.float64)
    confidence = np.ones(ITEMS)
    confidence[customer.item] = customer.weight
    preferred = np.isin(np.arange(ITEMS), customer.item)
    left = y.T @ np.diag(confidence) @ y + 0.7 * np.eye(FACTORS)
    np.testing.assert_allclose(found, np.linalg.solve(left, y.T @ (confidence * preferred)), rtol=1e-4, atol=1e-5)


def test_a_planted_taste_prefers_its_own_cluster() -> None:
    clusters = np.repeat(np.eye(2, dtype=np.float32), 3, axis=0)
    nothing = Neighbours(np.zeros(7, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
    model = Collaborative(clusters, 0.1, nothing, nothing, nothing, np.zeros(6, np.float32))
    scores = clusters @ model.fold_in([ItemWeights(np.array([4], np.int32), np.ones(1, np.float32))])[0]
    assert scores[3:].min() > scores[:3].max()


def test_what_is_loaded_is_what_was_saved(collaborative: Collaborative, tmp_path: Path) -> None:
    collaborative.save(tmp_path)
    loaded = load_collaborative(tmp_path)
    assert loaded.regularization == collaborative.regularization
    for name in ("factors", "popularity"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(collaborative, name))
        assert getattr(loaded, name).dtype == getattr(collaborative, name).dtype
    for name in ("indptr", "item", "weight"):
        stored, given = getattr(loaded.co_purchase, name), getattr(collaborative.co_purchase, name)
        np.testing.assert_array_equal(stored, given)
        assert stored.dtype == given.dtype
