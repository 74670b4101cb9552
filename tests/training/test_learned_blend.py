"""Training and serving of the learned blender are one thing: the same features, the same scores, what was planted."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import pytest

from models.blender import Blender, load_blender
from models.embedding import ItemVectors
from models.learned_blend import OnnxTrees, load_facts, save_facts
from recommender.errors import InvalidRelease
from recommender.features import FEATURES, features
from recommender.history import DAY
from recommender.learned import Trees
from recommender.policy import Policy, Weights
from recommender.types import Context
from training.dataset import Dataset
from training.evaluate import evaluate
from training.learned_blend import (
    MIN_LISTS,
    SETTINGS,
    ExampleGatherer,
    Examples,
    as_onnx,
    fit_trees,
    sampled_customers,
)
from training.replay import Arena, Case, build_arena


@pytest.fixture(scope="module")
def arena(shop: Dataset, vectors: ItemVectors, cut: float) -> Arena:
    return build_arena(shop, vectors, cut=cut)


def gathered(arena: Arena, cases: Iterable[Case]) -> Examples:
    gatherer = ExampleGatherer(arena, seed=0)
    for case in cases:
        gatherer.add(case)
        if (fresh := arena.new_only(case)) is not None:
            gatherer.add(fresh)
    return gatherer.examples()


@pytest.fixture(scope="module")
def examples(shop: Dataset, vectors: ItemVectors, cut: float) -> Examples:
    """Of the four windows before the test, all there is."""
    parts = []
    for back in range(1, 5):
        earlier = build_arena(shop, vectors, cut=cut - back * 14 * DAY)
        parts.append(gathered(earlier, earlier.cases(sampled_customers(earlier, 3_000, seed=0))))
    return Examples(
        np.concatenate([part.table for part in parts]),
        np.concatenate([part.bought for part in parts]),
        sum(part.lists for part in parts),
    )


@pytest.fixture(scope="module")
def trees(examples: Examples) -> OnnxTrees:
    fitted = fit_trees([examples], seed=0)
    assert fitted is not None
    return fitted


def cases_of(arena: Arena) -> list[Case]:
    return list(arena.cases(arena.customers()))


def blender_of(weights: Weights, trees: Trees) -> Blender:
    return Blender(weights, 0.1, {Context.HOMEPAGE: trees})


def test_onnx_scores_as_lightgbm_does(examples: Examples) -> None:
    booster = lightgbm.train(SETTINGS | {"seed": 3}, lightgbm.Dataset(examples.table, examples.bought * 1.0), 20)
    served = as_onnx(booster).predict(examples.table)
    np.testing.assert_allclose(served, booster.predict(examples.table, raw_score=True), atol=1e-5)


def test_training_and_serving_compute_the_same_features(arena: Arena, tmp_path: Path) -> None:
    """The examples' rows, against those of facts that a release saved, over the same queries."""
    save_facts(arena.snapshot.facts, tmp_path)
    facts = load_facts(tmp_path)
    cases = cases_of(arena)
    served = [
        features(asked.query, asked.pool.candidates, arena.snapshot.catalog, facts)
        for case in cases
        for asked in (case, arena.new_only(case))
        if asked is not None
    ]
    known = {row.tobytes() for table in served for row in table}
    trained_on = gathered(arena, cases).table
    assert {row.tobytes() for row in trained_on} <= known
    assert len(trained_on)


def test_examples_keep_every_purchase_and_a_share_of_the_rest(arena: Arena) -> None:
    cases = cases_of(arena)
    found = gathered(arena, cases)
    wanted = sum(
        len(asked.relevant & set(asked.pool.candidates.item.tolist()))
        for case in cases
        for asked in (case, arena.new_only(case))
        if asked is not None
    )
    assert int(found.bought.sum()) == wanted
    assert 0 < int((~found.bought).sum()) < sum(len(case.pool.candidates) for case in cases)
    assert found.table.shape == (len(found.bought), len(FEATURES))


def test_it_finds_the_favourites(arena: Arena, trees: OnnxTrees) -> None:
    """Each customer has three favourites: popularity cannot know them, the learned blender does."""
    blender = blender_of(Weights(popularity=1.0), trees)
    found = evaluate(arena, blender=blender, policy=Policy(), cross_encoder=None)
    assert found.all_products.gain("learned_blend", "popularity", 20).above_zero()
    assert found.learned == {Context.HOMEPAGE}
    assert found.candidate == "learned_blend"


def test_it_must_beat_the_weights_to_serve(arena: Arena, trees: OnnxTrees) -> None:
    """A model that likes what everybody else does not is measured and left out."""

    class Reversed:
        def predict(self, table: np.ndarray) -> np.ndarray:
            return -trees.predict(table)

    blender = blender_of(Weights(repeat=1.0), Reversed())
    found = evaluate(arena, blender=blender, policy=Policy(), cross_encoder=None)
    assert not found.learned
    assert found.candidate == "fitted_blend"


def test_too_little_to_learn_from_gives_no_model(examples: Examples) -> None:
    assert fit_trees([replace(examples, lists=MIN_LISTS - 1)], seed=0) is None


def test_nobody_to_learn_from_gives_no_examples(arena: Arena) -> None:
    none = gathered(arena, [])
    assert (len(none.table), none.lists) == (0, 0)


def test_the_same_seed_gives_the_same_model(examples: Examples, trees: OnnxTrees) -> None:
    again = fit_trees([examples], seed=0)
    assert again is not None
    assert again.graph == trees.graph


def test_a_blender_comes_back_from_its_files_with_its_trees(trees: OnnxTrees, tmp_path: Path) -> None:
    saved = blender_of(Weights(repeat=1.0), trees)
    saved.save(tmp_path)
    loaded = load_blender(tmp_path)
    assert loaded.fitted == saved.fitted
    assert {context: one.graph for context, one in loaded.trees.items()} == {Context.HOMEPAGE: trees.graph}
    assert not loaded.only(frozenset()).trees


def test_trees_of_other_features_are_refused(trees: OnnxTrees, tmp_path: Path) -> None:
    graph = onnx.load_model_from_string(trees.graph)
    graph.metadata_props[0].value = "age"
    blender_of(Weights(repeat=1.0), OnnxTrees(graph.SerializeToString())).save(tmp_path)
    with pytest.raises(InvalidRelease, match="other features"):
        load_blender(tmp_path)


def test_facts_of_other_columns_are_refused(arena: Arena, tmp_path: Path) -> None:
    save_facts(replace(arena.snapshot.facts, columns=np.zeros((4, 1), np.float32)), tmp_path)
    with pytest.raises(InvalidRelease, match="other columns"):
        load_facts(tmp_path)
