"""Settings are searched before the test window, and the default yields only to what other customers confirm."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import mlflow
import numpy as np
import pytest

from models.embedding import ItemVectors
from recommender.history import DAY
from recommender.metrics.bootstrap import Interval
from recommender.policy import Weights
from recommender.types import Context
from training import learned_blend, search
from training.dataset import Dataset
from training.learned_blend import DEFAULT, ExampleGatherer, Examples, TreeSettings, fit_trees
from training.replay import Arena, build_arena
from training.search import GRID, Try, recorded, search_settings
from training.tracking import EXPERIMENT, Tracking, job

BLIND: Final = TreeSettings(trees=1, leaves=2)
SEEING: Final = TreeSettings(trees=60, leaves=15)
WEIGHTS: Final = Weights(repeat=1.0)


@pytest.fixture(autouse=True)
def little_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted shop has sixty customers."""
    monkeypatch.setattr(learned_blend, "MIN_LISTS", 10)
    monkeypatch.setattr(search, "MIN_CUSTOMERS", 50)
    monkeypatch.setitem(learned_blend.SETTINGS, "min_data_in_leaf", 5)


@pytest.fixture(scope="module")
def examples(shop: Dataset, vectors: ItemVectors, cut: float) -> list[Examples]:
    parts = []
    for back in (2, 3):
        earlier = build_arena(shop, vectors, cut=cut - back * 14 * DAY)
        gatherer = ExampleGatherer(earlier, seed=0)
        for case in earlier.cases(earlier.customers()):
            gatherer.add(case)
        parts.append(gatherer.examples())
    return parts


@pytest.fixture(scope="module")
def arena(shop: Dataset, vectors: ItemVectors, cut: float) -> Arena:
    return build_arena(shop, vectors, cut=cut - 14 * DAY)


def searched(
    examples: Sequence[Examples], arena: Arena, grid: Sequence[TreeSettings], default: TreeSettings
) -> tuple[TreeSettings, list[Try]]:
    told: list[Try] = []
    found = search_settings(
        {Context.HOMEPAGE: examples},
        arena,
        WEIGHTS,
        seed=0,
        report=lambda step, done, total: None,
        tell=told.append,
        grid=grid,
        default=default,
    )
    return found[Context.HOMEPAGE], told


def test_what_is_clearly_better_takes_the_defaults_place(examples: list[Examples], arena: Arena) -> None:
    chosen, told = searched(examples, arena, (BLIND, SEEING), default=BLIND)
    assert chosen == SEEING
    assert [(one.settings, one.chosen) for one in told] == [(BLIND, False), (SEEING, True)]
    assert told[1].gain.low > 0
    assert told[0].gain.mean == 0


def test_what_is_no_better_does_not(examples: list[Examples], arena: Arena) -> None:
    assert searched(examples, arena, (BLIND, SEEING), default=SEEING)[0] == SEEING
    twins = [TreeSettings(trees=60, leaves=leaves) for leaves in (15, 16, 17, 18, 19, 20)]
    chosen, told = searched(examples, arena, twins, default=twins[-1])
    assert chosen == twins[-1]
    assert len(told) == len(twins)


def test_with_too_little_to_learn_from_nothing_is_tried(arena: Arena) -> None:
    nothing = ExampleGatherer(arena, seed=0).examples()
    assert searched([nothing], arena, GRID, default=DEFAULT) == (DEFAULT, [])


def test_with_too_few_customers_nobody_can_say(
    examples: list[Examples], arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MIN_CUSTOMERS", 61)
    assert searched(examples, arena, (BLIND, SEEING), default=BLIND) == (BLIND, [])


def test_the_default_is_in_the_grid() -> None:
    assert DEFAULT in GRID
    assert len(set(GRID)) == len(GRID)


def test_every_try_is_a_run_below_the_one_that_searches(tmp_path: Path) -> None:
    Tracking(f"sqlite:///{tmp_path}/mlflow.db", tmp_path).open()
    said: list[str] = []
    tries = [
        Try(Context.CART, settings, Interval(0.3, 0.2, 0.4), Interval(0.1, 0.05, 0.15), chosen=settings == SEEING)
        for settings in (BLIND, SEEING)
    ]
    with job("blender", params={}, data_hash="d") as above:
        for one in tries:
            recorded("d", lambda step, done, total: said.append(step))(one)
    runs = mlflow.search_runs(experiment_names=[EXPERIMENT], output_format="list")
    below = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == above.run_id]
    assert {(run.data.params["trees"], run.data.metrics["chosen"]) for run in below} == {("1", 0.0), ("60", 1.0)}
    assert {run.data.metrics["gain_low"] for run in below} == {0.05}
    assert said == ["chosen for cart: 60 trees of 15 leaves"]


def test_settings_change_the_trees(examples: list[Examples]) -> None:
    few, many = (fit_trees(examples, seed=0, settings=one) for one in (BLIND, SEEING))
    assert few is not None
    assert many is not None
    table = examples[0].table
    assert len(np.unique(few.predict(table))) == BLIND.leaves < len(np.unique(many.predict(table)))
