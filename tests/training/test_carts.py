"""A cart is half of a real basket, and the answer is the other half."""

import numpy as np
import pytest

from models.embedding import ItemVectors
from recommender.types import Context
from training.carts import CART_PRODUCTS, cart_baskets, cart_cases
from training.dataset import Dataset, build_dataset
from training.replay import Arena, Protocol, build_arena


@pytest.fixture(scope="module")
def arena(shop: Dataset, vectors: ItemVectors, cut: float) -> Arena:
    """The planted shop, in which every customer buys eight products of their aisle at once after the cut."""
    later = int((shop.at >= cut).sum())
    users = np.repeat(np.arange(20, dtype=np.int32), 8)
    items = np.concatenate([np.arange(user % 2, 16, 2) for user in range(20)]).astype(np.int32)
    assert later
    data = build_dataset(
        shop.catalog,
        np.concatenate([shop.user, users]),
        np.concatenate([shop.item, items]),
        np.concatenate([shop.at, np.full(len(users), cut + 1.0)]),
        n_users=shop.n_users,
    )
    return build_arena(data, vectors, cut=cut, protocol=Protocol())


def test_baskets_are_those_of_enough_products(arena: Arena) -> None:
    found = cart_baskets(arena)
    assert sorted(user for user, _ in found) == list(range(20))
    for _, items in found:
        assert len(set(items.tolist())) == len(items) == 8 >= CART_PRODUCTS


def test_halves_are_apart_and_make_up_the_basket(arena: Arena) -> None:
    whole = {user: set(items.tolist()) for user, items in cart_baskets(arena)}
    for user, case in cart_cases(arena):
        held = set(case.query.anchors.tolist())
        assert case.query.context is Context.CART
        assert held | case.relevant == whole[user]
        assert not held & case.relevant
        assert len(held) == 4
        assert not held & set(case.pool.candidates.item.tolist())
        assert (case.query.history.at < arena.cut).all()


def test_the_same_seed_halves_in_the_same_way_and_a_limit_draws(arena: Arena) -> None:
    one, other = (
        [(user, case.query.anchors.tolist()) for user, case in cart_cases(arena, limit=5, seed=2)] for _ in range(2)
    )
    assert one == other
    assert len(one) == 5
    assert one != [(user, case.query.anchors.tolist()) for user, case in cart_cases(arena, limit=5, seed=3)]


def test_strangers_have_no_history(arena: Arena) -> None:
    assert all(not len(case.query.history) for _, case in cart_cases(arena, strangers=1.0))
    assert all(len(case.query.history) for _, case in cart_cases(arena))


def test_nobody_bought_no_carts(shop: Dataset, vectors: ItemVectors) -> None:
    after = build_arena(shop, vectors, cut=float(shop.at.max()) + 1.0)
    assert list(cart_cases(after)) == []
