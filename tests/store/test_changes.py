import contextlib

from sqlalchemy import Connection, Engine, insert

from store.changes import (
    Change,
    ChangeKind,
    append_changes,
    first_recent_change,
    newest_change,
    prune_changes,
    read_changes,
)
from store.deployments import record_deployment
from store.engine import reading, writing
from store.tables import changes


def test_changes_come_in_order_after_the_cursor(engine: Engine) -> None:
    with writing(engine) as connection:
        assert newest_change(connection) == 0
        append_changes(connection, ChangeKind.PRODUCT, ["milk", "tea"])
        append_changes(connection, ChangeKind.CATALOG, [None])
        append_changes(connection, ChangeKind.CUSTOMER, [])
    with reading(engine) as connection:
        assert newest_change(connection) == 3
        assert read_changes(connection, 1) == [Change(2, ChangeKind.PRODUCT, "tea"), Change(3, "catalog", None)]
        assert read_changes(connection, 3) == []
        assert [change.id for change in read_changes(connection, 0, limit=2)] == [1, 2]


def test_what_rolled_back_leaves_no_change(engine: Engine) -> None:
    write_at(engine, 10)
    with contextlib.suppress(ZeroDivisionError), writing(engine) as connection:
        append_changes(connection, ChangeKind.PRODUCT, ["milk"])
        raise ZeroDivisionError
    with writing(engine) as connection:
        append_changes(connection, ChangeKind.PRODUCT, ["tea"])
        assert [change.key for change in read_changes(connection, 1)] == ["tea"]


def write_at(engine: Engine, *instants: int) -> None:
    with writing(engine) as connection:
        connection.execute(insert(changes), [{"kind": "product", "key": str(at), "created_at": at} for at in instants])


def prune(connection: Connection, older_than_ms: int, limit: int = 10_000) -> int:
    return prune_changes(connection, first_recent_change(connection, older_than_ms), limit)


def test_changes_are_pruned_oldest_first_and_a_few_at_a_time(engine: Engine) -> None:
    write_at(engine, 10, 20, 30, 40)
    with writing(engine) as connection:
        assert prune(connection, 40, limit=2) == 2
        assert [change.key for change in read_changes(connection, 2)] == ["30", "40"]
        assert prune(connection, 40, limit=2) == 1
        assert prune(connection, 40, limit=2) == 0


def test_without_changes_there_is_nothing_to_prune(engine: Engine) -> None:
    with writing(engine) as connection:
        assert prune(connection, 1_000) == 0


def test_old_changes_are_pruned(engine: Engine) -> None:
    write_at(engine, 10, 20, 30, 40)
    with writing(engine) as connection:
        assert prune(connection, 30) == 2
        assert [change.key for change in read_changes(connection, 2)] == ["30", "40"]
        assert prune(connection, 30) == 0


def test_ids_are_never_used_twice(engine: Engine) -> None:
    write_at(engine, 10, 20)
    with writing(engine) as connection:
        prune(connection, 1_000)
        assert newest_change(connection) == 2
    write_at(engine, 30)
    with reading(engine) as connection:
        assert newest_change(connection) == 3


def test_a_clock_that_went_back_does_not_make_a_gap(engine: Engine) -> None:
    write_at(engine, 10, 50, 20, 60)
    with writing(engine) as connection:
        assert prune(connection, 30) == 1
        assert [change.key for change in read_changes(connection, 1)] == ["50", "20", "60"]


def test_a_reader_that_came_too_late_reloads_and_goes_on(engine: Engine) -> None:
    write_at(engine, 10, 20, 30, 40)
    with writing(engine) as connection:
        record_deployment(connection, "r1", action="promote", who="ann", why="first")
        prune(connection, 30)
        reloads = read_changes(connection, 1)
        assert [(change.kind, change.key) for change in reloads] == [
            ("catalog", None),
            ("customers", None),
            ("release", "r1"),
        ]
        assert [change.id for change in read_changes(connection, reloads[-1].id)] == [3, 4, 5]


def test_a_reader_that_missed_nothing_does_not_reload(engine: Engine) -> None:
    write_at(engine, 10, 20, 30)
    with writing(engine) as connection:
        prune(connection, 30)
        assert [change.id for change in read_changes(connection, 2)] == [3]


def test_an_id_that_was_never_used_is_no_missed_change(engine: Engine) -> None:
    """PostgreSQL leaves such gaps where a transaction rolled back."""
    with writing(engine) as connection:
        connection.execute(insert(changes), {"id": 1, "kind": "product", "key": "milk", "created_at": 1})
        connection.execute(insert(changes), {"id": 4, "kind": "product", "key": "tea", "created_at": 1})
        assert read_changes(connection, 1) == [Change(4, "product", "tea")]
        assert read_changes(connection, 2) == [Change(4, "product", "tea")]


def test_without_a_release_there_is_none_to_reload(engine: Engine) -> None:
    write_at(engine, 10, 20, 30)
    with writing(engine) as connection:
        prune(connection, 30)
        assert [change.kind for change in read_changes(connection, 0)] == ["catalog", "customers"]
