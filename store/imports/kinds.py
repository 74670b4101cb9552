"""What a shop's rows can be of: for each kind, which columns it has, how rows are checked, and how they are written."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Connection

from recommender.errors import InvalidInput
from store.catalog import Product, upsert_products, write_products
from store.changes import ChangeKind, append_changes
from store.events import EventResult, EventRow, customer_keys, insert_events
from store.imports.customers import (
    CUSTOMER_COLUMNS,
    HEALTH_COLUMNS,
    StatedCustomer,
    WrittenCustomers,
    check_customers,
    write_customers,
)
from store.imports.orders import ORDER_COLUMNS, OrderLine, check_orders, write_orders
from store.imports.rejects import Reject
from store.imports.rows import EVENT_COLUMNS, Checked, check_events, check_products
from store.imports.source_files import RawChunk, SourceFile
from store.instants import now_ms
from store.products import stored_products
from store.sessions import history_key

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of checked rows: how many were new to the store, and which were not loaded."""

    written: int
    rejects: Sequence[Reject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Row]):
    """``check`` gets the milliseconds by which instants move forward; it needs no database, and no lock is held."""

    required: tuple[tuple[str, ...], ...]
    """Of each group, a source needs at least one column."""
    columns: tuple[str, ...] | None
    """The columns that are read; None where every column is."""
    check: Callable[[RawChunk, int], Checked[Row]]
    write: Callable[[Connection, Checked[Row]], Outcome]
    """Announces nothing: for a file's many rows."""
    merge: Callable[[Connection, Checked[Row], Collection[str]], Outcome]
    """For a few rows of a source that has these columns: writes what differs, and announces each of it."""
    announced: ChangeKind
    """Tells other processes to read everything of this kind again."""


def kind_named(name: str) -> Kind[Any]:
    """Raises InvalidInput for a name that is not a kind's."""
    if name not in KINDS:
        raise InvalidInput("kind", name, f"must be one of {', '.join(KINDS)}")
    return KINDS[name]


def require_columns(names: Collection[str] | None, kind: Kind[Any], where: str) -> None:
    """Raises InvalidInput if no row can be loaded for want of a column; ``names`` of None are not known yet."""
    if names is None:
        return
    for group in kind.required:
        if not set(group) & set(names):
            raise InvalidInput(group[0], ", ".join(names), f"{where} has no column {' or '.join(group)}")


def ignored_columns(source: SourceFile, kind: Kind[Any]) -> tuple[str, ...]:
    """The file's columns that the import does not read."""
    if kind.columns is None:
        return ()
    return tuple(name for name in source.columns or () if name not in kind.columns)


def _check_products(chunk: RawChunk, _: int) -> Checked[Product]:
    return check_products(chunk)


def _write_products(connection: Connection, checked: Checked[Product]) -> Outcome:
    write_products(connection, checked.accepted)
    return Outcome(len(checked.accepted), checked.rejects)


_PRODUCT_FIELDS: Final = (
    "category",
    "brand",
    "description",
    "price",
    "image_url",
    "stock",
    "active",
    "created_at",
    "variants",
)
"""Columns of a product that are called as its fields and that a source need not have."""


def _merge_products(connection: Connection, checked: Checked[Product], columns: Collection[str]) -> Outcome:
    """What the source has no column for stays as it was set otherwise, such as a stock sent over HTTP."""
    stored = stored_products(connection, [product.external_id for product in checked.accepted])
    unsaid = [name for name in _PRODUCT_FIELDS if name not in columns]
    changed = []
    for product in checked.accepted:
        before = stored.get(product.external_id)
        merged = product if before is None else replace(product, **{name: getattr(before, name) for name in unsaid})
        if merged != before:
            changed.append(merged)
    upsert_products(connection, changed)
    return Outcome(len(changed), checked.rejects)


def _check_events(chunk: RawChunk, shift_ms: int) -> Checked[EventRow]:
    return check_events(chunk, shift_ms=shift_ms, received_at=now_ms())


def _write_events(connection: Connection, checked: Checked[EventRow]) -> Outcome:
    return _event_outcome(checked, insert_events(connection, checked.accepted))


