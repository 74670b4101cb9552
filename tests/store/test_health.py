"""Health data: unreadable without the shop's key, bound to its customer, and carried over to a new key."""

import pytest
from sqlalchemy import Engine, select, update

from store.customers import read_customer
from store.engine import reading, writing
from store.errors import HealthDataLocked
from store.health import Keys, key_id, read_health, rotate, write_health
from store.tables import customers

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
DATA = {"allergens": ["Erdnüsse"], "prescription": {"left": {"sphere": -2.25}}}


def write(engine: Engine, data: dict[str, object], *keys: bytes, user_id: str = "ann") -> None:
    with writing(engine) as connection:
        write_health(connection, user_id, data, keys)


def read(engine: Engine, keys: Keys, user_id: str = "ann") -> object:
    with reading(engine) as connection:
        return read_health(connection, user_id, keys)


def test_it_is_encrypted_and_reads_back(engine: Engine) -> None:
    assert read(engine, [OLD]) is None
    write(engine, DATA, OLD)
    assert read(engine, [OLD]) == DATA
    with reading(engine) as connection:
        row = connection.execute(select(customers)).one()
        assert read_customer(connection, "ann") is not None
    assert row.health_key == key_id(OLD)
    assert not any(word in row.health for word in (b"Erd", b"allergens", b"sphere"))
    write(engine, {})
    assert read(engine, [OLD]) is None


def test_the_same_data_never_looks_the_same(engine: Engine) -> None:
    write(engine, DATA, OLD)
    write(engine, DATA, OLD, user_id="bob")
    with reading(engine) as connection:
        first, second = connection.execute(select(customers.c.health)).scalars()
    assert first != second


def test_without_the_key_it_is_locked(engine: Engine) -> None:
    with pytest.raises(HealthDataLocked, match="SHELFWISE_HEALTH_KEYS"):
        write(engine, DATA)
    write(engine, DATA, OLD)
    with pytest.raises(HealthDataLocked, match="no key is set"):
        read(engine, [])
    with pytest.raises(HealthDataLocked, match=key_id(OLD)):
        read(engine, [NEW])


def test_a_row_of_another_customer_or_a_damaged_one_does_not_open(engine: Engine) -> None:
    write(engine, DATA, OLD)
    write(engine, {"allergens": ["milk"]}, OLD, user_id="bob")
    with writing(engine) as connection:
        of_ann = select(customers.c.health).where(customers.c.user_id == "ann").scalar_subquery()
        connection.execute(update(customers).where(customers.c.user_id == "bob").values(health=of_ann))
    with pytest.raises(HealthDataLocked, match="another customer"):
        read(engine, [OLD], "bob")


def test_a_new_key_takes_over(engine: Engine) -> None:
    seen: list[tuple[int, int]] = []
    write(engine, DATA, OLD)
    write(engine, {"allergens": ["milk"]}, NEW, OLD, user_id="bob")
    assert read(engine, [NEW, OLD]) == DATA
    assert rotate(engine, [NEW, OLD], lambda done, total: seen.append((done, total))) == 1
    assert seen == [(1, 1)]
    assert (read(engine, [NEW]), read(engine, [NEW], "bob")) == (DATA, {"allergens": ["milk"]})
    assert rotate(engine, [NEW], lambda done, total: None) == 0
    with pytest.raises(HealthDataLocked, match="is encrypted under key"):
        rotate(engine, [OLD], lambda done, total: None)
