"""A planted data set from its purchases to the JSON."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from benchmarks.quality.data_sets import Benchmark
from benchmarks.quality.hybrid import Hybrid, fit_hybrid, sampled
from benchmarks.quality.plain import NAMES, plain_rows
from benchmarks.quality.runs import SINGLES, Effort, rows, run
from benchmarks.quality.shop import Shop
from benchmarks.quality.tables import Table
from models.embedding import ItemVectors
from recommender.history import DAY
from training import cross_encoder
from training.dataset import Dataset
from training.replay import Protocol, build_arena
from training.tune import QUICK_PAST

EFFORT = Effort(customers=1000, every_cut=True, past=QUICK_PAST, reranker=None)
MODELS = {
    *("shuffle", "popularity", "recent_popularity", "own_frequency", "content", "collaborative", "fixed_blend"),
    *("neighbours", "affinity", "sequence"),
    *("fitted_blend", "hybrid", "hybrid_without_cross_encoder", *NAMES),
}


def told(step: str, done: int, total: int) -> None:
    """Progress that nobody reads."""


@pytest.fixture(scope="module")
def gifts(planted: Dataset, vectors: ItemVectors, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop("gifts", planted, vectors, tmp_path_factory.mktemp("gifts"))


@pytest.fixture(scope="module")
def tables(gifts: Shop, cut: float) -> dict[str, Table]:
    first = datetime.fromtimestamp(cut, tz=UTC)
    benchmark = Benchmark(
        name="gifts",
        protocol=Protocol(label_days=14),
        cuts=(first, first - timedelta(days=7)),
        views=("all", "new_only"),
        carts=True,
    )
    return run(benchmark, gifts, EFFORT, told)


def test_every_protocol_has_every_row(tables: dict[str, Table]) -> None:
    assert set(tables) >= {"all", "cart", "all_mean"}
    assert set(tables["all"]) == MODELS == set(tables["all_mean"])
    assert set(SINGLES) <= MODELS
    assert {"hybrid", "hybrid_without_cross_encoder", "fixed_blend", "co_purchase"} <= set(tables["cart"])


def test_the_json_is_numbers_and_intervals(tables: dict[str, Table]) -> None:
    for protocol in json.loads(json.dumps(tables)).values():
        for row in protocol.values():
            for name, value in row.items():
                if name.endswith("_ci"):
                    low, high = value
                    assert low <= row[name.removesuffix("_ci")] <= high
                else:
                    assert isinstance(value, float)


def test_the_mean_is_that_of_the_windows(tables: dict[str, Table]) -> None:
    (other,) = [name for name in tables if name.startswith("all_2")]
    for model, row in tables["all_mean"].items():
        mean = np.mean([tables[name][model]["ndcg@20"] for name in ("all", other)])
        assert abs(row["ndcg@20"] - mean) < 2e-5


def test_the_recipe_is_fitted_on_the_past_alone(gifts: Shop, planted: Dataset, cut: float) -> None:
    def fitted(data: Dataset) -> Hybrid:
        shop = Shop("gifts", data, gifts.vectors, gifts.folder)
        return fit_hybrid(shop, cut=cut, protocol=Protocol(), past=QUICK_PAST, reranker=None, report=told)

    assert fitted(planted).blender == fitted(planted.before(cut)).blender


def test_the_cross_encoder_is_a_row_of_its_own(gifts: Shop, cut: float) -> None:
    few = cross_encoder.Effort(customers=10, steps=2, batch=2)
    hybrid = fit_hybrid(gifts, cut=cut, protocol=Protocol(), past=QUICK_PAST, reranker=few, report=told)
    arena = build_arena(gifts.data, gifts.vectors, cut=cut)
    snapshots = hybrid.snapshots(arena)
    assert snapshots["hybrid_with_cross_encoder"].reranks()
    assert not snapshots["hybrid_without_cross_encoder"].reranks()
    assert snapshots["hybrid"].reranks() == hybrid.reranks
    rankers = rows(arena, hybrid, 0)
    with_it, without = (rankers[f"hybrid_{how}_cross_encoder"] for how in ("with", "without"))
    assert any((with_it(case) != without(case)).any() for case in arena.cases(arena.customers()))


def test_owned_products_are_in_no_list_where_the_protocol_leaves_them_out(gifts: Shop, cut: float) -> None:
    week = Protocol(exclude_owned=True)
    early = cut - 42 * DAY  # after two weeks nobody has bought everything yet
    arena = build_arena(gifts.data, gifts.vectors, cut=early, protocol=week)
    hybrid = fit_hybrid(gifts, cut=early, protocol=week, past=QUICK_PAST, reranker=None, report=told)
    rankers = rows(arena, hybrid, 0)
    assert len(arena.customers())
    for case in arena.cases(arena.customers()):
        for rank in rankers.values():
            assert not set(rank(case).tolist()) & set(case.query.history.item.tolist())


def test_plain_counts(gifts: Shop, cut: float) -> None:
    arena = build_arena(gifts.data, gifts.vectors, cut=cut)
    (case,) = arena.cases(arena.customers()[:1])
    ranked = {name: rank(case) for name, rank in plain_rows(arena).items()}
    known = arena.data.before(cut)
    counts = np.bincount(case.query.history.item, minlength=len(known.catalog))
    assert (np.diff(counts[ranked["own_count"]]) <= 0).all()
    assert (np.diff(known.baskets[ranked["popularity_ever"]]) <= 0).all()


def test_the_sample_is_fixed_and_in_order() -> None:
    chosen = sampled(np.arange(100), 10, 0)
    assert chosen.tolist() == sorted(sampled(np.arange(100), 10, 0).tolist())
    assert len(set(chosen.tolist())) == 10
    assert sampled(np.arange(5), 10, 0).tolist() == [0, 1, 2, 3, 4]
