"""Where the store keeps what is one customer's: read whole for an export, removed whole by an erasure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, select

from store.changes import ChangeKind, append_changes
from store.engine import reading, rewrite_file, writing
from store.erasures import Certificate, note_erasure
from store.rejected_rows import forget_rejected
from store.sessions import history_key, in_batches, sessions_of
from store.tables import (
    cart_abandonments,
    changes,
    customers,
    pseudonyms,
    sessions,
    user_interactions,
    user_preference_embeddings,
)
from store.values import check_text


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a table."""

    table: Table
    rows: ColumnElement[bool]


def parts_of(connection: Connection, user_id: str) -> list[Part]:
    """Every row that names the customer, or a session that was identified as them.

    Events of such a session that name another user are that user's. Decisions are reached through the pseudonym
    alone, so without its row nobody can find them. Events before the sessions that they are found by.
    """
    visits = sessions_of(connection, user_id)
    own, seen = keys_of(user_id, visits), keys_of(user_id, {*visits, *_seen_in(connection, user_id)})
    return [
        Part(user_interactions, user_interactions.c.user_id == user_id),
        *(_anonymous(some) for some in in_batches(visits)),
        *(Part(cart_abandonments, cart_abandonments.c.customer_key.in_(some)) for some in in_batches(own)),
        *(Part(pseudonyms, pseudonyms.c.customer_key.in_(some)) for some in in_batches(seen)),
        *(Part(changes, changes.c.key.in_(some)) for some in in_batches(seen)),
        Part(user_preference_embeddings, user_preference_embeddings.c.user_id == user_id),
        Part(sessions, sessions.c.user_id == user_id),
        Part(customers, customers.c.user_id == user_id),
    ]


def keys_of(user_id: str, visits: Collection[str]) -> list[str]:
    """The keys under which a customer with these sessions is known to the change feed, carts and pseudonyms."""
    return [history_key(user_id, None), *(history_key(None, visit) for visit in visits)]


def _seen_in(connection: Connection, user_id: str) -> Sequence[str]:
    """Sessions of the customer's own events: what they did there without a name is not known to be theirs."""
    table = user_interactions.c
    seen = select(table.session_id).where(table.user_id == user_id, table.session_id.is_not(None))
    return connection.execute(seen.distinct()).scalars().all()


def _anonymous(visits: list[str]) -> Part:
    table = user_interactions.c
    return Part(user_interactions, table.session_id.in_(visits) & table.user_id.is_(None))


def erase(connection: Connection, user_id: str, *, rejects: int = 0) -> Certificate:
    """Remove all of it, and tell every process to forget whom it knows. ``rejects`` lines went before, from files."""
    parts, visits = parts_of(connection, user_id), sessions_of(connection, user_id)
    # Before the rows that name them are gone, or the number of the last change could be given out again.
    append_changes(connection, ChangeKind.CUSTOMERS, [None])
    removed: dict[str, int] = {}
    for part in parts:
        count = connection.execute(delete(part.table).where(part.rows)).rowcount
        removed[part.table.name] = removed.get(part.table.name, 0) + count
    return note_erasure(connection, user_id, removed | {"rejects": rejects}, visits)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was done, and whether the database's file holds nothing of it any more, not even in free space."""

    certificate: Certificate
    file_rewritten: bool


def erase_customer(engine: Engine, user_id: str, *, rejects: Path) -> Erasure:
    """Erase a customer from the store and from the files of rejected rows in a folder.

    Raises InvalidInput for what cannot be an id, and StoreUnavailable where the database cannot do it; then the
    files may have been cleaned already, and the same call can be made again.
    """
    check_text("user_id", user_id, required=True)
    with reading(engine) as connection:
        ids = [user_id, *sessions_of(connection, user_id)]
    forgotten = forget_rejected(rejects, ids)
    with writing(engine) as connection:
        certificate = erase(connection, user_id, rejects=forgotten)
    return Erasure(certificate, rewrite_file(engine))
