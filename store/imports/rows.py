"""Checks the rows of a chunk, a column at a time, and makes events or products of those that pass."""

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final, Generic, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.errors import InvalidInput
from recommender.event_names import known_type
from recommender.events import EVENT_TYPES, EventType
from store.catalog import Product
from store.events import EventRow
from store.imports.columns import (
    Mask,
    NumberColumn,
    TextColumn,
    as_count,
    as_flag,
    as_instant,
    as_number,
    as_series,
    as_text,
)
from store.imports.rejects import Reject
from store.imports.source_files import RawChunk
from store.values import MAX_COUNT
from store.variants import Variant, check_variants, sent_variants

EVENT_COLUMNS: Final = (
    "user_id",
    "session_id",
    "product_id",
    "type",
    "occurred_at",
    "quantity",
    "price",
    "order_id",
    "event_id",
    "query",
)
_EVENT_TEXTS: Final = ("product_id", "user_id", "session_id", "type", "order_id", "event_id", "query")

PRODUCT_COLUMNS: Final = (
    "product_id",
    "name",
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
_PRODUCT_TEXTS: Final = ("product_id", "name", "category", "brand", "description", "image_url")

_UNREADABLE_INSTANT: Final = "must be ISO 8601 or epoch seconds, from 1970 to 2099"
_UNREADABLE_PRICE: Final = "must be a number of at least 0"

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Checked(Generic[Row]):
    """What a chunk's rows became, in the order of the file: accepted, with their lines, or rejected."""

    accepted: Sequence[Row]
    lines: Sequence[int]
    rejects: Sequence[Reject]

    def between(self, after: int, until: int) -> "Checked[Row]":
        """What became of the rows after line ``after`` and up to line ``until``."""
        begin, end = bisect_right(self.lines, after), bisect_right(self.lines, until)
        rejects = [reject for reject in self.rejects if after < reject.line <= until]
        return Checked(self.accepted[begin:end], self.lines[begin:end], rejects)


@dataclass(frozen=True, slots=True)
class Check:
    """A rule, and the rows that break it."""

    field: str
    failed: Mask
    reason: str


def check_events(chunk: RawChunk, *, shift_ms: int, received_at: int) -> Checked[EventRow]:
    """The chunk's events, moved forward by ``shift_ms``; both times in milliseconds."""
    columns = event_columns(chunk)
    rejects, keep = first_failures(chunk, columns.checks())
    return Checked(columns.rows(keep, shift_ms, received_at), lines_kept(chunk, keep), rejects)


def newest_event_ms(chunk: RawChunk) -> int | None:
    """When the newest of the events happened that `check_events` accepts, in epoch milliseconds."""
    columns = event_columns(chunk)
    _, keep = first_failures(chunk, columns.checks())
    return int(columns.occurred_at.values[keep].max()) if keep.any() else None


@dataclass(frozen=True, slots=True)
class EventColumns:
    """The columns of a chunk of events, the rules they are checked by, and the rows they make."""

    text: Mapping[str, TextColumn]
    types: NDArray[np.object_]
    """`EventType`, None where the type is missing or unknown."""
    occurred_at: NumberColumn
    quantity: NumberColumn
    price: NumberColumn

    def checks(self) -> list[Check]:
        """Every rule, in the order in which a row is told of the first that it breaks."""
        text, kind, price = self.text, self.text["type"], self.price
        nobody = text["user_id"].missing & text["session_id"].missing
        unknown = ~kind.missing & np.array([value is None for value in self.types], dtype=bool)
        cancels = self.types == EventType.CANCEL
        searches = self.types == EventType.SEARCH
        unpaid = (self.types == EventType.PURCHASE) & (price.values == 0)
        return [
            Check("product_id", text["product_id"].missing & ~cancels & ~searches, "is missing"),
            Check("user_id", nobody, "is missing, and so is session_id"),
            Check("type", kind.missing, "is missing"),
            Check("type", unknown, f"is unknown; the types are {', '.join(EVENT_TYPES)}"),
            Check("order_id", cancels & text["order_id"].missing, "of a cancellation is missing"),
            Check("query", searches & text["query"].missing, "of a search is missing"),
            Check("product_id", searches & ~text["product_id"].missing, "cannot be of a search"),
            Check("query", ~searches & ~text["query"].missing, "can only be of a search"),
            Check("occurred_at", self.occurred_at.missing, "is missing"),
            Check("occurred_at", self.occurred_at.unusable, _UNREADABLE_INSTANT),
            Check("quantity", self.quantity.unusable, f"must be a whole number from 1 to {MAX_COUNT}"),
            Check("price", price.unusable | (price.values < 0), _UNREADABLE_PRICE),
            Check("price", unpaid, "of a purchase must be above 0, or missing where it is unknown"),
            *_nul_checks(text),
        ]

    def rows(self, keep: Mask, shift_ms: int, received_at: int) -> list[EventRow]:
        """The rows that are kept, moved forward by ``shift_ms``."""
        text = {name: column.values[keep].tolist() for name, column in self.text.items()}
        occurred_at = (self.occurred_at.values[keep].astype(np.int64) + shift_ms).tolist()
        quantity, price = _counts(self.quantity.values[keep]), _optional(self.price.values[keep])
        types = [str(kind) for kind in self.types[keep]]
        columns = text | {"type": types, "occurred_at": occurred_at, "quantity": quantity, "price": price}
        rest = {"metadata": None, "request_id": None, "position": None, "received_at": received_at}
        ordered = (columns[name] if name in columns else repeat(rest[name]) for name in EventRow._fields)
        return list(map(EventRow._make, zip(*ordered, strict=False)))  # a repeat() is of no length


def event_columns(chunk: RawChunk) -> EventColumns:
    """The chunk's columns of `EVENT_COLUMNS`, as far as it has them."""
    series = _series(chunk, EVENT_COLUMNS)
    text = {name: as_text(series[name]) for name in _EVENT_TEXTS}
    return EventColumns(
        text=text,
        types=_event_types(text["type"]),
        occurred_at=as_instant(series["occurred_at"]),
        quantity=as_count(series["quantity"], least=1),
        price=as_number(series["price"]),
    )


def _event_types(names: TextColumn) -> NDArray[np.object_]:
    # A file has few distinct names and millions of rows: each name is looked up once.
    known = {name: None if name is None else known_type(name) for name in set(names.values)}
    types = np.empty(len(names.values), dtype=object)
    types[:] = [known[name] for name in names.values]
    return types


def check_products(chunk: RawChunk) -> Checked[Product]:
    """The chunk's products; columns of other names than `PRODUCT_COLUMNS` become attributes, as text."""
    columns = _product_columns(chunk)
    rejects, keep = first_failures(chunk, columns.checks())
    return Checked(columns.products(keep), lines_kept(chunk, keep), rejects)


@dataclass(frozen=True, slots=True)
class _ProductColumns:
    text: Mapping[str, TextColumn]
    attributes: Mapping[str, TextColumn]
    price: NumberColumn
    stock: NumberColumn
    active: NumberColumn
    created_at: NumberColumn
    variants: Sequence[tuple[Variant, ...] | InvalidInput]

    def checks(self) -> list[Check]:
        return [
            Check("product_id", self.text["product_id"].missing, "is missing"),
            Check("name", self.text["name"].missing, "is missing"),
            Check("price", self.price.unusable | (self.price.values < 0), _UNREADABLE_PRICE),
            Check("stock", self.stock.unusable, f"must be a whole number from 0 to {MAX_COUNT}"),
            Check("active", self.active.unusable, "must be true or false"),
            Check("created_at", self.created_at.unusable, _UNREADABLE_INSTANT),
            *_nul_checks(self.text),
            *_nul_checks(self.attributes),
            *_variant_checks(self.variants),
        ]

    def products(self, keep: Mask) -> list[Product]:
        text = {name: self.text[name].values[keep].tolist() for name in _PRODUCT_TEXTS}
        columns = {
            "external_id": text["product_id"],
            "name": text["name"],
            "category": [value or "" for value in text["category"]],
            "brand": [value or "" for value in text["brand"]],
            "description": [value or "" for value in text["description"]],
            "price": _optional(self.price.values[keep]),
            "image_url": text["image_url"],
            "stock": _counts(self.stock.values[keep]),
            "active": (self.active.values[keep] != 0).tolist(),  # missing is NaN, which is not 0
            "created_at": _optional(self.created_at.values[keep] / 1000),
            "attributes": self._attributes(keep),
            "variants": [self.variants[row] for row in np.flatnonzero(keep).tolist()],
        }
        return [Product(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]

    def _attributes(self, keep: Mask) -> list[dict[str, str]]:
        columns = [(name, column.values[keep].tolist()) for name, column in self.attributes.items()]
        return [
            {name: values[row] for name, values in columns if values[row] is not None} for row in range(int(keep.sum()))
        ]


def _product_columns(chunk: RawChunk) -> _ProductColumns:
    series = _series(chunk, (*PRODUCT_COLUMNS, *chunk.columns))
    return _ProductColumns(
        text={name: as_text(series[name]) for name in _PRODUCT_TEXTS},
        attributes={name: as_text(series[name]) for name in chunk.columns if name not in PRODUCT_COLUMNS},
        price=as_number(series["price"]),
        stock=as_count(series["stock"], least=0),
        active=as_flag(series["active"]),
        created_at=as_instant(series["created_at"]),
        variants=[_variants(text) for text in as_text(series["variants"]).values.tolist()],
    )


def _variants(text: str | None) -> tuple[Variant, ...] | InvalidInput:
    try:
        variants = () if text is None else sent_variants(json.loads(text))
        check_variants(variants)
    except InvalidInput as error:
        return error
    except ValueError:
        return InvalidInput("variants", text, "is not JSON")
    return variants


def _variant_checks(variants: Sequence[tuple[Variant, ...] | InvalidInput]) -> list[Check]:
    wrong = {row: str(one) for row, one in enumerate(variants) if isinstance(one, InvalidInput)}
    failed = np.zeros((len(wrong), len(variants)), dtype=bool)
    for mask, row in zip(failed, wrong, strict=True):
        mask[row] = True
    return [Check("variants", mask, reason) for mask, reason in zip(failed, wrong.values(), strict=True)]


def _series(chunk: RawChunk, names: Sequence[str]) -> dict[str, "pd.Series[Any]"]:
    return {name: as_series(chunk.columns.get(name), len(chunk.lines)) for name in names}


def _nul_checks(texts: Mapping[str, TextColumn]) -> list[Check]:
    return [Check(name, column.unusable, "contains a NUL character") for name, column in texts.items()]


def first_failures(chunk: RawChunk, checks: Sequence[Check]) -> tuple[list[Reject], Mask]:
    """The chunk's rejects by line, each row for the first rule it breaks, and the rows that break none."""
    keep = np.ones(len(chunk.lines), dtype=bool)
    rejects = list(chunk.unreadable)
    for check in checks:
        rows = np.flatnonzero(check.failed & keep)
        values = as_series(chunk.columns.get(check.field), len(keep)).iloc[rows].tolist() if len(rows) else []
        rejects += [
            Reject(chunk.lines[row], check.field, _plain(value), check.reason)
            for row, value in zip(rows.tolist(), values, strict=True)
        ]
        keep[rows] = False
    return sorted(rejects, key=lambda reject: reject.line), keep


def lines_kept(chunk: RawChunk, keep: Mask) -> list[int]:
    """The lines of the rows that are kept."""
    return [chunk.lines[row] for row in np.flatnonzero(keep).tolist()]


def _plain(value: object) -> object:
    """The value as JSON can show it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else None if np.isnan(value) else str(value)
    return None if value is pd.NaT else str(value)


def _optional(values: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # NaN differs from itself


def _counts(values: NDArray[np.float64]) -> list[int | None]:
    return [None if value != value else int(value) for value in values.tolist()]
