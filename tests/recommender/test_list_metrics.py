"""Metrics of many lists at once against slow, plain code of another author, and against scikit-learn."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from recommender.metrics import ranking
from recommender.metrics.beyond import (
    catalog_coverage,
    distinct_lists,
    intra_list_diversity,
    novelty,
    price_divergence,
)
from recommender.metrics.lists import (
    METRICS,
    NO_ITEM,
    Relevance,
    as_lists,
    ndcg_at,
    relevance_of,
)

ITEMS = 14
ONE_BY_ONE = {
    "ndcg": ranking.ndcg,
    "recall": ranking.recall,
    "mrr": ranking.reciprocal_rank,
    "hit_rate": ranking.hit_rate,
}

ranked = st.permutations(range(ITEMS)).flatmap(lambda items: st.integers(0, 9).map(lambda size: items[:size]))
customers = st.lists(st.tuples(ranked, st.frozensets(st.integers(0, ITEMS - 1), max_size=8)), min_size=1, max_size=6)


def lists_of(*rows: list[int], places: int = 9) -> np.ndarray:
    return as_lists([np.array(row, dtype=np.int64) for row in rows], places)


@given(customers, st.integers(1, 12), st.sampled_from(sorted(METRICS)))
def test_every_metric_equals_itself_list_by_list(
    drawn: list[tuple[list[int], frozenset[int]]], k: int, metric: str
) -> None:
    relevance = relevance_of([relevant for _, relevant in drawn])
    hits = relevance.hits(lists_of(*(items for items, _ in drawn)))
    expected = [ONE_BY_ONE[metric](items, relevant, k) for items, relevant in drawn]
    assert METRICS[metric](hits, relevance.counts, k) == pytest.approx(expected)


@given(customers, st.integers(1, 9))
def test_ndcg_agrees_with_scikit_learn(drawn: list[tuple[list[int], frozenset[int]]], k: int) -> None:
    """Which wants a score for every item: descending ones for those of the list, and below them all the others."""
    drawn = [(items, relevant & frozenset(items)) for items, relevant in drawn if items]
    drawn = [(items, relevant) for items, relevant in drawn if relevant]
    relevance = relevance_of([relevant for _, relevant in drawn])
    ours = ndcg_at(relevance.hits(lists_of(*(items for items, _ in drawn))), relevance.counts, k)
    for (items, relevant), value in zip(drawn, ours, strict=True):
        truth = [[float(item in relevant) for item in range(ITEMS)]]
        score = [[float(-items.index(item)) if item in items else -100.0 - item for item in range(ITEMS)]]
        assert value == pytest.approx(ndcg_score(truth, score, k=k))


def test_the_reciprocal_rank_looks_at_the_first_hit_within_k() -> None:
    assert ranking.reciprocal_rank([4, 1, 2], {1, 2}, 3) == 0.5
    assert ranking.reciprocal_rank([4, 1, 2], {1, 2}, 1) == 0.0


def test_relevance_among_some_items_keeps_the_customers_rows() -> None:
    relevance = relevance_of([frozenset({0, 1}), frozenset({2}), frozenset()])
    only = relevance.among(np.array([True, False, False]))
    assert only.counts.tolist() == [1, 0, 0]
    assert only.hits(lists_of([1, 0], [2], [0], places=2)).tolist() == [[False, True], [False, False], [False, False]]


def test_nothing_relevant_and_nobody_to_ask() -> None:
    nothing = Relevance(np.zeros(0, np.int64), np.zeros(0, np.int64), 2)
    hits = nothing.hits(lists_of([1], [2]))
    assert not hits.any()
    assert all(metric(hits, nothing.counts, 5).tolist() == [0.0, 0.0] for metric in METRICS.values())
    nobody = relevance_of([])
    assert nobody.hits(lists_of()).shape == (0, 9)


def test_short_lists_are_filled_and_long_ones_cut() -> None:
    assert lists_of([3], [1, 2, 3, 4], places=3).tolist() == [[3, NO_ITEM, NO_ITEM], [1, 2, 3]]


def test_coverage_counts_allowed_products_that_anybody_sees() -> None:
    allowed = np.array([True, True, True, True, False])
    assert catalog_coverage(lists_of([0, 1], [1, 4], places=2), allowed) == 0.5
    assert catalog_coverage(lists_of(places=2), allowed) == 0.0


def test_novelty_is_the_information_in_bits() -> None:
    buyers = np.array([8, 2, 0])  # of 8 customers: 0, 2 and (as if one had bought it) 3 bits
    assert novelty(lists_of([0, 1], [1, 2]), buyers, 8) == pytest.approx((0 + 2 + 2 + 3) / 4)
    assert novelty(lists_of(), buyers, 8) == 0.0


@given(st.lists(ranked, min_size=1, max_size=5), st.integers(0, 100))
def test_diversity_equals_the_mean_over_all_pairs(rows: list[list[int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(5, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vector_row = rng.integers(0, 5, size=ITEMS).astype(np.int32)
    own = [vectors[vector_row[row]] for row in rows]
    expected = [np.mean([1.0 - float(a @ b) for a, b in combinations(one, 2)]) for one in own if len(one) > 1]
    found = intra_list_diversity(lists_of(*rows), vectors, vector_row)
    assert found == pytest.approx(np.mean(expected) if expected else 0.0, abs=1e-5)


def test_equal_lists_count_once() -> None:
    assert distinct_lists(lists_of([1, 2], [1, 2], [2, 1], [1])) == 0.75
    assert distinct_lists(lists_of()) == 0.0


PRICE = np.array([1.0, 1.0, 9.0, 9.0, np.nan], dtype=np.float32)
BOUGHT_BY, BOUGHT = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 2, 3, 4])


def divergence(*rows: list[int]) -> float:
    return price_divergence(lists_of(*rows), PRICE, BOUGHT_BY, BOUGHT)


def test_lists_at_the_customers_prices_do_not_diverge() -> None:
    assert divergence([1, 0], [3, 4]) == pytest.approx(0.0)


def test_lists_at_the_wrong_prices_diverge_as_steck_says() -> None:
    assert divergence([2], [0]) == pytest.approx(-math.log(0.01))
    half = math.log(1.0 / (0.99 * 0.5 + 0.01))  # half of the list is at the customer's prices
    assert divergence([0, 2], [2, 0]) == pytest.approx(half)


def test_customers_without_a_known_price_are_left_out() -> None:
    assert divergence([0], [4]) == pytest.approx(0.0)
    assert divergence([4], [4]) == 0.0
    nobody = np.zeros(0, dtype=np.int64)
    assert price_divergence(lists_of([0]), PRICE, nobody, nobody) == 0.0
