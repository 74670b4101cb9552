"""The served pipeline replayed in the past: fitted before a cut, asked for everyone who bought after it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.collaborative import Collaborative
from models.embedding import ItemVectors
from models.in_process import InProcessStages, answer_now
from recommender.learned import LearnedBlend
from recommender.pipeline import Pool, collect, pool_of
from recommender.policy import Policy, Weights
from recommender.rules.active import Active
from recommender.snapshot import Snapshot
from recommender.trace import timeless
from recommender.types import Context, Query
from training.collaborative import fit_collaborative
from training.dataset import Dataset

LABEL_DAYS: Final = 14.0
UNIVERSE_BASKETS: Final = 10
"""Products in fewer baskets before the cut are left out of the protocol, counted on training data only."""
LIST_LENGTH: Final = 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One customer at the cut: what would have been asked, what stage 1 found, and what they bought afterwards."""

    query: Query
    pool: Pool
    relevant: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class Arena:
    """A cut in time with the models fitted before it. Protocol: soft rules off, universe as the allowed mask."""

    snapshot: Snapshot
    collaborative: Collaborative
    data: Dataset
    """Arranged for the cut; holds later purchases too, as labels."""
    cut: float

    def customers(self) -> NDArray[np.int64]:
        """Everyone with a purchase of the universe after the cut and any purchase before it."""
        known = np.zeros(self.data.n_users, dtype=bool)
        known[self.data.before(self.cut).customers] = True
        labels = self._labels()
        buyers = labels.customers
        return buyers[known[buyers]]

    def cases(self, customers: NDArray[np.int64], *, progress: Progress = lambda done, total: None) -> Iterator[Case]:
        """One case per customer, all of whom bought something of the universe after the cut."""
        known, labels = self.data.before(self.cut), self._labels()
        stages = InProcessStages(self.collaborative)
        for number, user in enumerate(customers.tolist()):
            query = Query(context=Context.HOMEPAGE, limit=LIST_LENGTH, at=self.cut, history=known.history(user))
            pool = answer_now(collect(query, self.snapshot, stages, timeless()))
            yield Case(query, pool, frozenset(labels.items_of(user)))
            progress(number + 1, len(customers))

    def new_only(self, case: Case) -> Case | None:
        """The same customer with all they bought before the cut left out; None where nothing relevant remains."""
        owned = np.unique(case.query.history.item).astype(np.int64)
        relevant = case.relevant - set(owned.tolist())
        if not relevant:
            return None
        query = replace(case.query, exclude=owned)
        return Case(query, pool_of(query, self.snapshot, case.pool.evidence.columns), relevant)

    def with_weights(
        self, weights: Weights, *, rerank_weight: float = 0.0, learned: LearnedBlend | None = None
    ) -> Snapshot:
        """This arena's snapshot with another blend; a rerank weight above 0 switches the cross-encoder on."""
        return replace(
            self.snapshot,
            fitted=weights,
            rerank_weight=rerank_weight,
            rerank_helps=rerank_weight > 0,
            learned=learned,
        )

    def _labels(self) -> Dataset:
        return self.data.window(self.cut, LABEL_DAYS).where_item(self.snapshot.catalog.active)


def build_arena(data: Dataset, vectors: ItemVectors, *, cut: float, seed: int = 0) -> Arena:
    """Fit the recipe on what was known before ``cut``. ``vectors`` rows follow ``data.catalog``, in its own order."""
    arranged = data.arranged(cut)
    collaborative = fit_collaborative(arranged, cut=cut, seed=seed)
    universe = arranged.before(cut).baskets >= UNIVERSE_BASKETS
    snapshot = Snapshot(
        release=f"cut-{int(cut)}",
        catalog=replace(arranged.catalog, active=universe & arranged.catalog.active),
        vectors=vectors.vectors,
        vector_row=vectors.row[data.order(cut)],
        factors=collaborative.factors,
        co_purchase=collaborative.co_purchase,
        popularity=collaborative.popularity,
        hard_rules=(Active(),),
        policy=Policy().without_soft_rules(),
        fitted=Weights(),
        rerank_weight=0.0,
        rerank_helps=False,
    )
    return Arena(snapshot=snapshot, collaborative=collaborative, data=arranged, cut=cut)
