"""Popularity, co-purchase and factors find what was planted."""

import math
from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.collaborative import Collaborative
from recommender.catalog import ProductRow, build_catalog
from recommender.history import DAY, ItemWeights, fold_in_confidences
from training.collaborative import (
    FACTORS,
    MIN_BASKETS,
    MIN_TOGETHER,
    NEIGHBOURS,
    fit_co_purchase,
    fit_collaborative,
    fit_factors,
    fit_popularity,
)
from training.dataset import Dataset, build_dataset

baskets_of_a_shop = st.lists(st.sets(st.integers(0, 4), min_size=1), max_size=25)


def baskets(contents: list[set[int]], *, products: int = 5, ages: list[float] | None = None) -> Dataset:
    """One basket per entry: customer 0 buys them on following days, or at the given ages before day 1000."""
    catalog = build_catalog([ProductRow(external_id=str(row), name=str(row)) for row in range(products)])
    days = [1000.0 - age for age in ages] if ages else [float(day) for day in range(len(contents))]
    lines = [(item, day * DAY) for items, day in zip(contents, days, strict=True) for item in sorted(items)]
    item = np.array([item for item, _ in lines], dtype=np.int32)
    at = np.array([at for _, at in lines], dtype=np.float64)
    return build_dataset(catalog, np.zeros(len(lines), np.int32), item, at, n_users=1)


def related_to(data: Dataset, item: int, *, factored: int = 5) -> dict[int, float]:
    found = fit_co_purchase(data, factored).of(np.array([item]))
    return dict(zip(found.item.tolist(), found.weight.tolist(), strict=True))


def test_popularity_decays_by_e_in_30_days() -> None:
    data = baskets([{0}, {0, 1}, {2}], ages=[0, 30, 60])
    popularity = fit_popularity(data, 1000 * DAY)
    assert popularity[:4] == pytest.approx([1 + math.exp(-1), math.exp(-1), math.exp(-2), 0.0], rel=1e-5)


def test_products_bought_together_are_neighbours_of_each_other() -> None:
    data = baskets([{0, 1}] * 6 + [{2, 3}] * 4 + [{4}] * 9)
    assert related_to(data, 0) == pytest.approx({1: 6 / 16})
    assert related_to(data, 1) == pytest.approx({0: 6 / 16})
    assert related_to(data, 2) == pytest.approx({3: 4 / 14})
    assert related_to(data, 4) == {}


def test_what_was_bought_together_by_chance_is_left_out() -> None:
    often, rarely = baskets([{0, 1}] * MIN_TOGETHER), baskets([{0, 1}] * (MIN_TOGETHER - 1))
    assert set(related_to(often, 0)) == {1}
    assert related_to(rarely, 0) == {}


def test_products_of_different_customers_at_the_same_second_are_different_baskets() -> None:
    catalog = build_catalog([ProductRow(external_id=e, name=e) for e in "ab"])
    user = np.arange(10, dtype=np.int32)
    data = build_dataset(catalog, user, user % 2, np.zeros(10), n_users=10)
    assert related_to(data, 0, factored=2) == {}


def test_neighbours_are_strongest_first_and_50_at_most() -> None:
    everything = set(range(60))
    data = baskets([everything] * 3 + [{0, 7}] * 2, products=60)
    neighbours = fit_co_purchase(data, 60)
    assert np.diff(neighbours.indptr).tolist() == [NEIGHBOURS] * 60
    first = slice(int(neighbours.indptr[0]), int(neighbours.indptr[1]))
    assert neighbours.item[first][0] == 7
    assert (np.diff(neighbours.weight[first]) <= 0).all()


@given(baskets_of_a_shop, st.integers(0, 5))
def test_co_purchase_equals_counting_in_plain_python(contents: list[set[int]], factored: int) -> None:
    data = baskets(contents)
    single = Counter(item for items in contents for item in items)
    pairs = Counter(pair for items in contents for pair in permutations(items, 2))
    table = fit_co_purchase(data, factored)
    assert len(table.indptr) == 6
    for item in range(5):
        expected = {
            other: count / math.sqrt((single[item] + 10) * (single[other] + 10))
            for (this, other), count in pairs.items()
            if this == item and count >= MIN_TOGETHER and max(this, other) < factored
        }
        assert related_to(data, item, factored=factored) == pytest.approx(expected)


@pytest.fixture(scope="module")
def fitted(shop: Dataset, cut: float) -> tuple[Dataset, Collaborative]:
    arranged = shop.arranged(cut)
    return arranged, fit_collaborative(arranged, cut=cut)


def taste_of(data: Dataset, rows: np.ndarray) -> np.ndarray:
    """0 for coffee, 1 for dog food, −1 for anything else."""
    kind = np.array([str(e).split("-")[0] for e in data.catalog.external_id[rows]])
    return np.select([kind == "coffee", kind == "dog"], [0, 1], -1)


def test_factors_put_products_of_the_same_taste_first(fitted: tuple[Dataset, Collaborative]) -> None:
    data, model = fitted
    likeness = model.factors @ model.factors.T
    for item in range(24):
        others = np.argsort(-likeness[item], kind="stable")
        others = others[others != item]
        assert (taste_of(data, others[:11]) == taste_of(data, np.array([item]))).all()


def test_a_customer_folded_in_prefers_the_taste_they_bought(fitted: tuple[Dataset, Collaborative], cut: float) -> None:
    data, model = fitted
    known = data.before(cut)
    for user in range(10):
        confidences = fold_in_confidences(known.history(user))
        confidences = ItemWeights(*(part[confidences.item < 24] for part in (confidences.item, confidences.weight)))
        scores = model.factors @ model.fold_in([confidences])[0]
        assert (taste_of(data, np.argsort(-scores)[:12]) == user % 2).all()


def test_products_with_too_few_baskets_have_no_factors_and_no_neighbours(
    fitted: tuple[Dataset, Collaborative], cut: float
) -> None:
    data, model = fitted
    assert model.factors.shape == (24, FACTORS)
    assert (data.before(cut).baskets[:24] >= MIN_BASKETS).all()
    assert len(model.co_purchase.indptr) == len(data.catalog) + 1
    assert (np.diff(model.co_purchase.indptr)[24:] == 0).all()
    assert len(model.popularity) == len(data.catalog)


def test_co_purchase_never_crosses_tastes(fitted: tuple[Dataset, Collaborative]) -> None:
    data, model = fitted
    for item in range(24):
        related = model.co_purchase.of(np.array([item]))
        assert len(related) > 0
        assert (taste_of(data, related.item) == taste_of(data, np.array([item]))).all()


def test_the_same_seed_fits_the_same_model(fitted: tuple[Dataset, Collaborative], cut: float) -> None:
    data, model = fitted
    again = fit_collaborative(data, cut=cut)
    np.testing.assert_allclose(again.factors, model.factors, atol=1e-6)
    np.testing.assert_array_equal(again.co_purchase.item, model.co_purchase.item)
    np.testing.assert_array_equal(again.popularity, model.popularity)


def test_a_shop_without_purchases_fits_an_empty_model() -> None:
    model = fit_collaborative(baskets([]), cut=DAY)
    assert model.factors.shape == (0, FACTORS)
    assert model.popularity.tolist() == [0.0] * 5
    assert len(model.co_purchase.of(np.arange(5))) == 0
    nobody = ItemWeights(np.zeros(0, np.int32), np.zeros(0, np.float32))
    assert not model.fold_in([nobody]).any()


def test_customers_with_rare_products_only_are_no_obstacle() -> None:
    assert fit_factors(baskets([{3}, {4}]), 2, seed=0).shape == (2, FACTORS)
