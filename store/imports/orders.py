"""Lines of orders: purchases with what seed 003's purchase history knows of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from recommender.events import EventType
from store.events import EventResult, EventRow, insert_events
from store.imports.columns import as_flag, as_number, as_series, as_text
from store.imports.rejects import Reject
from store.imports.rows import Check, Checked, event_columns, first_failures, lines_kept
from store.imports.source_files import RawChunk
from store.tables import user_interactions

ORDER_COLUMNS: Final = (
    "order_id",
    "user_id",
    "session_id",
    "product_id",
    "occurred_at",
    "quantity",
    "unit_price",
    "promotion_used",
    "rating",
    "review",
    "store_location",
    "event_id",
)

BEST_RATING: Final = 100.0


class Details(NamedTuple):
    """What an order's line says beyond an event; None is unknown."""

    promotion_used: bool | None
    rating: float | None
    review: str | None
    store_location: str | None


class OrderLine(NamedTuple):
    """One product of one order."""

    event: EventRow
    details: Details


def check_orders(chunk: RawChunk, *, shift_ms: int, received_at: int) -> Checked[OrderLine]:
    """The chunk's lines. One without an ``event_id`` is told apart by its order and product."""
    events = _as_events(chunk)
    columns = event_columns(events)
    series = {name: as_series(chunk.columns.get(name), len(chunk.lines)) for name in Details._fields}
    flag, rating = as_flag(series["promotion_used"]), as_number(series["rating"])
    review, location = as_text(series["review"]), as_text(series["store_location"])
    own = [
        Check("order_id", columns.text["order_id"].missing, "is missing"),
        Check("promotion_used", flag.unusable, "must be true or false"),
        Check(
            "rating",
            rating.unusable | (rating.values < 0) | (rating.values > BEST_RATING),
            f"must be a number from 0 to {BEST_RATING:.0f}",
        ),
        Check("review", review.unusable, "contains a NUL character"),
        Check("store_location", location.unusable, "contains a NUL character"),
    ]
    rejects, keep = first_failures(events, [*columns.checks(), *own])
    details = zip(
        [None if value != value else bool(value) for value in flag.values[keep].tolist()],
        [None if value != value else value for value in rating.values[keep].tolist()],
        review.values[keep].tolist(),
        location.values[keep].tolist(),
        strict=True,
    )
    rows = columns.rows(keep, shift_ms, received_at)
    lines = [OrderLine(_identified(row), Details(*said)) for row, said in zip(rows, details, strict=True)]
    return Checked(lines, lines_kept(chunk, keep), [_in_our_words(reject) for reject in rejects])


def _as_events(chunk: RawChunk) -> RawChunk:
    columns = {name: column for name, column in chunk.columns.items() if name in ORDER_COLUMNS}
    bought = {"type": [str(EventType.PURCHASE)] * len(chunk.lines), "price": chunk.columns.get("unit_price")}
    return replace(chunk, columns=columns | bought)


def _in_our_words(reject: Reject) -> Reject:
    return replace(reject, field="unit_price") if reject.field == "price" else reject


def _identified(row: EventRow) -> EventRow:
    return row if row.event_id is not None else row._replace(event_id=f"order:{row.order_id}:{row.product_id}")


def write_orders(connection: Connection, lines: Sequence[OrderLine]) -> list[EventResult]:
    """Store lines, each once. One that is known takes the details it has now: a rating comes after the purchase.

    A line whose details changed is ACCEPTED. Announces nothing.
    """
    results = insert_events(connection, [line.event for line in lines])
    known = [line for line, result in zip(lines, results, strict=True) if result is EventResult.DUPLICATE]
    stored = _stored_details(connection, [str(line.event.event_id) for line in known])
    changed: dict[str, Details] = {}
    for place, line in enumerate(lines):
        event_id = str(line.event.event_id)
        if results[place] is EventResult.ACCEPTED and any(value is not None for value in line.details):
            changed[event_id] = line.details
        elif results[place] is EventResult.DUPLICATE and stored.get(event_id) not in (None, line.details):
            changed[event_id] = line.details
            results[place] = EventResult.ACCEPTED
    _set_details(connection, changed)
    return results


def _stored_details(connection: Connection, event_ids: Sequence[str]) -> dict[str, Details]:
    columns = [user_interactions.c[name] for name in ("event_id", *Details._fields)]
    found: dict[str, Details] = {}
    for start in range(0, len(event_ids), 1_000):
        query = select(*columns).where(user_interactions.c.event_id.in_(event_ids[start : start + 1_000]))
        found |= {event_id: Details(*details) for event_id, *details in connection.execute(query)}
    return found


def _set_details(connection: Connection, changed: Mapping[str, Details]) -> None:
    if changed:
        one = update(user_interactions).where(user_interactions.c.event_id == bindparam("of"))
        values: dict[str, BindParameter[Any]] = {name: bindparam(f"new_{name}") for name in Details._fields}
        rows = [
            {"of": event_id} | {f"new_{name}": value for name, value in details._asdict().items()}
            for event_id, details in changed.items()
        ]
        connection.execute(one.values(**values), rows)
