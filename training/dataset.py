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
    products are left out: what can never be shown again does not shape what is. So are those of which nothing is
    left, but `before` a moment at which they still stood.
    """

    catalog: Catalog
    user: NDArray[np.int32]
    item: NDArray[np.int32]
    at: NDArray[np.float64]
    n_users: int
    events: Histories | None = None
    """Everything that these customers did, inactive products among it; None where the purchases above are all."""
    returned: "Returned | None" = None
    """Purchases that were taken back; None where there are none."""
    until: float = inf
    """Events from then on are not known yet."""

    def __len__(self) -> int:
        return len(self.user)

    def before(self, cut: float) -> "Dataset":
        """The purchases before ``cut``, those among them that were taken back only later."""
        known = replace(self._where(self.at < cut), until=min(cut, self.until))
        return known if self.returned is None else known._with(self.returned, cut)

    def window(self, start: float, days: float) -> "Dataset":
        """The purchases of ``days`` days from ``start``."""
        return self._where((self.at >= start) & (self.at < start + days * DAY))

    def arranged(self, cut: float) -> "Dataset":
        """The same data with products in order of baskets before ``cut``, most first: factored items come first."""
        order = self.order(cut)
        row = np.empty(len(order), dtype=np.int32)
        row[order] = np.arange(len(order), dtype=np.int32)
        events = None if self.events is None else self.events.arranged(row)
        returned = None if self.returned is None else replace(self.returned, item=row[self.returned.item])
        catalog = self.catalog.take(order)
        return replace(self, catalog=catalog, item=row[self.item], events=events, returned=returned)

    def order(self, cut: float) -> NDArray[np.int64]:
        """Rows of the catalog, those with the most baskets before ``cut`` first."""
        return np.argsort(-self.before(cut).baskets, kind="stable")

    def where_item(self, keep: NDArray[np.bool_]) -> "Dataset":
        """The purchases of the products marked True, (n,)."""
        returned = None if self.returned is None else self.returned.where(keep[self.returned.item])
        return replace(self._where(keep[self.item]), returned=returned)

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

    def _with(self, returned: "Returned", cut: float) -> "Dataset":
        """With those that stood at the cut: they are returned no longer, the others still are."""
        stood = returned.gone_at >= cut
        again = returned.where(stood & (returned.at < cut))
        user, item, at = _baskets(
            np.concatenate([self.user, again.user]),
            np.concatenate([self.item, again.item]),
            np.concatenate([self.at, again.at]),
        )
        return replace(self, user=user, item=item, at=at, returned=returned.where(~stood))


@dataclass(frozen=True)
class Returned:
    """Purchases of which nothing is left, as the columns of a `Dataset`; ``gone_at`` says since when."""

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    at: NDArray[np.float64]
    gone_at: NDArray[np.float64]

    def where(self, keep: NDArray[np.bool_]) -> "Returned":
        """Those marked True."""
        return Returned(self.user[keep], self.item[keep], self.at[keep], self.gone_at[keep])


def build_dataset(
    catalog: Catalog,
    user: NDArray[np.int32],
    item: NDArray[np.int32],
    at: NDArray[np.float64],
    *,
    n_users: int,
    gone_at: NDArray[np.float64] | None = None,
    events: Histories | None = None,
) -> Dataset:
    """Sort, drop purchases of inactive products, and count a product once per basket (same customer, same second).

    ``gone_at`` says when nothing was left of each purchase, infinite while it stands; without it all of them stand.
    """
    keep = catalog.active[item]
    stands = keep if gone_at is None else keep & np.isinf(gone_at)
    data = Dataset(catalog, *_baskets(user[stands], item[stands], at[stands]), n_users, events)
    if gone_at is None or np.array_equal(stands, keep):
        return data
    gone = keep & ~stands
    return replace(data, returned=Returned(user[gone], item[gone], at[gone], gone_at[gone]))


def _baskets(
    user: NDArray[np.int32], item: NDArray[np.int32], at: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """The columns in order, a product once per basket."""
    order = np.lexsort((item, at, user))
    user, item, at = user[order], item[order], at[order]
    repeated = (np.diff(user) == 0) & (np.diff(item) == 0) & (np.diff(at) == 0)
    first = np.concatenate([[True], ~repeated]) if len(user) else np.zeros(0, dtype=bool)
    return user[first], item[first], at[first]
