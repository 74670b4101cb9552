"""Opening the database, transactions, and bringing its schema up to date.

SQLite is the embedded default: write-ahead log, every commit on disk before it counts. The tables and
statements are the same on PostgreSQL; what the two need differently is in this file.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import JSON, URL, Connection, Engine, Table, create_engine, event, func, insert, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError, TimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from recommender.errors import InvalidInput
from store.errors import StoreUnavailable
from store.tables import SCHEMA

BUSY_TIMEOUT_S: Final = 10.0
"""How long a transaction waits for another process's write."""

RETRY_S: Final = 0.001
"""How often SQLite is asked for the write lock. Its own waiting sleeps up to 0.1 s, and misses every gap in between."""

CONNECT_TIMEOUT_S: Final = 10
"""How long a PostgreSQL that does not answer is waited for, unless the URL says ``?connect_timeout=``."""

_CANNOT_NOW: Final = frozenset(
    {
        "25006",  # read-only: the server is a standby
        "3F000",  # no such schema: not migrated
        "42501",  # no permission for our tables
        "42P01",  # no such table: not migrated
    }
)
"""Errors of PostgreSQL that are about its state and not about the statement, where the driver does not say so."""

_WRITE_TURN: Final = 7_433_929_011  # any number of our own: the advisory lock of writers on PostgreSQL

_PRAGMAS: Final = (
    "synchronous=FULL",  # a commit survives power loss, in WAL mode too
    "secure_delete=ON",  # zeros over what is deleted, on every build of SQLite: an erasure is one, pruning another
    "cache_size=-32768",  # KiB: index pages of a bulk import stay in memory (16 instead of 21 s for 1.47 M rows)
    "wal_autocheckpoint=40000",  # pages: `store.bulk` moves what it writes itself, so that no single event pays for it
)


def open_engine(url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """An engine for a SQLite file (its folder is made) or a PostgreSQL database. Nothing is migrated yet.

    Raises InvalidInput for any other URL; in-memory SQLite is one of them, for its connections share nothing.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidInput("database_url", url, "is not a database URL") from error
    match parsed.get_backend_name():
        case "sqlite":
            return _open_sqlite(parsed, busy_timeout_s)
        case "postgresql":
            return _open_postgresql(parsed, busy_timeout_s)
    raise InvalidInput("database_url", parsed.render_as_string(), "must start with sqlite:/// or postgresql://")


def _open_postgresql(url: URL, busy_timeout_s: float) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")  # SQLAlchemy's own default is psycopg2, which is not installed
    if "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": str(CONNECT_TIMEOUT_S)})
    try:
        return create_engine(
            url,
            pool_pre_ping=True,
            hide_parameters=True,
            execution_options={"lock_timeout": f"{round(busy_timeout_s * 1000)}ms"},
        )
    except ImportError as error:
        reason = f"its driver is not installed: {error.name}"
        raise InvalidInput("database_url", url.render_as_string(), reason) from error


def _open_sqlite(url: URL, busy_timeout_s: float) -> Engine:
    if not url.database or url.database == ":memory:":
        raise InvalidInput("database_url", url.render_as_string(), "SQLite needs a file")
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"its folder cannot be made: {error.strerror}"
        raise InvalidInput("database_url", url.render_as_string(), reason) from error
    options = {"schema_translate_map": {SCHEMA: None}, "busy_timeout_s": busy_timeout_s}
    # Parameters are hidden on either database: errors go to the log, and customers' ids must not.
    engine = create_engine(url, hide_parameters=True, execution_options=options)

    def configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # transactions begin where `_begin_sqlite` says, not where the driver guesses
        _configure_sqlite(connection.cursor(), busy_timeout_s)

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(cursor: Any, busy_timeout_s: float) -> None:  # noqa: ANN401  a cursor of the driver
    cursor.execute(f"PRAGMA busy_timeout={round(busy_timeout_s * 1000)}")
    _switch_to_wal(cursor, time.monotonic() + busy_timeout_s)
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _switch_to_wal(cursor: Any, deadline: float) -> None:  # noqa: ANN401
    # Two processes that make this switch on a new file at once do not wait for each other: one is told "locked".
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        _begin_writing(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    """``BEGIN IMMEDIATE``, tried every `RETRY_S`; the driver's error once the engine's busy timeout is over."""
    timeout_s: float = connection.get_execution_options()["busy_timeout_s"]
    ends = time.monotonic() + timeout_s
    raw = cast(sqlite3.Connection, connection.connection.dbapi_connection)
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        while _is_locked(raw) and time.monotonic() < ends:
            time.sleep(RETRY_S)
        if not raw.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # for SQLAlchemy's form of the error
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(timeout_s * 1000)}")


def _is_locked(connection: sqlite3.Connection) -> bool:
    """Whether the write lock is somebody else's; it is ours from now on if it is nobody's."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return False


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction in which every read sees the same moment. Raises StoreUnavailable if the database cannot."""
    with _typed_failures(), engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A write transaction, committed durably when the block ends and rolled back when it raises.

    There is one writer at a time on either database (others wait), so what a transaction reads stays true until
    it commits, and ids of `changes` become visible in ascending order. Raises StoreUnavailable if the database
    stays locked, is full or is lost.
    """
    with _typed_failures(), engine.connect() as connection:
        connection.execution_options(writes=True)
        with connection.begin():
            if connection.dialect.name == "postgresql":
                _take_turn(connection)
            yield connection


def _take_turn(connection: Connection) -> None:
    lock_timeout = connection.get_execution_options()["lock_timeout"]
    # Both end with the transaction, so a connection pooler in between does not carry them to somebody else.
    settings = {"synchronous_commit": "on", "lock_timeout": lock_timeout}
    connection.execute(select(*(func.set_config(name, value, True) for name, value in settings.items())))
    connection.execute(select(func.pg_advisory_xact_lock(_WRITE_TURN)))


@contextmanager
def _typed_failures() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, TimeoutError) as error:
        raise _unavailable(error) from error
    except DBAPIError as error:
        if error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _CANNOT_NOW:
            raise _unavailable(error) from error
        raise


