"""A shop's catalog and purchases as columns, and their cuts in time."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.catalog import Catalog
from recommender.events import EVENT_CODES, EventType
from recommender.history import DAY, NO_HISTORY, History
from training.histories import Histories

PURCHASE: Final = EVENT_CODES[EventType.PURCHASE]


@dataclass(frozen=True)
class Dataset:
    """Purchases (one entry per customer, product and basket) over a catalog, ordered by customer, then time.

    ``user`` int32 codes, ``item`` int32 rows of ``catalog``, ``at`` float64 epoch seconds. Purchases of inactive
    products are left out: what can never be shown again does not shape what is.
    """

    catalog: Catalog
    user: NDArray[np.int32]
    item: NDArray[np.int32]
    at: NDArray[np.float64]
    n_users: int
    events: Histories | None = None
    """What these customers did besides; None where purchases are all that is known."""
    until: float = inf
    """Events from then on are not known yet."""

    def __len__(self) -> int:
        return len(self.user)

    def before(self, cut: float) -> "Dataset":
        """The purchases before ``cut``."""
        return replace(self._where(self.at < cut), until=min(cut, self.until))

    def window(self, start: float, days: float) -> "Dataset":
        """The purchases of ``days`` days from ``start``."""
        return self._where((self.at >= start) & (self.at < start + days * DAY))

    def arranged(self, cut: float) -> "Dataset":
        """The same data with products in order of baskets before ``cut``, most first: factored items come first."""
        order = self.order(cut)
        row = np.empty(len(order), dtype=np.int32)
        row[order] = np.arange(len(order), dtype=np.int32)
        events = None if self.events is None else self.events.arranged(row)
        return replace(self, catalog=self.catalog.take(order), item=row[self.item], events=events)

    def order(self, cut: float) -> NDArray[np.int64]:
        """Rows of the catalog, those with the most baskets before ``cut`` first."""
        return np.argsort(-self.before(cut).baskets, kind="stable")

    def where_item(self, keep: NDArray[np.bool_]) -> "Dataset":
        """The purchases of the products marked True, (n,)."""
        return self._where(keep[self.item])

    @cached_property
    def baskets(self) -> NDArray[np.int64]:
        """(n,) baskets that hold each product."""
        return np.bincount(self.item, minlength=len(self.catalog))

    def history(self, user: int) -> History:
        """What serving would have known of one customer by then, oldest first: every kind of event."""
        return self.bought(user) if self.events is None else self.events.of(user, self.until)

    def bought(self, user: int) -> History:
        """All purchases of one customer, oldest first."""
        own = slice(self._starts[user], self._starts[user + 1])
        items = self.item[own]
        return History(items, np.full(len(items), PURCHASE, dtype=np.int8), self.at[own]) if len(items) else NO_HISTORY

    def items_of(self, user: int) -> set[int]:
        """Distinct products of one customer."""
        return set(self.item[self._starts[user] : self._starts[user + 1]].tolist())

    @cached_property
    def customers(self) -> NDArray[np.int64]:
        """Codes of the customers with at least one purchase, ascending."""
        return np.flatnonzero(np.diff(self._starts))

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.searchsorted(self.user, np.arange(self.n_users + 1))

    def _where(self, keep: NDArray[np.bool_]) -> "Dataset":
        return replace(self, user=self.user[keep], item=self.item[keep], at=self.at[keep])


def build_dataset(
    catalog: Catalog,
    user: NDArray[np.int32],
    item: NDArray[np.int32],
    at: NDArray[np.float64],
    *,
    n_users: int,
    events: Histories | None = None,
) -> Dataset:
    """Sort, drop purchases of inactive products, and count a product once per basket (same customer, same second)."""
    keep = catalog.active[item]
    user, item, at = user[keep], item[keep], at[keep]
    order = np.lexsort((item, at, user))
    user, item, at = user[order], item[order], at[order]
    repeated = (np.diff(user) == 0) & (np.diff(item) == 0) & (np.diff(at) == 0)
    first = np.concatenate([[True], ~repeated]) if len(user) else np.zeros(0, dtype=bool)
    return Dataset(catalog, user[first], item[first], at[first], n_users, events)
