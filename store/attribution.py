"""Which recommendation an event is credited to: those under its request id that showed its product.

Whichever of the two is stored first, the other finds it in its own transaction, and writers take turns
(`store.engine.writing`), so none is missed.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import reduce
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from sqlalchemy import Connection, select, update

from recommender.outcomes import OUTCOMES, Outcome, furthest
from store.tables import decisions, user_interactions

ANSWERS_A_REQUEST: Final = 50
"""Newest answers under one request id that an event can be credited to: a page asks for a few lists, not for more."""

_IDS_A_QUERY: Final = 1_000
_T = TypeVar("_T")


class Touch(NamedTuple):
    """An event that says what became of a recommendation."""

    request_id: str
    product_id: str
    outcome: Outcome


def touches(events: Iterable[tuple[str | None, str | None, str]]) -> Iterator[Touch]:
    """Of events as (request id, product id, type): those that name both ids and say something of a list."""
    for request_id, product_id, kind in events:
        if request_id is not None and product_id is not None and kind in OUTCOMES:
            yield Touch(request_id, product_id, OUTCOMES[kind])


def credit(connection: Connection, touched: Iterable[Touch]) -> None:
    """Move the stored decisions forward that these events are about; one stored later looks for its events itself."""
    by_request: dict[str, list[Touch]] = defaultdict(list)
    for touch in touched:
        by_request[touch.request_id].append(touch)
    moved: dict[Outcome, list[int]] = defaultdict(list)
    for request_id, of_request in by_request.items():
        for row in _decisions(connection, request_id):
            reached = outcome(row.record, of_request, Outcome(row.status))
            if reached != row.status:
                moved[reached].append(row.id)
    for reached, ids in moved.items():
        for batch in _batches(ids):
            connection.execute(update(decisions).where(decisions.c.id.in_(batch)).values(status=str(reached)))


def stored_touches(connection: Connection, request_ids: Collection[str]) -> dict[str, list[Touch]]:
    """What the stored events say of these requests, by request id."""
    table = user_interactions.c
    columns = select(table.request_id, table.product_id, table.type).distinct()
    found: dict[str, list[Touch]] = defaultdict(list)
    for batch in _batches(request_ids):
        rows = connection.execute(columns.where(table.request_id.in_(batch), table.type.in_(map(str, OUTCOMES))))
        for touch in touches(tuple(row) for row in rows):
            found[touch.request_id].append(touch)
    return found


def outcome(record: str, touched: Iterable[Touch], before: Outcome = Outcome.ACTIVE) -> Outcome:
    """Where the list of this record has come to, ``touched`` being of its request."""
    shown = set(json.loads(record)["shown"])
    return reduce(furthest, (touch.outcome for touch in touched if touch.product_id in shown), before)


class _Row(NamedTuple):
    id: int
    status: str
    record: str


def _decisions(connection: Connection, request_id: str) -> list[_Row]:
    table = decisions.c
    query = select(table.id, table.status, table.record).where(table.request_id == request_id)
    return [_Row(*row) for row in connection.execute(query.order_by(table.id.desc()).limit(ANSWERS_A_REQUEST))]


def _batches(values: Iterable[_T]) -> Iterator[list[_T]]:
    remaining = iter(values)
    while batch := list(islice(remaining, _IDS_A_QUERY)):
        yield batch
