"""Brings one kind of rows from a shop's database up to date: in batches, resumable, each change once."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, make_url

from recommender.errors import InvalidInput
from store.bulk import BulkWriter
from store.engine import writing
from store.imports.kinds import Kind, kind_named, require_columns
from store.imports.mapping import check_mapping, renamed
from store.imports.rejects import Reject, RejectsFile
from store.imports.rows import PRODUCT_COLUMNS
from store.imports.source_files import RawChunk
from store.sync.config import ProductFeed, SyncConfig
from store.sync.cursor import read_cursor
from store.sync.missing import delete_missing
from store.sync.shop import BATCH_ROWS, Batch, ShopRows, open_shop
from store.sync_status import ImportKind, ImportStatus, advance_import, begin_sync, find_import, finish_import

_OWN_KEY: Final[Mapping[ImportKind, str]] = {
    "products": "product_id",
    "customers": "user_id",
    "orders": "event_id",
    "events": "event_id",
}
"""The column of ours that tells rows of a kind apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What one run did. ``rows_written`` were new or had changed; ``rows_deleted`` were not there any more.

    ``rows_unreadable`` have no key, or no moment at which they changed: they can never be read. ``resumed`` says
    that an earlier run was interrupted and this one went on. ``rejects`` lists what was rejected since the last full
    run, None if nothing was.
    """

    kind: ImportKind
    rows_read: int
    rows_written: int
    rows_rejected: int
    rows_unreadable: int
    rows_deleted: int
    resumed: bool
    rejects: Path | None


def sync_kind(
    engine: Engine,
    config: SyncConfig,
    kind: ImportKind,
    *,
    full: bool = False,
    rejects_dir: Path,
    progress: Callable[[int, int], None],
) -> SyncReport:
    """Read what changed since the last run, or everything where ``full`` or where nothing says what changed.

    An interrupted run is gone on with, and not begun anew. Rows that break a rule go to
    ``rejects_dir/<config>-<kind>.rejects.ndjson`` with key, field, value and reason; the others are written.
    ``progress`` gets the rows done and the rows in all, after each transaction.

    Raises InvalidInput for a feed that the shop's database does not have or cannot give, and where another process
    syncs the same; StoreUnavailable where our database fails. What was read before the error stays.
    """
    if kind not in config.feeds:
        raise InvalidInput("kind", kind, f"the sync file has only {', '.join(config.feeds)}")
    shop = open_shop(config.url)
    try:
        return _Sync(engine, shop, config, kind, rejects_dir).run(full=full, progress=progress)
    finally:
        shop.dispose()


class _Sync:
    def __init__(self, engine: Engine, shop: Engine, config: SyncConfig, name: ImportKind, rejects_dir: Path) -> None:
        self._engine, self._name, self._source = engine, name, f"{config.name}-{name}"
        self._feed = config.feeds[name]
        self._kind: Kind[Any] = kind_named(name)
        self._sha256 = _definition(config, name)
        self._key = self._feed.key or self._column(_OWN_KEY[name])
        self._rows = ShopRows(shop, name, self._feed, self._key)
        self._rejects = RejectsFile(rejects_dir / f"{self._source}.rejects.ndjson")
        self._check_columns()

    def run(self, *, full: bool, progress: Callable[[int, int], None]) -> SyncReport:
        begun = self._begin(full=full)
        self._rejects.keep_up_to(begun.rows_read)
        self._listed = self._rejects.listed()
        status, cursor = begun, read_cursor(begun.watermark)
        resumed = cursor is not None and cursor.key is not None
        total = self._rows.count(cursor)
        bulk = BulkWriter(self._engine, most=BATCH_ROWS)
        for batch in self._rows.batches(cursor):
            status, cursor = self._load(bulk, status, batch), batch.cursor
            done = status.rows_read - begun.rows_read
            progress(done, max(total, done))
        deletes = full and isinstance(self._feed, ProductFeed) and self._feed.deactivate_missing
        deleted = delete_missing(self._engine, self._rows, self._column("product_id")) if deletes else 0
        next_run = None if cursor is None else cursor.finished()
        with writing(self._engine) as connection:
            status = finish_import(connection, status, watermark=None if next_run is None else next_run.text())
        return self._report(begun, status, deleted=deleted, resumed=resumed)

    def _begin(self, *, full: bool) -> ImportStatus:
        with writing(self._engine) as connection:
            before = find_import(connection, kind=self._name, sha256=self._sha256)
            cursor = None if before is None else read_cursor(before.watermark)
            interrupted = cursor is not None and cursor.key is not None
            return begin_sync(
                connection,
                kind=self._name,
                source=self._source,
                sha256=self._sha256,
                from_start=not interrupted and (full or self._feed.updated_at is None),
            )

    def _load(self, bulk: BulkWriter, status: ImportStatus, batch: Batch) -> ImportStatus:
        chunk = self._chunk(batch, after=status.rows_read)
        checked = self._kind.check(chunk, 0)
        with bulk.writing(chunk.rows) as connection:
            outcome = self._kind.merge(connection, checked, chunk.columns)
            advanced = advance_import(
                connection,
                status,
                rows_read=status.rows_read + chunk.rows,
                written=outcome.written,
                rejected=len(outcome.rejects),
                watermark=batch.cursor.text(),
            )
            rejects = _with_keys(outcome.rejects, batch.keys, after=status.rows_read)
            # What changed at the moment of the last run is read again, and its rejects are known.
            self._rejects.append(one for one in rejects if (one.key, one.field, one.reason) not in self._listed)
        return advanced

    def _chunk(self, batch: Batch, after: int) -> RawChunk:
        columns = {name: [row[place] for row in batch.rows] for place, name in enumerate(batch.columns)}
        named = renamed(columns, self._feed.columns)
        for own in {self._key, self._feed.updated_at} - {*self._feed.columns, *PRODUCT_COLUMNS}:
            if self._kind.columns is None:
                named.pop(str(own), None)  # the shop's bookkeeping is no attribute of a product
        if _OWN_KEY[self._name] == "event_id" and "event_id" not in named:
            named["event_id"] = [f"{self._name}:{key}" for key in batch.keys]  # of orders and events, told apart
        return RawChunk(range(after + 1, after + len(batch.rows) + 1), named, ())

    def _check_columns(self) -> None:
        there = self._rows.columns()
        check_mapping(self._feed.columns, there=there, known=self._kind.columns)
        for field, name in (("key", self._key), ("updated_at", self._feed.updated_at)):
            if name is not None and name not in there:
                raise InvalidInput(
                    f"{self._name}.{field}", name, f"is not a column there; there are: {', '.join(there)}"
                )
        require_columns(tuple(renamed(dict.fromkeys(there), self._feed.columns)), self._kind, self._name)

    def _column(self, ours: str) -> str:
        return self._feed.columns.get(ours, ours)

    def _report(self, begun: ImportStatus, status: ImportStatus, *, deleted: int, resumed: bool) -> SyncReport:
        return SyncReport(
            kind=self._name,
            rows_read=status.rows_read - begun.rows_read,
            rows_written=status.rows_written - begun.rows_written,
            rows_rejected=status.rows_rejected - begun.rows_rejected,
            rows_unreadable=self._rows.count_unreadable(),
            rows_deleted=deleted,
            resumed=resumed,
            rejects=self._rejects.path if self._rejects.path.exists() else None,
        )


def _definition(config: SyncConfig, kind: ImportKind) -> str:
    """Tells sources apart: a feed that says something else than before is read from its beginning."""
    database = make_url(config.url).set(username=None, password=None).render_as_string()
    feed = config.feeds[kind].model_dump(exclude={"deactivate_missing"})
    return hashlib.sha256(json.dumps([database, feed], sort_keys=True).encode()).hexdigest()


def _with_keys(rejects: Sequence[Reject], keys: Sequence[object], *, after: int) -> list[Reject]:
    return [replace(reject, key=str(keys[reject.line - after - 1])) for reject in rejects]
