"""Long work in short write transactions, with pauses: serving writes through the same database."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine

from store.engine import writing

BATCH: Final = 200
"""Rows that one transaction writes or removes; docs/jobs.md says how long that takes."""


@contextmanager
def gently(engine: Engine) -> Iterator[Connection]:
    """As `store.engine.writing`, followed by a pause as long as the work took: who waits to write gets a turn."""
    with writing(engine) as connection:
        began = time.monotonic()
        yield connection
    time.sleep(time.monotonic() - began)


def until_none(engine: Engine, remove: Callable[[Connection], int]) -> int:
    """Call ``remove`` in one transaction after the other until it removes nothing; returns the sum."""
    total = 0
    while True:
        with gently(engine) as connection:
            removed = remove(connection)
        if not removed:
            return total
        total += removed
