import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import DataError

from recommender.events import EventType
from store.changes import ChangeKind, newest_change, read_changes
from store.customer_history import read_history
from store.engine import open_engine, reading, writing
from store.errors import StoreUnavailable
from store.event_writer import EventWriter
from store.events import Event, EventResult
from store.tables import user_interactions

from .conftest import StartPython

VIEW = Event(product_id="milk", type=EventType.VIEW, user_id="ann", occurred_at=100.0)


def view(event_id: str, user: str = "ann") -> Event:
    return replace(VIEW, event_id=event_id, user_id=user)


def stored_ids(engine: Engine) -> list[str]:
    query = select(user_interactions.c.event_id).order_by(user_interactions.c.id)
    with reading(engine) as connection:
        return [str(one) for one in connection.execute(query).scalars()]


@pytest.fixture
def writer(engine: Engine) -> Iterator[EventWriter]:
    with EventWriter(engine) as writer:
        yield writer


@pytest.fixture
def commits(engine: Engine) -> list[None]:
    """Grows by one with each commit that wrote something."""
    committed: list[None] = []
    event.listen(
        engine,
        "commit",
        lambda connection: connection.get_execution_options().get("writes") and committed.append(None),
    )
    return committed


def test_what_is_acknowledged_is_stored(engine: Engine, writer: EventWriter) -> None:
    assert writer.submit([view("a"), view("b")]).result() == ["accepted", "accepted"]
    assert stored_ids(engine) == ["a", "b"]


def test_no_events_are_no_work(engine: Engine, writer: EventWriter) -> None:
    assert writer.submit([]).result() == []


def test_each_event_has_its_own_result(writer: EventWriter) -> None:
    first = writer.submit([view("a"), view("a"), view("a", "bob")]).result()
    again = writer.submit([view("a", "bob"), view("b"), view("a")]).result()
    assert first == [EventResult.ACCEPTED, EventResult.DUPLICATE, EventResult.CONFLICT]
    assert again == [EventResult.CONFLICT, EventResult.ACCEPTED, EventResult.DUPLICATE]


def test_each_customer_is_announced_once_with_the_events(engine: Engine, url: str, writer: EventWriter) -> None:
    in_session = replace(VIEW, user_id=None, session_id="s1")
    writer.submit([VIEW, VIEW, view("a", "bob"), in_session, replace(VIEW, session_id="s1")]).result()
    with reading(open_engine(url)) as elsewhere:
        announced = read_changes(elsewhere, 0)
        assert [change.kind for change in announced] == [ChangeKind.CUSTOMER] * 3
        assert [change.key for change in announced] == ["user:ann", "user:bob", "session:s1"]
        assert len(read_history(elsewhere, user_id="ann", session_id=None)) == 3


def test_duplicates_announce_nothing(engine: Engine, writer: EventWriter) -> None:
    writer.submit([view("a")]).result()
    writer.submit([view("a"), view("a", "bob")]).result()
    with reading(engine) as connection:
        assert newest_change(connection) == 1


@contextmanager
def busy(engine: Engine, writer: EventWriter) -> Iterator[None]:
    """The writer is held up: its transaction, with the event "first", waits for this one to end."""
    with writing(engine):
        first = writer.submit([view("first")])
        while not first.running():
            time.sleep(0.001)
        yield


