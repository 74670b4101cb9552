"""Waiting for changes. What listens needs a real PostgreSQL; times are bounds far from what is expected."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, func, select, text

from store.changes import CHANNEL, ChangeKind, append_changes, newest_change, read_changes
from store.engine import open_engine, reading, writing
from store.feed import ChangeSignal, Listener, change_signal
from tests.real_server import eventually, free_port

LONG_S = 30.0


@pytest.fixture
def listener(postgresql_engine: Engine) -> Iterator[Listener]:
    """Already listening: the first wait connects."""
    listener = Listener(postgresql_engine)
    listener.wait(LONG_S)
    yield listener
    listener.close()


def write(engine: Engine, *keys: str) -> None:
    with writing(engine) as connection:
        append_changes(connection, ChangeKind.PRODUCT, keys)


def keys_after(engine: Engine, after: int) -> list[str | None]:
    with reading(engine) as connection:
        return [change.key for change in read_changes(connection, after)]


def seconds(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def test_a_change_ends_the_wait(postgresql_engine: Engine, listener: Listener) -> None:
    threading.Timer(0.2, write, (postgresql_engine, "milk")).start()
    assert 0.1 < seconds(lambda: listener.wait(LONG_S)) < LONG_S / 2
    assert keys_after(postgresql_engine, 0) == ["milk"]
    assert listener.lost == 0


def test_a_change_before_the_wait_ends_it_too(postgresql_engine: Engine, listener: Listener) -> None:
    write(postgresql_engine, "milk")
    assert seconds(lambda: listener.wait(LONG_S)) < LONG_S / 2


def test_many_changes_end_one_wait(postgresql_engine: Engine, listener: Listener) -> None:
    for number in range(20):
        write(postgresql_engine, str(number))
    listener.wait(LONG_S)
    assert 0.2 < seconds(lambda: listener.wait(0.3)) < LONG_S


def test_what_rolled_back_and_what_changes_nothing_is_not_announced(
    postgresql_engine: Engine, listener: Listener
) -> None:
    with postgresql_engine.connect() as connection:
        append_changes(connection, ChangeKind.PRODUCT, ["milk"])
        connection.rollback()
    write(postgresql_engine)
    assert 0.2 < seconds(lambda: listener.wait(0.3)) < LONG_S


def test_a_transaction_is_announced_once_and_without_content(postgresql_engine: Engine) -> None:
    with postgresql_engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        with writing(postgresql_engine) as writer:
            append_changes(writer, ChangeKind.PRODUCT, ["milk", "tea"])
            append_changes(writer, ChangeKind.CATALOG, [None])
        driver = connection.connection.driver_connection
        assert driver is not None
        assert [(one.channel, one.payload) for one in driver.notifies(timeout=0.5)] == [(CHANNEL, "")]


LISTENERS = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'")


def cut(engine: Engine) -> int:
    """End the connections that listen; returns how many."""
    with engine.begin() as connection:
        found = connection.execute(LISTENERS).scalars().all()
        for process in found:
            connection.execute(select(func.pg_terminate_backend(process)))
    return len(found)


def wait_until_lost(listener: Listener) -> None:
    """The server's goodbye ends one wait, the end of the connection the next; either may be what a wait sees."""
    assert seconds(lambda: [listener.wait(0.3) for _ in range(2) if not listener.lost]) >= 0.2
    assert listener.lost == 1


def test_a_cut_connection_loses_nothing(postgresql_engine: Engine, listener: Listener) -> None:
    assert cut(postgresql_engine) == 1
    write(postgresql_engine, "while nobody listens")
    wait_until_lost(listener)
    listener.wait(LONG_S)  # connects again, and lets the caller look at once
    assert keys_after(postgresql_engine, 0) == ["while nobody listens"]
    threading.Timer(0.2, write, (postgresql_engine, "and again")).start()
    assert seconds(lambda: listener.wait(LONG_S)) < LONG_S / 2
    assert listener.lost == 1


def test_a_connection_that_is_cut_during_the_wait(postgresql_engine: Engine, listener: Listener) -> None:
    threading.Timer(0.1, cut, (postgresql_engine,)).start()
    wait_until_lost(listener)
    assert seconds(lambda: listener.wait(LONG_S)) < LONG_S / 2
    assert listener.lost == 1


def test_a_server_that_is_not_there_takes_the_whole_time() -> None:
    listener = Listener(open_engine(f"postgresql://ann@127.0.0.1:{free_port()}/shop"))
    assert 0.2 < seconds(lambda: listener.wait(0.3)) < LONG_S / 2
    assert listener.lost == 1
    listener.close()


@pytest.fixture
def signal(engine: Engine) -> Iterator[ChangeSignal]:
    signal = change_signal(engine)
    yield signal
    signal.close()


def test_closing_ends_the_wait_and_every_later_one(engine: Engine, signal: ChangeSignal) -> None:
    signal.wait(0.01)
    thread = threading.Thread(target=signal.wait, args=(LONG_S,))
    thread.start()
    time.sleep(0.05)
    signal.close()
    thread.join(LONG_S / 2)
    assert not thread.is_alive()
    assert seconds(lambda: signal.wait(LONG_S)) < LONG_S / 2
    signal.close()


def test_closing_closes_the_connection(postgresql_engine: Engine, listener: Listener) -> None:
    listener.close()
    eventually(lambda: cut(postgresql_engine) == 0, within=LONG_S)


def test_sqlite_is_looked_at_again_soon(sqlite_engine: Engine) -> None:
    """It tells nobody of a commit."""
    signal = change_signal(sqlite_engine)
    assert 0.1 < seconds(lambda: signal.wait(LONG_S)) < LONG_S / 2


WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def test_a_later_transaction_cannot_show_its_ids_first(postgresql_engine: Engine) -> None:
    """A sequence of PostgreSQL gives ids before the commit; a reader that saw 2 first would never ask for 1."""
    later = threading.Thread(target=write, args=(postgresql_engine, "later"))

    def waiting() -> bool:
        with reading(postgresql_engine) as connection:
            return bool(connection.execute(WAITING).scalar_one())

    with writing(postgresql_engine) as connection:
        append_changes(connection, ChangeKind.PRODUCT, ["earlier"])
        later.start()
        eventually(waiting, within=LONG_S)
        assert keys_after(postgresql_engine, 0) == []
        append_changes(connection, ChangeKind.PRODUCT, ["earlier still open"])
    later.join(LONG_S)
    assert keys_after(postgresql_engine, 0) == ["earlier", "earlier still open", "later"]


def test_a_reader_among_writers_skips_nothing(engine: Engine, signal: ChangeSignal) -> None:
    def write_some(thread: int) -> None:
        for number in range(20):
            with writing(engine) as connection:
                append_changes(connection, ChangeKind.PRODUCT, [f"{thread}-{number}-a"])
                time.sleep(0.001)
                append_changes(connection, ChangeKind.PRODUCT, [f"{thread}-{number}-b"])

    threads = [threading.Thread(target=write_some, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    cursor, seen, ends = 0, list[str | None](), time.monotonic() + LONG_S
    while len(seen) < 160 and time.monotonic() < ends:
        signal.wait(1.0)
        with reading(engine) as connection:
            found = read_changes(connection, cursor)
            newest = newest_change(connection)
        seen += [change.key for change in found]
        cursor = newest
    for thread in threads:
        thread.join()
    assert len(seen) == len(set(seen)) == 160
