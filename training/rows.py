"""The rows of the evaluation's table: each ranks the products of a case, best first."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.in_process import InProcessStages, answer_now
from recommender.fusion import blend
from recommender.history import DAY
from recommender.pipeline import choose
from recommender.policy import SEED_WEIGHTS, Weights
from recommender.snapshot import Snapshot
from recommender.trace import timeless
from training.replay import LIST_LENGTH, Arena, Case

Ranker = Callable[[Case], NDArray[np.int64]]
"""Product rows, at most `LIST_LENGTH`, best first."""

RECENT_DAYS: Final = 7.0

SINGLE_SOURCES: Final = {
    "popularity": Weights(popularity=1.0),
    "own_frequency": Weights(repeat=1.0),
    "content": Weights(content=1.0),
    "collaborative": Weights(collaborative=1.0),
    "neighbours": Weights(neighbours=1.0),
    "affinity": Weights(affinity=1.0),
    "sequence": Weights(sequence=1.0),
}

CART_SOURCES: Final = {name: weights for name, weights in SINGLE_SOURCES.items() if name != "sequence"} | {
    "co_purchase": Weights(co_purchase=1.0)
}
"""What comes next is no source of candidates beside a cart; what is bought together is."""


def permanent_rows(arena: Arena, *, seed: int = 0) -> dict[str, Ranker]:
    """What every evaluation is held against, however good the models become."""
    rows: dict[str, Ranker] = {"shuffle": shuffled(seed), "recent_popularity": ordered(recent_order(arena))}
    return rows | {
        name: weighted(weights) for name, weights in (SINGLE_SOURCES | {"seed_weights": SEED_WEIGHTS}).items()
    }


def piped(snapshot: Snapshot, stages: InProcessStages) -> Ranker:
    """What the served pipeline answers from this snapshot."""

    def rank(case: Case) -> NDArray[np.int64]:
        return answer_now(choose(case.query, case.pool, snapshot, stages, timeless())).item

    return rank


def weighted(weights: Weights) -> Ranker:
    """The pipeline's own list under these weights without caps, rules and reranking, in a hundredth of the time."""

    def rank(case: Case) -> NDArray[np.int64]:
        candidates = case.pool.candidates
        return candidates.item[np.argsort(-blend(candidates.scores, weights), kind="stable")[:LIST_LENGTH]]

    return rank


def ordered(order: NDArray[np.int64]) -> Ranker:
    """The same products for everyone: the first of ``order``, (n,), that are allowed."""

    def rank(case: Case) -> NDArray[np.int64]:
        return order[case.pool.allowed[order]][:LIST_LENGTH]

    return rank


def shuffled(seed: int) -> Ranker:
    """Any of the allowed products, all equally likely."""
    rng = np.random.default_rng(seed)

    def rank(case: Case) -> NDArray[np.int64]:
        allowed = np.flatnonzero(case.pool.allowed)
        return rng.choice(allowed, size=min(LIST_LENGTH, len(allowed)), replace=False)

    return rank


def recent_order(arena: Arena) -> NDArray[np.int64]:
    """All products, those in the most baskets of the last seven days before the cut first."""
    return np.argsort(
        -arena.data.before(arena.cut).window(arena.cut - RECENT_DAYS * DAY, RECENT_DAYS).baskets, kind="stable"
    )
