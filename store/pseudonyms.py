"""Names without a meaning for customers: under them decisions are kept, and only the table here says whose they are."""

import secrets
from collections.abc import Collection, Iterable
from itertools import islice
from typing import Final

from sqlalchemy import Connection, delete, select

from store.engine import insert_rows
from store.instants import now_ms
from store.tables import pseudonyms

_KEYS_A_QUERY: Final = 1_000


def of_customers(connection: Connection, keys: Collection[str]) -> dict[str, str]:
    """The pseudonym of each customer, made on first use: 32 random hexadecimal digits.

    Keys are those of `store.sessions.history_key`, without the empty one. Needs a `store.engine.writing` transaction.
    """
    found = known(connection, keys)
    made = {key: secrets.token_hex(16) for key in dict.fromkeys(keys) if key not in found}
    now = now_ms()
    rows = [(key, pseudonym, now) for key, pseudonym in made.items()]
    insert_rows(connection, pseudonyms, ("customer_key", "pseudonym", "created_at"), rows)
    return found | made


def known(connection: Connection, keys: Iterable[str]) -> dict[str, str]:
    """The pseudonyms of those customers that have one."""
    remaining = iter(keys)
    found: dict[str, str] = {}
    while batch := list(islice(remaining, _KEYS_A_QUERY)):
        query = select(pseudonyms.c.customer_key, pseudonyms.c.pseudonym)
        found.update((key, name) for key, name in connection.execute(query.where(pseudonyms.c.customer_key.in_(batch))))
    return found


def drop(connection: Connection, keys: Iterable[str]) -> int:
    """Forget whose these pseudonyms are; returns how many were known. What is kept under them is nobody's from now."""
    remaining, dropped = iter(keys), 0
    while batch := list(islice(remaining, _KEYS_A_QUERY)):
        dropped += connection.execute(delete(pseudonyms).where(pseudonyms.c.customer_key.in_(batch))).rowcount
    return dropped
