"""The evaluation finds what was planted, compares the same customers, and its report says what it found."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from models.blender import Blender
from models.embedding import ItemVectors
from models.in_process import InProcessStages
from recommender.history import DAY
from recommender.metrics.lists import METRICS
from recommender.metrics.ranking import ndcg
from recommender.policy import SEED_WEIGHTS, Policy, Weights
from training.dataset import Dataset, build_dataset
from training.evaluate import RERANK_SAMPLE, Evaluation, evaluate, sample_customers
from training.plots import plot, plot_slices
from training.recipe import Recipe
from training.replay import Arena, Case, build_arena
from training.report import flat_metrics, markdown, summary
from training.rows import CART_SOURCES, RECENT_DAYS, permanent_rows, piped, weighted
from training.scores import CUTOFFS, Scores
from training.slices import baskets_of

FITTED = Weights(content=0.05, collaborative=0.15, popularity=0.05, repeat=0.75)
BLENDER = Blender(FITTED, 0.1)
CHAMPION = Recipe(
    release_id="r1",
    blender=Blender(Weights(popularity=1.0), 0.0),
    reranks=False,
    encoder="e",
    files=frozenset({"weights.json"}),
)
ROWS = [
    "shuffle",
    "recent_popularity",
    "popularity",
    "own_frequency",
    "content",
    "collaborative",
    "neighbours",
    "affinity",
    "sequence",
    "seed_weights",
    "fitted_blend",
    "fitted_blend_with_rules",
    "champion",
]
GROUPS = ("all", "new_only", "repeat", "cold")
CART_ROWS = [*CART_SOURCES, "fitted_blend", "champion"]


@pytest.fixture(scope="module")
def arena(shop: Dataset, vectors: ItemVectors, cut: float) -> Arena:
    return build_arena(shop, vectors, cut=cut)


@pytest.fixture(scope="module")
def evaluation(arena: Arena) -> Evaluation:
    return evaluate(arena, blender=BLENDER, policy=Policy(), cross_encoder=None, champion=CHAMPION)


@pytest.fixture(scope="module")
def empty(shop: Dataset, vectors: ItemVectors) -> Evaluation:
    """Of a cut after which nobody bought anything."""
    after_all = build_arena(shop, vectors, cut=float(shop.at.max()) + 1.0)
    return evaluate(after_all, blender=BLENDER, policy=Policy(), cross_encoder=None, champion=CHAMPION)


def mean(scores: Scores, variant: str) -> float:
    return scores.interval(variant, 20).mean


def test_every_row_is_scored_for_every_customer(arena: Arena, evaluation: Evaluation) -> None:
    scores = evaluation.all_products
    assert list(scores.lists) == ROWS
    assert scores.customers == len(arena.customers()) == 60
    assert sorted(scores.user.tolist()) == arena.customers().tolist()
    for row, metric, cutoff in scores.intervals:
        values = scores.values(row, cutoff, metric)
        assert values.shape == (60,)
        assert ((values >= 0) & (values <= 1)).all()
    assert {cutoff for _, _, cutoff in scores.intervals} == set(CUTOFFS)


def test_intervals_all_at_once_are_those_one_by_one(evaluation: Evaluation) -> None:
    scores = evaluation.all_products
    for row, metric, cutoff in (("fitted_blend", "recall", 5), ("shuffle", "mrr", 20)):
        together, alone = scores.intervals[row, metric, cutoff], scores.interval(row, cutoff, metric)
        assert astuple(together) == pytest.approx(astuple(alone))


@pytest.mark.parametrize("weights", [FITTED, SEED_WEIGHTS, Weights(repeat=1.0), Weights(content=1.0), Weights()])
def test_the_short_cut_ranks_as_the_served_pipeline(arena: Arena, weights: Weights) -> None:
    stages = InProcessStages(arena.collaborative)
    served, short_cut = piped(arena.serving(Blender(weights, 0.0), reranks=False), stages), weighted(weights)
    for case in arena.cases(arena.customers()[::7]):
        asked = [case, arena.new_only(case), arena.cold_only(case)]
        for one in (one for one in asked if one is not None):
            assert short_cut(one).tolist() == served(one).tolist()[: len(short_cut(one))]


def test_recent_popularity_counts_the_last_week_before_the_cut(shop: Dataset, arena: Arena, cut: float) -> None:
    week = (shop.at >= cut - RECENT_DAYS * DAY) & (shop.at < cut)
    sold = Counter(str(shop.catalog.external_id[item]) for item in shop.item[week])
    (case,) = arena.cases(arena.customers()[:1])
    shown = [str(arena.data.catalog.external_id[row]) for row in permanent_rows(arena)["recent_popularity"](case)]
    assert [sold[name] for name in shown] == sorted(sold.values(), reverse=True)[:20]


def test_shuffled_lists_hold_allowed_products_once(arena: Arena) -> None:
    rank = permanent_rows(arena)["shuffle"]
    for case in arena.cases(arena.customers()[:5]):
        shown = rank(case).tolist()
        assert len(set(shown)) == len(shown) == 20
        assert case.pool.allowed[shown].all()


def test_what_was_bought_before_is_repeat_and_the_rest_is_explore(evaluation: Evaluation) -> None:
    """Each purchase after the cut is one or the other."""
    everything, repeat, new = evaluation.all_products, evaluation.repeat, evaluation.new_only
    assert repeat.relevance.counts.sum() + new.relevance.counts.sum() == everything.relevance.counts.sum()
    assert mean(repeat, "own_frequency") > mean(repeat, "shuffle")


def test_the_champions_row_is_what_its_release_says(evaluation: Evaluation) -> None:
    scores = evaluation.all_products
    np.testing.assert_array_equal(scores.lists["champion"], scores.lists["popularity"])


def test_slices_are_the_customers_and_products_they_are_called_after(arena: Arena, evaluation: Evaluation) -> None:
    known, slices = arena.data.before(arena.cut), evaluation.slices
    assert sorted(slices) == [
        "department coffee",
        "department dog",
        "department spice",
        "heavy customers",
        "light customers",
        "new customers",
        "tail products",
    ]
    baskets = baskets_of(known)
    assert baskets[slices["light customers"].user].max() <= baskets[slices["heavy customers"].user].min()
    assert slices["new customers"].customers == 0
    names = arena.data.catalog.external_id
    assert all("coffee" in str(names[item]) for item in slices["department coffee"].relevance.item)
    assert (slices["department coffee"].user % 2 == 0).all()
    sold, tail = known.baskets, slices["tail products"].relevance.item
    assert sold[tail].max() <= np.sort(sold[arena.snapshot.allowed])[::-1][4]


def test_a_slice_is_scored_by_its_own_products_alone(evaluation: Evaluation) -> None:
    """A list of dog food serves nobody in the department of coffee."""
    whole, coffee = evaluation.all_products, evaluation.slices["department coffee"]
    row = whole.user.tolist().index(int(coffee.user[0]))
    relevant = frozenset(coffee.relevance.item[coffee.relevance.customer == 0].tolist())
    ranked = whole.lists["fitted_blend"][row].tolist()
    assert coffee.values("fitted_blend", 10)[0] == pytest.approx(ndcg(ranked, relevant, 10))


def test_beyond_accuracy(evaluation: Evaluation) -> None:
    beyond = evaluation.beyond
    assert beyond["recent_popularity"].distinct_lists == pytest.approx(1 / 60)
    assert beyond["shuffle"].distinct_lists == 1.0
    assert beyond["fitted_blend"].coverage == 1.0
    assert beyond["content"].diversity < beyond["shuffle"].diversity
    assert all(one.novelty > 0 for one in beyond.values())


def test_own_favourites_beat_popularity_and_a_taste_beats_it_too(evaluation: Evaluation) -> None:
    scores = evaluation.all_products
    assert scores.gain("own_frequency", "popularity", 20).above_zero()
    assert scores.gain("collaborative", "popularity", 20).above_zero()
    assert scores.gain("content", "popularity", 20).above_zero()
    assert mean(scores, "own_frequency") > mean(scores, "content")


def test_frequency_knows_nothing_of_new_products(evaluation: Evaluation) -> None:
    new = evaluation.new_only
    assert 0 < new.customers <= evaluation.all_products.customers
    assert mean(new, "own_frequency") <= mean(new, "content")


def test_caps_cost_what_they_cost(evaluation: Evaluation) -> None:
    """Two categories and a cap of 3 leave six places where the bare blend has twenty."""
    scores = evaluation.all_products
    assert mean(scores, "fitted_blend_with_rules") < mean(scores, "fitted_blend")


def test_gains_are_paired(evaluation: Evaluation) -> None:
    scores = evaluation.all_products
    gain = scores.gain("fitted_blend", "popularity", 20)
    assert gain.mean == pytest.approx(mean(scores, "fitted_blend") - mean(scores, "popularity"))
    assert gain.low <= gain.mean <= gain.high
    assert scores.gain("fitted_blend", "fitted_blend", 20).above_zero() is False


def test_without_a_cross_encoder_reranking_does_not_help(evaluation: Evaluation) -> None:
    assert evaluation.rerank_sample is None
    assert evaluation.rerank_helps is False


def test_progress_reaches_its_total(arena: Arena) -> None:
    told: list[tuple[int, int]] = []
    evaluate(
        arena,
        blender=BLENDER,
        policy=Policy(),
        cross_encoder=None,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len({total for _, total in told}) == 1


def test_a_sample_is_fixed_distinct_and_no_larger_than_needed() -> None:
    everyone = np.arange(10, 1010)
    sample = sample_customers(everyone)
    assert len(set(sample.tolist())) == RERANK_SAMPLE
    assert sample.tolist() == sorted(sample_customers(everyone).tolist())
    assert set(sample.tolist()) <= set(everyone.tolist())
    assert sample_customers(everyone, seed=1).tolist() != sample.tolist()
    assert sample_customers(everyone[:5]).tolist() == everyone[:5].tolist()


def test_an_evaluation_of_nobody_is_all_zeros(empty: Evaluation) -> None:
    assert empty.all_products.customers == 0
    assert set(flat_metrics(empty).values()) == {0.0}


def test_the_report_has_a_row_per_variant_and_says_what_was_measured(evaluation: Evaluation) -> None:
    report = markdown(evaluation, "Evaluation of the planted shop")
    assert report.startswith("# Evaluation of the planted shop\n")
    assert "## all: 60 customers" in report
    assert f"## new only: {evaluation.new_only.customers} customers" in report
    for row in ROWS:
        tables = len(GROUPS) + (row in CART_ROWS)
        assert report.count(f"\n| {row.replace('_', ' ')} |") == 2 * tables + 1
    twenty = evaluation.all_products.interval("content", 20)
    assert f"{twenty.mean:.4f} ({twenty.low:.4f}, {twenty.high:.4f})" in report
    assert "| department coffee | 30 |" in report
    assert "Reranking is **off**" in report
    for table in report.split("\n\n"):
        assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) <= 1


def test_metrics_for_mlflow_are_plain_finite_numbers(evaluation: Evaluation) -> None:
    metrics = flat_metrics(evaluation)
    assert metrics["all.fitted_blend.ndcg_20"] == pytest.approx(mean(evaluation.all_products, "fitted_blend"))
    rows = [(group, row) for group in GROUPS for row in ROWS] + [("carts", row) for row in CART_ROWS]
    tables = {f"{group}.{row}.{m}_{k}" for group, row in rows for m in METRICS for k in CUTOFFS}
    assert {name for name in metrics if not name.startswith("beyond.")} == tables
    assert all(type(value) is float and np.isfinite(value) for value in metrics.values())


def test_the_summary_is_json_for_the_manifest(evaluation: Evaluation) -> None:
    stored = json.loads(json.dumps(summary(evaluation), allow_nan=False))
    found = stored["groups"]["all"]["fitted_blend"]["ndcg_20"]
    interval = evaluation.all_products.interval("fitted_blend", 20)
    assert found == pytest.approx([interval.mean, interval.low, interval.high], abs=1e-5)
    assert stored["groups"]["all"]["customers"] == 60
    assert stored["slices"]["department dog"]["customers"] == 30
    assert stored["beyond"]["fitted_blend"]["coverage"] == 1.0
    assert stored["rerank_helps"] is False


@pytest.mark.parametrize("which", ["evaluation", "empty"])
def test_the_plot_is_a_png(which: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    for draw in (plot, plot_slices):
        draw(request.getfixturevalue(which), tmp_path / "drawn.png")
        content = (tmp_path / "drawn.png").read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) > 5000
    assert "nan" not in markdown(request.getfixturevalue(which), "x")


FUTURES: dict[str, Callable[[Dataset, float], Dataset]] = {
    "nothing": lambda shop, cut: shop.before(cut),
    "something else": lambda shop, cut: build_dataset(
        shop.catalog, shop.user, np.where(shop.at < cut, shop.item, 0).astype(np.int32), shop.at, n_users=shop.n_users
    ),
}


@pytest.mark.parametrize("future", FUTURES)
def test_whatever_happens_after_the_cut_every_ranking_stays(
    shop: Dataset, vectors: ItemVectors, arena: Arena, cut: float, future: str
) -> None:
    """The leak check: what is fitted, found and ranked before the cut does not know what comes."""
    customers = arena.customers()
    other = build_arena(FUTURES[future](shop, cut), vectors, cut=cut)
    assert len(other.data) != len(arena.data)
    for ours, theirs in zip(ranked(arena, customers), ranked(other, customers), strict=True):
        assert ours == theirs


def ranked(arena: Arena, customers: np.ndarray) -> list[dict[str, list[str]]]:
    """Every row's list for each customer, by product id."""
    served = piped(arena.serving(BLENDER, reranks=False), InProcessStages(arena.collaborative))
    rows = permanent_rows(arena) | {"served": served}

    def lists(case: Case) -> dict[str, list[str]]:
        return {name: arena.data.catalog.external_id[rank(case)].tolist() for name, rank in rows.items()}

    return [lists(case) for case in arena.cases(customers)]


def test_cold_products_are_those_that_nobody_bought_before(shop: Dataset, vectors: ItemVectors, cut: float) -> None:
    """One product of coffee and one of dog food are first sold after the cut; content finds each for its cluster."""
    late = np.isin(shop.item, [0, 1])
    data = shop.where_item(~np.isin(np.arange(len(shop.catalog)), [0, 1]))
    new = late & (shop.at >= cut)
    data = build_dataset(
        shop.catalog,
        np.concatenate([data.user, shop.user[new]]),
        np.concatenate([data.item, shop.item[new]]),
        np.concatenate([data.at, shop.at[new]]),
        n_users=shop.n_users,
    )
    arena = build_arena(data, vectors, cut=cut)
    assert int(arena.cold.sum()) == 2
    cold = evaluate(arena, blender=BLENDER, policy=Policy(), cross_encoder=None).cold
    assert 0 < cold.customers == len(np.unique(shop.user[new]))
    assert cold.values("content", 5, "mrr").mean() == 1.0 > cold.values("shuffle", 5, "mrr").mean()
