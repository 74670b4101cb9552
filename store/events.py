"""Customer events: accepted durably and once, and read back as one customer's history."""

import json
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Engine, Row, select

from recommender.errors import InvalidInput
from recommender.events import EVENT_CODES, EventType
from recommender.reversals import REVERSALS, Line, reversed_rows
from store.attribution import credit, touches
from store.changes import ChangeKind, append_changes
from store.engine import insert_rows, writing
from store.errors import StoreUnavailable
from store.instants import now_ms, to_ms
from store.sessions import history_key as history_key  # what reads events asks for it here
from store.sessions import in_batches, owners_of, session_owner, sessions_of
from store.tables import user_interactions
from store.values import check_count, check_instant, check_price, check_text

GROUP_SIZE: Final = 1_000
"""Events that one commit holds at most, unless a single call brought more."""

QUEUE_SIZE: Final = 50_000
"""Events that wait for a commit at most; a call that comes then is refused, not queued."""

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


@dataclass(frozen=True)
class _Batch:
    rows: list[EventRow]
    done: Future[list[EventResult]] = field(default_factory=Future)


class EventWriter:
    """One thread that commits events in groups: while one commit is on its way to the disk, the next group gathers.

    A future is resolved only when its events survive power loss. Each transaction also appends a
    `ChangeKind.CUSTOMER` per key of `keys_to_forget`, and credits the recommendations that led to its events;
    ``committed`` gets those keys, in the writer's thread, before the futures are resolved. Use as a context manager,
    or call `close`.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        group_size: int = GROUP_SIZE,
        queue_size: int = QUEUE_SIZE,
        committed: Callable[[list[str]], None] = lambda keys: None,
    ) -> None:
        self._engine, self._group_size, self._queue_size = engine, group_size, queue_size
        self._committed = committed
        self._queue: deque[_Batch] = deque()
        self._queued = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="event-writer", daemon=True)
        self._thread.start()

    def submit(self, events: Sequence[Event]) -> Future[list[EventResult]]:
        """Queue events for the next commit, all in one transaction; never waits.

        The future holds one result per event, or fails with StoreUnavailable: the commit failed (nothing of the
        call was kept), the queue is full, or the writer is closed. Cancelling works until the commit begins.
        """
        received_at = now_ms()
        batch = _Batch([event_row(event, received_at) for event in events])
        with self._changed:
            refusal = self._refusal()
            if refusal is None:
                self._queue.append(batch)
                self._queued += len(batch.rows)
                self._changed.notify()
        if refusal is not None:
            batch.done.set_exception(StoreUnavailable(refusal))
        return batch.done

    def _refusal(self) -> str | None:
        if self._closed:
            return "the event writer is closed"
        return "too many events wait to be written" if self._queued >= self._queue_size else None

    def close(self) -> None:
        """Commit what is queued, refuse what comes after, and end the thread. Calling it again does nothing."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while group := self._next_group():
            started = [batch for batch in group if batch.done.set_running_or_notify_cancel()]
            self._commit(started)

    def _next_group(self) -> list[_Batch]:
        """Whole batches, at least one; empty only when closed and drained."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            group: list[_Batch] = []
            size = 0
            while self._queue and (not group or size + len(self._queue[0].rows) <= self._group_size):
                group.append(self._queue.popleft())
                size += len(group[-1].rows)
            self._queued -= size
            return group

    def _commit(self, group: Sequence[_Batch]) -> None:
        try:
            results = self._write([row for batch in group for row in batch.rows])
        except StoreUnavailable as error:
            for batch in group:
                batch.done.set_exception(error)
        except Exception as error:
            self._commit_apart(group, error)
        else:
            for batch in group:
                batch.done.set_result(list(islice(results, len(batch.rows))))

    def _commit_apart(self, group: Sequence[_Batch], error: Exception) -> None:
        # The database refused the content of some batch: that one's caller is told, the others are committed.
        if len(group) == 1:
            group[0].done.set_exception(error)
            return
        for batch in group:
            self._commit([batch])

    def _write(self, rows: Sequence[EventRow]) -> Iterator[EventResult]:
        with writing(self._engine) as connection:
            results = insert_events(connection, rows)
            accepted = [row for row, result in zip(rows, results, strict=True) if result is EventResult.ACCEPTED]
            credit(connection, touches((row.request_id, row.product_id, row.type) for row in accepted))
            keys = keys_to_forget(connection, accepted)
            append_changes(connection, ChangeKind.CUSTOMER, keys)
        self._committed(keys)
        return iter(results)


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


def read_history(
    connection: Connection, *, user_id: str | None, session_id: str | None, limit: int = 5_000
) -> HistoryRows:
    """The latest ``limit`` events of the user, or of the session, or of both, but for searches.

    Purchases that were refunded or cancelled are left out, and so is what took them back (`reversed_rows`).
    A user's sessions (`store.sessions.identify`) count for them, and so does a session that is named beside them,
    unless it was identified as somebody else; of a session, only events that name no user: another user's on a
    shared device do not. With neither, there are none.
    """
    rows = _latest_of(connection, user_id, session_id, user_interactions.c.type != EventType.SEARCH, limit)
    kept = _standing([*reversed(rows)], user_id)
    return HistoryRows(
        product_ids=tuple(row.product_id for row in kept),
        types=np.array([EVENT_CODES[row.type] for row in kept], dtype=np.int8),
        occurred_at=np.array([row.occurred_at for row in kept], dtype=np.float64) / 1000,
    )


def _latest_of(
    connection: Connection, user_id: str | None, session_id: str | None, wanted: ColumnElement[bool], limit: int
) -> Sequence[Row[Any]]:
    """The latest ``limit`` events of `read_history` that are ``wanted``, the newest first."""
    table = user_interactions.c
    if user_id is None:
        return () if session_id is None else _latest(connection, (table.session_id == session_id) & wanted, limit)
    visits = in_batches(_sessions(connection, user_id, session_id))
    theirs = [table.user_id == user_id, *(table.session_id.in_(some) & table.user_id.is_(None) for some in visits)]
    parts = [part for of in theirs if (part := _latest(connection, of & wanted, limit))]
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
    if not any(row.type in REVERSALS for row in rows):
        return rows
    gone = reversed_rows(as_line(row, user_id or row.user_id) for row in rows)
    return [row for row in rows if row.id not in gone and row.type not in REVERSALS]


LINE_COLUMNS: Final = tuple(
    user_interactions.c[name] for name in ("id", "user_id", "product_id", "type", "occurred_at", "quantity", "order_id")
)

_HISTORY_COLUMNS: Final = (*LINE_COLUMNS, user_interactions.c.query)


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


class Search(NamedTuple):
    """What somebody searched for, and when, in epoch seconds."""

    text: str
    at: float


def read_searches(
    connection: Connection, *, user_id: str | None, session_id: str | None = None, limit: int = 100
) -> list[Search]:
    """The latest searches of the user, the session or both, the newest first; whose they are as in `read_history`."""
    rows = _latest_of(connection, user_id, session_id, user_interactions.c.type == EventType.SEARCH, limit)
    return [Search(str(row.query), row.occurred_at / 1000) for row in rows]
