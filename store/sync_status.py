"""How far each import has come; written in the transaction of the rows it counts, so the two cannot differ."""

from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from sqlalchemy import Connection, Row, insert, select, update

from recommender.errors import InvalidInput
from store.instants import now_ms, to_seconds
from store.tables import sync_status

ImportKind = Literal["products", "customers", "orders", "events"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportStatus:
    """One file's import, or a shop's table with its ``watermark``: see `store.sync.cursor`.

    ``rows_read`` data rows are dealt with: written, rejected, or known already.
    """

    id: int
    source: str
    rows_read: int
    rows_written: int
    rows_rejected: int
    shift_ms: int
    status: Literal["running", "done"]
    watermark: str | None = None


def find_import(connection: Connection, *, kind: ImportKind, sha256: str) -> ImportStatus | None:
    """The import of a file with this content, running or done."""
    table = sync_status.c
    query = select(sync_status).where(table.kind == kind, table.sha256 == sha256).order_by(table.id.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _status(row)


def _status(row: Row[*tuple[Any, ...]]) -> ImportStatus:
    return ImportStatus(
        id=row.id,
        source=row.source,
        rows_read=row.rows_read,
        rows_written=row.rows_written,
        rows_rejected=row.rows_rejected,
        shift_ms=row.shift_ms,
        status=cast(Literal["running", "done"], row.status),  # this module writes no other
        watermark=row.watermark,
    )


def begin_import(connection: Connection, *, kind: ImportKind, source: str, sha256: str, shift_ms: int) -> ImportStatus:
    """The import of a file with this content: the one there is, or a new one."""
    known = find_import(connection, kind=kind, sha256=sha256)
    if known is not None:
        return known
    now = now_ms()
    row = {
        "kind": kind,
        "source": source,
        "sha256": sha256,
        "rows_read": 0,
        "rows_written": 0,
        "rows_rejected": 0,
        "shift_ms": shift_ms,
        "status": "running",
        "started_at": now,
        "updated_at": now,
    }
    connection.execute(insert(sync_status), row)
    return begin_import(connection, kind=kind, source=source, sha256=sha256, shift_ms=shift_ms)


def begin_sync(connection: Connection, *, kind: ImportKind, source: str, sha256: str, from_start: bool) -> ImportStatus:
    """The next run over a shop's table, whose definition has this hash.

    It goes on where the last one stopped, and counts on; ``from_start`` forgets both.
    """
    begun = begin_import(connection, kind=kind, source=source, sha256=sha256, shift_ms=0)
    now = now_ms()
    values: dict[str, object] = {"source": source, "status": "running", "started_at": now, "updated_at": now}
    if from_start:
        values |= {"watermark": None, "rows_read": 0, "rows_written": 0, "rows_rejected": 0}
    connection.execute(update(sync_status).where(sync_status.c.id == begun.id).values(**values, finished_at=None))
    return begin_import(connection, kind=kind, source=source, sha256=sha256, shift_ms=0)


def advance_import(
    connection: Connection,
    status: ImportStatus,
    *,
    rows_read: int,
    written: int,
    rejected: int,
    watermark: str | None = None,
) -> ImportStatus:
    """Count one more chunk, up to data row ``rows_read``.

    Raises InvalidInput, so that the chunk is not written twice, if another process has counted it already.
    """
    advanced = replace(
        status,
        rows_read=rows_read,
        rows_written=status.rows_written + written,
        rows_rejected=status.rows_rejected + rejected,
        watermark=watermark,
    )
    counted = update(sync_status).where(sync_status.c.id == status.id, sync_status.c.rows_read == status.rows_read)
    result = connection.execute(
        counted.values(
            rows_read=advanced.rows_read,
            rows_written=advanced.rows_written,
            rows_rejected=advanced.rows_rejected,
            watermark=watermark,
            updated_at=now_ms(),
        )
    )
    if result.rowcount != 1:
        raise InvalidInput("rows_read", status.rows_read, "another process is importing the same")
    return advanced


def finish_import(connection: Connection, status: ImportStatus, *, watermark: str | None = None) -> ImportStatus:
    """Mark an import as done: the same file is not read again, and a table from ``watermark`` on."""
    now = now_ms()
    done = update(sync_status).where(sync_status.c.id == status.id)
    connection.execute(done.values(status="done", watermark=watermark, updated_at=now, finished_at=now))
    return replace(status, status="done", watermark=watermark)


def recorded_shift(connection: Connection) -> float:
    """Seconds by which the newest shifted import moved its events forward; 0.0 if none was shifted."""
    table = sync_status.c
    query = select(table.shift_ms).where(table.kind == "events", table.shift_ms != 0).order_by(table.id.desc())
    return to_seconds(connection.execute(query.limit(1)).scalar() or 0)


def shifted_at(connection: Connection) -> float | None:
    """When the newest shifted import began (epoch seconds): later events are not part of what was moved."""
    table = sync_status.c
    query = select(table.started_at).where(table.kind == "events", table.shift_ms != 0).order_by(table.id.desc())
    began = connection.execute(query.limit(1)).scalar()
    return None if began is None else to_seconds(began)
