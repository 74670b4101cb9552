"""Half a basket is asked about, the other half is what counts."""

import numpy as np
import pytest

from benchmarks.quality import carts
from models.embedding import ItemVectors
from models.in_process import InProcessStages
from recommender.types import Context
from training.dataset import Dataset
from training.replay import Arena, Protocol, build_arena
from training.scores import Scores


@pytest.fixture(scope="module")
def arena(planted: Dataset, vectors: ItemVectors, cut: float) -> Arena:
    return build_arena(planted, vectors, cut=cut, protocol=Protocol(label_days=14))


@pytest.fixture(scope="module")
def scores(arena: Arena) -> Scores:
    stages = InProcessStages(arena.collaborative)
    return carts.ask(arena, carts.baskets(arena), {"hybrid": arena.snapshot}, stages)


def test_halves_share_nothing_and_are_the_basket(arena: Arena, planted: Dataset, cut: float) -> None:
    found = carts.baskets(arena)
    assert len(found) == 2 * 40  # two weeks of everybody's weekly basket
    for basket in found:
        assert len(basket.first) == len(basket.rest) == 4
        assert not basket.rest & set(basket.first.tolist())
        bought = arena.data.window(cut, 14).items_of(basket.user)
        assert basket.rest | set(basket.first.tolist()) <= bought


def test_an_odd_product_belongs_to_what_is_to_be_found() -> None:
    basket = carts.Basket(0, np.arange(7))
    assert (len(basket.first), len(basket.rest)) == (3, 4)


def test_the_order_within_a_basket_is_drawn_with_a_seed(arena: Arena) -> None:
    first, again, other = (carts.baskets(arena, seed=seed) for seed in (0, 0, 1))
    assert all((a.item == b.item).all() for a, b in zip(first, again, strict=True))
    assert any((a.item != b.item).any() for a, b in zip(first, other, strict=True))


def test_small_baskets_are_left_out(planted: Dataset, vectors: ItemVectors, cut: float) -> None:
    small = planted._where((planted.at < cut) | (planted.item < 8))
    arena = build_arena(small, vectors, cut=cut)
    assert all(len(basket.item) >= carts.LEAST_PRODUCTS for basket in carts.baskets(arena))
    assert carts.baskets(arena) == []


def test_what_goes_with_the_cart_finds_the_rest_and_popularity_half_of_it(scores: Scores) -> None:
    recall = {row: scores.values(row, 20, "recall").mean() for row in scores.lists}
    assert recall["co_purchase"] == recall["hybrid"] == recall["content"] == 1.0  # 12 products of the taste are left
    assert recall["own_frequency"] == 1.0
    assert 0.4 < recall["popularity"] < 0.95
    assert set(scores.lists) == {*carts.SINGLES, "fixed_blend", "hybrid"}


def test_nothing_of_the_cart_is_shown_and_the_history_is_the_customers(arena: Arena) -> None:
    chosen = carts.baskets(arena)[:5]
    for basket, case, _ in carts._cases(arena, chosen, InProcessStages(arena.collaborative)):
        assert case.query.context is Context.CART
        assert not case.pool.allowed[basket.first].any()
        assert set(case.query.history.item.tolist()) == arena.data.before(arena.cut).items_of(basket.user)
        assert (case.query.history.at < arena.cut).all()
