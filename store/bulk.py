"""Bulk writes beside single ones: short transactions, a gap after each, and their own share of SQLite's upkeep."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine

from store.changes import newest_change
from store.engine import writing

HOLD_S: Final = 0.015
"""How long a transaction should hold the write lock beside others: what a single event waits for, twice over."""

GAP_S: Final = 0.002
"""Longer than a waiting transaction sleeps between two tries (`store.engine.RETRY_S`), so that it gets its turn."""

ALONE_HOLD_S: Final = 0.5
"""The same where nobody else writes: fewer commits, and the first who comes waits once."""

CROWDED_S: Final = 5.0
"""For how long after somebody else's write there are expected to be more."""

FIRST_ROWS: Final = 250
LEAST_ROWS: Final = 100
"""Where even these take longer, the commit does, and fewer rows would only mean more commits."""

CHECKPOINT_ROWS: Final = 25_000
"""Of events that is up to 150 MB of SQLite's write-ahead log."""

_CHECKPOINT_TRIES: Final = 3


class BulkWriter:
    """Transactions of as many rows as fit into the time they may take, `LEAST_ROWS` to ``most`` of them.

    That time is short while others write, which a change between two transactions that is not ours tells.
    """

    def __init__(self, engine: Engine, *, most: int) -> None:
        self._engine, self._most = engine, most
        self._since_checkpoint = 0
        self._newest: int | None = None
        self._crowded_until = 0.0
        self.rows = min(FIRST_ROWS, most)
        """How many rows the next transaction should write."""

    @contextmanager
    def writing(self, rows: int) -> Iterator[Connection]:
        """As `store.engine.writing`, for ``rows`` rows; afterwards others have their turn."""
        with writing(self._engine) as connection:
            began = time.monotonic()
            self._look_round(connection, began)
            yield connection
            self._newest = newest_change(connection)
        self._adapt(rows, time.monotonic() - began)
        self._since_checkpoint += rows
        if self._engine.dialect.name == "sqlite" and self._since_checkpoint >= CHECKPOINT_ROWS:
            self._checkpoint()
        if self._hold_s == HOLD_S:
            time.sleep(GAP_S)

    @property
    def _hold_s(self) -> float:
        return HOLD_S if time.monotonic() < self._crowded_until else ALONE_HOLD_S

    def _look_round(self, connection: Connection, now: float) -> None:
        alone = now >= self._crowded_until
        if self._newest not in (None, newest_change(connection)):
            self._crowded_until = now + CROWDED_S
            if alone:
                self.rows = max(LEAST_ROWS, round(self.rows * HOLD_S / ALONE_HOLD_S))

    def _adapt(self, rows: int, seconds: float) -> None:
        fitting = rows * self._hold_s / max(seconds, 1e-6)
        # Halfway: one slow commit says little about the next.
        self.rows = min(self._most, max(LEAST_ROWS, min(2 * self.rows, round((self.rows + fitting) / 2))))

    def _checkpoint(self) -> None:
        """Move the write-ahead log into the database here: otherwise the commit of some single event does it."""
        self._since_checkpoint = 0
        with self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            for _ in range(_CHECKPOINT_TRIES):  # what others write meanwhile is left; the log is reused when nothing is
                _, frames, moved = connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
                if frames == moved:
                    break
