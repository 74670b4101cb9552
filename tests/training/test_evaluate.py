"""The evaluation finds what was planted, compares the same customers, and its report says what it found."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.embedding import ItemVectors
from recommender.policy import Policy, Weights
from training.dataset import Dataset
from training.evaluate import CUTOFFS, RERANK_SAMPLE, Evaluation, Scores, evaluate, sample_customers
from training.replay import Arena, build_arena
from training.report import flat_metrics, markdown, plot, summary

FITTED = Weights(content=0.05, collaborative=0.15, popularity=0.05, repeat=0.75)
ROWS = [
    "popularity",
    "own_frequency",
    "content",
    "collaborative",
    "seed_weights",
    "fitted_blend",
    "fitted_blend_with_rules",
]


@pytest.fixture(scope="module")
def arena(shop: Dataset, vectors: ItemVectors, cut: float) -> Arena:
    return build_arena(shop, vectors, cut=cut)


@pytest.fixture(scope="module")
def evaluation(arena: Arena) -> Evaluation:
    return evaluate(arena, fitted=FITTED, rerank_weight=0.1, policy=Policy(), cross_encoder=None)


@pytest.fixture(scope="module")
def empty(shop: Dataset, vectors: ItemVectors) -> Evaluation:
    """Of a cut after which nobody bought anything."""
    after_all = build_arena(shop, vectors, cut=float(shop.at.max()) + 1.0)
    return evaluate(after_all, fitted=FITTED, rerank_weight=0.1, policy=Policy(), cross_encoder=None)


def mean(scores: Scores, variant: str) -> float:
    return scores.interval(variant, 20).mean


def test_every_variant_is_scored_for_every_customer(arena: Arena, evaluation: Evaluation) -> None:
    scores = evaluation.all_products
    assert list(scores.ndcg) == [(row, cutoff) for row in ROWS for cutoff in CUTOFFS]
    assert scores.customers == len(arena.customers()) == 60
    for values in scores.ndcg.values():
        assert values.shape == (60,)
        assert ((values >= 0) & (values <= 1)).all()


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
        fitted=FITTED,
        rerank_weight=0.1,
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
        assert report.count(f"| {row.replace('_', ' ')} |") == 2
    twenty = evaluation.all_products.interval("content", 20)
    assert f"{twenty.mean:.4f} ({twenty.low:.4f}, {twenty.high:.4f})" in report
    assert "Reranking is **off**" in report
    widths = {line.count("|") for line in report.splitlines() if line.startswith("|")}
    assert widths == {6}


def test_metrics_for_mlflow_are_plain_finite_numbers(evaluation: Evaluation) -> None:
    metrics = flat_metrics(evaluation)
    assert metrics["all.fitted_blend.ndcg_20"] == pytest.approx(mean(evaluation.all_products, "fitted_blend"))
    assert set(metrics) == {f"{group}.{row}.ndcg_{k}" for group in ("all", "new_only") for row in ROWS for k in CUTOFFS}
    assert all(type(value) is float and np.isfinite(value) for value in metrics.values())


def test_the_summary_is_json_for_the_manifest(evaluation: Evaluation) -> None:
    stored = json.loads(json.dumps(summary(evaluation), allow_nan=False))
    found = stored["groups"]["all"]["fitted_blend"]["ndcg_20"]
    interval = evaluation.all_products.interval("fitted_blend", 20)
    assert found == pytest.approx([interval.mean, interval.low, interval.high], abs=1e-5)
    assert stored["groups"]["all"]["customers"] == 60
    assert stored["rerank_helps"] is False


@pytest.mark.parametrize("which", ["evaluation", "empty"])
def test_the_plot_is_a_png(which: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    plot(request.getfixturevalue(which), tmp_path / "evaluation.png")
    content = (tmp_path / "evaluation.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 5000
    assert "nan" not in markdown(request.getfixturevalue(which), "x")
