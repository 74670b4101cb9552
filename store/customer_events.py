"""Everything that some customers did, as columns: a page at a time, so that memory does not grow with the shop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, func, select, union

from recommender.events import EVENT_CODES
from store.erasures import Erased, read_erased
from store.tables import customers, products, sessions, user_interactions, user_preference_embeddings

_ROWS_A_FETCH: Final = 1_000
_NAMED_IN: Final = (
    user_interactions.c.user_id,
    sessions.c.user_id,
    customers.c.user_id,
    user_preference_embeddings.c.user_id,
)


@dataclass(frozen=True, slots=True)
class CustomerEvents:
    """Columns of equal length, in no order. ``customer`` is a code into ``user_ids``.

    ``id`` is the row's, ``kind`` a code of `EVENT_CODES`, ``at`` epoch milliseconds; ``quantity`` is 1 and ``price``
    NaN where unknown. Events of a session that turned out to be a customer's and that name no user are theirs.
    """

    user_ids: tuple[str, ...]
    customer: NDArray[np.int64]
    id: NDArray[np.int64]
    kind: NDArray[np.int8]
    at: NDArray[np.int64]
    quantity: NDArray[np.float64]
    price: NDArray[np.float64]
    product_id: list[str | None]
    order_id: list[str | None]


def next_customers(connection: Connection, after: str, limit: int) -> list[str]:
    """The first ``limit`` users with an id above ``after``: with events, sessions or anything made of them."""
    pages = [select(one).where(one > after).distinct().order_by(one).limit(limit).subquery() for one in _NAMED_IN]
    known = union(*(select(page.c.user_id) for page in pages)).subquery()
    return list(connection.execute(select(known.c.user_id).order_by(known.c.user_id).limit(limit)).scalars())


def count_customers(connection: Connection) -> int:
    """How many `next_customers` finds in all."""
    known = union(*(select(one).where(one.is_not(None)) for one in _NAMED_IN)).subquery()
    return connection.execute(select(func.count()).select_from(known)).scalar_one()


def read_customer_events(connection: Connection, user_ids: Sequence[str]) -> CustomerEvents:
    """What these users did; they follow each other as `next_customers` lists them.

    What was done before an erasure and came back with a file is left out.
    """
    columns = _Columns(read_erased(connection), {user_id: code for code, user_id in enumerate(user_ids)})
    for statement in _statements(user_ids[0], user_ids[-1]):
        for rows in connection.execute(statement.execution_options(yield_per=_ROWS_A_FETCH)).partitions():
            columns.add(rows)
    return columns.gathered(tuple(user_ids))


def _statements(first: str, last: str) -> Iterator[Select[Any]]:
    """Two, for each finds its rows by an index."""
    table = user_interactions.c
    read = (table.id, table.type, table.occurred_at, table.quantity, table.price, table.product_id, table.order_id)
    yield select(table.user_id, *read).where(_between(table.user_id, first, last))
    in_session = (sessions.c.session_id == table.session_id) & table.user_id.is_(None)
    yield (
        select(sessions.c.user_id, *read)
        .join_from(sessions, user_interactions, in_session)
        .where(_between(sessions.c.user_id, first, last))
    )


def _between(column: ColumnElement[Any], first: str, last: str) -> ColumnElement[bool]:
    return (column >= first) & (column <= last)


class _Columns:
    """Gathers rows part by part."""

    def __init__(self, erased: Erased, codes: dict[str, int]) -> None:
        self._erased, self._codes = erased, codes
        self._numbers: list[NDArray[np.float64]] = [np.empty((6, 0))]
        self._products: list[str | None] = []
        self._orders: list[str | None] = []

    def add(self, rows: Sequence[Any]) -> None:
        rows = [row for row in rows if row[3] > self._erased.when(row[0])] if self._erased else rows
        if not rows:
            return
        users, ids, types, at, quantities, prices, product_ids, order_ids = zip(*rows, strict=True)
        customer = [self._codes[user_id] for user_id in users]
        kinds = [EVENT_CODES[kind] for kind in types]
        counted = [1 if quantity is None else quantity for quantity in quantities]
        # None is NaN as a float; ids and milliseconds are exact below 2^53.
        self._numbers.append(np.array([customer, ids, kinds, at, counted, prices], dtype=np.float64))
        self._products += product_ids
        self._orders += order_ids

    def gathered(self, user_ids: tuple[str, ...]) -> CustomerEvents:
        customer, id, kind, at, quantity, price = np.concatenate(self._numbers, axis=1)
        return CustomerEvents(
            user_ids=user_ids,
            customer=customer.astype(np.int64),
            id=id.astype(np.int64),
            kind=kind.astype(np.int8),
            at=at.astype(np.int64),
            quantity=quantity,
            price=price,
            product_id=self._products,
            order_id=self._orders,
        )


def read_categories(connection: Connection) -> dict[str, str]:
    """Each product's category by external id; products without one are left out."""
    rows = connection.execute(
        select(products.c.external_product_id, products.c.category).where(products.c.category != "")
    )
    return {row.external_product_id: row.category for row in rows}
