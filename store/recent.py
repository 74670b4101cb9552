"""A few customers of whom there is something to see."""

from typing import Final

from sqlalchemy import Connection, select

from store.tables import user_interactions

_LOOKED_AT: Final = 500
"""Newest events that are searched for customers."""


def recent_customers(connection: Connection, count: int) -> list[str]:
    """Up to ``count`` customers, those with the newest rows first."""
    table = user_interactions.c
    newest = select(table.user_id).where(table.user_id.is_not(None)).order_by(table.id.desc()).limit(_LOOKED_AT)
    return list(dict.fromkeys(connection.execute(newest).scalars()))[:count]
