"""The rest of a basket from its first half, for customers whose purchases before the cut are known as well."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.in_process import InProcessStages, answer_now
from recommender.candidates import top_k
from recommender.evidence import Column
from recommender.pipeline import collect
from recommender.policy import SEED_WEIGHTS
from recommender.snapshot import Snapshot
from recommender.trace import timeless
from recommender.types import NO_ROWS, Context, Query, Source
from training.evaluate import Gathering
from training.replay import LIST_LENGTH, Arena, Case, Progress
from training.rows import Ranker, piped
from training.scores import Scores

LEAST_PRODUCTS: Final = 6
"""Smaller baskets have no halves worth asking about."""
SINGLES: Final = {
    "co_purchase": Source.CO_PURCHASE,
    "own_frequency": Source.REPEAT,
    "collaborative": Source.COLLABORATIVE,
    "neighbours": Source.NEIGHBOURS,
    "affinity": Source.AFFINITY,
    "popularity": Source.POPULARITY,
    "content": Source.CONTENT,
}


@dataclass(frozen=True, slots=True)
class Basket:
    """Distinct products of the universe that one customer bought at one time, in an order drawn at random."""

    user: int
    item: NDArray[np.int64]

    @property
    def first(self) -> NDArray[np.int64]:
        """Its first half, the smaller one: what is in the cart."""
        return self.item[: len(self.item) // 2]

    @property
    def rest(self) -> frozenset[int]:
        """What is to be found."""
        return frozenset(self.item[len(self.item) // 2 :].tolist())


def baskets(arena: Arena, *, seed: int = 0) -> list[Basket]:
    """The window's baskets of enough products. The data has no order within a basket, so one is drawn."""
    rng = np.random.default_rng(seed)
    labels = arena.data.window(arena.cut, arena.protocol.label_days).where_item(arena.snapshot.catalog.active)
    border = np.flatnonzero((np.diff(labels.user) != 0) | (np.diff(labels.at) != 0)) + 1
    return [
        Basket(int(labels.user[rows[0]]), rng.permutation(labels.item[rows]).astype(np.int64))
        for rows in np.split(np.arange(len(labels)), border)
        if len(rows) >= LEAST_PRODUCTS
    ]


def ask(
    arena: Arena,
    chosen: list[Basket],
    snapshots: dict[str, Snapshot],
    stages: InProcessStages,
    *,
    progress: Progress = lambda done, total: None,
) -> Scores:
    """Every row for each basket: single sources over everything allowed, the others through the pipeline."""
    gathering = Gathering()
    rows: dict[str, Ranker] = {"fixed_blend": piped(seeded(arena.snapshot), stages)}
    rows |= {name: piped(snapshot, stages) for name, snapshot in snapshots.items()}
    for number, (basket, case, alone) in enumerate(_cases(arena, chosen, stages)):
        singles = {name: _single(alone, source, arena.snapshot) for name, source in SINGLES.items()}
        gathering.add(basket.user, case, singles | rows)
        progress(number + 1, len(chosen))
    return gathering.scores([*SINGLES, *rows])


def seeded(snapshot: Snapshot) -> Snapshot:
    """The cart's blend under the seed's weights."""
    policy = snapshot.policy
    cart = replace(policy.contexts[Context.CART], weights=SEED_WEIGHTS)
    return replace(snapshot, policy=replace(policy, contexts={**policy.contexts, Context.CART: cart}))


def _cases(
    arena: Arena, chosen: list[Basket], stages: InProcessStages
) -> Iterator[tuple[Basket, Case, dict[Source, Column]]]:
    """The question of each basket, and what every source says: of the cart, or of the customer where it is silent."""
    known = arena.data.before(arena.cut)
    for basket in chosen:
        history = known.history(basket.user)
        cart = Query(context=Context.CART, limit=LIST_LENGTH, at=arena.cut, history=history, anchors=basket.first)
        home = replace(cart, context=Context.HOMEPAGE, anchors=NO_ROWS, exclude=basket.first)
        asked = [answer_now(collect(query, arena.snapshot, stages, timeless())) for query in (cart, home)]
        yield basket, Case(cart, asked[0], basket.rest), asked[1].evidence.columns | asked[0].evidence.columns


def _single(columns: dict[Source, Column], source: Source, snapshot: Snapshot) -> Ranker:
    """The source's own order of everything allowed, then popularity's, as far as the list is long."""

    def rank(case: Case) -> NDArray[np.int64]:
        allowed, popular = case.pool.allowed, snapshot.popular_rank
        nothing = np.zeros(len(allowed), dtype=np.float32)
        best = top_k(columns.get(source, nothing), allowed, LIST_LENGTH, popular_rank=popular)
        if len(best) == LIST_LENGTH:
            return best
        further = snapshot.popular_first[allowed[snapshot.popular_first]]
        return np.concatenate([best, further[~np.isin(further, best)]])[:LIST_LENGTH]

    return rank
