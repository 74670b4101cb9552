"""What customers say of themselves (seed 003's profile), and whether answers may be personal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from store.changes import ChangeKind, append_changes
from store.errors import Conflict
from store.instants import now_ms
from store.sessions import history_key, session_owner, sessions_of
from store.tables import customers
from store.values import check_text

SOURCE_LENGTH: Final = 200
"""Characters of a consent's source: where it was given, such as ``cookie banner 3``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """What is kept beside the events. Instants are epoch milliseconds; None is never.

    ``stated`` is what the customer or the shop said, ``computed`` what a job worked out from events: neither ever
    overwrites the other. ``personalization`` is None where they have not decided.
    """

    user_id: str
    stated: dict[str, Any]
    computed: dict[str, Any]
    personalization: bool | None
    consent_at: int | None
    consent_source: str | None
    created_at: int
    updated_at: int


_COLUMNS: Final = tuple(customers.c[name] for name in Customer.__dataclass_fields__)


def read_customer(connection: Connection, user_id: str) -> Customer | None:
    """The customer; None where nothing was stated, computed or decided."""
    row = connection.execute(select(*_COLUMNS).where(customers.c.user_id == user_id)).mappings().one_or_none()
    return None if row is None else Customer(**row)


def is_personal(connection: Connection, *, user_id: str | None, session_id: str | None, default: bool) -> bool:
    """Whether answers to this customer, or in this session, may use what is known of them.

    A session that was identified follows its customer. ``default`` is for whoever has not decided.
    """
    who = user_id
    if who is None and session_id is not None:
        who = session_owner(connection, session_id)
    decided = select(customers.c.personalization).where(customers.c.user_id == who)
    said = None if who is None else connection.execute(decided).scalar()
    return default if said is None else said


def state_profile(connection: Connection, user_id: str, stated: Mapping[str, Any], *, default: bool) -> None:
    """Replace what the customer states. Raises Conflict where they do not want personal answers: no profile then."""
    if not is_personal(connection, user_id=user_id, session_id=None, default=default):
        raise Conflict("personalization", "off", "no profile is stored of a customer without personalization")
    write_customer(connection, user_id, {"stated": dict(stated)})


def record_consent(connection: Connection, user_id: str, personalization: bool | None, *, source: str) -> None:
    """What the customer decided, when and where; None takes a decision back. It counts in every process at once."""
    check_text("source", source, required=True)
    consent = {"personalization": personalization, "consent_at": now_ms(), "consent_source": source}
    write_customer(connection, user_id, consent)


def write_customer(connection: Connection, user_id: str, values: Mapping[str, Any]) -> None:
    """Set these columns, in a new row where there is none, and tell every process."""
    check_text("user_id", user_id, required=True)
    now = now_ms()
    changed = update(customers).where(customers.c.user_id == user_id).values(**values, updated_at=now)
    if not connection.execute(changed).rowcount:
        fresh = {"stated": {}, "computed": {}, "created_at": now, "updated_at": now}
        connection.execute(insert(customers).values({"user_id": user_id, **fresh, **values}))
    append_changes(connection, ChangeKind.CUSTOMER, keys_of_customer(connection, user_id))


def keys_of_customer(connection: Connection, user_id: str) -> list[str]:
    """The keys under which processes keep something of the customer: their own, and those of their sessions."""
    visits = sessions_of(connection, user_id)
    return [history_key(user_id, None), *(history_key(None, visit) for visit in visits)]
