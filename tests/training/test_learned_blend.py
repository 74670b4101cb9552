"""Training and serving of the learned blender are one thing: the same features, the same scores, what was planted."""

from dataclasses import replace
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from models.embedding import ItemVectors
from models.learned_blend import COLUMNS, FACTS, load_learned_blend, save_facts
from recommender.errors import InvalidRelease
from recommender.features import FEATURES, features
from recommender.history import DAY
from recommender.learned import LearnedBlend
from recommender.policy import Policy, Weights
from training.dataset import Dataset
from training.evaluate import evaluate
from training.item_facts import item_facts
from training.learned_blend import (
    MIN_LISTS,
    SETTINGS,
    Examples,
    collect_examples,
    fit_trees,
    sampled_customers,
    write_trees,
)
from training.replay import Arena, Case, build_arena


@pytest.fixture(scope="module")
def arena(shop: Dataset, vectors: ItemVectors, cut: float) -> Arena:
    return build_arena(shop, vectors, cut=cut)


@pytest.fixture(scope="module")
def examples(shop: Dataset, vectors: ItemVectors, cut: float) -> Examples:
    """Of the four windows before the test, all there is."""
    parts = []
    for back in range(1, 5):
        earlier = build_arena(shop, vectors, cut=cut - back * 14 * DAY)
        cases = earlier.cases(sampled_customers(earlier, seed=0))
        parts.append(collect_examples(earlier, cases, item_facts(earlier.data, cut=earlier.cut), seed=0))
    return Examples(
        np.concatenate([part.table for part in parts]),
        np.concatenate([part.bought for part in parts]),
        sum(part.lists for part in parts),
    )


@pytest.fixture(scope="module")
def folder(examples: Examples, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("learned")
    assert fit_trees([examples], target, seed=0) is not None
    return target


@pytest.fixture(scope="module")
def learned(folder: Path, arena: Arena) -> LearnedBlend:
    """Saved and loaded, as a release does it."""
    save_facts(item_facts(arena.data, cut=arena.cut), folder)
    return load_learned_blend(folder)


def cases_of(arena: Arena) -> list[Case]:
    return list(arena.cases(arena.customers()))


def test_onnx_scores_as_lightgbm_does(examples: Examples, tmp_path: Path) -> None:
    booster = lightgbm.train(SETTINGS | {"seed": 3}, lightgbm.Dataset(examples.table, examples.bought * 1.0), 20)
    served = write_trees(booster, tmp_path).trees().predict(examples.table)
    np.testing.assert_allclose(served, booster.predict(examples.table, raw_score=True), atol=1e-5)


def test_training_and_serving_compute_the_same_features(arena: Arena, learned: LearnedBlend) -> None:
    """The examples' rows, against those of the loaded release over the same queries."""
    facts = item_facts(arena.data, cut=arena.cut)
    cases = cases_of(arena)
    trained_on = collect_examples(arena, cases, facts, seed=0).table
    served = [
        features(asked.query, asked.pool.candidates, arena.snapshot.catalog, learned.facts)
        for case in cases
        for asked in (case, arena.new_only(case))
        if asked is not None
    ]
    known = {row.tobytes() for table in served for row in table}
    assert {row.tobytes() for row in trained_on} <= known
    assert len(trained_on)


def test_examples_keep_every_purchase_and_a_share_of_the_rest(arena: Arena) -> None:
    cases = cases_of(arena)
    found = collect_examples(arena, cases, item_facts(arena.data, cut=arena.cut), seed=0)
    wanted = sum(
        len(asked.relevant & set(asked.pool.candidates.item.tolist()))
        for case in cases
        for asked in (case, arena.new_only(case))
        if asked is not None
    )
    assert int(found.bought.sum()) == wanted
    assert 0 < int((~found.bought).sum()) < sum(len(case.pool.candidates) for case in cases)
    assert found.table.shape == (len(found.bought), len(FEATURES))


def test_it_finds_the_favourites(arena: Arena, learned: LearnedBlend) -> None:
    """Each customer has three favourites: popularity cannot know them, the learned blender does."""
    weights = Weights(popularity=1.0)
    found = evaluate(arena, fitted=weights, rerank_weight=0.1, policy=Policy(), cross_encoder=None, learned=learned)
    assert found.all_products.gain("learned_blend", "popularity", 20).above_zero()
    assert found.learned_helps


def test_it_must_beat_the_weights_to_serve(arena: Arena, learned: LearnedBlend) -> None:
    """A model that likes what everybody else does not is measured and left out."""

    class Reversed:
        def predict(self, table: np.ndarray) -> np.ndarray:
            return -learned.trees.predict(table)

    worst = replace(learned, trees=Reversed())
    weights = Weights(repeat=1.0)
    found = evaluate(arena, fitted=weights, rerank_weight=0.1, policy=Policy(), cross_encoder=None, learned=worst)
    assert not found.learned_helps


def test_too_little_to_learn_from_gives_no_model(examples: Examples, tmp_path: Path) -> None:
    assert fit_trees([replace(examples, lists=MIN_LISTS - 1)], tmp_path, seed=0) is None
    assert not list(tmp_path.iterdir())


def test_nobody_to_learn_from_gives_no_examples(arena: Arena) -> None:
    none = collect_examples(arena, [], item_facts(arena.data, cut=arena.cut), seed=0)
    assert (len(none.table), none.lists) == (0, 0)


def test_the_same_seed_gives_the_same_model(examples: Examples, folder: Path, tmp_path: Path) -> None:
    assert fit_trees([examples], tmp_path, seed=0) is not None
    assert (tmp_path / "trees.onnx").read_bytes() == (folder / "trees.onnx").read_bytes()


def test_a_model_of_other_features_is_refused(folder: Path, learned: LearnedBlend, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / COLUMNS).write_text('["age"]')
    with pytest.raises(InvalidRelease, match="other features"):
        load_learned_blend(tmp_path)
    (tmp_path / COLUMNS).write_bytes((folder / COLUMNS).read_bytes())
    np.savez(tmp_path / FACTS, columns=np.zeros((4, 1)), namesakes=np.zeros(4))
    with pytest.raises(InvalidRelease, match="other columns"):
        load_learned_blend(tmp_path)
