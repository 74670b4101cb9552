"""The change feed: what was written, in order, for every process that holds a copy of it in memory.

A process starts with one `store.engine.reading` transaction: it reads what it needs and `newest_change`, and from
then on asks for the changes after that one.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, delete, exists, func, select

from store.engine import insert_rows
from store.instants import now_ms
from store.tables import changes, deployments

CHANNEL: Final = "shelfwise_changes"
"""What PostgreSQL notifies when changes are committed; `store.feed` listens."""


class ChangeKind(StrEnum):
    """What a reader does about a change; other kinds than these are of a newer version and may be ignored."""

    PRODUCT = "product"
    """Read the product with the external id ``key`` again."""
    CATALOG = "catalog"
    """Read the whole catalog again; ``key`` is None."""
    CUSTOMER = "customer"
    """Forget the history cached under ``key``, see `store.sessions.history_key`."""
    CUSTOMERS = "customers"
    """Forget every cached history; ``key`` is None."""
    RELEASE = "release"
    """Serve the release ``key``."""


CATALOG_KINDS: Final = (ChangeKind.PRODUCT, ChangeKind.CATALOG)
"""Changes of products."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the feed. ``kind`` compares equal to `ChangeKind`; ids ascend in the order of commits."""

    id: int
    kind: str
    key: str | None


def append_changes(connection: Connection, kind: ChangeKind, keys: Iterable[str | None]) -> None:
    """One change per key, in the caller's transaction, so that it is seen exactly when what it tells of is."""
    now = now_ms()
    rows = [(str(kind), key, now) for key in keys]
    insert_rows(connection, changes, ("kind", "key", "created_at"), rows)
    if rows and connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}")  # sent at the commit, once however often it is said before


def newest_change(connection: Connection, kinds: Collection[ChangeKind] | None = None) -> int:
    """Id of the newest change, of these ``kinds`` where given; 0 if there is none."""
    query = select(func.max(changes.c.id))
    return connection.execute(query if kinds is None else query.where(changes.c.kind.in_(kinds))).scalar() or 0


def read_changes(connection: Connection, after: int, limit: int = 10_000) -> list[Change]:
    """The first ``limit`` changes with an id above ``after``, oldest first.

    A reader so late that some of these were pruned gets changes that reload everything instead; the next call,
    after their id, goes on with what is left.
    """
    columns = (changes.c.id, changes.c.kind, changes.c.key)
    rows = connection.execute(select(*columns).where(changes.c.id > after).order_by(changes.c.id).limit(limit)).all()
    if rows and rows[0].id > after + 1 and not _anything_up_to(connection, after):
        return _reload_everything(connection, rows[0].id - 1)
    return [Change(*row) for row in rows]


def _anything_up_to(connection: Connection, after: int) -> bool:
    # Pruning takes the oldest first, so where an older row is left, nothing newer is missing.
    return bool(connection.execute(select(exists().where(changes.c.id <= after))).scalar())


def _reload_everything(connection: Connection, before: int) -> list[Change]:
    release = connection.execute(select(deployments.c.release_id).order_by(deployments.c.id.desc()).limit(1)).scalar()
    reloads = [Change(before, ChangeKind.CATALOG, None), Change(before, ChangeKind.CUSTOMERS, None)]
    return reloads if release is None else [*reloads, Change(before, ChangeKind.RELEASE, release)]


def first_recent_change(connection: Connection, older_than_ms: int) -> int:
    """Id of the first change made at or after ``older_than_ms``, or of the newest one; 0 if there has been none."""
    recent = select(func.min(changes.c.id)).where(changes.c.created_at >= older_than_ms).scalar_subquery()
    newest = select(func.max(changes.c.id)).scalar_subquery()
    return int(connection.execute(select(func.coalesce(recent, newest, 0))).scalar_one())


def prune_changes(connection: Connection, before: int, limit: int = 10_000) -> int:
    """Remove the oldest ``limit`` changes of those with an id below ``before``; returns how many.

    ``before`` is a `first_recent_change`: the newest change always stays, so ids are never used twice. A reader that
    had not read what is removed here reloads, see `read_changes`.
    """
    oldest = select(changes.c.id).where(changes.c.id < before).order_by(changes.c.id).limit(limit)
    return connection.execute(delete(changes).where(changes.c.id.in_(oldest))).rowcount
