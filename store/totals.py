"""What is kept of events that were older than the shop keeps them: figures by day, product and type."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from recommender.events import EventType
from store.local_days import day_of
from store.tables import interaction_totals, user_interactions

_PAID: Final = (EventType.PURCHASE, EventType.REFUND)
_SUMS: Final = ("events", "quantity", "revenue")
_KEY: Final = ("day", "product_id", "type")


def events_before(connection: Connection, before_ms: int) -> NDArray[np.int64]:
    """Row ids of the events that happened earlier, ascending. Reads the whole table, and holds up no writer."""
    table = user_interactions.c
    ids = connection.execute(select(table.id).where(table.occurred_at < before_ms).order_by(table.id)).scalars()
    return np.fromiter(ids.yield_per(1_000), dtype=np.int64)


def retire_events(connection: Connection, ids: Sequence[int], zone: ZoneInfo) -> int:
    """Add events to the totals and remove them, in the caller's transaction; returns how many there still were.

    ``quantity`` counts an event without one as 1. ``revenue`` is what was paid, or for refunds paid back, where a
    price is known. Events of no product (searches, cancelled orders) are counted under an empty product id.
    """
    table = user_interactions.c
    columns = (table.product_id, table.type, table.occurred_at, table.quantity, table.price)
    rows = connection.execute(select(*columns).where(table.id.in_(ids))).all()
    _add(connection, rows, zone)
    connection.execute(delete(user_interactions).where(table.id.in_(ids)))
    return len(rows)


def _add(connection: Connection, rows: Iterable[Row[*tuple[Any, ...]]], zone: ZoneInfo) -> None:
    sums: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0, 0, 0.0])
    for row in rows:
        quantity = 1 if row.quantity is None else row.quantity
        paid = quantity * row.price if row.type in _PAID and row.price is not None else 0.0
        total = sums[day_of(row.occurred_at, zone), row.product_id or "", row.type]
        for place, value in enumerate((1, quantity, paid)):
            total[place] += value
    if sums:
        connection.execute(
            _adding(connection), [dict(zip(_KEY + _SUMS, (*k, *v), strict=True)) for k, v in sums.items()]
        )


def _adding(connection: Connection) -> sqlite.Insert | postgresql.Insert:
    statement = (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(interaction_totals)
    sums = {name: interaction_totals.c[name] + statement.excluded[name] for name in _SUMS}
    return statement.on_conflict_do_update(index_elements=_KEY, set_=sums)
