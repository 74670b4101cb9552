"""Replays look at the past only: what happened after the cut is label, never input."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.blender import Blender
from models.embedding import ItemVectors
from models.in_process import InProcessStages, answer_now
from recommender.history import DAY
from recommender.pipeline import collect
from recommender.policy import Weights
from recommender.trace import timeless
from recommender.types import SOURCES, Source
from training.dataset import Dataset, build_dataset
from training.replay import PROTOCOL, Arena, Case, Protocol, build_arena

RARE = 24
"""Row of the product that the planted shop sold three times only."""

Shuffled = Callable[..., Dataset]


@pytest.fixture(scope="module")
def arena(shop: Dataset, vectors: ItemVectors, cut: float) -> Arena:
    return build_arena(shop, vectors, cut=cut)


@pytest.fixture(scope="module")
def cases(arena: Arena) -> list[Case]:
    return list(arena.cases(arena.customers()))


def fitted_arrays(arena: Arena) -> dict[str, np.ndarray]:
    model, snapshot = arena.collaborative, arena.snapshot
    return {
        "factors": model.factors,
        "popularity": model.popularity,
        "neighbours": model.co_purchase.item,
        "neighbour weights": model.co_purchase.weight,
        "item-item model": model.neighbours.item,
        "item-item weights": model.neighbours.weight,
        "facts": snapshot.facts.columns,
        "universe": snapshot.catalog.active,
        "items": snapshot.catalog.external_id,
        "vector rows": snapshot.vector_row,
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_after_the_cut_reaches_the_fitted_models(
    shop: Dataset, vectors: ItemVectors, arena: Arena, cut: float, shuffled: Shuffled, seed: int
) -> None:
    other_future = build_arena(shuffled(shop, shop.at >= cut, seed=seed), vectors, cut=cut)
    for name, array in fitted_arrays(arena).items():
        np.testing.assert_array_equal(fitted_arrays(other_future)[name], array, err_msg=name)
    assert other_future.customers().tolist() != [] != arena.customers().tolist()


def test_this_check_would_notice_a_leak(
    shop: Dataset, vectors: ItemVectors, arena: Arena, cut: float, shuffled: Shuffled
) -> None:
    other_past = build_arena(shuffled(shop, shop.at < cut, seed=1), vectors, cut=cut)
    for name in ("factors", "popularity", "neighbours", "item-item model", "facts"):
        assert not np.array_equal(fitted_arrays(other_past)[name], fitted_arrays(arena)[name]), name


def test_queries_hold_the_past_and_labels_the_future(
    shop: Dataset, arena: Arena, cases: list[Case], cut: float
) -> None:
    names = arena.data.catalog.external_id
    for user, case in zip(arena.customers().tolist(), cases, strict=True):
        assert (case.query.history.at < cut).all()
        assert case.query.at == cut
        later = (shop.user == user) & (shop.at >= cut) & (shop.at < cut + PROTOCOL.label_days * DAY)
        bought = {str(e) for e in shop.catalog.external_id[shop.item[later]]}
        assert {str(names[row]) for row in case.relevant} == bought - {"rare", "off"}


def test_customers_bought_before_and_after_the_cut(shop: Dataset, arena: Arena, cut: float) -> None:
    before = set(shop.user[shop.at < cut].tolist())
    after = set(shop.user[(shop.at >= cut) & (shop.at < cut + PROTOCOL.label_days * DAY)].tolist())
    assert arena.customers().tolist() == sorted(before & after)


def test_a_customer_who_is_new_after_the_cut_is_not_asked_for(shop: Dataset, vectors: ItemVectors, cut: float) -> None:
    newcomer = shop.n_users - 1
    at = np.append(shop.at, cut + DAY)
    data = build_dataset(
        shop.catalog,
        np.append(shop.user, np.int32(newcomer)),
        np.append(shop.item, np.int32(0)),
        at,
        n_users=shop.n_users,
    )
    assert newcomer not in build_arena(data, vectors, cut=cut).customers()


def test_the_universe_is_what_sold_often_enough_before_the_cut(shop: Dataset, vectors: ItemVectors, cut: float) -> None:
    often = shop.before(cut).baskets >= 10
    arena = build_arena(shop, vectors, cut=cut, protocol=Protocol(universe_baskets=10))
    allowed = {str(e) for e in arena.snapshot.catalog.external_id[arena.snapshot.allowed]}
    assert allowed == {str(e) for e in shop.catalog.external_id[often & shop.catalog.active]}
    assert len(allowed) == 24
    for case in arena.cases(arena.customers()[:5]):
        assert case.relevant <= set(np.flatnonzero(arena.snapshot.allowed).tolist())


def test_a_product_that_sold_only_after_the_cut_is_not_in_the_universe(
    shop: Dataset, vectors: ItemVectors, cut: float
) -> None:
    hype = 30
    data = build_dataset(
        shop.catalog,
        np.append(shop.user, np.arange(hype, dtype=np.int32)),
        np.append(shop.item, np.full(hype, RARE, dtype=np.int32)),
        np.append(shop.at, np.full(hype, cut + DAY)),
        n_users=shop.n_users,
    )
    arena = build_arena(data, vectors, cut=cut, protocol=Protocol(universe_baskets=10))
    assert "rare" not in arena.snapshot.catalog.external_id[arena.snapshot.allowed]


def test_vectors_follow_their_products(shop: Dataset, vectors: ItemVectors, arena: Arena) -> None:
    own = dict(zip(shop.catalog.external_id.tolist(), vectors.row.tolist(), strict=True))
    assert [own[e] for e in arena.snapshot.catalog.external_id] == arena.snapshot.vector_row.tolist()


def test_soft_rules_are_off(arena: Arena) -> None:
    assert all(own.max_per_category is None for own in arena.snapshot.policy.contexts.values())
    assert arena.snapshot.policy.new_arrival_boost == 0.0


def test_new_only_leaves_out_all_that_the_customer_ever_bought(arena: Arena, cases: list[Case]) -> None:
    fresh = [(case, arena.new_only(case)) for case in cases]
    kept = [(case, new) for case, new in fresh if new is not None]
    assert kept
    for case, new in kept:
        owned = set(case.query.history.item.tolist())
        assert not owned & set(new.pool.candidates.item.tolist())
        assert new.relevant == case.relevant - owned != frozenset()
        repeat = new.pool.candidates.scores[:, SOURCES.index(Source.REPEAT)]
        assert not repeat.any()
    for case, new in fresh:
        assert (new is None) == (case.relevant <= set(case.query.history.item.tolist()))


def test_a_rerank_weight_switches_the_cross_encoder_on(arena: Arena) -> None:
    blender = Blender(Weights(repeat=1.0), 0.1)
    assert not arena.serving(blender, reranks=False).reranks()
    switched_on = arena.serving(blender, reranks=True)
    assert switched_on.reranks()
    assert switched_on.fitted == Weights(repeat=1.0)


def test_nobody_to_ask_where_nothing_was_bought_after_the_cut(shop: Dataset, vectors: ItemVectors) -> None:
    arena = build_arena(replace(shop), vectors, cut=float(shop.at.max()) + 1.0)
    assert arena.customers().tolist() == []
    assert list(arena.cases(arena.customers())) == []


def test_looking_ahead_finds_what_one_by_one_is_found(arena: Arena, cases: list[Case]) -> None:
    """The content source's scores are computed for many customers at once: the slow twin asks for each alone."""
    stages = InProcessStages(arena.collaborative)
    for case in cases:
        alone = answer_now(collect(case.query, arena.snapshot, stages, timeless()))
        np.testing.assert_array_equal(alone.candidates.item, case.pool.candidates.item)
        np.testing.assert_allclose(alone.candidates.scores, case.pool.candidates.scores, atol=1e-6)


def test_a_shortlist_is_what_the_case_was_without_its_columns(cases: list[Case]) -> None:
    short = cases[0].shortlist()
    assert short.pool.candidates is cases[0].pool.candidates
    assert short.relevant == cases[0].relevant
    assert not short.pool.evidence.columns


def test_a_shop_that_sells_nothing_twice_leaves_out_what_is_owned(
    shop: Dataset, vectors: ItemVectors, cut: float
) -> None:
    once = build_arena(shop, vectors, cut=cut, protocol=Protocol(exclude_owned=True))
    for case in once.cases(once.customers()[:5]):
        assert not set(case.query.history.item.tolist()) & set(case.pool.candidates.item.tolist())
