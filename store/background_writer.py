"""One thread that writes to the store what others queue, many in one commit."""

import threading
from abc import ABC, abstractmethod
from collections import deque
from types import TracebackType
from typing import Generic, Self, TypeVar

Queued = TypeVar("Queued")


class BackgroundWriter(ABC, Generic[Queued]):
    """Writes batches of what stands in ``_queue`` until it is closed. Use as a context manager, or call `close`.

    ``_changed`` guards ``_queue`` and ``_closed``; whoever queues something notifies it. `__init__` starts the
    thread: what `_take` and `_write` need must be there before it is called.
    """

    def __init__(self, name: str) -> None:
        self._queue: deque[Queued] = deque()
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @abstractmethod
    def _take(self) -> list[Queued]:
        """What the next commit holds, off the queue, which is not empty; called with ``_changed`` held."""

    @abstractmethod
    def _write(self, batch: list[Queued]) -> None:
        """Must not raise: that would end the thread, and nothing would be written any more."""

    def close(self) -> None:
        """Write what is queued, refuse what comes after, and end the thread. Calling it again does nothing."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while batch := self._next_batch():
            self._write(batch)

    def _next_batch(self) -> list[Queued]:
        """At least one; empty only when closed and drained."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            return self._take() if self._queue else []
