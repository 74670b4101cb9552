"""What the rows of a table are worth: every metric per customer, with intervals, and the same on slices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.metrics.bootstrap import Interval, bootstrap_interval, bootstrap_intervals
from recommender.metrics.lists import METRICS, Lists, Relevance

CUTOFFS: Final = (5, 10, 20)

Sample = tuple[NDArray[np.float64], NDArray[np.int64]]
"""A value per question, and whose question it is."""
Key = tuple[str, str, int]
"""Row, metric, cutoff."""


@dataclass(frozen=True)
class Scores:
    """Everybody's lists by row of the table, over the same customers in the same order.

    Of carts one customer may have several; intervals resample customers all the same.
    """

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
        return bootstrap_interval(self.of_each(self.values(row, cutoff, metric)))

    def gain(self, row: str, reference: str, cutoff: int, metric: str = "ndcg") -> Interval:
        """Paired difference to another row."""
        return bootstrap_interval(
            self.of_each(self.values(row, cutoff, metric) - self.values(reference, cutoff, metric))
        )

    def of_each(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """One value per distinct customer, of one per list; see `per_customer`."""
        return per_customer([(values, self.user)]) if len(values) else values

    @cached_property
    def intervals(self) -> dict[Key, Interval]:
        """Every metric of every row at every cutoff."""
        keys = [(row, metric, cutoff) for row in self.lists for metric in METRICS for cutoff in CUTOFFS]
        columns = [self.of_each(self.values(row, cutoff, metric)) for row, metric, cutoff in keys]
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


def per_customer(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """A value per customer, whose mean is the mean over the samples of each one's mean.

    A customer may stand behind several questions, in one sample or in many: then customers are to be resampled and
    not questions. Each gets their share of the estimate's first-order expansion, so that the spread of the mean over
    resampled customers is the estimate's own.
    """
    customers, place = np.unique(np.concatenate([user for _, user in samples]), return_inverse=True)
    centred = np.concatenate([(values - values.mean()) / len(values) for values, _ in samples])
    share = np.bincount(place, centred, minlength=len(customers)) * len(customers) / len(samples)
    return share + float(np.mean([values.mean() for values, _ in samples]))
