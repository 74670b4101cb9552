"""Who was erased, as salted hashes: enough to recognise somebody who is named again, not to name anybody."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from store.engine import upsert
from store.instants import now_ms
from store.sessions import guest_key
from store.tables import erasures

_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an erasure removed, without saying of whom. ``erased_at`` is epoch milliseconds."""

    certificate_id: str
    """The salted hash of the id: only who has the store and the id can tell that they belong together."""
    erased_at: int
    removed: dict[str, int]
    """Rows by table, and lines of files of rejected rows under ``rejects``."""
    first_release_without: str | None
    """The first release that was trained after the erasure; None until there is one."""


@dataclass(frozen=True, slots=True)
class Erased:
    """When each erased customer was erased, in epoch milliseconds; false where nobody ever was."""

    salt: str
    at: dict[str, int]
    _known: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.at)

    def when(self, user_id: str) -> int:
        """Before every event for somebody who was never erased."""
        known = self._known.get(user_id)
        if known is None:
            known = self._known[user_id] = self.at.get(subject_hash(self.salt, user_id), -1)
        return known

    @property
    def newest(self) -> int | None:
        """The last erasure of all; None where there was none."""
        return max(self.at.values(), default=None)


def read_erased(connection: Connection) -> Erased:
    """Everybody who was erased."""
    rows = connection.execute(select(erasures.c.subject, erasures.c.salt, erasures.c.erased_at)).all()
    return Erased(rows[0].salt if rows else "", {row.subject: row.erased_at for row in rows})


def subject_hash(salt: str, user_id: str) -> str:
    """HMAC-SHA256, hexadecimal. Who has the salt can try ids one by one: it keeps ids out of sight, not secret."""
    return hmac.digest(bytes.fromhex(salt), user_id.encode(), hashlib.sha256).hex()


def note_erasure(
    connection: Connection, user_id: str, removed: dict[str, int], visits: Collection[str] = ()
) -> Certificate:
    """Remember that this customer was erased just now. Erasing again when there was nothing left changes nothing.

    ``visits`` are the sessions that were theirs: nobody owns those any more, so each is remembered like a customer.
    """
    salt = connection.execute(select(erasures.c.salt).limit(1)).scalar() or secrets.token_hex(_SALT_BYTES)
    subject = subject_hash(salt, user_id)
    earlier = read_certificate(connection, subject)
    if earlier is not None and not any(removed.values()):
        return earlier
    newest = connection.execute(select(func.max(erasures.c.erased_at))).scalar() or 0
    at = max(now_ms(), newest + 1)  # one after the other whatever clocks say, so that one number tells who is in
    gone = {subject: removed} | {subject_hash(salt, guest_key(visit)): {} for visit in visits}
    for one, rows in gone.items():
        row = {"subject": one, "salt": salt, "erased_at": at, "certificate": {"removed": rows, "release": None}}
        connection.execute(upsert(connection, erasures, "subject").values(row))
    return Certificate(subject, at, removed, None)


def read_certificate(connection: Connection, certificate_id: str) -> Certificate | None:
    """What was noted, and which release is the first without this customer; None where no erasure has this id."""
    row = connection.execute(select(erasures).where(erasures.c.subject == certificate_id)).one_or_none()
    if row is None:
        return None
    return Certificate(row.subject, row.erased_at, row.certificate["removed"], row.certificate["release"])


def note_release(connection: Connection, release_id: str, erasures_until: int | None) -> None:
    """This release learnt nothing of those who were erased up to then: the first for whom it is the first."""
    if erasures_until is None:
        return
    rows = connection.execute(select(erasures).where(erasures.c.erased_at <= erasures_until)).all()
    for row in rows:
        if row.certificate["release"] is None:
            noted: dict[str, Any] = row.certificate | {"release": release_id}
            connection.execute(update(erasures).where(erasures.c.subject == row.subject).values(certificate=noted))


def newest_erasure(connection: Connection) -> int:
    """When somebody was erased last, in epoch milliseconds; 0 if nobody ever was."""
    return int(connection.execute(select(func.coalesce(func.max(erasures.c.erased_at), 0))).scalar_one())
