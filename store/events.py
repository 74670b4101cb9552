"""Customer events: what one is, and each stored once."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from recommender.errors import InvalidInput
from recommender.events import EventType
from store.engine import insert_rows
from store.instants import to_ms
from store.sessions import history_key, owners_of
from store.tables import user_interactions
from store.values import check_count, check_instant, check_price, check_text

METADATA_BYTES: Final = 4_096
"""Of an event's metadata as JSON in UTF-8 without spaces: enough for a page's details, not for a page."""

_IDS_A_QUERY: Final = 1_000  # well below the 32,766 parameters that a statement of SQLite may have


class EventResult(StrEnum):
    """What became of one event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """Stored before with the same ``event_id`` and content; nothing was written."""
    CONFLICT = "conflict"
    """Another event is stored under this ``event_id``; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a customer did with a product, or with a whole order. Every event that can be made can be stored.

    ``occurred_at`` is in epoch seconds, kept to the millisecond; None is the moment the store receives it.
    ``metadata`` is kept as its JSON says it, at most `METADATA_BYTES` of it. Raises InvalidInput where a value cannot
    be stored, where neither user nor session is named, for a quantity below 1, a negative price, a purchase at price
    0, a cancellation without an order, a search without a query or with a product, a query of anything else, or any
    other event without a product.
    """

    product_id: str | None = None
    type: EventType
    user_id: str | None = None
    session_id: str | None = None
    occurred_at: float | None = None
    event_id: str | None = None
    quantity: int | None = None
    price: float | None = None
    order_id: str | None = None
    metadata: Mapping[str, object] | None = None
    request_id: str | None = None
    position: int | None = None
    query: str | None = None

    def __post_init__(self) -> None:
        cancels, searches = self.type is EventType.CANCEL, self.type is EventType.SEARCH
        check_text("product_id", self.product_id, required=self.product_id is not None or not (cancels or searches))
        check_text("query", self.query, required=searches)
        for name in ("product_id",) if searches else ("query",):
            if getattr(self, name) is not None:
                raise InvalidInput(name, getattr(self, name), f"cannot be of an event of type {self.type}")
        check_text("user_id", self.user_id, required=self.session_id is None)
        for name in ("session_id", "event_id", "order_id", "request_id"):
            value = getattr(self, name)
            check_text(name, value, required=value is not None or (cancels and name == "order_id"))
        check_instant("occurred_at", self.occurred_at)
        check_count("quantity", self.quantity, least=1)
        check_count("position", self.position, least=0)
        check_price("price", self.price, positive=self.type is EventType.PURCHASE)
        if self.metadata is not None:
            object.__setattr__(self, "metadata", _as_json_says(self.metadata))


def _as_json_says(metadata: Mapping[str, object]) -> Mapping[str, object]:
    try:
        text = json.dumps(dict(metadata), allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        said: dict[str, object] = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        # The type alone: the value that JSON cannot write may be one that cannot be printed either.
        raise InvalidInput("metadata", type(metadata).__name__, f"cannot be written as JSON: {error}") from error
    size = len(text.encode(errors="surrogatepass"))  # half a character can be named in JSON, and is three bytes
    if size > METADATA_BYTES:
        raise InvalidInput("metadata", f"{size} bytes", f"must be at most {METADATA_BYTES} bytes of JSON")
    return said


class EventRow(NamedTuple):
    """An event in the order and units of the table; see `Event`. Instants are epoch milliseconds."""

    event_id: str | None
    user_id: str | None
    session_id: str | None
    product_id: str | None
    type: str
    occurred_at: int
    quantity: int | None
    price: float | None
    order_id: str | None
    metadata: Mapping[str, object] | None
    request_id: str | None
    position: int | None
    query: str | None
    received_at: int


def event_row(event: Event, received_at: int) -> EventRow:
    """The row of an event that arrived at ``received_at``, in epoch milliseconds."""
    return EventRow(
        event_id=event.event_id,
        user_id=event.user_id,
        session_id=event.session_id,
        product_id=event.product_id,
        type=str(event.type),
        occurred_at=received_at if event.occurred_at is None else to_ms(event.occurred_at),
        quantity=event.quantity,
        price=event.price,
        order_id=event.order_id,
        metadata=event.metadata,
        request_id=event.request_id,
        position=event.position,
        query=event.query,
        received_at=received_at,
    )


def insert_events(connection: Connection, rows: Sequence[EventRow]) -> list[EventResult]:
    """Store events, each ``event_id`` once; the results are in the order of ``rows``. Announces nothing."""
    known = _stored_events(connection, {row.event_id for row in rows if row.event_id is not None})
    fresh: list[EventRow] = []
    results: list[EventResult] = []
    for row in rows:
        earlier = None if row.event_id is None else known.get(row.event_id)
        if earlier is not None:
            results.append(EventResult.DUPLICATE if _says_the_same(row, earlier) else EventResult.CONFLICT)
            continue
        if row.event_id is not None:
            known[row.event_id] = row
        fresh.append(row)
        results.append(EventResult.ACCEPTED)
    insert_rows(connection, user_interactions, EventRow._fields, fresh)
    return results


def _stored_events(connection: Connection, event_ids: Collection[str]) -> dict[str, EventRow]:
    columns = [user_interactions.c[name] for name in EventRow._fields]
    remaining, found = iter(event_ids), {}
    while batch := list(islice(remaining, _IDS_A_QUERY)):
        query = select(*columns).where(user_interactions.c.event_id.in_(batch))
        found.update({row.event_id: EventRow._make(row) for row in connection.execute(query)})
    return found


def _says_the_same(repeated: EventRow, earlier: EventRow) -> bool:
    # An event without a time of its own happened when it was received, and a retry is received later.
    timeless = repeated.occurred_at == repeated.received_at
    occurred_at = earlier.occurred_at if timeless else repeated.occurred_at
    return repeated._replace(occurred_at=occurred_at, received_at=earlier.received_at) == earlier


def customer_keys(rows: Iterable[EventRow]) -> list[str]:
    """The distinct keys of the histories that these events belong to: an event of a user in a session has two."""
    keys: dict[str, None] = {}
    for row in rows:
        if row.user_id is not None:
            keys[history_key(row.user_id, None)] = None
        if row.session_id is not None:
            keys[history_key(None, row.session_id)] = None
    return list(keys)


def keys_to_forget(connection: Connection, rows: Collection[EventRow]) -> list[str]:
    """`customer_keys`, and those of the customers that sessions of events without a user were identified as."""
    anonymous = {row.session_id for row in rows if row.user_id is None and row.session_id is not None}
    owners = (history_key(owner, None) for owner in owners_of(connection, anonymous))
    return list(dict.fromkeys([*customer_keys(rows), *owners]))
