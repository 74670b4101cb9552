"""Training data as Parquet, for programs of others: no customer's id, nothing of who switched personalization off."""

import hashlib
import json
import secrets
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, Engine, Row

from jobs.run import Report, Summary, say_nothing
from recommender.errors import InvalidInput
from store.engine import reading
from store.sessions import history_key
from store.training_rows import TrainingEvent, count_events, read_training_events, read_training_products

SCHEMA_VERSION: Final = 1
ROW_GROUP: Final = 50_000
"""Rows in memory at a time."""

_PARTIAL: Final = ".shelfwise-partial"
_INSTANT: Final = pa.timestamp("ms", tz="UTC")

EVENTS: Final = pa.schema(
    [
        pa.field("customer", pa.string(), nullable=False),
        pa.field("session", pa.string()),
        pa.field("product_id", pa.string()),
        pa.field("type", pa.string(), nullable=False),
        pa.field("occurred_at", _INSTANT, nullable=False),
        pa.field("quantity", pa.int32()),
        pa.field("price", pa.float64()),
        pa.field("order", pa.string()),
        pa.field("position", pa.int32()),
        pa.field("promotion_used", pa.bool_()),
        pa.field("rating", pa.float64()),
    ]
)
"""``customer``, ``session`` and ``order`` are pseudonyms of this export alone."""

PRODUCTS: Final = pa.schema(
    [
        pa.field("product_id", pa.string(), nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in ("name", "category", "brand", "description")),
        pa.field("price", pa.float64()),
        pa.field("active", pa.bool_(), nullable=False),
        pa.field("deleted_at", _INSTANT),
        pa.field("attributes", pa.string(), nullable=False),
    ]
)
"""``attributes`` is JSON."""


@dataclass(slots=True)
class _Events:
    """Turns stored events into rows, and counts what it sees."""

    personalized_by_default: bool
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    """Drawn for this export and kept nowhere: the same customer has another pseudonym in the next one."""
    left_out: int = 0
    data_cut: int | None = None
    """The newest instant of an event, in epoch milliseconds."""

    def rows(self, events: Iterable[TrainingEvent]) -> Iterator[tuple[Any, ...]]:
        for event in events:
            if self._may_be_exported(event):
                self.data_cut = max(self.data_cut or 0, event.occurred_at)
                yield self._row(event)
            else:
                self.left_out += 1

    def _may_be_exported(self, event: TrainingEvent) -> bool:
        if event.user_id is None:
            return True
        return self.personalized_by_default if event.personalization is None else event.personalization

    def _row(self, event: TrainingEvent) -> tuple[Any, ...]:
        key = history_key(event.user_id, event.session_id)
        order = None if event.order_id is None else self._pseudonym(f"order:{key}:{event.order_id}")
        session = None if event.session_id is None else self._pseudonym(f"visit:{event.session_id}")
        what = (event.product_id, event.type, event.occurred_at, event.quantity, event.price)
        return (self._pseudonym(key), session, *what, order, event.position, event.promotion_used, event.rating)

    def _pseudonym(self, text: str) -> str:
        return hashlib.blake2b(text.encode(), key=self.salt, digest_size=16).hexdigest()


def export(
    engine: Engine,
    target: Path,
    *,
    now: float,
    personalized_by_default: bool = True,
    report: Report = say_nothing,
) -> Summary:
    """Write events.parquet, products.parquet and manifest.json into the new folder ``target``, all or nothing.

    Everything is of one moment. Raises InvalidInput where ``target`` is there already or cannot be made. What
    killed runs left beside it (``.….shelfwise-partial``) is removed: there is one export at a time.
    """
    partial = _partial_folder(target)
    try:
        with reading(engine) as connection:
            manifest = _write(connection, partial, _Events(personalized_by_default), report)
        manifest["created_at"] = _utc(round(now * 1000))
        (partial / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    rows = {name.removesuffix(".parquet"): entry["rows"] for name, entry in manifest["files"].items()}
    return {"folder": str(target), **rows, "left_out": manifest["events_left_out"]}


def _partial_folder(target: Path) -> Path:
    if target.exists():
        raise InvalidInput("output", str(target), "is there already; an export is written into a folder of its own")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".*{_PARTIAL}"):
            shutil.rmtree(left, ignore_errors=True)
        partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}{_PARTIAL}")
        partial.mkdir()
    except OSError as error:
        raise InvalidInput("output", str(target), f"cannot be written: {error.strerror}") from error
    return partial


def _write(connection: Connection, folder: Path, events: _Events, report: Report) -> dict[str, Any]:
    _write_file(folder / "events.parquet", EVENTS, _event_parts(connection, events, report))
    listed = ([_product(row) for row in part] for part in read_training_products(connection))
    _write_file(folder / "products.parquet", PRODUCTS, listed)
    return {
        "schema_version": SCHEMA_VERSION,
        "data_cut": None if events.data_cut is None else _utc(events.data_cut),
        "events_left_out": events.left_out,
        "files": {path.name: _entry(path) for path in sorted(folder.glob("*.parquet"))},
    }


def _event_parts(connection: Connection, events: _Events, report: Report) -> Iterator[list[tuple[Any, ...]]]:
    total, seen = count_events(connection), 0
    for part in read_training_events(connection):
        report("exporting events", seen, total)
        yield list(events.rows(part))
        seen += len(part)
    report("exporting events", total, total)


def _write_file(path: Path, schema: Any, parts: Iterable[Sequence[tuple[Any, ...]]]) -> None:  # noqa: ANN401
    """A row group is gathered and written at a time."""
    with pq.ParquetWriter(path, schema) as writer:
        gathered: list[tuple[Any, ...]] = []
        for part in parts:
            gathered += part
            if len(gathered) >= ROW_GROUP:
                writer.write_table(_table(schema, gathered))
                gathered = []
        writer.write_table(_table(schema, gathered))


def _table(schema: Any, rows: Sequence[tuple[Any, ...]]) -> Any:  # noqa: ANN401
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


def _product(row: Row[*tuple[Any, ...]]) -> tuple[Any, ...]:
    *told, attributes = row
    return (*told, json.dumps(attributes, ensure_ascii=False))


def _entry(path: Path) -> Mapping[str, Any]:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"rows": pq.read_metadata(path).num_rows, "size": path.stat().st_size, "sha256": sha256}


def _utc(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
