"""The served pipeline replayed in the past: fitted before a cut, asked for everyone who bought after it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.blender import Blender
from models.collaborative import Collaborative
from models.embedding import ItemVectors
from models.in_process import InProcessStages, answer_now
from recommender.arrivals import arrival_scores
from recommender.evidence import Evidence, taste_vector
from recommender.history import History, fold_in_confidences
from recommender.pipeline import Pool, collect, content_taste, pool_of
from recommender.policy import Policy, Weights
from recommender.rules.active import Active
from recommender.snapshot import Snapshot
from recommender.trace import timeless
from recommender.types import NO_ROWS, Context, Query, Source
from training.collaborative import fit_collaborative
from training.dataset import PURCHASE, Dataset
from training.item_facts import item_facts
from training.kinds import text_kinds

LIST_LENGTH: Final = 20
AHEAD: Final = 64

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What counts as an answer's success, and among which products."""

    label_days: float = 14.0
    """What was bought in so many days from the cut is what should have been shown."""
    universe_baskets: int = 1
    """Products in fewer baskets before the cut are left out, counted on training data only. What nobody bought is asked
    about apart."""
    exclude_owned: bool = False
    """Whether every question leaves out what the customer has bought, as in a shop that sells nothing twice."""
    stride_days: float = 14.0
    """Between the cuts that the learned blender learns from."""


PROTOCOL: Final = Protocol()


@dataclass(frozen=True, slots=True)
class Case:
    """One customer at the cut: what would have been asked, what stage 1 found, and what they bought afterwards."""

    query: Query
    pool: Pool
    relevant: frozenset[int]
    cold: frozenset[int] = frozenset()
    """What they bought afterwards that nobody had bought before."""

    def shortlist(self) -> "Case":
        """The candidates and the labels alone: the columns over the whole catalog are most of a case."""
        nothing = Evidence({}, {})
        return replace(self, pool=replace(self.pool, allowed=np.zeros(0, dtype=bool), evidence=nothing))


