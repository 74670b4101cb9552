"""From an answer back to the release that it came from."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from store.instants import to_seconds
from store.tables import decisions


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that was given: where it was shown, when (epoch seconds), and by which release."""

    context: str
    generated_at: float
    release_id: str


def answers_of(connection: Connection, request_id: str) -> list[Answer]:
    """All answers under a request id, oldest first: a page may ask for several lists under one id."""
    table = decisions.c
    query = select(table.context, table.generated_at, table.release_id).where(table.request_id == request_id)
    rows = connection.execute(query.order_by(table.id))
    return [Answer(context, to_seconds(generated_at), release_id) for context, generated_at, release_id in rows]
