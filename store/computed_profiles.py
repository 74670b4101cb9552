"""``customers.computed``: what a job worked out, beside what the customer stated and never in its place."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from store.instants import now_ms
from store.tables import customers, erasures

Profiles = Mapping[str, Mapping[str, Any]]
"""By user id; empty for who has none."""


def newest_erasure(connection: Connection) -> int:
    """When somebody was erased last, in epoch milliseconds; 0 if nobody ever was."""
    return int(connection.execute(select(func.coalesce(func.max(erasures.c.erased_at), 0))).scalar_one())


def write_computed(connection: Connection, profiles: Profiles, *, personalized_by_default: bool) -> int:
    """Store the profiles that differ from what is stored; returns how many customers were written.

    Who has switched personalization off, or never said and is off by default, gets an empty one. A customer without a
    row gets one, unless there is nothing to put into it. At most some thousand at a time.
    """
    table = customers.c
    columns = (table.user_id, table.personalization, table.computed)
    stored = {row.user_id: row for row in connection.execute(select(*columns).where(table.user_id.in_(list(profiles))))}
    changed, added = [], []
    for user_id, profile in profiles.items():
        row = stored.get(user_id)
        said = None if row is None else row.personalization
        allowed = profile if (personalized_by_default if said is None else said) else {}
        if row is None and allowed:
            added.append({"user_id": user_id, "computed": allowed})
        elif row is not None and row.computed != allowed:
            changed.append({"of": user_id, "profile": allowed})
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
