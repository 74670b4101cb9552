"""What others may train on: events and products as they are stored, streamed in the order of their rows."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, func, select

from store.erasures import read_erased
from store.tables import customers, products, sessions, user_interactions

_ROWS_A_FETCH: Final = 1_000


class TrainingEvent(NamedTuple):
    """An event without what was written in free text. ``user_id`` is also the one that a session turned out to be."""

    user_id: str | None
    session_id: str | None
    personalization: bool | None
    """What the customer said; None where they never did, or nobody knows who it was."""
    product_id: str | None
    type: str
    occurred_at: int
    quantity: int | None
    price: float | None
    order_id: str | None
    position: int | None
    promotion_used: bool | None
    rating: float | None


def read_training_events(connection: Connection) -> Iterator[list[TrainingEvent]]:
    """Every event, some thousand at a time, but for those of who was erased that came back with a file."""
    erased = read_erased(connection)
    table = user_interactions.c
    user = func.coalesce(table.user_id, sessions.c.user_id)
    told = (table.product_id, table.type, table.occurred_at, table.quantity, table.price, table.order_id)
    more = (table.position, table.promotion_used, table.rating)
    joined = user_interactions.outerjoin(
        sessions, (sessions.c.session_id == table.session_id) & table.user_id.is_(None)
    ).outerjoin(customers, customers.c.user_id == user)
    columns = (user, table.session_id, customers.c.personalization, *told, *more)
    ordered = select(*columns).select_from(joined).order_by(table.id)
    for rows in connection.execute(ordered.execution_options(yield_per=_ROWS_A_FETCH)).partitions():
        events = [TrainingEvent._make(row) for row in rows]
        yield [one for one in events if one.occurred_at > erased.when(one.user_id or "")] if erased else events


def read_training_products(connection: Connection) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    """Every product, deleted ones too, some thousand at a time, by external id."""
    table = products.c
    told = (table.external_product_id, table.name, table.category, table.brand, table.description, table.price)
    columns = (*told, table.active, table.deleted_at, table.attributes)
    ordered = select(*columns).order_by(table.external_product_id)
    yield from connection.execute(ordered.execution_options(yield_per=_ROWS_A_FETCH)).partitions()


def count_events(connection: Connection) -> int:
    """How many events there are."""
    return int(connection.execute(select(func.count()).select_from(user_interactions)).scalar_one())
