"""What happened lately: customers of whom there is something to see, and what was asked for them."""

import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from store.tables import decisions, pseudonyms, user_interactions

_LOOKED_AT: Final = 500
"""Newest events that are searched for customers."""

_LIMIT: Final = 12
"""Length of a list whose record does not say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRequest:
    """One request that was answered: what it takes to ask it again. ``anchors`` are external ids."""

    context: str
    limit: int = _LIMIT
    anchors: tuple[str, ...] = ()
    customer_key: str = ""
    """See `store.sessions.history_key`; empty for a stranger, and for whoever was erased since."""


def recent_customers(connection: Connection, count: int) -> list[str]:
    """Up to ``count`` customers, those with the newest rows first."""
    table = user_interactions.c
    newest = select(table.user_id).where(table.user_id.is_not(None)).order_by(table.id.desc()).limit(_LOOKED_AT)
    return list(dict.fromkeys(connection.execute(newest).scalars()))[:count]


def recent_requests(connection: Connection, count: int) -> list[PastRequest]:
    """The newest ``count`` requests that are recorded, newest first."""
    table = decisions.c
    newest = (
        select(table.context, table.record, pseudonyms.c.customer_key)
        .select_from(decisions.outerjoin(pseudonyms, pseudonyms.c.pseudonym == table.pseudonym))
        .order_by(table.id.desc())
        .limit(count)
    )
    return [_request(*row) for row in connection.execute(newest)]


def _request(context: str, record: str, customer_key: str | None) -> PastRequest:
    said = json.loads(record)
    return PastRequest(
        context=context,
        limit=said.get("limit", _LIMIT),
        anchors=tuple(said.get("anchors", ())),
        customer_key=customer_key or "",
    )
