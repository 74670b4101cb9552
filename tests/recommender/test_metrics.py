"""Ranking metrics against sums by hand, and intervals against what they promise."""

import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.metrics import bootstrap
from recommender.metrics.bootstrap import Interval, bootstrap_interval, bootstrap_intervals
from recommender.metrics.ranking import hit_rate, ndcg, recall, reciprocal_rank

rankings = st.permutations(range(12)).map(lambda items: items[:8])
relevant_sets = st.sets(st.integers(0, 15), max_size=10)
cutoffs = st.integers(1, 12)


def slow_ndcg(ranked: list[int], relevant: set[int], k: int) -> float:
    gain = sum(1 / math.log2(place + 1) for place, item in enumerate(ranked[:k], start=1) if item in relevant)
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(k, len(relevant)) + 1))
    return gain / ideal if relevant else 0.0


def test_ndcg_by_hand() -> None:
    # hits at places 1 and 3 of 4, 3 relevant: (1 + 1/2) / (1 + 1/log2(3) + 1/2)
    assert ndcg([7, 1, 8, 2], {7, 8, 9}, 4) == pytest.approx(1.5 / (1.5 + 1 / math.log2(3)))


def test_recall_divides_by_everything_relevant_and_not_by_k() -> None:
    assert recall([1, 2, 3], {1, 2, 8, 9}, 2) == 0.5
    assert recall([1, 2, 3], {3}, 2) == 0.0


def test_hit_rate_looks_at_the_first_k_only() -> None:
    assert hit_rate([1, 2, 3], {3}, 2) == 0.0
    assert hit_rate([1, 2, 3], {3}, 3) == 1.0


@given(rankings, relevant_sets, cutoffs)
def test_ndcg_equals_the_formula(ranked: list[int], relevant: set[int], k: int) -> None:
    assert ndcg(ranked, relevant, k) == pytest.approx(slow_ndcg(ranked, relevant, k))


@given(rankings, relevant_sets, cutoffs)
def test_metrics_lie_in_0_to_1_and_agree_on_whether_anything_was_hit(
    ranked: list[int], relevant: set[int], k: int
) -> None:
    values = [metric(ranked, relevant, k) for metric in (ndcg, recall, hit_rate, reciprocal_rank)]
    assert all(0.0 <= value <= 1.0 + 1e-12 for value in values)
    assert len({value > 0 for value in values}) == 1


@given(rankings, relevant_sets, cutoffs)
def test_hits_first_is_the_best_order(ranked: list[int], relevant: set[int], k: int) -> None:
    hits_first = sorted(ranked, key=lambda item: item not in relevant)
    assert ndcg(hits_first, relevant, k) >= ndcg(ranked, relevant, k) - 1e-12
    assert recall(hits_first, relevant, k) >= recall(ranked, relevant, k)


def test_a_perfect_list_scores_1_even_where_more_is_relevant_than_fits() -> None:
    assert ndcg([1, 2], {1, 2, 3, 4}, 2) == 1.0


@pytest.mark.parametrize("metric", [ndcg, recall, hit_rate, reciprocal_rank])
def test_nothing_relevant_or_nothing_ranked_scores_0(metric: type[ndcg]) -> None:
    assert metric([1, 2], set(), 5) == 0.0
    assert metric([], {1}, 5) == 0.0


def test_the_interval_covers_the_true_mean_about_95_times_in_100() -> None:
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(200):
        interval = bootstrap_interval(rng.normal(3.0, 1.0, 60), resamples=500)
        covered += interval.low <= 3.0 <= interval.high
    assert 178 <= covered <= 200


def test_the_interval_is_about_as_wide_as_the_normal_one() -> None:
    values = np.random.default_rng(1).normal(0.0, 1.0, 400)
    interval = bootstrap_interval(values)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 / math.sqrt(400), rel=0.15)
    assert interval.low < interval.mean == values.mean() < interval.high


def test_the_same_values_give_the_same_interval() -> None:
    values = np.random.default_rng(2).random(50)
    assert bootstrap_interval(values) == bootstrap_interval(values.copy())
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)


def test_a_constant_has_no_width_and_nothing_is_0() -> None:
    assert bootstrap_interval(np.full(10, 0.25)) == Interval(0.25, 0.25, 0.25)
    assert bootstrap_interval(np.zeros(0)) == Interval(0.0, 0.0, 0.0)


def test_above_zero_means_the_whole_interval() -> None:
    assert bootstrap_interval(np.array([0.1, 0.2, 0.3, 0.2])).above_zero()
    assert not bootstrap_interval(np.array([-1.0, 1.0, -1.0, 2.0])).above_zero()
    assert not Interval(0.1, 0.0, 0.2).above_zero()


def test_many_columns_at_once_are_the_same_intervals_one_by_one() -> None:
    values = np.random.default_rng(3).random((70, 4))
    for together, column in zip(bootstrap_intervals(values), values.T, strict=True):
        assert astuple(together) == pytest.approx(astuple(bootstrap_interval(column)))
    assert bootstrap_intervals(np.zeros((0, 2))) == [Interval(0.0, 0.0, 0.0)] * 2


def test_more_draws_than_fit_into_memory_are_made_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(4).normal(1.0, 1.0, 200)
    whole = bootstrap_interval(values)
    monkeypatch.setattr(bootstrap, "_DRAWS_AT_ONCE", 200 * 300)  # 2,000 resamples in seven parts
    parts = bootstrap_interval(values)
    assert (parts.low, parts.high) == pytest.approx((whole.low, whole.high), abs=0.02)
    assert parts != whole
