"""A shop's own database, read in a stable order, some rows at a time. Nothing is ever written there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Select,
    and_,
    column,
    create_engine,
    literal,
    make_url,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from recommender.errors import InvalidInput
from store.sync.config import Feed
from store.sync.cursor import Cursor

BATCH_ROWS: Final = 100
"""Rows read and written at a time (seed 004)."""


def open_shop(url: str) -> Engine:
    """Any URL that SQLAlchemy has a driver for. Raises InvalidInput that names the driver where it is missing."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidInput("database.url", "…", "is not a database URL") from error
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    _check_file(parsed)
    try:
        return create_engine(parsed, pool_pre_ping=True)
    except NoSuchModuleError as error:
        raise InvalidInput("database.url", parsed.drivername, "SQLAlchemy knows no such database or driver") from error
    except ImportError as error:
        reason = f"its driver is not installed: pip install {error.name}, or name another, as in mysql+pymysql://"
        raise InvalidInput("database.url", parsed.drivername, reason) from error


def _check_file(url: URL) -> None:
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).is_file()):
        raise InvalidInput("database.url", url.database, "no such file")  # SQLite would make an empty one


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive rows under the shop's names for their columns, and where the last one is."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    keys: Sequence[object]
    cursor: Cursor


class ShopRows:
    """The rows of one feed; ``key`` is their unique column there. Errors of the database name the feed."""

    def __init__(self, engine: Engine, name: str, feed: Feed, key: str) -> None:
        self._engine, self._name, self._feed = engine, name, feed
        self._key_name = key
        self._key: ColumnElement[Any] = column(key)
        self._changed_at: ColumnElement[Any] | None = None if feed.updated_at is None else column(feed.updated_at)

    def columns(self) -> tuple[str, ...]:
        """What there is to read, whether or not there are rows."""
        with self._connected() as connection:
            return tuple(connection.execute(self._select("*").limit(0)).keys())

    def count(self, after: Cursor | None) -> int:
        """How many rows `batches` has to give."""
        with self._connected() as connection:
            counted = self._select("count(*)").where(*self._readable(), *self._after(after))
            return int(connection.execute(counted).scalar_one())

    def count_unreadable(self) -> int:
        """Rows that have no place in the order, for want of a key or of the moment they changed."""
        with self._connected() as connection:
            missing = or_(*(named.is_(None) for named in self._order()))
            return int(connection.execute(self._select("count(*)").where(missing)).scalar_one())

    def batches(self, after: Cursor | None) -> Iterator[Batch]:
        """What follows ``after``, up to `BATCH_ROWS` at a time, each read in a transaction of its own."""
        while batch := self._batch(after):
            yield batch
            after = batch.cursor

    def keys(self, name: str) -> Iterator[object]:
        """All values of a column."""
        with self._connected() as connection:
            query: Select[Any] = select(column(name)).select_from(self._source()).execution_options(yield_per=10_000)
            yield from connection.execute(query).scalars()

    def _batch(self, after: Cursor | None) -> Batch | None:
        query = self._select("*").where(*self._readable(), *self._after(after))
        with self._connected() as connection:
            result = connection.execute(query.order_by(*self._order()).limit(BATCH_ROWS))
            columns, rows = tuple(result.keys()), [tuple(row) for row in result]
        if not rows:
            return None
        keys = [row[columns.index(self._key_name)] for row in rows]
        changed_at = None if self._feed.updated_at is None else rows[-1][columns.index(self._feed.updated_at)]
        return Batch(columns, rows, keys, Cursor(changed_at, keys[-1]))

    def _select(self, what: str) -> Select[Any]:
        return select(text(what)).select_from(self._source())

    def _source(self) -> FromClause:
        if self._feed.query is not None:
            return text(f"({self._feed.query.strip().rstrip(';')}) source")  # type: ignore[return-value]
        schema, _, name = str(self._feed.table).rpartition(".")
        return table(name, schema=schema or None)

    def _order(self) -> list[ColumnElement[Any]]:
        return [self._key] if self._changed_at is None else [self._changed_at, self._key]

    def _readable(self) -> list[ColumnElement[bool]]:
        return [named.is_not(None) for named in self._order()]

    def _after(self, cursor: Cursor | None) -> list[ColumnElement[bool]]:
        if cursor is None:
            return []
        if self._changed_at is None:
            return [self._key > literal(cursor.key)]
        moment = literal(cursor.changed_at)
        if cursor.key is None:
            return [self._changed_at >= moment]
        same_moment = and_(self._changed_at == moment, self._key > literal(cursor.key))
        return [or_(self._changed_at > moment, same_moment)]

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execution_options(postgresql_readonly=True)
                yield connection
        except SQLAlchemyError as error:
            said = str(getattr(error, "orig", None) or error).strip()
            raise InvalidInput(
                self._name, self._feed.table or self._feed.query, f"the shop's database: {said}"
            ) from error
