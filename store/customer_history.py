"""What one customer did, read back from their events: what still stands, and what they searched for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Row, select

from recommender.events import EVENT_CODES, EventType
from recommender.orders import order_moments
from recommender.reversals import REVERSALS, Line, reversed_rows
from store.sessions import in_batches, session_owner, sessions_of
from store.tables import user_interactions

HISTORY_EVENTS: Final = 5_000
"""So many of a customer's latest events are read, searches and refunds among them; replays read as many."""
NOT_IN_HISTORY: Final = frozenset({*REVERSALS, EventType.SEARCH})
"""Types of which the history itself shows nothing."""


@dataclass(frozen=True)
class HistoryRows:
    """One customer's events as columns of equal length, oldest first.

    ``product_ids`` are as the shop sent them, ``types`` are int8 codes of `recommender.events.EVENT_CODES`,
    ``occurred_at`` is float64 epoch seconds.
    """

    product_ids: tuple[str, ...]
    types: NDArray[np.int8]
    occurred_at: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.product_ids)


class Search(NamedTuple):
    """What somebody searched for, and when, in epoch seconds."""

    text: str
    at: float


class CustomerEvents(NamedTuple):
    """The latest events of one customer: searches, the newest first, and all others."""

    history: HistoryRows
    searches: list[Search]


def read_customer_events(
    connection: Connection, *, user_id: str | None, session_id: str | None, limit: int = HISTORY_EVENTS
) -> CustomerEvents:
    """The latest ``limit`` events of the user, or of the session, or of both.

    Purchases that were refunded or cancelled are left out, and so is what took them back (`reversed_rows`). The lines
    of an order have the moment of its first one (`order_moments`).
    A user's sessions (`store.sessions.identify`) count for them, and so does a session that is named beside them,
    unless it was identified as somebody else; of a session, only events that name no user: another user's on a
    shared device do not. With neither, there are none.
    """
    rows = _latest_of(connection, user_id, session_id, limit)
    searches = []
    if not NOT_IN_HISTORY.isdisjoint(_column(rows, "type")):  # rarely: most have but views and purchases
        searches = [Search(str(row.query), row.occurred_at / 1000) for row in rows if row.type == EventType.SEARCH]
        rows = _standing([row for row in rows if row.type != EventType.SEARCH], user_id)
    return CustomerEvents(_as_columns(rows[::-1]), searches)


def read_history(
    connection: Connection, *, user_id: str | None, session_id: str | None, limit: int = HISTORY_EVENTS
) -> HistoryRows:
    """`read_customer_events` without the searches; they count for the limit."""
    return read_customer_events(connection, user_id=user_id, session_id=session_id, limit=limit).history


def _as_columns(rows: Sequence[Row[Any]]) -> HistoryRows:
    types = np.array([EVENT_CODES[one] for one in _column(rows, "type")], dtype=np.int8)
    at = np.array(_column(rows, "occurred_at"), dtype=np.float64) / 1000
    history = HistoryRows(tuple(_column(rows, "product_id")), types, at)
    orders = _column(rows, "order_id")
    placed = {*zip(orders, _column(rows, "occurred_at"), strict=True)}
    sent_apart = sum(order is not None for order, _ in placed) > len({*orders} - {None})
    return _in_baskets(history, orders) if sent_apart else history  # rarely: most shops send an order at once


def _in_baskets(history: HistoryRows, orders: Sequence[str | None]) -> HistoryRows:
    """The lines of each order at its first one's moment."""
    codes: dict[str | None, int] = {None: -1}
    order = np.array([codes.setdefault(one, len(codes)) for one in orders])
    order = np.where(history.types == _PURCHASE, order, -1)
    at = order_moments(np.zeros(len(order), dtype=np.int64), order, history.occurred_at)
    if np.array_equal(at, history.occurred_at):
        return history
    places = np.argsort(at, kind="stable")
    products = tuple(history.product_ids[place] for place in places.tolist())
    return HistoryRows(products, history.types[places], at[places])


def _column(rows: Sequence[Row[Any]], name: str) -> list[Any]:
    """By its place: a customer has hundreds of rows, and asking each by name takes ten times as long."""
    place = _HISTORY_NAMES.index(name)
    return [row[place] for row in rows]


def _latest_of(connection: Connection, user_id: str | None, session_id: str | None, limit: int) -> Sequence[Row[Any]]:
    """The latest ``limit`` events of `read_customer_events`, the newest first."""
    table = user_interactions.c
    if user_id is None:
        return () if session_id is None else _latest(connection, table.session_id == session_id, limit)
    visits = in_batches(_sessions(connection, user_id, session_id))
    theirs = [table.user_id == user_id, *(table.session_id.in_(some) & table.user_id.is_(None) for some in visits)]
    parts = [part for of in theirs if (part := _latest(connection, of, limit))]
    if len(parts) <= 1:
        return parts[0] if parts else ()
    rows = [row for part in parts for row in part]
    return sorted(rows, key=lambda row: (row.occurred_at, row.id), reverse=True)[:limit]


def _sessions(connection: Connection, user_id: str, session_id: str | None) -> Collection[str]:
    """The sessions whose events without a user are this user's, with the one that is going on."""
    known = dict.fromkeys(sessions_of(connection, user_id))
    if session_id is not None and session_owner(connection, session_id) in (None, user_id):
        known[session_id] = None
    return known


def _standing(rows: Sequence[Row[Any]], user_id: str | None) -> Sequence[Row[Any]]:
    """The rows without purchases that were taken back, and without what took them back."""
    gone = reversed_rows(as_line(row, user_id or row.user_id) for row in rows)
    return [row for row in rows if row.id not in gone and row.type not in REVERSALS]


_PURCHASE: Final = EVENT_CODES[EventType.PURCHASE]
_LINE_NAMES: Final = ("id", "user_id", "product_id", "type", "occurred_at", "quantity", "order_id")
_HISTORY_NAMES: Final = (*_LINE_NAMES, "query")

LINE_COLUMNS: Final = tuple(user_interactions.c[name] for name in _LINE_NAMES)
_HISTORY_COLUMNS: Final = tuple(user_interactions.c[name] for name in _HISTORY_NAMES)


def as_line(row: Row[Any], customer: str | None) -> Line:
    """A row of `LINE_COLUMNS` as what was bought, or taken back, by the customer."""
    return Line(
        row=row.id,
        customer=customer,
        product=row.product_id,
        type=EventType(row.type),
        at=row.occurred_at,
        quantity=row.quantity,
        order=row.order_id,
    )


def _latest(connection: Connection, of: ColumnElement[bool], limit: int) -> Sequence[Row[Any]]:
    table = user_interactions.c
    newest = select(*_HISTORY_COLUMNS).where(of).order_by(table.occurred_at.desc(), table.id.desc())
    return connection.execute(newest.limit(limit)).all()
