"""Customers in memory: the recently seen ones, forgotten as soon as something about them is written."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from api.store_view import Known
from recommender.catalog import Catalog
from recommender.history import NO_HISTORY, History
from store.customer_history import Search

CUSTOMERS_KEPT: Final = 50_000


@dataclass(frozen=True, slots=True)
class Customer:
    """What answers may know of a shopper: nothing where they do not want personal ones."""

    history: History = NO_HISTORY
    """As rows of the live catalog."""
    searches: tuple[Search, ...] = ()
    """The newest first."""
    favourites: tuple[str, ...] = ()
    """Categories and brands that they stated."""
    personal: bool = True

    @property
    def known(self) -> bool:
        """Whether anything was used of them: otherwise the answer is a stranger's, whatever id they were named by."""
        return bool(len(self.history) or self.searches or self.favourites)


STRANGER: Final = Customer()


def customer_of(known: Known | None, catalog: Catalog) -> Customer:
    """What the store knows of a shopper, as rows of the catalog; events of products that it lacks are left out.

    None is known of those whose answers must not be personal.
    """
    if known is None:
        return Customer(personal=False)
    rows, row_of = known.history, catalog.row_of
    item = np.array([row_of.get(product_id, -1) for product_id in rows.product_ids], dtype=np.int32)
    history = History(item, rows.types, rows.occurred_at).where(item >= 0)
    stated = {} if known.customer is None else known.customer.stated
    return Customer(history, tuple(known.searches), favourites(stated))


def favourites(stated: Mapping[str, Any]) -> tuple[str, ...]:
    """The categories and brands that a profile names, see `api.customer_schemas.Profile`."""
    preferences = stated.get("preferences", {})
    return (*preferences.get("favoriteCategories", ()), *preferences.get("brandPreferences", ()))


class CustomerCache:
    """Least recently used customers by `store.sessions.history_key`. Used from one event loop only.

    A read that began before a write must not put its old result back after it: `forget` marks reads in flight.
    """

    def __init__(self, size: int = CUSTOMERS_KEPT) -> None:
        self._size = size
        self._customers: OrderedDict[str, Customer] = OrderedDict()
        self._outdated: dict[str, int] = {}
        """Number of `forget` calls seen by the reads in flight, by key; present only while a read is in flight."""
        self._readers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._customers)

    async def get(self, key: str, read: Callable[[], Awaitable[Customer]]) -> Customer:
        """The customer under ``key``, read where it is not in memory."""
        if key in self._customers:
            self._customers.move_to_end(key)
            return self._customers[key]
        seen = self._outdated.setdefault(key, 0)
        self._readers[key] = self._readers.get(key, 0) + 1
        try:
            customer = await read()
            if self._outdated[key] == seen:
                self._keep(key, customer)
            return customer
        finally:
            self._readers[key] -= 1
            if not self._readers[key]:
                del self._readers[key], self._outdated[key]

    def forget(self, key: str) -> None:
        """Drop one customer."""
        self._customers.pop(key, None)
        if key in self._outdated:
            self._outdated[key] += 1

    def clear(self) -> None:
        """Drop everyone."""
        self._customers.clear()
        for key in self._outdated:
            self._outdated[key] += 1

    def _keep(self, key: str, customer: Customer) -> None:
        self._customers[key] = customer
        while len(self._customers) > self._size:
            self._customers.popitem(last=False)
