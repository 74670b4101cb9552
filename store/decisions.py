"""What was answered: a row per answer, written beside the answers and never in their way."""

import json
import logging
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, select

from recommender.outcomes import Outcome
from store.attribution import outcome, stored_touches
from store.background_writer import BackgroundWriter
from store.engine import insert_rows, writing
from store.erasures import newest_erasure
from store.instants import to_ms, to_seconds
from store.pseudonyms import known, of_customers
from store.tables import decisions

EXPIRES_MS: Final = 3_600_000
"""Seed 004: a recommendation is good for an hour."""

BATCH_SIZE: Final = 2_000
"""Decisions of one commit at most."""

QUEUE_SIZE: Final = 10_000
"""Decisions that wait at most, about 20 MB; what comes then is dropped."""

PAUSE_S: Final = 0.5
"""Between two commits: one writer at a time, and customers' events come first."""

READ_AT_MOST: Final = 100

log = logging.getLogger("shelfwise.store")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One answer. ``record`` and ``full_record`` are JSON of `recommender.decision_record`."""

    request_id: str
    customer_key: str
    """See `store.sessions.history_key`; empty for a stranger. It is not stored: a pseudonym is."""
    context: str
    algorithm: str
    confidence: float
    release_id: str
    generated_at: float
    """Epoch seconds."""
    record: str
    full_record: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """One answer as it is kept. Instants are epoch seconds."""

    request_id: str
    pseudonym: str | None
    context: str
    algorithm: str
    confidence: float
    release_id: str
    status: Outcome
    generated_at: float
    expires_at: float
    record: dict[str, Any]
    full_record: dict[str, Any] | None


Count = Callable[[str, int], object]
"""Is told how many decisions were ``written`` or ``dropped``, from any thread."""


class DecisionWriter(BackgroundWriter[Decision]):
    """Commits decisions in batches. It may lose some, and counts them; it never makes anyone wait."""

    def __init__(
        self,
        engine: Engine,
        count: Count = lambda result, number: None,
        *,
        queue_size: int = QUEUE_SIZE,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._engine, self._count, self._queue_size, self._pause_s = engine, count, queue_size, pause_s
        super().__init__("decision-writer")

    def submit(self, decision: Decision) -> None:
        """Queue a decision for one of the next commits; never waits, and drops it where the queue is full or closed."""
        with self._changed:
            fits = not self._closed and len(self._queue) < self._queue_size
            if fits:
                self._queue.append(decision)
                self._changed.notify()
        if not fits:
            self._count("dropped", 1)

    def _take(self) -> list[Decision]:
        return [self._queue.popleft() for _ in range(min(len(self._queue), BATCH_SIZE))]

    def _write(self, batch: list[Decision]) -> None:
        try:
            with writing(self._engine) as connection:
                insert_decisions(connection, batch)
        except Exception as error:  # whatever it is, the next batch has nothing to do with it
            log.warning("%d decisions are lost: %s", len(batch), type(error).__name__)  # the values stay out of logs
            self._count("dropped", len(batch))
        else:
            self._count("written", len(batch))
        with self._changed:
            self._changed.wait_for(lambda: self._closed, self._pause_s)


_COLUMNS: Final = (
    *("request_id", "pseudonym", "context", "algorithm", "confidence", "release_id", "status"),
    *("generated_at", "expires_at", "record", "full_record"),
)


def insert_decisions(connection: Connection, batch: Sequence[Decision]) -> None:
    """Store decisions, with what stored events say of them already. Needs a `store.engine.writing` transaction."""
    # Looked up here and not when the answer was given: an erasure may have come in between, in any process.
    pseudonyms = _pseudonyms(connection, batch)
    touched = stored_touches(connection, {one.request_id for one in batch})
    rows = [
        (
            one.request_id,
            pseudonyms.get(one.customer_key),
            one.context,
            one.algorithm,
            one.confidence,
            one.release_id,
            str(outcome(one.record, touched.get(one.request_id, ()))),
            to_ms(one.generated_at),
            to_ms(one.generated_at) + EXPIRES_MS,
            one.record,
            None if one.full_record is None else zlib.compress(one.full_record.encode()),
        )
        for one in batch
    ]
    insert_rows(connection, decisions, _COLUMNS, rows)


def _pseudonyms(connection: Connection, batch: Sequence[Decision]) -> dict[str, str]:
    """By customer key. Who was answered before the last erasure gets no new one: they may be who was erased."""
    erased_at = newest_erasure(connection)
    later = {one.customer_key for one in batch if to_ms(one.generated_at) > erased_at}
    keys = {one.customer_key for one in batch}
    return known(connection, keys - later) | of_customers(connection, sorted(later - {""}))


def read_decisions(connection: Connection, request_id: str) -> list[StoredDecision]:
    """The newest `READ_AT_MOST` answers under this request id, newest first; a request id may be used again."""
    columns = (decisions.c[name] for name in _COLUMNS)
    query = select(*columns).where(decisions.c.request_id == request_id).order_by(decisions.c.id.desc())
    return [_stored(row) for row in connection.execute(query.limit(READ_AT_MOST))]


def _stored(row: Row[Any]) -> StoredDecision:
    full = None if row.full_record is None else json.loads(zlib.decompress(row.full_record))
    return StoredDecision(
        request_id=row.request_id,
        pseudonym=row.pseudonym,
        context=row.context,
        algorithm=row.algorithm,
        confidence=row.confidence,
        release_id=row.release_id,
        status=Outcome(row.status),
        generated_at=to_seconds(row.generated_at),
        expires_at=to_seconds(row.expires_at),
        record=json.loads(row.record),
        full_record=full,
    )
