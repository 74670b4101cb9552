"""One run of a job at a time, on whichever machine: who holds the lock is let go of by its death, kill -9 included."""

import fcntl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, func, select

from recommender.errors import InvalidInput
from store.engine import reading
from store.errors import JobIsRunning
from store.job_runs import list_runs

_JOBS: Final = 1_970_471_026  # any number of our own: the first half of PostgreSQL's advisory locks of jobs


@contextmanager
def only_run(engine: Engine, name: str) -> Iterator[None]:
    """Hold the job's lock for as long as the block takes. Raises JobIsRunning at once if another holds it.

    On SQLite it is a file beside the database, locked by the operating system; on PostgreSQL an advisory lock of a
    session of its own, so connect to PostgreSQL itself here and not through a pooler that shares sessions.
    """
    lock = _postgresql_lock if engine.dialect.name == "postgresql" else _file_lock
    with lock(engine, name) as alone:
        if not alone:
            raise JobIsRunning(f"{name} is running already{_since(engine, name)}; this run did nothing")
        yield


@contextmanager
def _file_lock(engine: Engine, name: str) -> Iterator[bool]:
    path = Path(f"{engine.url.database}.{name}.lock")
    try:
        file = path.open("ab")
    except OSError as error:
        raise InvalidInput("database_url", str(path), f"no lock can be made there: {error.strerror}") from error
    with file:  # the file stays: removing it would let two runs lock two files of one name
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def _postgresql_lock(engine: Engine, name: str) -> Iterator[bool]:
    number = zlib.crc32(name.encode()) - 2**31
    with reading(engine):  # says in our words what is wrong where PostgreSQL cannot be reached
        pass
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")  # no transaction stays open for the job's length
        connection.detach()  # closed at the end, not given back to the pool with the lock
        yield bool(connection.execute(select(func.pg_try_advisory_lock(_JOBS, number))).scalar())


def _since(engine: Engine, name: str) -> str:
    with reading(engine) as connection:
        runs = list_runs(connection, name=name, limit=1)
    return f" (since {datetime.fromtimestamp(runs[0].started_at, UTC):%Y-%m-%d %H:%M:%S} UTC)" if runs else ""