def _unavailable(error: SQLAlchemyError) -> StoreUnavailable:
    return StoreUnavailable(f"the database cannot do this now: {getattr(error, 'orig', error)}")


def rewrite_file(engine: Engine) -> bool:
    """Write a SQLite file anew, so that nothing deleted is left in it or in its log; others' writes wait meanwhile.

    Deleting overwrites what is deleted, but pages that were split before may keep copies of what moved. Needs room
    for the file once more; about 6 s per GB. Returns whether it was done: not on PostgreSQL, whose vacuum is its own
    affair, and not where the disk is full or somebody holds the file.
    """
    if engine.dialect.name != "sqlite":
        return False
    with engine.connect() as connection:
        cursor = connection.connection.cursor()  # the driver's own: neither statement may be in a transaction
        try:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            ((busy, *_),) = cursor.fetchall()
        except sqlite3.OperationalError:
            return False
        finally:
            cursor.close()
    return not busy


def migrate(engine: Engine) -> None:
    """Bring the schema up to this version's. Does nothing, and waits for nobody, where it is already.

    Safe in several processes at once. Raises StoreUnavailable if the database is newer than this program.
    """
    script = ScriptDirectory.from_config(_alembic_config())
    with reading(engine) as connection:
        if _revision(connection) == script.get_current_head():
            return
    with writing(engine) as connection:
        _run(command.upgrade, connection, "head")


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the schema back to an earlier revision; ``base`` removes every table of ours, with its data."""
    with writing(engine) as connection:
        _run(command.downgrade, connection, revision)


def _run(step: Callable[[Config, str], None], connection: Connection, revision: str) -> None:
    try:
        step(_alembic_config(connection), revision)
    except CommandError as error:
        raise StoreUnavailable(f"the database is of another version than this program: {error}") from error


def _revision(connection: Connection) -> str | None:
    options = {"version_table_schema": migration_schema(connection)}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def _alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migration_schema(connection: Connection) -> str | None:
    """The schema that Alembic must be told of, for it does not translate: none on SQLite."""
    return None if connection.dialect.name == "sqlite" else SCHEMA


def insert_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> None:
    """Append rows whose values are in the order of ``columns``.

    On SQLite they go to the driver as they are: 16 instead of 25 s for 1.47 M events with four indexes.
    """
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in rows])
        return
    places = [place for place, name in enumerate(columns) if isinstance(table.c[name].type, JSON)]
    names = ", ".join(connection.dialect.identifier_preparer.quote(name) for name in columns)
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))})",
        [_with_json(row, places) if any(row[place] is not None for place in places) else row for row in rows],
    )


def _with_json(row: tuple[object, ...], places: Sequence[int]) -> tuple[object, ...]:
    values = list(row)
    for place in places:
        values[place] = None if values[place] is None else json.dumps(values[place])
    return tuple(values)


def upsert(connection: Connection, table: Table, *key: str) -> sqlite.Insert | postgresql.Insert:
    """An insert that replaces every other column of the row which has the same ``key`` columns."""
    statement = (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(table)
    replaced = {column.name: statement.excluded[column.name] for column in table.c if column.name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=replaced)
