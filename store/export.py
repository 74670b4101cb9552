"""Everything that the store keeps of a customer, for them to read."""

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, RowMapping, Table, select

from store.instants import to_seconds
from store.personal_data import Part, keys_of, parts_of
from store.sessions import sessions_of
from store.tables import changes, customers, decisions, pseudonyms, user_preference_embeddings

_NOT_TOLD: Final = {changes.name, pseudonyms.name}
"""Rows that only say where the others are, and that something was written."""

_ENCRYPTED: Final = {customers.c.health.name, customers.c.health_key.name}
"""Of `customers`: what `store.health` reads."""


def export_customer(connection: Connection, user_id: str) -> dict[str, list[dict[str, Any]]]:
    """Rows by table, as JSON can hold them, health data apart; instants are ISO 8601. Nothing known: nothing in it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for part in [*parts_of(connection, user_id), _decisions(connection, user_id)]:
        if part.table.name not in _NOT_TOLD:
            rows = connection.execute(select(part.table).where(part.rows)).mappings()
            found.setdefault(part.table.name, []).extend(_readable(part.table, row) for row in rows)
    return {table: rows for table, rows in found.items() if rows}


def _decisions(connection: Connection, user_id: str) -> Part:
    keys = keys_of(user_id, sessions_of(connection, user_id))
    theirs = select(pseudonyms.c.pseudonym).where(pseudonyms.c.customer_key.in_(keys))
    return Part(decisions, decisions.c.pseudonym.in_(connection.execute(theirs).scalars().all()))


def _readable(table: Table, row: RowMapping) -> dict[str, Any]:
    return {name: _value(table, name, value) for name, value in row.items() if _is_told(table, name)}


def _is_told(table: Table, name: str) -> bool:
    return not (table is customers and name in _ENCRYPTED)


def _value(table: Table, name: str, value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    if value is None:
        return None
    if name.endswith("_at"):
        return datetime.fromtimestamp(to_seconds(value), UTC).isoformat()
    if table is user_preference_embeddings and name == "vector":
        return np.frombuffer(value, dtype="<f4").tolist()
    return value.hex() if isinstance(value, bytes) else value
