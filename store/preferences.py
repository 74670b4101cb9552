"""`user_preference_embeddings`: taste vectors for other programs. Serving makes its own as it needs them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, select

from store.engine import upsert
from store.instants import now_ms
from store.personalization import personalized
from store.tables import user_preference_embeddings


class Preference(NamedTuple):
    """A customer's taste in the space of a release's item vectors: little-endian float32 of length 1."""

    release_id: str
    vector: bytes
    interactions: int
    """Events that it is made of."""


def write_preferences(
    connection: Connection, preferences: Mapping[str, Preference | None], *, personalized_by_default: bool
) -> int:
    """Store the vectors of these users that differ from what is stored, and remove those of users without one.

    Who switched personalization off has none. Returns how many rows were written or removed.
    """
    table = user_preference_embeddings
    allowed = personalized(connection, preferences.keys(), by_default=personalized_by_default)
    wanted = {user_id: one for user_id, one in preferences.items() if one is not None and user_id in allowed}
    rows = connection.execute(select(table).where(table.c.user_id.in_(list(preferences))))
    stored = {row.user_id: Preference(row.release_id, bytes(row.vector), row.interactions) for row in rows}
    removed = [user_id for user_id in stored if user_id not in wanted]
    changed = [{"user_id": id, **one._asdict()} for id, one in wanted.items() if stored.get(id) != one]
    now = now_ms()
    if removed:
        connection.execute(delete(table).where(table.c.user_id.in_(removed)))
    if changed:
        connection.execute(upsert(connection, table, "user_id"), [row | {"updated_at": now} for row in changed])
    return len(removed) + len(changed)


def read_preferences(connection: Connection, user_ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """The stored vectors (d,) of these users, at most some thousand."""
    table = user_preference_embeddings.c
    rows = connection.execute(select(table.user_id, table.vector).where(table.user_id.in_(user_ids)))
    return {row.user_id: np.frombuffer(row.vector, dtype="<f4").astype(np.float32) for row in rows}
