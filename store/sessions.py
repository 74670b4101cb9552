"""Whose visit it was: a session that turns out to be a customer's brings its events along."""

from collections.abc import Collection, Iterator
from typing import Final

from sqlalchemy import Connection, select

from store.changes import ChangeKind, append_changes
from store.engine import insert_rows
from store.errors import Conflict
from store.instants import now_ms
from store.tables import sessions
from store.values import check_text

_IDS_A_QUERY: Final = 1_000


def identify(connection: Connection, *, session_id: str, user_id: str) -> bool:
    """From now on the session's events that name no user are this user's, those that come later too.

    Returns whether that is new: saying it again changes nothing. Raises Conflict where the session is known as
    another user's, for what somebody did must not become somebody else's taste.
    """
    check_text("user_id", user_id, required=True)
    check_text("session_id", session_id, required=True)
    owner = session_owner(connection, session_id)
    if owner == user_id:
        return False
    if owner is not None:
        raise Conflict("session_id", session_id, "was identified as another customer; a new customer needs a new one")
    row = (session_id, user_id, now_ms())
    insert_rows(connection, sessions, ("session_id", "user_id", "identified_at"), [row])
    append_changes(connection, ChangeKind.CUSTOMER, [history_key(user_id, None), history_key(None, session_id)])
    return True


def session_owner(connection: Connection, session_id: str) -> str | None:
    """The user that the session was identified as; None where it was not."""
    return connection.execute(select(sessions.c.user_id).where(sessions.c.session_id == session_id)).scalar()


def sessions_of(connection: Connection, user_id: str) -> list[str]:
    """The sessions that were identified as this user."""
    return list(connection.execute(select(sessions.c.session_id).where(sessions.c.user_id == user_id)).scalars())


def owners_of(connection: Connection, session_ids: Collection[str]) -> set[str]:
    """The users that any of these sessions were identified as."""
    found: set[str] = set()
    for some in in_batches(session_ids):
        found.update(connection.execute(select(sessions.c.user_id).where(sessions.c.session_id.in_(some))).scalars())
    return found


def in_batches(ids: Collection[str]) -> Iterator[list[str]]:
    """The ids in lists that fit into one statement: SQLite takes 32,766 parameters."""
    listed = list(ids)
    return (listed[start : start + _IDS_A_QUERY] for start in range(0, len(listed), _IDS_A_QUERY))


def history_key(user_id: str | None, session_id: str | None) -> str:
    """The key of a customer in the change feed: the user where there is one, else the session, else empty."""
    if user_id is not None:
        return f"user:{user_id}"
    return "" if session_id is None else f"session:{session_id}"


def named_by(key: str) -> tuple[str | None, str | None]:
    """The user and the session that a `history_key` names; neither for the empty one."""
    kind, _, name = key.partition(":")
    return (name if kind == "user" else None, name if kind == "session" else None)


def guest_key(session_id: str) -> str:
    """What stands for a customer where nobody said whose visit it was. No id of a user has a NUL character."""
    return f"\0{session_id}"


def guest_session(customer: str) -> str | None:
    """The session of a `guest_key`; None for a user."""
    return customer[1:] if customer.startswith("\0") else None
