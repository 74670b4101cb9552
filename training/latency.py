"""How long whole answers take under two recipes, measured in turns in one process."""

import time
from dataclasses import replace
from typing import Final

import numpy as np

from models.in_process import answer_now
from models.reranker import Reranker
from recommender.metrics.gate import Latency
from recommender.pipeline import recommend
from recommender.policy import Policy
from recommender.trace import timeless
from recommender.types import Query
from training.recipe import Recipe, Recipes
from training.replay import Arena
from training.sides import side_snapshot, side_stages

ANSWERS: Final = 200
WARM_UP: Final = 5


def measure_latency(arena: Arena, recipes: Recipes, policy: Policy, cross_encoder: Reranker | None) -> Latency:
    """p95 of both recipes under the shop's policy; the budget is its deadline. Who goes first changes in turns."""
    sides = [_Side(arena, recipe, policy, cross_encoder) for recipe in (recipes.champion, recipes.candidate)]
    chosen = np.random.default_rng(0).permutation(arena.customers())[: WARM_UP + ANSWERS]
    for number, query in enumerate(arena.queries(chosen)):
        for side in sides if number % 2 else reversed(sides):
            side.answer(query)
    return Latency(sides[0].p95(), sides[1].p95(), policy.deadline_seconds)


class _Side:
    def __init__(self, arena: Arena, recipe: Recipe, policy: Policy, cross_encoder: Reranker | None) -> None:
        self._snapshot = replace(side_snapshot(recipe, arena), policy=policy)
        self._stages = side_stages(recipe, arena, cross_encoder)
        self._seconds: list[float] = []

    def answer(self, query: Query) -> None:
        began = time.perf_counter()
        answer_now(recommend(query, self._snapshot, self._stages, timeless()))
        self._seconds.append(time.perf_counter() - began)

    def p95(self) -> float:
        """Of all answers but the first few; 0.0 where there were no more."""
        measured = self._seconds[WARM_UP:]
        return float(np.quantile(measured, 0.95)) if measured else 0.0
