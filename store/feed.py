"""Waiting for the next change: PostgreSQL says when there is one, SQLite is looked at again after a while.

A notification carries nothing and may be lost; what counts is always read with `store.changes.read_changes`.
"""

import logging
import select
import socket
import threading
import time
from typing import Final, Protocol

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from store.changes import CHANNEL

POLL_SECONDS: Final = 0.2
"""How often a database that does not notify is looked at: what other processes write counts well within a second."""

GATHER_SECONDS: Final = 0.02
"""How long a notification waits for others, so that a burst of commits is read at once and not one by one."""

log = logging.getLogger("shelfwise.store")


class ChangeSignal(Protocol):
    """Use from one thread; only `close` may be called from another."""

    lost: int
    """How often PostgreSQL could not be listened to, the first time included."""

    def wait(self, timeout_s: float) -> None:
        """Return when there may be a new change, after ``timeout_s`` at the latest. Never raises."""

    def close(self) -> None:
        """End the wait that is going on, and make every later one return at once. May take as long as connecting."""


def change_signal(engine: Engine) -> ChangeSignal:
    """The way to wait for changes of this database. Connects to nothing yet."""
    return Listener(engine) if engine.dialect.name == "postgresql" else Clock()


class Clock:
    """Waits for the poll interval."""

    def __init__(self) -> None:
        self.lost = 0
        self._closed = threading.Event()

    def wait(self, timeout_s: float) -> None:
        """For `POLL_SECONDS`, or less where the caller wants less."""
        self._closed.wait(min(timeout_s, POLL_SECONDS))

    def close(self) -> None:
        """Every wait returns at once."""
        self._closed.set()


class Listener:
    """Listens on a connection of its own, outside of the engine's pool, and makes a new one when that is lost.

    While there is none, each wait takes its whole time, so a caller that reads the feed after every wait is late by
    that much and misses nothing. With a pooler in between that shares connections it may never be notified.
    """

    def __init__(self, engine: Engine) -> None:
        self.lost = 0
        self._engine = engine
        self._connection: psycopg.Connection[object] | None = None
        self._closed = threading.Event()
        self._waiting = threading.Lock()
        self._woken, self._waker = socket.socketpair()

    def wait(self, timeout_s: float) -> None:
        """Returns at once after connecting too: what was committed before that was announced to nobody here."""
        ends = time.monotonic() + timeout_s
        with self._waiting:
            if self._closed.is_set():
                return
            try:
                self._connect_or_await(timeout_s)
            except (psycopg.Error, SQLAlchemyError, OSError) as error:
                self._give_up(error)
                self._closed.wait(max(0.0, ends - time.monotonic()))

    def close(self) -> None:
        """Every wait returns at once, and the connection is closed."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._waker.send(b".")
        with self._waiting:
            self._disconnect()
            self._waker.close()
            self._woken.close()

    def _connect_or_await(self, timeout_s: float) -> None:
        if self._connection is None:
            self._connection = self._listen()
        else:
            self._await_notification(self._connection, timeout_s)

    def _listen(self) -> "psycopg.Connection[object]":
        pooled = self._engine.raw_connection()
        connection = pooled.driver_connection
        pooled.detach()
        assert isinstance(connection, psycopg.Connection)
        try:
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}")
        except psycopg.Error:
            connection.close()
            raise
        return connection

    def _await_notification(self, connection: "psycopg.Connection[object]", timeout_s: float) -> None:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        if poll.poll(timeout_s * 1000) and not self._closed.wait(GATHER_SECONDS):
            for _ in connection.notifies(timeout=0):
                pass

    def _give_up(self, error: Exception) -> None:
        log.warning("cannot listen for changes, looking for them instead: %s", error)
        self.lost += 1
        self._disconnect()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