def _merge_events(connection: Connection, checked: Checked[EventRow], _: Collection[str]) -> Outcome:
    results = insert_events(connection, checked.accepted)
    _announce_customers(connection, checked, results)
    return _event_outcome(checked, results)


def _announce_customers(connection: Connection, checked: Checked[EventRow], results: Sequence[EventResult]) -> None:
    new = [row for row, result in zip(checked.accepted, results, strict=True) if result is EventResult.ACCEPTED]
    append_changes(connection, ChangeKind.CUSTOMER, customer_keys(new))


def _event_outcome(checked: Checked[EventRow], results: Sequence[EventResult]) -> Outcome:
    conflicts = [
        Reject(line, "event_id", row.event_id, "is the id of another event in the store")
        for row, line, result in zip(checked.accepted, checked.lines, results, strict=True)
        if result is EventResult.CONFLICT
    ]
    rejects = sorted([*checked.rejects, *conflicts], key=lambda reject: reject.line)
    return Outcome(results.count(EventResult.ACCEPTED), rejects)


def _check_customers(chunk: RawChunk, _: int) -> Checked[StatedCustomer]:
    return check_customers(chunk)


def _write_customers(connection: Connection, checked: Checked[StatedCustomer]) -> Outcome:
    return _customer_outcome(checked, write_customers(connection, checked.accepted))


def _merge_customers(connection: Connection, checked: Checked[StatedCustomer], _: Collection[str]) -> Outcome:
    written = write_customers(connection, checked.accepted)
    append_changes(connection, ChangeKind.CUSTOMER, [history_key(user_id, None) for user_id in written.changed])
    return _customer_outcome(checked, written)


def _customer_outcome(checked: Checked[StatedCustomer], written: WrittenCustomers) -> Outcome:
    refused = [
        Reject(line, "user_id", customer.user_id, "wants no personal answers: no profile is kept of them")
        for customer, line in zip(checked.accepted, checked.lines, strict=True)
        if customer.user_id in written.refused
    ]
    return Outcome(len(written.changed), sorted([*checked.rejects, *refused], key=lambda reject: reject.line))


def _check_orders(chunk: RawChunk, shift_ms: int) -> Checked[OrderLine]:
    return check_orders(chunk, shift_ms=shift_ms, received_at=now_ms())


def _write_orders(connection: Connection, checked: Checked[OrderLine]) -> Outcome:
    return _event_outcome(_events_of(checked), write_orders(connection, checked.accepted))


def _merge_orders(connection: Connection, checked: Checked[OrderLine], _: Collection[str]) -> Outcome:
    results = write_orders(connection, checked.accepted)
    _announce_customers(connection, _events_of(checked), results)
    return _event_outcome(_events_of(checked), results)


def _events_of(checked: Checked[OrderLine]) -> Checked[EventRow]:
    return Checked([line.event for line in checked.accepted], checked.lines, checked.rejects)


KINDS: Final[Mapping[str, Kind[Any]]] = {
    "products": Kind(
        required=(("product_id",), ("name",)),
        columns=None,
        check=_check_products,
        write=_write_products,
        merge=_merge_products,
        announced=ChangeKind.CATALOG,
    ),
    "customers": Kind(
        required=(("user_id",),),
        columns=(*CUSTOMER_COLUMNS, *HEALTH_COLUMNS),
        check=_check_customers,
        write=_write_customers,
        merge=_merge_customers,
        announced=ChangeKind.CUSTOMERS,
    ),
    "orders": Kind(
        required=(("order_id",), ("product_id",), ("occurred_at",), ("user_id", "session_id")),
        columns=ORDER_COLUMNS,
        check=_check_orders,
        write=_write_orders,
        merge=_merge_orders,
        announced=ChangeKind.CUSTOMERS,
    ),
    "events": Kind(
        required=(("product_id",), ("type",), ("occurred_at",), ("user_id", "session_id")),
        columns=EVENT_COLUMNS,
        check=_check_events,
        write=_write_events,
        merge=_merge_events,
        announced=ChangeKind.CUSTOMERS,
    ),
}
