"""What follows what is counted along each customer's own baskets."""

import numpy as np
import pytest

from recommender.catalog import ProductRow, build_catalog
from recommender.history import DAY
from training.dataset import Dataset, build_dataset
from training.sequence import BACKWARDS, BASKETS, SHRINKAGE, fit_sequence


def visits(*customers: list[set[int]], products: int = 5) -> Dataset:
    """A list of baskets per customer, one a day."""
    lines = [
        (user, item, day * DAY)
        for user, baskets in enumerate(customers)
        for day, basket in enumerate(baskets)
        for item in sorted(basket)
    ]
    user, item, at = (np.array(column) for column in zip(*lines, strict=True))
    catalog = build_catalog([ProductRow(external_id=str(row), name=str(row)) for row in range(products)])
    return build_dataset(catalog, user.astype(np.int32), item.astype(np.int32), at, n_users=len(customers))


def after(data: Dataset, item: int, *, factored: int = 5) -> dict[int, float]:
    found = fit_sequence(data, factored).of(np.array([item]))
    return dict(zip(found.item.tolist(), found.weight.tolist(), strict=True))


def scaled(count: float, one: int, other: int) -> float:
    return count / np.sqrt((one + SHRINKAGE) * (other + SHRINKAGE))


def test_what_comes_next_counts_more_than_what_came_before() -> None:
    data = visits([{0}, {1}], [{0}, {1}], [{0}, {1}])
    assert after(data, 0) == pytest.approx({1: scaled(3, 3, 3)})
    assert after(data, 1) == pytest.approx({0: scaled(3 * BACKWARDS, 3, 3)})


def test_a_later_basket_counts_less_the_later_it_is() -> None:
    data = visits([{0}, {1}, {2}, {3}, {4}, {1}])
    found = after(data, 0)
    assert found[2] == pytest.approx(scaled(1 / 2, 1, 1))
    assert found[4] == pytest.approx(scaled(1 / 4, 1, 1))
    assert found[1] == pytest.approx(scaled(1, 1, 2))  # the fifth basket after is too far to count again


def test_one_basket_and_two_customers_are_no_sequence() -> None:
    assert after(visits([{0, 1}], [{2}]), 0) == {}
    assert after(visits([{0}], [{1}]), 0) == {}


def test_only_the_latest_baskets_count() -> None:
    long_ago = visits([{0}, {1}, *[{2}, {3}] * (BASKETS // 2)])
    assert after(long_ago, 0) == {}
    assert set(after(long_ago, 2)) == {3}


def test_products_beyond_the_factored_ones_have_none() -> None:
    table = fit_sequence(visits([{0}, {1}, {4}]), 2)
    assert np.diff(table.indptr).tolist() == [1, 1, 0, 0, 0]


def test_nothing_bought_relates_nothing() -> None:
    assert len(fit_sequence(visits([{0}]).before(-1.0), 5).item) == 0
