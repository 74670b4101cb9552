"""Events on their way to the disk: accepted durably, many in one commit."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from sqlalchemy import Engine

from store.attribution import credit, touches
from store.background_writer import BackgroundWriter
from store.changes import ChangeKind, append_changes
from store.engine import writing
from store.errors import StoreUnavailable
from store.events import Event, EventResult, EventRow, event_row, insert_events, keys_to_forget
from store.instants import now_ms

GROUP_SIZE: Final = 1_000
"""Events that one commit holds at most, unless a single call brought more."""

QUEUE_SIZE: Final = 50_000
"""Events that wait for a commit at most; a call that comes then is refused, not queued."""


@dataclass(frozen=True)
class _Call:
    rows: list[EventRow]
    done: Future[list[EventResult]] = field(default_factory=Future)


class EventWriter(BackgroundWriter[_Call]):
    """Commits events in groups: while one commit is on its way to the disk, the next group gathers.

    A future is resolved only when its events survive power loss. Each transaction also appends a
    `ChangeKind.CUSTOMER` per key of `keys_to_forget`, and credits the recommendations that led to its events;
    ``committed`` gets those keys, in the writer's thread, before the futures are resolved.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        group_size: int = GROUP_SIZE,
        queue_size: int = QUEUE_SIZE,
        committed: Callable[[list[str]], None] = lambda keys: None,
    ) -> None:
        self._engine, self._group_size, self._queue_size = engine, group_size, queue_size
        self._committed = committed
        self._queued = 0
        super().__init__("event-writer")

    def submit(self, events: Sequence[Event]) -> Future[list[EventResult]]:
        """Queue events for the next commit, all in one transaction; never waits.

        The future holds one result per event, or fails with StoreUnavailable: the commit failed (nothing of the
        call was kept), the queue is full, or the writer is closed. Cancelling works until the commit begins.
        """
        received_at = now_ms()
        call = _Call([event_row(event, received_at) for event in events])
        with self._changed:
            refusal = self._refusal()
            if refusal is None:
                self._queue.append(call)
                self._queued += len(call.rows)
                self._changed.notify()
        if refusal is not None:
            call.done.set_exception(StoreUnavailable(refusal))
        return call.done

    def _refusal(self) -> str | None:
        if self._closed:
            return "the event writer is closed"
        return "too many events wait to be written" if self._queued >= self._queue_size else None

    def _take(self) -> list[_Call]:
        """Whole calls, at least one."""
        group: list[_Call] = []
        size = 0
        while self._queue and (not group or size + len(self._queue[0].rows) <= self._group_size):
            group.append(self._queue.popleft())
            size += len(group[-1].rows)
        self._queued -= size
        return group

    def _write(self, batch: list[_Call]) -> None:
        self._commit([call for call in batch if call.done.set_running_or_notify_cancel()])

    def _commit(self, group: Sequence[_Call]) -> None:
        try:
            results = self._insert([row for call in group for row in call.rows])
        except StoreUnavailable as error:
            for call in group:
                call.done.set_exception(error)
        except Exception as error:
            self._commit_apart(group, error)
        else:
            for call in group:
                call.done.set_result(list(islice(results, len(call.rows))))

    def _commit_apart(self, group: Sequence[_Call], error: Exception) -> None:
        # The database refused the content of some call: that one's caller is told, the others are committed.
        if len(group) == 1:
            group[0].done.set_exception(error)
            return
        for call in group:
            self._commit([call])

    def _insert(self, rows: Sequence[EventRow]) -> Iterator[EventResult]:
        with writing(self._engine) as connection:
            results = insert_events(connection, rows)
            accepted = [row for row, result in zip(rows, results, strict=True) if result is EventResult.ACCEPTED]
            credit(connection, touches((row.request_id, row.product_id, row.type) for row in accepted))
            keys = keys_to_forget(connection, accepted)
            append_changes(connection, ChangeKind.CUSTOMER, keys)
        self._committed(keys)
        return iter(results)