def test_waiting_calls_share_a_commit(engine: Engine, commits: list[None]) -> None:
    futures: list[Future[list[EventResult]]] = []

    def submit(thread: int) -> None:
        futures.extend(writer.submit([view(f"{thread}-{number}")]) for number in range(10))

    with EventWriter(engine) as writer:
        with busy(engine, writer):
            threads = [threading.Thread(target=submit, args=(number,)) for number in range(40)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        results = [future.result(timeout=30) for future in futures]
    assert results == [["accepted"]] * 400
    assert sorted(stored_ids(engine)) == sorted(["first", *(f"{a}-{b}" for a in range(40) for b in range(10))])
    assert len(commits) == 3  # of the transaction that held the writer up, of "first", and of all the others


def test_a_commit_is_bounded_and_a_call_is_not_split(engine: Engine, commits: list[None]) -> None:
    with EventWriter(engine, group_size=10) as writer:
        with busy(engine, writer):
            calls = [writer.submit([view(f"{call}-{n}") for n in range(5)]) for call in range(5)]
            large = writer.submit([view(f"large-{number}") for number in range(25)])
        assert [len(call.result(timeout=30)) for call in calls] == [5] * 5
        assert len(large.result(timeout=30)) == 25
    assert len(commits) == 2 + 3 + 1  # two calls fit a group of ten; a call of 25 is a group of its own


def test_a_full_queue_refuses_at_once(engine: Engine) -> None:
    with EventWriter(engine, queue_size=5) as writer:
        with busy(engine, writer):
            queued = [writer.submit([view(f"a{number}")]) for number in range(5)]
            refused = [writer.submit([view(f"b{number}")]) for number in range(3)]
            assert [isinstance(future.exception(timeout=0), StoreUnavailable) for future in refused] == [True] * 3
        assert [future.result(timeout=30) for future in queued] == [["accepted"]] * 5
        assert writer.submit([view("c")]).result(timeout=30) == ["accepted"]
    assert stored_ids(engine) == ["first", "a0", "a1", "a2", "a3", "a4", "c"]


def test_a_locked_database_fails_the_group_and_the_writer_goes_on(engine: Engine, url: str) -> None:
    with EventWriter(open_engine(url, busy_timeout_s=0.1)) as writer:
        with writing(engine):
            assert isinstance(writer.submit([view("a")]).exception(timeout=30), StoreUnavailable)
        assert writer.submit([view("a")]).result(timeout=30) == ["accepted"]
    assert stored_ids(engine) == ["a"]


def test_a_full_disk_fails_the_group_and_the_writer_goes_on(sqlite_engine: Engine) -> None:
    """A pragma of SQLite stands for the disk."""
    engine = sqlite_engine
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=60"))
    with EventWriter(engine) as writer:
        too_much = [replace(VIEW, event_id=str(number), order_id="x" * 1000) for number in range(1_000)]
        assert isinstance(writer.submit(too_much).exception(timeout=30), StoreUnavailable)
        assert writer.submit([view("a")]).result(timeout=30) == ["accepted"]
    assert stored_ids(engine) == ["a"]
    with reading(engine) as connection:
        assert newest_change(connection) == 1


def test_a_call_that_the_database_refuses_does_not_sink_the_others(engine: Engine) -> None:
    broken = view("broken")
    object.__setattr__(broken, "position", 2**70)  # no column holds it
    with EventWriter(engine) as writer:
        with busy(engine, writer):
            before, bad, after = (writer.submit([one]) for one in (view("a"), broken, view("b")))
        assert isinstance(bad.exception(timeout=30), OverflowError | DataError)
        assert before.result(timeout=30) == after.result(timeout=30) == ["accepted"]
    assert stored_ids(engine) == ["first", "a", "b"]


def test_a_call_cancelled_in_time_is_not_written(engine: Engine) -> None:
    with EventWriter(engine) as writer:
        with busy(engine, writer):
            _, cancelled, last = (writer.submit([view(one)]) for one in "abc")
            assert cancelled.cancel()
        assert last.result(timeout=30) == ["accepted"]
        assert not last.cancel()
    assert stored_ids(engine) == ["first", "a", "c"]


def test_closing_writes_what_is_queued_and_refuses_the_rest(engine: Engine) -> None:
    writer = EventWriter(engine)
    with busy(engine, writer):
        futures = [writer.submit([view(str(number))]) for number in range(50)]
    writer.close()
    writer.close()
    assert [future.result(timeout=0) for future in futures] == [["accepted"]] * 50
    assert isinstance(writer.submit([view("late")]).exception(timeout=0), StoreUnavailable)
    assert stored_ids(engine) == ["first", *(str(number) for number in range(50))]


WRITE_WITHOUT_END = """
import sys, threading
from recommender.events import EventType
from store.engine import open_engine
from store.event_writer import EventWriter
from store.events import Event

writer = EventWriter(open_engine(sys.argv[1]))
speak = threading.Lock()

def write(thread):
    for number in range(10**9):
        event_id = f"{sys.argv[2]}-{thread}-{number}"
        (result,) = writer.submit(
            [Event(product_id="milk", type=EventType.VIEW, user_id=f"u{thread}", event_id=event_id)]
        ).result()
        with speak:
            print(event_id, result, flush=True)

for thread in range(8):
    threading.Thread(target=write, args=(thread,), daemon=True).start()
threading.Event().wait()
"""


def test_acknowledged_events_survive_kill_9_exactly_once(engine: Engine, url: str, start_python: StartPython) -> None:
    process = start_python(WRITE_WITHOUT_END, url, "a")
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().split() for _ in range(300)]
    process.kill()
    acknowledged += [line.split() for line in process.stdout if line.endswith("accepted\n")]
    ids = stored_ids(engine)
    assert {result for _, result in acknowledged} == {"accepted"}
    assert len(ids) == len(set(ids))
    assert {event_id for event_id, _ in acknowledged} <= set(ids)
    with EventWriter(engine) as writer:
        again = [Event(product_id="milk", type=EventType.VIEW, user_id="u0", event_id=one) for one in ids]
        mine = [result for one, result in zip(ids, writer.submit(again).result(), strict=True) if "a-0-" in one]
    assert set(mine) == {"duplicate"}
    assert stored_ids(engine) == ids


def test_two_processes_write_at_once(engine: Engine, url: str, start_python: StartPython) -> None:
    processes = [start_python(WRITE_WITHOUT_END, url, name) for name in "ab"]
    acknowledged = []
    for process in processes:
        assert process.stdout is not None
        acknowledged += [process.stdout.readline().split() for _ in range(200)]
    for process in processes:
        process.kill()
        process.wait()
    ids = stored_ids(engine)
    assert {result for _, result in acknowledged} == {"accepted"}
    assert {event_id for event_id, _ in acknowledged} <= set(ids)
    assert len(ids) == len(set(ids))
