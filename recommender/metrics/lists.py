"""The ranking metrics for many customers at once: one list per row, equal to `ranking` list by list."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

NO_ITEM: Final = -1
"""Fills the places of a list that is shorter than the others."""

Lists = NDArray[np.int32]
"""(customers, places) item rows, best first."""


def as_lists(ranked: Sequence[NDArray[np.integer]], places: int) -> Lists:
    """One row per customer, cut or filled up to ``places``."""
    lists = np.full((len(ranked), places), NO_ITEM, dtype=np.int32)
    for row, items in enumerate(ranked):
        lists[row, : len(items)] = items[:places]
    return lists


@dataclass(frozen=True)
class Relevance:
    """The relevant items of each customer as pairs: ``customer`` (0-based rows of the lists) and ``item``, distinct."""

    customer: NDArray[np.int64]
    item: NDArray[np.int64]
    customers: int

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """(customers,) relevant items of each."""
        return np.bincount(self.customer, minlength=self.customers)

    def among(self, items: NDArray[np.bool_]) -> "Relevance":
        """Only the items marked True, (n,), count; customers keep their rows."""
        kept = items[self.item]
        return Relevance(self.customer[kept], self.item[kept], self.customers)

    def hits(self, lists: Lists) -> NDArray[np.bool_]:
        """(customers, places) whether the item in each place is relevant to its customer."""
        width = int(max(self.item.max(initial=0), lists.max(initial=0))) + 1
        wanted = np.sort(self.customer * width + self.item)
        asked = np.arange(len(lists))[:, None] * width + lists
        if not len(wanted):
            return np.zeros(lists.shape, dtype=bool)
        place = np.minimum(np.searchsorted(wanted, asked), len(wanted) - 1)
        found: NDArray[np.bool_] = (wanted[place] == asked) & (lists != NO_ITEM)
        return found


def relevance_of(relevant: Sequence[frozenset[int]]) -> Relevance:
    """From one set per customer."""
    customer = np.repeat(np.arange(len(relevant)), [len(items) for items in relevant])
    item = np.fromiter((item for items in relevant for item in sorted(items)), dtype=np.int64, count=len(customer))
    return Relevance(customer, item, len(relevant))


def ndcg_at(hits: NDArray[np.bool_], relevant: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """(customers,) `ranking.ndcg` of each row; 0.0 where nothing is relevant."""
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[np.inf], np.cumsum(discounts)])[np.minimum(relevant, k)]
    first = hits[:, :k]
    gained: NDArray[np.float64] = (first @ discounts[: first.shape[1]]) / ideal
    return gained


def recall_at(hits: NDArray[np.bool_], relevant: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """(customers,) `ranking.recall` of each row."""
    shares: NDArray[np.float64] = np.count_nonzero(hits[:, :k], axis=1) / np.maximum(relevant, 1)
    return shares


def hit_rate_at(hits: NDArray[np.bool_], relevant: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """(customers,) `ranking.hit_rate` of each row."""
    found: NDArray[np.float64] = np.minimum(np.count_nonzero(hits[:, :k], axis=1), 1.0)
    return found


def reciprocal_rank_at(hits: NDArray[np.bool_], relevant: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """(customers,) `ranking.reciprocal_rank` of each row."""
    first = hits[:, :k]
    if not first.shape[1]:
        return np.zeros(len(hits))
    ranks: NDArray[np.float64] = np.where(first.any(axis=1), 1.0 / (first.argmax(axis=1) + 1), 0.0)
    return ranks


METRICS: Final = {"ndcg": ndcg_at, "recall": recall_at, "mrr": reciprocal_rank_at, "hit_rate": hit_rate_at}
"""By the names of reports; ``mrr`` is the mean of the reciprocal ranks."""
