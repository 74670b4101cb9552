"""What an answer depends on: related items, popularity order, resolved weights, and what changes with the catalog."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from recommender.catalog import Catalog
from recommender.policy import CART_WEIGHTS, SEED_WEIGHTS, Policy, WeightChoice, Weights
from recommender.snapshot import Neighbours, Snapshot
from recommender.types import Context

NeighboursOf = Callable[..., Neighbours]


@pytest.fixture(scope="module")
def related(neighbours_of: NeighboursOf) -> Neighbours:
    return neighbours_of(4, {0: {1: 0.5, 2: 0.25}, 3: {1: 0.25}})


@pytest.mark.parametrize(
    ("anchors", "items", "weights"),
    [
        ([0], [1, 2], [0.5, 0.25]),
        ([0, 3], [1, 2], [0.75, 0.25]),
        ([1], [], []),
        ([], [], []),
        ([3, 9], [1], [0.25]),  # 9 is newer than the table
        ([4], [], []),
    ],
)
def test_relatives_of_several_products_are_summed(
    related: Neighbours, anchors: list[int], items: list[int], weights: list[float]
) -> None:
    found = related.of(np.array(anchors, dtype=np.int64))
    assert found.item.tolist() == items
    assert found.weight.tolist() == weights


def test_products_come_by_popularity_and_then_in_catalog_order(
    shelf: Callable[..., Catalog], snapshot_of: Callable[..., Snapshot]
) -> None:
    snapshot = snapshot_of(shelf(*"abcde"), popularity=np.array([1, 5, 1, 5], dtype=np.float32))
    assert snapshot.popular_first.tolist() == [1, 3, 0, 2, 4]
    assert snapshot.popular_rank.tolist() == [2, 0, 3, 1, 4]


def test_weights_by_name_are_resolved(two_aisles: Snapshot) -> None:
    def weights(choice: WeightChoice | Weights, context: Context = Context.PRODUCT_PAGE) -> Weights:
        contexts = {context: replace(own, weights=choice) for context, own in two_aisles.policy.contexts.items()}
        return replace(two_aisles, policy=Policy(contexts=contexts)).weights(context)

    own = Weights(repeat=1.0)
    assert weights(WeightChoice.FITTED) == two_aisles.fitted
    assert weights(WeightChoice.FITTED, Context.CART) == CART_WEIGHTS
    assert weights(WeightChoice.SEED) == SEED_WEIGHTS
    assert weights(own) == own


def test_a_changed_catalog_is_allowed_anew(two_aisles: Snapshot) -> None:
    assert two_aisles.allowed[7]
    stock = two_aisles.catalog.stock.copy()
    stock[7] = 0
    changed = two_aisles.with_catalog(replace(two_aisles.catalog, stock=stock))
    assert not changed.allowed[7]
    assert two_aisles.allowed[7]
    assert changed.allowed.sum() == 39


def test_a_policy_without_soft_rules_has_no_caps_and_no_boost_and_keeps_the_rest() -> None:
    policy = Policy(new_arrival_boost=2.0, rerank_depth=7)
    bare = policy.without_soft_rules()
    assert all(own.max_per_category is None for own in bare.contexts.values())
    assert bare.new_arrival_boost == 0.0
    assert bare.rerank_depth == 7
    assert [own.weights for own in bare.contexts.values()] == [own.weights for own in policy.contexts.values()]
    assert policy.contexts[Context.HOMEPAGE].max_per_category == 3
