"""Fitted weights follow the source that was planted, and the fast table scores what the pipeline would show."""

from collections.abc import Callable

import numpy as np
import pytest

from models.blender import Blender
from models.embedding import ItemVectors
from models.in_process import InProcessStages, answer_now
from recommender.evidence import weigh_evidence
from recommender.metrics.ranking import ndcg
from recommender.pipeline import Pool, choose
from recommender.policy import SEED_WEIGHTS, Weights
from recommender.trace import timeless
from recommender.types import SOURCES, Candidates, Context, Query, Source
from training.dataset import Dataset
from training.replay import Arena, Case, build_arena
from training.weights import UNFITTED_WEIGHTS, ScoreTable, fit_weights, score_table

PRODUCTS = 40
MIXES = [
    SEED_WEIGHTS,
    UNFITTED_WEIGHTS,
    Weights(content=1.0),  # ties everywhere: one value per taste
    Weights(popularity=1.0),
    Weights(collaborative=1.0),
    Weights(repeat=1.0),
    Weights(content=0.02, collaborative=0.5, popularity=0.05, repeat=1.0),
    Weights(),
]


def planted_case(rng: np.random.Generator, source: Source, *, relevant: int = 5, size: int = PRODUCTS) -> Case:
    """The customer buys exactly what ``source`` scores highest; the other sources are noise."""
    scores = rng.random((size, len(SOURCES))).astype(np.float32)
    scores[:, SOURCES.index(Source.CO_PURCHASE)] = 0.0
    best = np.argsort(-scores[:, SOURCES.index(source)])[:relevant]
    allowed = np.ones(size, dtype=bool)
    candidates = Candidates(np.arange(size), scores, {})
    pool = Pool(allowed, weigh_evidence({}, allowed), candidates, np.zeros(0, np.int64), ())
    return Case(Query(context=Context.HOMEPAGE, limit=20, at=0.0), pool, frozenset(best.tolist()))


@pytest.fixture(scope="module")
def planted() -> Callable[[Source], list[Case]]:
    return lambda source: [planted_case(np.random.default_rng(seed), source) for seed in range(40)]


@pytest.fixture(scope="module")
def arena(shop: Dataset, vectors: ItemVectors, cut: float) -> Arena:
    return build_arena(shop, vectors, cut=cut)


@pytest.fixture(scope="module")
def cases(arena: Arena) -> list[Case]:
    return list(arena.cases(arena.customers()))


@pytest.mark.parametrize("weights", MIXES, ids=repr)
def test_the_table_scores_what_the_pipeline_shows(arena: Arena, cases: list[Case], weights: Weights) -> None:
    snapshot, stages = arena.serving(Blender(weights, 0.0), reranks=False), InProcessStages(arena.collaborative)
    shown = [answer_now(choose(case.query, case.pool, snapshot, stages, timeless())) for case in cases]
    expected = [ndcg(slate.item.tolist(), case.relevant, 20) for slate, case in zip(shown, cases, strict=True)]
    assert score_table(cases).ndcg(weights) == pytest.approx(expected)


def test_the_table_scores_new_products_as_the_pipeline_shows_them(arena: Arena, cases: list[Case]) -> None:
    fresh = [case for case in map(arena.new_only, cases) if case is not None]
    snapshot, stages = arena.serving(Blender(SEED_WEIGHTS, 0.0), reranks=False), InProcessStages(arena.collaborative)
    shown = [answer_now(choose(case.query, case.pool, snapshot, stages, timeless())) for case in fresh]
    expected = [ndcg(slate.item.tolist(), case.relevant, 20) for slate, case in zip(shown, fresh, strict=True)]
    assert score_table(fresh).ndcg(SEED_WEIGHTS) == pytest.approx(expected)


def test_customers_with_fewer_candidates_are_padded_without_effect() -> None:
    rng = np.random.default_rng(0)
    short, long = planted_case(rng, Source.CONTENT, size=7), planted_case(rng, Source.CONTENT, size=40)
    together = score_table([short, long]).ndcg(SEED_WEIGHTS)
    alone = [float(score_table([case]).ndcg(SEED_WEIGHTS)[0]) for case in (short, long)]
    assert together == pytest.approx(alone)


def test_a_perfect_source_scores_1_even_where_more_is_relevant_than_fits() -> None:
    case = planted_case(np.random.default_rng(0), Source.CONTENT, relevant=30)
    assert score_table([case]).ndcg(Weights(content=1.0)) == pytest.approx([1.0])


def test_the_head_of_a_table_is_its_first_customers(planted: Callable[[Source], list[Case]]) -> None:
    table = score_table(planted(Source.REPEAT))
    head = table.head(3)
    assert isinstance(head, ScoreTable)
    np.testing.assert_array_equal(head.ndcg(SEED_WEIGHTS), table.ndcg(SEED_WEIGHTS)[:3])


@pytest.mark.parametrize("source", [Source.CONTENT, Source.COLLABORATIVE, Source.POPULARITY, Source.REPEAT])
def test_fitting_finds_the_planted_source(planted: Callable[[Source], list[Case]], source: Source) -> None:
    cases = planted(source)
    fitted = fit_weights(cases)
    assert getattr(fitted, source) > 0.9
    assert float(score_table(cases).ndcg(fitted).mean()) > 0.99
    assert fitted.vector().sum() == pytest.approx(1.0, abs=1e-5)


def test_fitting_is_never_worse_than_any_single_source(cases: list[Case]) -> None:
    table = score_table(cases)
    best = float(table.ndcg(fit_weights(cases)).mean())
    for source in (Source.CONTENT, Source.POPULARITY, Source.REPEAT, Source.COLLABORATIVE):
        assert best >= float(table.ndcg(Weights(**{source: 1.0})).mean()) - 1e-9


def test_the_same_seed_fits_the_same_weights(cases: list[Case]) -> None:
    assert fit_weights(cases, seed=3) == fit_weights(cases, seed=3)


def test_without_cases_the_weights_are_the_unfitted_ones() -> None:
    assert fit_weights([]) == UNFITTED_WEIGHTS
    assert UNFITTED_WEIGHTS.vector().sum() == pytest.approx(1.0)


def test_progress_is_told_up_to_the_end(planted: Callable[[Source], list[Case]]) -> None:
    told: list[tuple[int, int]] = []
    fit_weights(planted(Source.REPEAT)[:3], progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] == len(told)
