"""Means and intervals are those of customers, and gains are paired."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.quality.tables import METRICS, table
from recommender.metrics.bootstrap import bootstrap_interval
from recommender.metrics.lists import as_lists, relevance_of
from training.scores import Scores, per_customer


def scores_of(found_at: dict[str, list[int]]) -> Scores:
    """One customer per place; product 0 is what they want, and each row has it in the place given."""
    customers = len(next(iter(found_at.values())))
    lists = {row: as_lists([np.roll(np.arange(40), place) for place in places], 20) for row, places in found_at.items()}
    return Scores(lists, relevance_of([frozenset({0})] * customers), np.arange(customers))


def test_one_question_each_is_the_plain_bootstrap() -> None:
    values = np.random.default_rng(1).random(60)
    ours, plain = per_customer([(values, np.arange(60))]), bootstrap_interval(values)
    np.testing.assert_allclose(ours, values)
    assert bootstrap_interval(ours) == plain or abs(bootstrap_interval(ours).low - plain.low) < 1e-12


@given(
    st.lists(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9)), min_size=1, max_size=20), min_size=1, max_size=4)
)
def test_the_mean_is_the_mean_of_the_windows_means(windows: list[list[tuple[float, int]]]) -> None:
    samples = [(np.array([v for v, _ in one]), np.array([u for _, u in one])) for one in windows]
    expected = np.mean([values.mean() for values, _ in samples])
    assert abs(per_customer(samples).mean() - expected) < 1e-9


def test_asking_the_same_customers_again_makes_nobody_surer() -> None:
    values = np.random.default_rng(2).random(100)
    once = bootstrap_interval(per_customer([(values, np.arange(100))]))
    for again in (
        [(np.tile(values, 5), np.tile(np.arange(100), 5))],  # five questions each
        [(values, np.arange(100))] * 3,  # three windows
    ):
        found = bootstrap_interval(per_customer(again))
        np.testing.assert_allclose((found.low, found.high), (once.low, once.high), atol=1e-9)


def test_every_figure_has_its_interval_around_it() -> None:
    made = table([scores_of({"a": [0, 3, 9, 25], "hybrid": [0, 1, 2, 3]})], singles=["a"], headline=["ndcg@20"])
    assert set(made) == {"a", "hybrid"}
    for row in made.values():
        for metric in (*METRICS, "ndcg@20_gain"):
            low, high = row[f"{metric}_ci"]
            assert low <= row[metric] <= high
    assert made["hybrid"]["hr@10"] == 1.0
    assert made["a"]["hr@10"] == 0.75
    assert made["a"]["ndcg@20_gain"] == 0.0
    gain = made["hybrid"]["ndcg@20"] - made["a"]["ndcg@20"]
    assert abs(made["hybrid"]["ndcg@20_gain"] - gain) < 2e-5


def test_each_window_has_a_best_single_stage_of_its_own() -> None:
    windows = [
        scores_of({"a": [0, 0], "b": [9, 9], "hybrid": [0, 0]}),
        scores_of({"a": [9, 9], "b": [0, 0], "hybrid": [0, 0]}),
    ]
    made = table(windows, singles=["a", "b"], headline=["ndcg@20"])
    assert made["hybrid"]["ndcg@20_gain"] == 0.0
    assert made["a"]["ndcg@20_gain"] < 0.0


def test_the_cross_encoder_is_held_against_the_same_recipe_without_it() -> None:
    rows = {"a": [5, 5], "hybrid_without_cross_encoder": [1, 1], "hybrid_with_cross_encoder": [0, 0]}
    made = table([scores_of(rows)], singles=["a"], headline=["ndcg@20"])
    assert made["hybrid_with_cross_encoder"]["ndcg@20_rerank_gain"] > 0.0
    assert "ndcg@20_rerank_gain" not in made["hybrid_without_cross_encoder"]
