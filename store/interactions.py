"""Everything that customers did, as columns, from which their history at any past moment is read."""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from recommender.events import EVENT_CODES, EVENT_TYPES, EventType
from recommender.orders import order_moments
from recommender.reversals import REVERSALS, Line, reversed_rows
from store.codes import Codes
from store.customer_history import HISTORY_EVENTS, NOT_IN_HISTORY
from store.erasures import Erased, read_erased
from store.personalization import declined
from store.purchases import CUSTOMER, VISIT, WITH_SESSIONS, Purchases, customer_of
from store.tables import user_interactions

_ROWS_A_FETCH: Final = 1_000
_PURCHASE: Final = EVENT_CODES[EventType.PURCHASE]
_HIDDEN: Final = np.array([kind in NOT_IN_HISTORY for kind in EVENT_TYPES])
_TAKES_BACK: Final = np.array([kind in REVERSALS for kind in EVENT_TYPES])
_IN_ORDERS: Final = np.array([kind in (EventType.PURCHASE, *REVERSALS) for kind in EVENT_TYPES])


@dataclass(frozen=True)
class Interactions:
    """All events of some customers as columns of equal length, by customer, then as they happened and arrived.

    Customer ``c`` has those from ``starts[c]`` to ``starts[c + 1]``, (customers + 1,). ``product`` and ``order`` are
    int32 codes into ``product_ids`` and ``order_ids``, -1 where there is none; ``type`` int8 codes of `EVENT_CODES`;
    ``occurred_at`` float64 epoch seconds; ``quantity`` int32, 0 where it was not said. Searches and refunds are in
    it, for serving counts them when it reads so many events and no more.
    """

    starts: NDArray[np.int64]
    product: NDArray[np.int32]
    type: NDArray[np.int8]
    occurred_at: NDArray[np.float64]
    quantity: NDArray[np.int32]
    order: NDArray[np.int32]
    product_ids: tuple[str, ...]
    order_ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.product)

    def history(self, customer: int, until: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Places of what `store.customer_history` would have read earlier than ``until``, and when it was.

        Oldest first; the lines of an order have the moment of its first one, as they have there.
        """
        places = self._standing(customer, until)
        order = np.where(self.type[places] == _PURCHASE, self.order[places], -1)
        at = order_moments(np.zeros(len(places), dtype=np.int64), order, self.occurred_at[places])
        in_time = np.argsort(at, kind="stable")
        return places[in_time], at[in_time]

    def _standing(self, customer: int, until: float) -> NDArray[np.int64]:
        start, end = self.starts[customer], self.starts[customer + 1]
        end = start + np.searchsorted(self.occurred_at[start:end], until)
        places = np.arange(max(start, end - HISTORY_EVENTS), end)
        types = self.type[places]
        if not _HIDDEN[types].any():
            return places
        gone = self._taken_back(places) if _TAKES_BACK[types].any() else ()
        return places[~_HIDDEN[types] & ~np.isin(places, list(gone))]

    def _taken_back(self, places: NDArray[np.int64]) -> Collection[int]:
        return reversed_rows(self._line(place) for place in places[_IN_ORDERS[self.type[places]]].tolist())

    def _line(self, place: int) -> Line:
        product, order = self.product[place], self.order[place]
        return Line(
            row=place,
            customer=None,  # all of one
            product=None if product < 0 else self.product_ids[product],
            type=EVENT_TYPES[self.type[place]],
            at=float(self.occurred_at[place]),
            quantity=int(self.quantity[place]) or None,
            order=None if order < 0 else self.order_ids[order],
        )

    @cached_property
    def data_hash(self) -> str:
        """sha256 over the columns: equal for equal events that came in the same order."""
        digest = hashlib.sha256(json.dumps([self.product_ids, self.order_ids]).encode())
        for column in (self.starts, self.product, self.type, self.occurred_at, self.quantity, self.order):
            digest.update(np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<")).data)
        return digest.hexdigest()


def read_interactions(
    connection: Connection,
    purchases: Purchases,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Interactions:
    """What the customers of these purchases did. In a shop that sends purchases alone, they say all of it.

    A session's events that name no user are its owner's, as is known today. Left out are events up to the moment of
    an erasure, and everything of those who switched personal answers off: serving reads nothing of them.
    """
    table = user_interactions.c
    if connection.execute(select(table.id).where(table.type != str(EventType.PURCHASE)).limit(1)).first() is None:
        return _bought(purchases, declined(connection))
    columns = _Columns(purchases.user_ids, declined(connection), read_erased(connection))
    read = (table.product_id, table.order_id, table.type, table.occurred_at, table.quantity, table.id)
    query = select(CUSTOMER, VISIT, *read).select_from(WITH_SESSIONS)
    total = connection.execute(select(func.count()).select_from(user_interactions)).scalar_one()
    for number, rows in enumerate(connection.execute(query.execution_options(yield_per=_ROWS_A_FETCH)).partitions()):
        columns.add(rows)
        progress(min((number + 1) * _ROWS_A_FETCH, total), total)
    return columns.gathered()


def _bought(purchases: Purchases, unwanted: set[str]) -> Interactions:
    """Purchases alone: they hold what was erased no more, have the moments of their orders, and none was taken back."""
    wanted = np.array([user_id not in unwanted for user_id in purchases.user_ids], dtype=bool)
    place = np.argsort(purchases.user, kind="stable")
    place = place[wanted[purchases.user[place]]]
    user, count = purchases.user[place], len(place)
    return Interactions(
        starts=np.searchsorted(user, np.arange(len(purchases.user_ids) + 1)),
        product=purchases.item[place],
        type=np.full(count, _PURCHASE, dtype=np.int8),
        occurred_at=purchases.occurred_at[place],
        quantity=np.zeros(count, dtype=np.int32),
        order=np.full(count, -1, dtype=np.int32),
        product_ids=purchases.item_ids,
        order_ids=(),
    )


class _Columns:
    """Gathers rows part by part."""

    def __init__(self, user_ids: Sequence[str], unwanted: set[str], erased: Erased) -> None:
        self._customers = len(user_ids)
        self._code = {user_id: code for code, user_id in enumerate(user_ids) if user_id not in unwanted}
        self._erased_at = np.array([erased.when(user_id) for user_id in user_ids] if erased else [], dtype=np.int64)
        self._products, self._orders = Codes(), Codes()
        self._user, self._kind, self._at = _Column(np.int32), _Column(np.int8), _Column(np.int64)
        self._quantity, self._row = _Column(np.int32), _Column(np.int64)

    def add(self, rows: Sequence[Any]) -> None:
        """Keep those of the customers."""
        code = self._code
        rows = [row for row in rows if customer_of(row[0], row[1]) in code]
        if not rows:
            return
        users, visits, products, orders, types, at, quantities, ids = zip(*rows, strict=True)
        self._products.add(products)
        self._orders.add(orders)
        self._user.add([code[one] for one in map(customer_of, users, visits)])
        self._kind.add([EVENT_CODES[kind] for kind in types])
        self._at.add(at)
        self._quantity.add([quantity or 0 for quantity in quantities])
        self._row.add(ids)

    def gathered(self) -> Interactions:
        """All of them in order."""
        user, at = self._user.whole(), self._at.whole()
        place = np.lexsort((self._row.whole(), at, user))
        if len(self._erased_at):
            place = place[at[place] > self._erased_at[user[place]]]
        product, product_ids = self._products.sorted()
        order, order_ids = self._orders.sorted()
        return Interactions(
            starts=np.searchsorted(user[place], np.arange(self._customers + 1)),
            product=product[place],
            type=self._kind.whole()[place],
            occurred_at=at[place] / 1000,
            quantity=self._quantity.whole()[place],
            order=order[place],
            product_ids=product_ids,
            order_ids=order_ids,
        )


class _Column:
    """Numbers, gathered part by part."""

    def __init__(self, dtype: type[np.integer]) -> None:
        self._dtype = dtype
        self._parts: list[NDArray[Any]] = [np.empty(0, dtype=dtype)]

    def add(self, values: Sequence[int]) -> None:
        self._parts.append(np.array(values, dtype=self._dtype))

    def whole(self) -> NDArray[Any]:
        """All of it, once: the parts are let go, for both together are a shop's events twice."""
        whole = np.concatenate(self._parts)
        self._parts.clear()
        return whole