@dataclass(frozen=True, kw_only=True)
class Arena:
    """A cut in time with the models fitted before it. Protocol: soft rules off, universe as the allowed mask."""

    snapshot: Snapshot
    collaborative: Collaborative
    data: Dataset
    """Arranged for the cut; holds later purchases too, as labels."""
    cut: float
    protocol: Protocol

    def customers(self) -> NDArray[np.int64]:
        """Everyone with a purchase of the universe after the cut and any purchase before it."""
        known = np.zeros(self.data.n_users, dtype=bool)
        known[self.data.before(self.cut).customers] = True
        labels = self.labels()
        buyers = labels.customers
        return buyers[known[buyers]]

    def queries(self, customers: NDArray[np.int64]) -> Iterator[Query]:
        """What each customer's homepage would have been asked with at the cut."""
        known = self.data.before(self.cut)
        for user in customers.tolist():
            history = known.history(user)
            excluded = owned(history) if self.protocol.exclude_owned else NO_ROWS
            yield Query(context=Context.HOMEPAGE, limit=LIST_LENGTH, at=self.cut, history=history, exclude=excluded)

    def cases(self, customers: NDArray[np.int64], *, progress: Progress = lambda done, total: None) -> Iterator[Case]:
        """One case per customer, all of whom bought something of the universe after the cut."""
        labels, cold = self.labels(), self._bought_later().where_item(self.cold)
        pools = self.pools(self.queries(customers))
        for number, (user, (query, pool)) in enumerate(zip(customers.tolist(), pools, strict=True)):
            yield Case(query, pool, frozenset(labels.items_of(user)), frozenset(cold.items_of(user)))
            progress(number + 1, len(customers))

    def pools(self, queries: Iterable[Query]) -> Iterator[tuple[Query, Pool]]:
        """What stage 1 finds for each query. The content source's share is computed for many of them at once."""
        stages, vectors = InProcessStages(self.collaborative), self.snapshot.vectors
        for some in _batched(queries, AHEAD):
            tastes = [content_taste(query) for query in some]
            found = (taste_vector(taste, vectors, self.snapshot.vector_row) for taste in tastes)
            stages.look_ahead(vectors, [profile for profile in found if profile is not None])
            for query in some:
                yield query, answer_now(collect(query, self.snapshot, stages, timeless()))

    def new_only(self, case: Case) -> Case | None:
        """The same customer with all they bought before the cut left out; None where nothing relevant remains."""
        bought = owned(case.query.history)
        relevant = case.relevant - set(bought.tolist())
        if not relevant:
            return None
        query = replace(case.query, exclude=bought)
        return Case(query, pool_of(query, self.snapshot, case.pool.evidence.columns), relevant)

    def cold_only(self, case: Case) -> Case | None:
        """The same customer offered nothing but products that nobody bought before; None where they bought none."""
        if not case.cold:
            return None
        cold = self._cold_snapshot
        columns = dict(case.pool.evidence.columns)
        history = case.query.history
        arrivals = arrival_scores(cold, history, fold_in_confidences(history))
        if arrivals is not None:
            columns[Source.ARRIVALS] = arrivals
        return Case(case.query, pool_of(case.query, cold, columns), case.cold)

    @cached_property
    def cold(self) -> NDArray[np.bool_]:
        """(n,) products for sale that nobody bought before the cut, and somebody after it.

        What nobody ever bought is left out: of that a catalog knows less, e.g. no price, which tells the two apart.
        """
        unseen: NDArray[np.bool_] = (self.data.before(self.cut).baskets == 0) & (self.data.baskets > 0)
        return unseen & self.data.catalog.active

    @cached_property
    def _cold_snapshot(self) -> Snapshot:
        return self.snapshot.with_catalog(replace(self.snapshot.catalog, active=self.cold))

    def serving(self, blender: Blender, *, reranks: bool) -> Snapshot:
        """This arena's snapshot under a recipe: what its release would have answered with at the cut."""
        return replace(
            self.snapshot,
            fitted=blender.fitted,
            learned=blender.trees,
            rerank_weight=blender.rerank_weight if reranks else 0.0,
            rerank_helps=reranks,
        )

    def labels(self) -> Dataset:
        """Purchases of the universe after the cut, as long as the protocol looks."""
        return self._bought_later().where_item(self.snapshot.catalog.active)

    def _bought_later(self) -> Dataset:
        return self.data.window(self.cut, self.protocol.label_days)


def owned(history: History) -> NDArray[np.int64]:
    """Distinct products that were bought in a history."""
    return np.unique(history.item[history.kind == PURCHASE]).astype(np.int64)


def build_arena(
    data: Dataset,
    vectors: ItemVectors,
    *,
    cut: float,
    seed: int = 0,
    protocol: Protocol = PROTOCOL,
    kinds: NDArray[np.int32] | None = None,
) -> Arena:
    """Fit the models on what was known before ``cut``. ``vectors`` rows follow ``data.catalog``, in its own order.

    ``kinds`` are `text_kinds` of the vectors; given where several arenas share them.
    """
    arranged = data.arranged(cut)
    collaborative = fit_collaborative(arranged, cut=cut, seed=seed)
    universe = arranged.before(cut).baskets >= protocol.universe_baskets
    kinds = text_kinds(vectors.vectors, seed=seed) if kinds is None else kinds
    vector_row = vectors.row[data.order(cut)]
    snapshot = Snapshot(
        release=f"cut-{int(cut)}",
        catalog=replace(arranged.catalog, active=universe & arranged.catalog.active),
        vectors=vectors.vectors,
        vector_row=vector_row,
        factors=collaborative.factors,
        co_purchase=collaborative.co_purchase,
        neighbours=collaborative.neighbours,
        sequence=collaborative.sequence,
        facts=item_facts(arranged, vector_row, kinds, cut=cut),
        popularity=collaborative.popularity,
        hard_rules=(Active(),),
        policy=Policy().without_soft_rules(),
        fitted=Weights(),
        rerank_weight=0.0,
        rerank_helps=False,
    )
    return Arena(snapshot=snapshot, collaborative=collaborative, data=arranged, cut=cut, protocol=protocol)


def _batched(queries: Iterable[Query], size: int) -> Iterator[list[Query]]:
    left = iter(queries)
    while some := list(islice(left, size)):
        yield some
