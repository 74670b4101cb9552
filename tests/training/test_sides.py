"""A champion with models of its own answers the same questions, from those models."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from models.blender import Blender
from models.embedding import ItemVectors
from models.release import HeldModel, Stage
from recommender.policy import Policy, Weights
from training.dataset import Dataset
from training.evaluate import CHAMPION, compare
from training.gate import verdict
from training.recipe import Home, Recipe, Recipes, unreleased_recipe
from training.registry.matrix import ItemItemMatrix, compressed
from training.replay import Arena, build_arena
from training.sides import side_row
from training.source import Report
from training.tune import Materials

TASTE = Blender(Weights(collaborative=0.5, content=0.5), 0.0)
NEIGHBOURS = Blender(Weights(neighbours=1.0), 0.0)


def quiet(step: str, done: int, total: int) -> None:
    """Nobody watches."""


REPORT: Report = quiet


@pytest.fixture(scope="module")
def arena(shop: Dataset, vectors: ItemVectors, cut: float) -> Arena:
    return build_arena(shop, vectors, cut=cut)


def recipe(blender: Blender, home: Home | None = None) -> Recipe:
    made = unreleased_recipe(blender, reranks=False, encoder="e")
    return replace(made, release_id="r1", home=home)


def test_the_same_models_give_the_same_lists_wherever_they_are(arena: Arena) -> None:
    """Whatever is asked: all products, new ones only, cold ones only."""
    here, apart = side_row(recipe(TASTE), arena, None), side_row(recipe(TASTE, Home(arena)), arena, None)
    asked = 0
    for case in arena.cases(arena.customers()):
        for one in (case, arena.new_only(case), arena.cold_only(replace(case, cold=frozenset({24})))):
            if one is not None:
                asked += 1
                np.testing.assert_array_equal(here(one), apart(one))
    assert asked > 100


def opposite(shop: Dataset) -> ItemItemMatrix:
    """Coffee speaks for dog food and the other way round: as wrong as can be."""
    rows = np.arange(24)
    pairs = [(row, other) for row in rows for other in rows if row % 2 != other % 2]
    owner, other = np.array(pairs).T
    table = compressed(owner, other, np.ones(len(pairs), np.float32), len(shop.catalog))
    return ItemItemMatrix(tuple(str(one) for one in shop.catalog.external_id), table)


def test_a_brought_matrix_decides_what_its_recipe_shows(
    shop: Dataset, vectors: ItemVectors, cut: float, arena: Arena
) -> None:
    theirs = Materials(shop, vectors, REPORT, matrix=opposite(shop)).arena(cut)
    customer = int(arena.customers()[0])
    bought = {str(shop.catalog.external_id[row])[:3] for row in shop.items_of(customer)} - {"off", "rar"}
    (case,) = arena.cases(np.array([customer]))
    for home, same in ((None, True), (Home(theirs), False)):
        shown = arena.snapshot.catalog.external_id[side_row(recipe(NEIGHBOURS, home), arena, None)(case)[:5]]
        assert ({str(one)[:3] for one in shown} == bought) is same


def test_the_gate_judges_recipes_with_different_models(
    shop: Dataset, vectors: ItemVectors, cut: float, arena: Arena
) -> None:
    theirs = Materials(shop, vectors, REPORT, matrix=opposite(shop)).arena(cut)
    held = HeldModel(
        stage=Stage.COLLABORATIVE,
        name="opposite",
        version=1,
        sha256="0" * 64,
        trained_until=datetime(2020, 1, 1, tzinfo=UTC),
        run_id="r",
    )
    wrong = replace(recipe(NEIGHBOURS, Home(theirs)), models=(held,))
    recipes = Recipes(champion=wrong, candidate=recipe(NEIGHBOURS))
    evaluation = compare(arena, recipes, cross_encoder=None)
    assert (
        evaluation.all_products.values(CHAMPION, 10).mean()
        < 0.5 * evaluation.all_products.values(evaluation.candidate, 10).mean()
    )
    found = verdict(arena, evaluation, recipes, Policy(), None)
    assert not found.like_for_like
    assert found.checks[0].passed
