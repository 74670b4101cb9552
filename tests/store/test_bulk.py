"""Bulk writes leave gaps in which single writes have their turn."""

import threading
import time
from itertools import pairwise

import pytest
from sqlalchemy import Engine, func, insert, select

from store.bulk import ALONE_HOLD_S, CHECKPOINT_ROWS, HOLD_S, LEAST_ROWS, BulkWriter
from store.changes import read_changes
from store.engine import reading, writing
from store.tables import changes


def announce(engine: Engine, bulk: BulkWriter, key: str, rows: int) -> None:
    with bulk.writing(rows) as connection:
        connection.execute(insert(changes), {"kind": "product", "key": key, "created_at": 1})


def test_each_transaction_is_committed(engine: Engine) -> None:
    bulk = BulkWriter(engine, most=10_000)
    for number in range(5):
        announce(engine, bulk, str(number), CHECKPOINT_ROWS)  # a checkpoint of SQLite's log after each
    with reading(engine) as connection:
        assert [change.key for change in read_changes(connection, 0)] == ["0", "1", "2", "3", "4"]


def test_an_error_rolls_back(engine: Engine) -> None:
    def fail_after_writing() -> None:
        with BulkWriter(engine, most=10).writing(1) as connection:
            connection.execute(insert(changes), {"kind": "product", "key": "a", "created_at": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(changes)).scalar_one() == 0


def test_quick_rows_make_longer_transactions_and_slow_ones_shorter(engine: Engine) -> None:
    bulk = BulkWriter(engine, most=2_000)
    for _ in range(5):
        announce(engine, bulk, "quick", bulk.rows)
    assert bulk.rows == 2_000
    with writing(engine) as connection:
        connection.execute(insert(changes), {"kind": "product", "key": "single", "created_at": 1})
    for _ in range(12):
        with bulk.writing(bulk.rows):
            time.sleep(0.1)
    assert bulk.rows == LEAST_ROWS


def test_transactions_are_short_from_the_moment_somebody_else_writes(engine: Engine) -> None:
    bulk = BulkWriter(engine, most=100_000)
    while bulk.rows < 20_000:
        announce(engine, bulk, "alone", bulk.rows)
    assert bulk._hold_s == ALONE_HOLD_S
    with writing(engine) as connection:
        connection.execute(insert(changes), {"kind": "product", "key": "single", "created_at": 1})
    before = bulk.rows
    with bulk.writing(bulk.rows):
        time.sleep(ALONE_HOLD_S)
    assert bulk._hold_s == HOLD_S
    assert bulk.rows < before / 10


def test_a_single_write_comes_between_two_transactions(engine: Engine) -> None:
    """However many bulk transactions follow each other: those that wait are not passed over."""
    bulk = BulkWriter(engine, most=10)
    begun, done = threading.Event(), threading.Event()

    def write_one() -> None:
        begun.wait()
        with writing(engine) as connection:
            connection.execute(insert(changes), {"kind": "product", "key": "single", "created_at": 1})
        done.set()

    thread = threading.Thread(target=write_one)
    thread.start()
    for number in range(1_000):
        announce(engine, bulk, f"bulk-{number}", 1)
        begun.set()
        if done.is_set():
            break
    thread.join()
    assert number < 999
    with reading(engine) as connection:
        written = read_changes(connection, 0)
    assert sum(change.key == "single" for change in written) == 1
    assert all(earlier.id < later.id for earlier, later in pairwise(written))
