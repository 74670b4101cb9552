"""What the rows of a table are worth: every metric per customer, with intervals, and the same on slices."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.metrics.bootstrap import Interval, bootstrap_interval, bootstrap_intervals
from recommender.metrics.lists import METRICS, Lists, Relevance

CUTOFFS: Final = (5, 10, 20)

Key = tuple[str, str, int]
"""Row, metric, cutoff."""


@dataclass(frozen=True)
class Scores:
    """Everybody's lists by row of the table, over the same customers in the same order."""

    lists: Mapping[str, Lists]
    relevance: Relevance
    user: NDArray[np.int64]
    """(customers,) their codes in the data."""

    @property
    def customers(self) -> int:
        """How many were asked for."""
        return len(self.user)

    def values(self, row: str, cutoff: int, metric: str = "ndcg") -> NDArray[np.float64]:
        """(customers,) the metric of each one's list."""
        return METRICS[metric](self._hits[row], self.relevance.counts, cutoff)

    def interval(self, row: str, cutoff: int, metric: str = "ndcg") -> Interval:
        """Mean and 95 % interval."""
        return bootstrap_interval(self.values(row, cutoff, metric))

    def gain(self, row: str, reference: str, cutoff: int, metric: str = "ndcg") -> Interval:
        """Paired difference to another row."""
        return bootstrap_interval(self.values(row, cutoff, metric) - self.values(reference, cutoff, metric))

    @cached_property
    def intervals(self) -> dict[Key, Interval]:
        """Every metric of every row at every cutoff."""
        keys = [(row, metric, cutoff) for row in self.lists for metric in METRICS for cutoff in CUTOFFS]
        columns = [self.values(row, cutoff, metric) for row, metric, cutoff in keys]
        return dict(zip(keys, bootstrap_intervals(np.stack(columns, axis=1)), strict=True)) if keys else {}

    def of_customers(self, chosen: NDArray[np.bool_]) -> "Scores":
        """The customers marked True only."""
        kept = np.flatnonzero(chosen)
        place = np.full(self.customers, -1)
        place[kept] = np.arange(len(kept))
        inside = place[self.relevance.customer] >= 0
        relevance = Relevance(place[self.relevance.customer[inside]], self.relevance.item[inside], len(kept))
        return Scores({row: lists[kept] for row, lists in self.lists.items()}, relevance, self.user[kept])

    def of_items(self, chosen: NDArray[np.bool_]) -> "Scores":
        """The same lists judged by the products marked True, (n,), for the customers who bought any of them."""
        relevance = self.relevance.among(chosen)
        bought = relevance.counts > 0
        return Scores(self.lists, relevance, self.user).of_customers(bought)

    @cached_property
    def _hits(self) -> dict[str, NDArray[np.bool_]]:
        return {row: self.relevance.hits(lists) for row, lists in self.lists.items()}
