"""``customers.computed``: what a job worked out, beside what the customer stated and never in its place."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from store.instants import now_ms
from store.personalization import personalized
from store.tables import customers

Profiles = Mapping[str, Mapping[str, Any]]
"""By user id; empty for who has none."""


def write_computed(connection: Connection, profiles: Profiles, *, personalized_by_default: bool) -> int:
    """Store the profiles that differ from what is stored; returns how many customers were written.

    Who has switched personalization off, or never said and is off by default, gets an empty one. A customer without a
    row gets one, unless there is nothing to put into it. At most some thousand at a time.
    """
    table = customers.c
    rows = connection.execute(select(table.user_id, table.computed).where(table.user_id.in_(list(profiles))))
    stored = {row.user_id: row.computed for row in rows}
    allowed = personalized(connection, profiles.keys(), by_default=personalized_by_default)
    wanted = {user_id: profile if user_id in allowed else {} for user_id, profile in profiles.items()}
    added = [{"user_id": id, "computed": profile} for id, profile in wanted.items() if profile and id not in stored]
    changed = [{"of": id, "profile": wanted[id]} for id, profile in stored.items() if profile != wanted[id]]
    _write(connection, added, changed)
    return len(added) + len(changed)


def _write(connection: Connection, added: list[dict[str, Any]], changed: list[dict[str, Any]]) -> None:
    now = now_ms()
    if added:
        fresh = {"stated": {}, "created_at": now, "updated_at": now}
        connection.execute(insert(customers), [row | fresh for row in added])
    if changed:
        one = update(customers).where(customers.c.user_id == bindparam("of"))
        connection.execute(one.values(computed=bindparam("profile"), updated_at=now), changed)
