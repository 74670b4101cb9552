"""The item-item model equals EASE's definition, and keeps the strongest entries and no customer's row."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recommender.catalog import ProductRow, build_catalog
from recommender.history import DAY
from recommender.snapshot import Neighbours
from training import neighbours
from training.dataset import Dataset, build_dataset
from training.neighbours import KEPT, L2, fit_neighbours, strongest_entries


def purchases(customers: int, products: int, *, seed: int = 0) -> Dataset:
    """Customers of two tastes: even ones buy even products."""
    rng = np.random.default_rng(seed)
    lines = [
        (user, item, float(day))
        for user in range(customers)
        for day, item in enumerate(rng.integers(0, products // 2, 12) * 2 + user % 2)
    ]
    user, item, day = (np.array(column) for column in zip(*lines, strict=True))
    catalog = build_catalog([ProductRow(external_id=str(row), name=str(row)) for row in range(products)])
    return build_dataset(catalog, user.astype(np.int32), item.astype(np.int32), day * DAY, n_users=customers)


def dense(table: Neighbours, size: int) -> np.ndarray:
    full = np.zeros((size, size), dtype=np.float32)
    for row in range(size):
        span = slice(table.indptr[row], table.indptr[row + 1])
        full[row, table.item[span]] = table.weight[span]
    return full


def ease(data: Dataset, products: int) -> np.ndarray:
    """Steck (2019), written down as it is defined."""
    bought = np.zeros((data.n_users, products))
    bought[data.user, data.item] = 1.0
    inverse = np.linalg.inv(bought.T @ bought + L2 * np.eye(products))
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights


@pytest.mark.parametrize(("customers", "products"), [(20, 30), (60, 30)], ids=["few customers", "many customers"])
def test_it_is_ease(customers: int, products: int) -> None:
    """Through either Gram matrix; what EASE gives a weight above 0 is all there."""
    data = purchases(customers, products)
    found = dense(fit_neighbours(data, products), products)
    np.testing.assert_allclose(found, np.maximum(ease(data, products), 0.0), rtol=2e-3, atol=1e-7)


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    data = purchases(20, 30)
    whole = dense(fit_neighbours(data, 30), 30)
    monkeypatch.setattr(neighbours, "BLOCK", 7)
    np.testing.assert_allclose(dense(fit_neighbours(data, 30), 30), whole, rtol=1e-5)


def test_what_the_same_customers_buy_is_near() -> None:
    table = fit_neighbours(purchases(60, 30), 30)
    for item in range(30):
        near = table.item[table.indptr[item] : table.indptr[item + 1]]
        assert len(near)
        assert (near % 2 == item % 2).all()
        assert item not in near


def test_no_more_is_kept_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "KEPT", 3)
    table = fit_neighbours(purchases(60, 30), 30)
    exact = ease(purchases(60, 30), 30)
    assert np.diff(table.indptr).max() == 3 < KEPT
    for item in range(30):
        weight = table.weight[table.indptr[item] : table.indptr[item + 1]]
        np.testing.assert_allclose(weight, np.sort(exact[item])[::-1][: len(weight)], rtol=2e-3)


def test_products_beyond_the_factored_ones_have_none() -> None:
    table = fit_neighbours(purchases(20, 30), 10)
    assert len(table.indptr) == 31
    assert table.item.max() < 10
    assert (np.diff(table.indptr)[10:] == 0).all()


def test_nothing_bought_relates_nothing() -> None:
    table = fit_neighbours(purchases(4, 4).before(-1.0), 4)
    assert len(table.item) == 0
    assert table.indptr.tolist() == [0] * 5


matrices = st.integers(1, 8).flatmap(
    lambda size: st.lists(
        st.lists(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0]), min_size=size, max_size=size),
        min_size=size,
        max_size=size,
    )
)


@given(rows=matrices, kept=st.integers(1, 8))
def test_the_strongest_entries_are_those_of_a_full_sort(rows: list[list[float]], kept: int) -> None:
    """The rows are cut down before they are sorted; ties included, it must not show."""
    weights = np.array(rows, dtype=np.float32)
    table = strongest_entries(sp.csr_array(weights), len(rows), kept)
    for number, row in enumerate(weights):
        wanted = [item for item in range(len(row)) if item != number and row[item] > 0]
        wanted.sort(key=lambda item: (-row[item], item))
        span = slice(table.indptr[number], table.indptr[number + 1])
        assert table.item[span].tolist() == wanted[:kept]
        assert table.weight[span].tolist() == [row[item] for item in wanted[:kept]]
