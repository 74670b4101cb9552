"""Health data of customers: encrypted before it reaches the database, AES-256-GCM under a key of the shop's own.

The customer's id is authenticated with it, so a row that is copied to another customer cannot be read there.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Engine, select, update

from store.customers import write_customer
from store.engine import reading, writing
from store.errors import HealthDataLocked
from store.tables import customers

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_ROWS_A_TRANSACTION: Final = 500

Keys = Sequence[bytes]
"""`KEY_BYTES` each: the first encrypts, all of them decrypt."""


def write_health(connection: Connection, user_id: str, data: Mapping[str, Any], keys: Keys) -> None:
    """Replace the customer's health data; nothing in it removes it. Raises HealthDataLocked without a key."""
    if not data:
        write_customer(connection, user_id, {"health": None, "health_key": None})
        return
    key = _first(keys)
    sealed = _seal(key, user_id, json.dumps(data).encode())
    write_customer(connection, user_id, {"health": sealed, "health_key": key_id(key)})


def read_health(connection: Connection, user_id: str, keys: Keys) -> dict[str, Any] | None:
    """The customer's health data; None where there is none.

    Raises HealthDataLocked without a key, or where the one it was encrypted under is not among them.
    """
    _first(keys)
    query = select(customers.c.health, customers.c.health_key).where(customers.c.user_id == user_id)
    row = connection.execute(query).one_or_none()
    if row is None or row.health is None:
        return None
    data: dict[str, Any] = json.loads(_open(keys, row.health_key, user_id, row.health))
    return data


def rotate(engine: Engine, keys: Keys, progress: Callable[[int, int], None]) -> int:
    """Encrypt everything anew that is not under the first key; returns how many customers that were.

    Some hundred a transaction, so an interruption leaves some under the old key and the next run goes on. Raises
    HealthDataLocked at a row whose key is not among them; those before it are done.
    """
    key = _first(keys)
    with reading(engine) as connection:
        old = select(customers.c.user_id).where(customers.c.health.is_not(None), customers.c.health_key != key_id(key))
        waiting = connection.execute(old).scalars().all()
    for start in range(0, len(waiting), _ROWS_A_TRANSACTION):
        with writing(engine) as connection:
            for user_id in waiting[start : start + _ROWS_A_TRANSACTION]:
                _rotate(connection, user_id, keys)
        progress(min(start + _ROWS_A_TRANSACTION, len(waiting)), len(waiting))
    return len(waiting)


def _rotate(connection: Connection, user_id: str, keys: Keys) -> None:
    query = select(customers.c.health, customers.c.health_key).where(customers.c.user_id == user_id)
    row = connection.execute(query).one_or_none()
    if row is None or row.health is None:
        return  # erased or removed meanwhile
    sealed = _seal(keys[0], user_id, _open(keys, row.health_key, user_id, row.health))
    values = {"health": sealed, "health_key": key_id(keys[0])}
    connection.execute(update(customers).where(customers.c.user_id == user_id).values(values))


def key_id(key: bytes) -> str:
    """Tells keys apart without telling anything about them: 16 digits of a sha256."""
    return hashlib.sha256(b"shelfwise health key" + key).hexdigest()[:16]


def _first(keys: Keys) -> bytes:
    if not keys:
        raise HealthDataLocked("no key is set: SHELFWISE_HEALTH_KEYS needs one to keep health data")
    return keys[0]


def _seal(key: bytes, user_id: str, plain: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, user_id.encode())


def _open(keys: Keys, sealed_under: str, user_id: str, sealed: bytes) -> bytes:
    key = next((key for key in keys if key_id(key) == sealed_under), None)
    if key is None:
        raise HealthDataLocked(f"it is encrypted under key {sealed_under}, which SHELFWISE_HEALTH_KEYS does not hold")
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], user_id.encode())
    except InvalidTag as error:
        raise HealthDataLocked("it is damaged, or was written for another customer") from error
