"""The two sides of a comparison: each recipe answers from its own models, asked the same questions."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.in_process import InProcessStages, answer_now
from models.reranker import Reranker
from recommender.pipeline import allowed_rows, recommend
from recommender.snapshot import Snapshot
from recommender.trace import timeless
from training.recipe import Recipe
from training.replay import Arena, Case
from training.rows import Ranker, piped


def side_row(recipe: Recipe, arena: Arena, cross_encoder: Reranker | None) -> Ranker:
    """What the recipe answers: from the arena that the cases come from, or from models of its own."""
    snapshot, stages = side_snapshot(recipe, arena), side_stages(recipe, arena, cross_encoder)
    return piped(snapshot, stages) if recipe.home is None else apart(snapshot, stages)


def side_snapshot(recipe: Recipe, arena: Arena) -> Snapshot:
    """What the recipe's release would have answered with at the cut."""
    here = arena if recipe.home is None else recipe.home.arena
    return here.serving(recipe.blender, reranks=recipe.reranks)


def side_stages(recipe: Recipe, arena: Arena, cross_encoder: Reranker | None) -> InProcessStages:
    """The models behind it."""
    if recipe.home is None:
        return InProcessStages(arena.collaborative, cross_encoder)
    return InProcessStages(recipe.home.arena.collaborative, recipe.home.cross_encoder)


def apart(snapshot: Snapshot, stages: InProcessStages) -> Ranker:
    """The whole pipeline over a case's question, for nothing of its pool comes from these models.

    Both arenas are of one cut, so rows mean the same products in both; what the case allows is kept.
    """

    def rank(case: Case) -> NDArray[np.int64]:
        allowed, here = case.pool.allowed, snapshot
        if not np.array_equal(allowed_rows(case.query, snapshot), allowed):  # cold products alone
            here = snapshot.with_catalog(replace(snapshot.catalog, active=allowed))
        return answer_now(recommend(case.query, here, stages, timeless())).item

    return rank
