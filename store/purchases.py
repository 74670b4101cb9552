"""Purchases as columns, for training."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, case, func, select, true

from recommender.events import EventType
from recommender.orders import order_moments
from recommender.reversals import REVERSALS, Line, reversed_rows
from store.codes import Codes
from store.customer_history import LINE_COLUMNS, as_line
from store.erasures import read_erased
from store.instants import to_ms
from store.sessions import guest_key, guest_session, in_batches
from store.tables import sessions, user_interactions

_ROWS_A_FETCH: Final = 1_000  # rows that stay in the processor's cache: 2 s for 1.47 M rows, 4 s with 50,000

WITH_SESSIONS: Final = user_interactions.outerjoin(
    sessions,
    (sessions.c.session_id == user_interactions.c.session_id) & user_interactions.c.user_id.is_(None),
)
"""Events, those that name no user beside whose session it was."""

CUSTOMER: Final = func.coalesce(user_interactions.c.user_id, sessions.c.user_id).label("customer")
"""Of `WITH_SESSIONS`: the user whose event it is; null where nobody knows."""

VISIT: Final = case((CUSTOMER.element.is_(None), user_interactions.c.session_id)).label("visit")
"""Of `WITH_SESSIONS`: the session, where nobody knows whose it was."""


@dataclass(frozen=True)
class Purchases:
    """Purchases as columns of equal length, ascending in time.

    ``user`` and ``item`` are int32 codes into ``user_ids`` (guests by `guest_key`) and ``item_ids`` (external product
    ids), which are sorted; ``occurred_at`` is float64 epoch seconds, and so is ``gone_at``: when nothing was left of
    it, infinite while it stands. Purchases at the same instant are ordered by user, then item, so the columns do not
    depend on the order in which rows came into the store.
    """

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    occurred_at: NDArray[np.float64]
    gone_at: NDArray[np.float64]
    user_ids: tuple[str, ...]
    item_ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.user)

    @cached_property
    def data_hash(self) -> str:
        """sha256 over the columns: equal for equal purchases, on any machine."""
        digest = hashlib.sha256(json.dumps([self.user_ids, self.item_ids]).encode())
        digest.update(self.user.astype("<i4").tobytes())
        digest.update(self.item.astype("<i4").tobytes())
        digest.update(self.occurred_at.astype("<f8").tobytes())
        digest.update(self.gone_at.astype("<f8").tobytes())
        return digest.hexdigest()


def read_purchases(
    connection: Connection,
    *,
    before: float | None = None,
    since: float | None = None,
    guests: bool = False,
    taken_back: bool = False,
) -> Purchases:
    """Purchases of users, from ``since`` on and earlier than ``before`` (epoch seconds).

    A purchase without a user is of the one that its session was identified as. Where it was not, the session is a
    customer of its own with ``guests``, and left out without.
    What a customer did up to the moment in which they were erased is left out, should it have come back with a file;
    so is what came back of the sessions that were theirs.
    Those that were refunded or cancelled earlier than ``before`` are left out, unless they are asked for with
    ``taken_back``; what comes later is not known yet.
    The lines of an order are at the moment of its first one (`order_moments`): that makes them one basket.
    """
    table = user_interactions.c
    columns = (CUSTOMER, VISIT, table.product_id, table.occurred_at, table.id, table.order_id)
    query = select(*columns).select_from(WITH_SESSIONS)
    query = query.where(table.type == str(EventType.PURCHASE), _earlier_than(before))
    if not guests:
        query = query.where(CUSTOMER.is_not(None))
    if since is not None:
        query = query.where(table.occurred_at >= to_ms(since))
    gone, erased = _taken_back(connection, before), read_erased(connection)
    users, items, orders = Codes(), Codes(), Codes()
    instants: list[NDArray[np.int64]] = []
    gone_at: list[NDArray[np.float64]] = []
    for part in connection.execute(query.execution_options(yield_per=_ROWS_A_FETCH)).partitions():
        rows = [row for row in part if row[4] not in gone] if gone and not taken_back else part
        rows = [row for row in rows if row[3] > erased.when(customer_of(row[0], row[1]))] if erased else rows
        if not rows:
            continue
        user_ids, visits, item_ids, occurred_at, ids, order_ids = zip(*rows, strict=True)
        users.add(map(customer_of, user_ids, visits))
        items.add(item_ids)
        orders.add(order_ids)
        instants.append(np.array(occurred_at, dtype=np.int64))
        gone_at.append(_moments(gone, ids))
    return _in_order(
        users, items, orders, np.concatenate([np.empty(0), *instants]) / 1000, np.concatenate([np.empty(0), *gone_at])
    )


def customer_of(user_id: str | None, visit: str) -> str:
    """Who a row of `CUSTOMER` and `VISIT` is of, in one word."""
    return guest_key(visit) if user_id is None else user_id


def _earlier_than(before: float | None) -> ColumnElement[bool]:
    return true() if before is None else user_interactions.c.occurred_at < to_ms(before)


def _moments(gone: Mapping[int, float], ids: Sequence[int]) -> NDArray[np.float64]:
    if not gone:
        return np.full(len(ids), np.inf)
    return np.array([gone.get(id, np.inf) for id in ids]) / 1000


def _taken_back(connection: Connection, before: float | None) -> dict[int, float]:
    """Ids of purchases of which nothing is left, and since when (epoch milliseconds).

    Only customers who took something back are looked at.
    """
    table = user_interactions.c
    took_back = table.type.in_(REVERSALS) & _earlier_than(before)
    who = select(CUSTOMER, VISIT).select_from(WITH_SESSIONS).where(took_back).distinct()
    customers = [customer_of(user_id, visit) for user_id, visit in connection.execute(who)]
    gone: dict[int, float] = {}
    for some in in_batches(customers):
        gone |= reversed_rows(_lines(connection, some, before))
    return gone


def _lines(connection: Connection, customers: list[str], before: float | None) -> Iterator[Line]:
    """What these customers bought and took back. Several statements, for each finds its rows by an index."""
    table = user_interactions.c
    columns: tuple[ColumnElement[Any], ...] = (*LINE_COLUMNS, CUSTOMER, VISIT)
    lines = select(*columns).select_from(WITH_SESSIONS)
    lines = lines.where(table.type.in_((EventType.PURCHASE, *REVERSALS)), _earlier_than(before))
    guests = [visit for one in customers if (visit := guest_session(one)) is not None]
    users = [one for one in customers if guest_session(one) is None]
    in_sessions = sessions.c.user_id.in_(users) & table.user_id.is_(None)
    as_guests = table.session_id.in_(guests) & CUSTOMER.is_(None)
    for theirs in (table.user_id.in_(users), in_sessions, as_guests):
        for row in connection.execute(lines.where(theirs)):
            yield as_line(row, customer_of(row.customer, row.visit))


def _in_order(
    users: Codes, items: Codes, orders: Codes, instants: NDArray[np.float64], gone_at: NDArray[np.float64]
) -> Purchases:
    user, user_ids = users.sorted()
    item, item_ids = items.sorted()
    at = order_moments(user, orders.sorted()[0], instants)
    order = np.lexsort((gone_at, item, user, at))
    return Purchases(
        user=user[order],
        item=item[order],
        occurred_at=at[order],
        gone_at=gone_at[order],
        user_ids=user_ids,
        item_ids=item_ids,
    )


def reversed_purchases(connection: Connection) -> set[int]:
    """Row ids of all purchases, of users and of guests, of which nothing is left, as far as is known now."""
    return set(_taken_back(connection, None))
