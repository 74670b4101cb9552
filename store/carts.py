"""`cart_abandonments`: read from events, written once each."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, literal, select, update

from recommender.carts import CartEvent, LeftCart
from recommender.events import EventType
from store.instants import now_ms
from store.sessions import history_key
from store.tables import cart_abandonments, products, sessions, user_interactions

_ROWS_A_FETCH: Final = 1_000
_IDS_A_QUERY: Final = 1_000
_CART: Final = (EventType.CART_ADD, EventType.CART_REMOVE)

CartEvents = Mapping[str, Sequence[CartEvent]]
"""By customer key (`store.sessions.history_key`), each customer's ascending in time."""


@dataclass(frozen=True, slots=True)
class Abandonment:
    """A row of the table that nobody has recovered yet; ``abandoned_at`` is in epoch milliseconds."""

    id: int
    customer_key: str
    abandoned_at: int
    products: tuple[str, ...]


def read_cart_events(connection: Connection, since_ms: int) -> CartEvents:
    """What was put in, taken out and bought from then on by everyone who used a cart since.

    Events of a session that turned out to be a user's count for the user.
    """
    found: dict[str, list[CartEvent]] = defaultdict(list)
    for key, event in _read(connection, user_interactions.c.type.in_(_CART), since_ms):
        found[key].append(event)
    for key, event in _read(connection, user_interactions.c.type == str(EventType.PURCHASE), since_ms):
        if key in found:
            found[key].append(event)
    for events in found.values():
        events.sort(key=lambda one: one.at)
    return found


def _read(connection: Connection, which: ColumnElement[bool], since_ms: int) -> Iterator[tuple[str, CartEvent]]:
    table = user_interactions.c
    user = func.coalesce(table.user_id, sessions.c.user_id)
    columns = (user, table.session_id, table.product_id, table.type, table.occurred_at, table.quantity, table.price)
    joined = user_interactions.outerjoin(sessions, sessions.c.session_id == table.session_id)
    query = select(*columns).select_from(joined).where(which, table.occurred_at >= since_ms)
    ordered = query.order_by(table.occurred_at, table.id).execution_options(yield_per=_ROWS_A_FETCH)
    for user_id, session_id, product, kind, at, quantity, price in connection.execute(ordered):
        event = CartEvent(product=product, type=EventType(kind), at=at, quantity=quantity, price=price)
        yield history_key(user_id, session_id), event


def adopt_sessions(connection: Connection) -> None:
    """Rows of sessions that turned out to be a user's become the user's, but for those that the user has already."""
    table = cart_abandonments.c
    own_key = literal("session:") + sessions.c.session_id == table.customer_key
    rows = connection.execute(
        select(table.id, table.abandoned_at, sessions.c.user_id).join_from(cart_abandonments, sessions, own_key)
    )
    for row_id, at, user_id in rows.all():
        key, this = history_key(user_id, None), table.id == row_id
        same = select(table.id).where(table.customer_key == key, table.abandoned_at == at)
        if connection.execute(same).first():
            connection.execute(delete(cart_abandonments).where(this))
        else:
            connection.execute(update(cart_abandonments).where(this).values(customer_key=key))


def read_prices(connection: Connection, product_ids: Iterable[str]) -> dict[str, float]:
    """The catalog's prices by external id, where it has one."""
    remaining, found = iter(dict.fromkeys(product_ids)), dict[str, float]()
    while ids := list(islice(remaining, _IDS_A_QUERY)):
        known = (products.c.external_product_id.in_(ids), products.c.price.is_not(None))
        rows = connection.execute(select(products.c.external_product_id, products.c.price).where(*known))
        found.update((row.external_product_id, row.price) for row in rows)
    return found


def stored_since(connection: Connection, since_ms: int) -> set[tuple[str, int]]:
    """Customer key and instant of every row from then on."""
    table = cart_abandonments.c
    rows = connection.execute(select(table.customer_key, table.abandoned_at).where(table.abandoned_at >= since_ms))
    return {(row.customer_key, row.abandoned_at) for row in rows}


def insert_abandonments(connection: Connection, carts: Collection[tuple[str, LeftCart]]) -> None:
    """Store carts by customer key; the caller has left out what `stored_since` knows."""
    rows = [_row(key, cart) for key, cart in carts]
    if rows:
        connection.execute(insert(cart_abandonments), rows)


def _row(key: str, cart: LeftCart) -> dict[str, Any]:
    lines = [
        {"product_id": product, "quantity": line.quantity, "price": line.price} for product, line in cart.lines.items()
    ]
    return {
        "customer_key": key,
        "abandoned_at": cart.at,
        "products": lines,
        "value": cart.value,
        "detected_at": now_ms(),
    }


def read_unrecovered(connection: Connection, since_ms: int) -> list[Abandonment]:
    """Carts left from then on that nobody has recovered."""
    table = cart_abandonments.c
    rows = connection.execute(
        select(cart_abandonments).where(table.recovered_at.is_(None), table.abandoned_at >= since_ms)
    )
    return [
        Abandonment(row.id, row.customer_key, row.abandoned_at, tuple(line["product_id"] for line in row.products))
        for row in rows
    ]


def mark_recovered(connection: Connection, row_id: int, at_ms: int) -> None:
    """Say when a cart's customer came back and bought something of it."""
    connection.execute(update(cart_abandonments).where(cart_abandonments.c.id == row_id).values(recovered_at=at_ms))
