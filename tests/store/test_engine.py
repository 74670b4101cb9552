import json
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, Text, cast, event, func, insert, select
from sqlalchemy.exc import ProgrammingError

from recommender.errors import InvalidInput
from store.engine import insert_rows, open_engine, reading, upsert, writing
from store.errors import StoreUnavailable
from store.tables import changes, user_interactions
from tests.real_server import free_port

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


def test_sqlite_commits_survive_power_loss(sqlite_engine: Engine) -> None:
    """Pragmas are SQLite's; each connection has its own."""
    with reading(sqlite_engine) as first, reading(sqlite_engine) as second:
        for connection in (first, second):
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


def test_postgresql_commits_survive_power_loss(postgresql_engine: Engine) -> None:
    """Even where the database's own default gives that away for speed; the setting is PostgreSQL's."""
    with writing(postgresql_engine) as connection:
        database = connection.engine.url.database
        connection.exec_driver_sql(f"ALTER DATABASE {database} SET synchronous_commit = off")
    postgresql_engine.dispose()
    with reading(postgresql_engine) as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "off"
    with writing(postgresql_engine) as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


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
    with writing(engine), pytest.raises(StoreUnavailable, match="lock"), writing(impatient):
        pytest.fail("two writers at once")
    with writing(impatient) as connection:
        connection.execute(insert(changes), ROW)


def test_a_full_disk_is_typed_and_keeps_nothing(sqlite_engine: Engine) -> None:
    """A pragma of SQLite stands for the disk."""
    engine = sqlite_engine
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=60"))
    with pytest.raises(StoreUnavailable, match="full"), writing(engine) as connection:
        connection.execute(insert(changes), [ROW | {"key": "x" * 1000}] * 1000)
    with writing(engine) as connection:
        assert count_changes(connection) == 0
        connection.execute(insert(changes), ROW)


def test_a_database_without_tables_is_typed(bare_url: str) -> None:
    engine = open_engine(bare_url)
    with pytest.raises(StoreUnavailable, match=r"no such table|does not exist"), reading(engine) as connection:
        count_changes(connection)


def test_a_wrong_statement_is_not_taken_for_a_lost_database(postgresql_engine: Engine) -> None:
    """SQLite has one error for both."""
    with pytest.raises(ProgrammingError), reading(postgresql_engine) as connection:
        connection.exec_driver_sql("SELEC 1")


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_postgresql_url_means_psycopg_3(scheme: str) -> None:
    engine = open_engine(f"{scheme}://ann@db.example/shop")
    assert engine.dialect.driver == "psycopg"
    assert engine.url.query["connect_timeout"] == "10"
    assert open_engine(f"{scheme}://ann@db.example/shop?connect_timeout=3").url.query["connect_timeout"] == "3"


def test_a_driver_that_is_not_there_is_a_bad_url() -> None:
    with pytest.raises(InvalidInput, match="driver") as refused:
        open_engine("postgresql+pg8000://ann:hunter2@db.example/shop")
    assert "hunter2" not in str(refused.value)


def test_a_server_that_is_not_there_is_typed() -> None:
    engine = open_engine(f"postgresql://ann@127.0.0.1:{free_port()}/shop")
    with pytest.raises(StoreUnavailable, match="refused"), reading(engine):
        pytest.fail("nobody listens")


def test_a_lost_connection_is_typed_and_the_next_one_works(postgresql_engine: Engine) -> None:
    """SQLite has no connection to lose."""

    def lose_it_halfway() -> None:
        with writing(postgresql_engine) as connection:
            connection.execute(insert(changes), ROW)
            process = connection.execute(select(func.pg_backend_pid())).scalar_one()
            with postgresql_engine.connect() as other:
                other.execute(select(func.pg_terminate_backend(process)))
            count_changes(connection)

    with pytest.raises(StoreUnavailable):
        lose_it_halfway()
    with writing(postgresql_engine) as connection:
        assert count_changes(connection) == 0


def test_a_read_only_database_is_typed(postgresql_engine: Engine) -> None:
    """As a standby is after a failover, until the address of the primary is known again."""
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql(
            f"ALTER DATABASE {postgresql_engine.url.database} SET default_transaction_read_only = on"
        )
    postgresql_engine.dispose()
    with pytest.raises(StoreUnavailable, match="read-only"), writing(postgresql_engine) as connection:
        connection.execute(insert(changes), ROW)


def test_inserted_rows_read_back_like_those_of_sqlalchemy(engine: Engine) -> None:
    columns = ("product_id", "type", "occurred_at", "received_at", "metadata", "price")
    rows = [("milk", "VIEW", 1, 2, {"from": ["é", None]}, 0.1), ("tea", "VIEW", 3, 4, None, None)]
    selected = select(*(user_interactions.c[name] for name in columns)).order_by(user_interactions.c.id)
    with writing(engine) as connection:
        insert_rows(connection, user_interactions, columns, rows)
        insert_rows(connection, user_interactions, columns, [])
        connection.execute(insert(user_interactions), [dict(zip(columns, row, strict=True)) for row in rows])
        assert [tuple(row) for row in connection.execute(selected)] == rows * 2
        as_text = select(cast(user_interactions.c.metadata, Text)).order_by(user_interactions.c.id)
        texts = connection.execute(as_text).scalars().all()
        assert [text and json.loads(text) for text in texts] == [{"from": ["é", None]}, None] * 2
        assert texts[:2] == texts[2:]


def test_upsert_replaces_every_other_column(engine: Engine) -> None:
    with writing(engine) as connection:
        for row in ({"id": 1, "kind": "a", "key": "k", "created_at": 1}, {"id": 1, "kind": "b", "created_at": 2}):
            connection.execute(upsert(connection, changes, "id"), {"key": None} | row)
        assert [tuple(row) for row in connection.execute(select(changes))] == [(1, "b", None, 2)]
