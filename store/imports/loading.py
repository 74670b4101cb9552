"""Loads a shop's file into the store: in chunks, each row once, resumable after a crash."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from recommender.errors import InvalidInput
from store.bulk import BulkWriter
from store.changes import append_changes
from store.engine import reading, writing
from store.imports.kinds import Kind, ignored_columns, kind_named, require_columns
from store.imports.mapping import check_mapping
from store.imports.rejects import RejectsFile
from store.imports.rows import newest_event_ms
from store.imports.source_files import RawChunk, SourceFile, open_source, read_chunks
from store.instants import to_ms, to_seconds
from store.sync_status import ImportKind, ImportStatus, advance_import, begin_import, find_import, finish_import

CHUNK_ROWS: Final = 50_000
"""Rows that are read, checked and announced at a time; `BulkWriter` says how many are in one transaction."""

_WEEK_MS: Final = 7 * 24 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of a file.

    ``source`` is the name under which it was first imported. ``rows_read`` counts every data row; ``rows_known`` of
    them were there already, under the same ``event_id``. ``resumed_after`` is the number of rows that an interrupted
    import had dealt with before. ``rejects`` is the file that lists the rejected rows, None if there is none.
    """

    kind: ImportKind
    source: str
    sha256: str
    rows_read: int
    rows_written: int
    rows_rejected: int
    shift_s: float
    already_imported: bool
    resumed_after: int
    rejects: Path | None
    ignored_columns: tuple[str, ...]

    @property
    def rows_known(self) -> int:
        return self.rows_read - self.rows_written - self.rows_rejected


def import_file(
    engine: Engine,
    kind: ImportKind,
    path: Path,
    *,
    shift_to_now: bool = False,
    now: float,
    rejects_dir: Path,
    progress: Callable[[int, int], None],
    mapping: Mapping[str, str] | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> ImportReport:
    """Load a .parquet, .csv, .ndjson or .jsonl file of one kind of `store.imports.kinds`.

    Rows that break a rule go to ``rejects_dir/<file name>.rejects.ndjson`` with line (the first data row is 1),
    field, value and reason; the others are loaded. A file whose content was imported before is not read again; an
    import that was interrupted goes on after its last transaction. ``shift_to_now`` moves all events forward by the
    largest number of whole weeks that leaves none after ``now`` (epoch seconds). ``mapping`` has the file's names of
    our columns where they differ. ``progress`` gets the rows done
    and the rows in all, after each transaction.

    Raises InvalidInput for a file that cannot be read or lacks a required column, and where another process
    imports the same file; StoreUnavailable where the database fails. Transactions before the error stay, and the
    same file can be resumed.
    """
    what = kind_named(kind)
    if shift_to_now and kind != "events":
        raise InvalidInput("shift_to_now", shift_to_now, "only events have a time to shift")
    source = open_source(path, mapping)
    if mapping:
        check_mapping(mapping, there=mapping.values(), known=what.columns)
    require_columns(source.columns, what, path.name)
    begun = status = _begin(engine, kind, source, now if shift_to_now else None)
    rejects = RejectsFile(rejects_dir / f"{begun.source}.rejects.ndjson")
    if begun.status == "running":
        rejects.keep_up_to(begun.rows_read)
        bulk = BulkWriter(engine, most=chunk_rows)
        for chunk in read_chunks(source, start=begun.rows_read, size=chunk_rows):
            status = _load_chunk(
                bulk, what, status, chunk, rejects, lambda rows: progress(rows, max(source.rows, rows))
            )
        with writing(engine) as connection:
            status = finish_import(connection, status)
    return _report(kind, source, begun, status, rejects)


def _begin(engine: Engine, kind: ImportKind, source: SourceFile, now: float | None) -> ImportStatus:
    with reading(engine) as connection:
        known = find_import(connection, kind=kind, sha256=source.sha256)
    if known is not None:
        return known
    shift_ms = 0 if now is None else _shift_ms(source, now)
    with writing(engine) as connection:
        return begin_import(connection, kind=kind, source=source.path.name, sha256=source.sha256, shift_ms=shift_ms)


def _shift_ms(source: SourceFile, now: float) -> int:
    newest = [newest_event_ms(chunk) for chunk in read_chunks(source, start=0, size=CHUNK_ROWS)]
    known = [instant for instant in newest if instant is not None]
    return max(0, math.floor((to_ms(now) - max(known)) / _WEEK_MS)) * _WEEK_MS if known else 0


def _load_chunk(
    bulk: BulkWriter,
    kind: Kind[Any],
    status: ImportStatus,
    chunk: RawChunk,
    rejects: RejectsFile,
    progress: Callable[[int], None],
) -> ImportStatus:
    """Check all rows before any lock is taken, then write them in short transactions, the last of which announces."""
    checked = kind.check(chunk, status.shift_ms)
    end = status.rows_read + chunk.rows
    while status.rows_read < end:
        until = min(status.rows_read + bulk.rows, end)
        part = checked.between(status.rows_read, until)
        with bulk.writing(until - status.rows_read) as connection:
            outcome = kind.write(connection, part)
            advanced = advance_import(
                connection, status, rows_read=until, written=outcome.written, rejected=len(outcome.rejects)
            )
            if until == end and checked.accepted:
                append_changes(connection, kind.announced, [None])
            rejects.append(outcome.rejects)
        status = advanced
        progress(status.rows_read)
    return status


def _report(
    kind: ImportKind, source: SourceFile, begun: ImportStatus, status: ImportStatus, rejects: RejectsFile
) -> ImportReport:
    done_before = begun.status == "done"
    return ImportReport(
        kind=kind,
        source=status.source,
        sha256=source.sha256,
        rows_read=status.rows_read,
        rows_written=status.rows_written,
        rows_rejected=status.rows_rejected,
        shift_s=to_seconds(status.shift_ms),
        already_imported=done_before,
        resumed_after=0 if done_before else begun.rows_read,
        rejects=rejects.path if status.rows_rejected and rejects.path.exists() else None,
        ignored_columns=ignored_columns(source, kind_named(kind)),
    )
