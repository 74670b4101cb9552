"""One immutable view per request: release, catalog and rules. Nothing changes under a request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.catalog import Catalog
from recommender.facts import ItemFacts
from recommender.history import ItemWeights
from recommender.learned import Trees
from recommender.policy import CART_WEIGHTS, SEED_WEIGHTS, Policy, RerankMode, WeightChoice, Weights
from recommender.rules import CompiledRules, HardRule, compile_rules
from recommender.types import Context, Query


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each item its related items, strongest first, as compressed rows: ``indptr`` (n+1), ``item``, ``weight``."""

    indptr: NDArray[np.int64]
    item: NDArray[np.int32]
    weight: NDArray[np.float32]

    def of(self, items: NDArray[np.int64]) -> ItemWeights:
        """Summed weights of everything related to the given items; items beyond the table have no relatives."""
        known = items[items < len(self.indptr) - 1]
        related, _ = self._entries(known)
        distinct, position = np.unique(self.item[related], return_inverse=True)
        weight = np.bincount(position, self.weight[related], minlength=len(distinct))
        return ItemWeights(distinct, weight.astype(np.float32))

    def scores(self, items: ItemWeights, size: int) -> NDArray[np.float32]:
        """(size,) Σ weight of each given item · weight of its relatives."""
        known = items.item < len(self.indptr) - 1
        rows, weights = items.item[known], items.weight[known]
        related, counts = self._entries(rows)
        weighed = self.weight[related] * np.repeat(weights, counts)
        return np.bincount(self.item[related], weighed, minlength=size).astype(np.float32)

    def _entries(self, rows: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the relatives of these rows are, row after row, and how many each has."""
        starts = self.indptr[rows]
        counts = self.indptr[rows + 1] - starts
        ends = np.cumsum(counts)
        return np.repeat(starts - ends + counts, counts) + np.arange(ends[-1] if len(ends) else 0), counts


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything an answer depends on besides the query. n products: the release's first, newer ones after them."""

    release: str
    catalog: Catalog
    vectors: NDArray[np.float32]
    """(m, d) normalised vectors, one per distinct product text."""
    vector_row: NDArray[np.int32]
    """(n,) row of each product's text in ``vectors``."""
    factors: NDArray[np.float32]
    """(≤ n, f) collaborative item factors; products newer than the release have none."""
    co_purchase: Neighbours
    """Products of the same baskets."""
    neighbours: Neighbours
    """Products of the same customers: the strongest entries of an item-item model."""
    sequence: Neighbours
    """Products that are bought after one."""
    facts: ItemFacts
    popularity: NDArray[np.float32]
    """(≤ n,) decayed purchases; products newer than the release have none."""
    hard_rules: Sequence[HardRule]
    policy: Policy
    fitted: Weights
    rerank_weight: float
    """What the cross-encoder's score weighs beside the blend."""
    rerank_helps: bool
    """Whether the release's evaluation found the cross-encoder worth showing."""
    learned: Mapping[Context, Trees] = field(default_factory=dict)
    """Models that score in place of ``fitted`` where the release's evaluation found them better."""

    @cached_property
    def compiled(self) -> CompiledRules:
        """The hard rules over this catalog."""
        return compile_rules(self.hard_rules, self.catalog)

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """(n,) products that satisfy every hard rule of the catalog."""
        return self.compiled.allowed

    @cached_property
    def popular_first(self) -> NDArray[np.int64]:
        """(n,) all rows, most popular first; equally popular ones in catalog order."""
        padded = np.zeros(len(self.catalog), dtype=np.float32)
        padded[: len(self.popularity)] = self.popularity
        return np.argsort(-padded, kind="stable")

    @cached_property
    def popular_rank(self) -> NDArray[np.int64]:
        """(n,) place of each row in `popular_first`."""
        rank = np.empty(len(self.catalog), dtype=np.int64)
        rank[self.popular_first] = np.arange(len(rank))
        return rank

    @cached_property
    def unsold(self) -> NDArray[np.bool_]:
        """(n,) products that nobody had bought when the release was made."""
        unsold = np.ones(len(self.catalog), dtype=bool)
        unsold[: len(self.popularity)] = self.popularity == 0
        return unsold

    @cached_property
    def unsold_rows(self) -> NDArray[np.int64]:
        """Rows of those of them that may be shown."""
        return np.flatnonzero(self.unsold & self.allowed)

    @cached_property
    def category_sales(self) -> NDArray[np.float64]:
        """Popularity of each category, by its code + 1: the first is of products without one."""
        codes = self.catalog.category[: len(self.popularity)] + 1
        return np.bincount(codes, self.popularity, minlength=len(self.catalog.category_names) + 1).astype(np.float64)

    def weights(self, context: Context) -> Weights:
        """The blend's weights for this context, names resolved."""
        chosen = self.policy.contexts[context].weights
        if isinstance(chosen, WeightChoice):
            chosen = self._fitted(context) if chosen is WeightChoice.FITTED else SEED_WEIGHTS
        if context is not Context.HOMEPAGE:
            return chosen
        return replace(chosen, session=self.policy.session_weight, arrivals=self.policy.new_arrival_weight)

    def _fitted(self, context: Context) -> Weights:
        return CART_WEIGHTS if context is Context.CART else self.fitted

    def trees_for(self, query: Query) -> Trees | None:
        """The learned blender, if the shop set no weights here; on the homepage it knows only who has bought."""
        if self.policy.contexts[query.context].weights is not WeightChoice.FITTED:
            return None
        speaks = query.context is not Context.HOMEPAGE or query.history.buys()
        return self.learned.get(query.context) if speaks else None

    def reranks(self) -> bool:
        """Whether answers from this snapshot go through the cross-encoder."""
        mode = self.policy.rerank
        return mode is RerankMode.ON or (mode is RerankMode.AUTO and self.rerank_helps)

    def with_catalog(self, catalog: Catalog) -> "Snapshot":
        """The same release over a changed catalog of the same products in the same rows."""
        return replace(self, catalog=catalog)
