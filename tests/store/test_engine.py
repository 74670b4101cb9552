import json
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, func, insert, select

from recommender.errors import InvalidInput
from store.engine import insert_rows, open_engine, reading, upsert, writing
from store.errors import StoreUnavailable
from store.tables import changes, user_interactions

ROW = {"kind": "product", "key": "milk", "created_at": 1}


def count_changes(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(changes)).scalar_one()


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://localhost/shop"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        open_engine(url)
    assert refused.value.field == "database_url"


def test_a_refusal_does_not_show_the_password() -> None:
    with pytest.raises(InvalidInput) as refused:
        open_engine("mysql://shop:hunter2@localhost/shop")
    assert "hunter2" not in str(refused.value)


def test_the_folder_is_made(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/a/b/store.db")
    with reading(engine):
        assert (tmp_path / "a" / "b" / "store.db").exists()


def test_commits_survive_power_loss(engine: Engine) -> None:
    with reading(engine) as first, reading(engine) as second:
        for connection in (first, second):
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


def test_a_reader_sees_one_moment(engine: Engine) -> None:
    with reading(engine) as connection:
        assert count_changes(connection) == 0
        with writing(engine) as writer:
            writer.execute(insert(changes), ROW)
        assert count_changes(connection) == 0
    with reading(engine) as connection:
        assert count_changes(connection) == 1


def test_an_error_rolls_back(engine: Engine) -> None:
    def fail_after_writing() -> None:
        with writing(engine) as connection:
            connection.execute(insert(changes), ROW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    with reading(engine) as connection:
        assert count_changes(connection) == 0


def test_a_lock_held_too_long_is_typed(engine: Engine, url: str) -> None:
    impatient = open_engine(url, busy_timeout_s=0.05)
    with writing(engine), pytest.raises(StoreUnavailable, match="locked"), writing(impatient):
        pytest.fail("two writers at once")
    with writing(impatient) as connection:
        connection.execute(insert(changes), ROW)


def test_a_full_disk_is_typed_and_keeps_nothing(engine: Engine) -> None:
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=60"))
    with pytest.raises(StoreUnavailable, match="full"), writing(engine) as connection:
        connection.execute(insert(changes), [ROW | {"key": "x" * 1000}] * 1000)
    with writing(engine) as connection:
        assert count_changes(connection) == 0
        connection.execute(insert(changes), ROW)


def test_a_database_without_tables_is_typed(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(StoreUnavailable, match="no such table"), reading(engine) as connection:
        count_changes(connection)


def test_inserted_rows_read_back_like_those_of_sqlalchemy(engine: Engine) -> None:
    columns = ("product_id", "type", "occurred_at", "received_at", "metadata", "price")
    rows = [("milk", "VIEW", 1, 2, {"from": ["é", None]}, 0.1), ("tea", "VIEW", 3, 4, None, None)]
    selected = select(*(user_interactions.c[name] for name in columns)).order_by(user_interactions.c.id)
    with writing(engine) as connection:
        insert_rows(connection, user_interactions, columns, rows)
        insert_rows(connection, user_interactions, columns, [])
        connection.execute(insert(user_interactions), [dict(zip(columns, row, strict=True)) for row in rows])
        assert [tuple(row) for row in connection.execute(selected)] == rows * 2
        texts = connection.exec_driver_sql("SELECT metadata FROM user_interactions ORDER BY id").scalars().all()
        assert [text and json.loads(text) for text in texts] == [{"from": ["é", None]}, None] * 2
        assert texts[:2] == texts[2:]


def test_upsert_replaces_every_other_column(engine: Engine) -> None:
    with writing(engine) as connection:
        for row in ({"id": 1, "kind": "a", "key": "k", "created_at": 1}, {"id": 1, "kind": "b", "created_at": 2}):
            connection.execute(upsert(connection, changes, "id"), {"key": None} | row)
        assert [tuple(row) for row in connection.execute(select(changes))] == [(1, "b", None, 2)]
