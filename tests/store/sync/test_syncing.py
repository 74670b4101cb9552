import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from recommender.errors import InvalidInput
from store.catalog import Product, upsert_products
from store.changes import read_changes
from store.engine import open_engine, reading, writing
from store.products import change_product, external_ids, stored_products
from store.sync import read_sync_config, sync_kind
from store.tables import customers, sync_status, user_interactions

from ..conftest import StartPython
from .conftest import CONFIG, Shop, Sync

MONDAY, TUESDAY, WEDNESDAY = "2026-03-02 10:00:00", "2026-03-03 10:00:00", "2026-03-04 10:00:00"


def items(first: int, last: int, modified: str = MONDAY) -> list[tuple[object, ...]]:
    return [(f"item-{number:05}", f"Item {number}", 1.5, "red", modified) for number in range(first, last)]


def product(engine: Engine, external_id: str) -> Product:
    with reading(engine) as connection:
        return stored_products(connection, [external_id])[external_id]


def ids(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return sorted(external_ids(connection))


def announced(engine: Engine) -> list[tuple[str, str | None]]:
    with reading(engine) as connection:
        return [(change.kind, change.key) for change in read_changes(connection, 0)]


def stored_events(engine: Engine, *columns: str) -> list[tuple[Any, ...]]:
    query = select(*(user_interactions.c[name] for name in columns)).order_by(user_interactions.c.id)
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_products_under_the_shops_own_column_names(sync: Sync, shop: Shop, sqlite_engine: Engine) -> None:
    shop.put_items(("oat", "Oat drink", 1.99, "white", MONDAY))
    report = sync()
    assert (report.rows_read, report.rows_written, report.rows_rejected, report.rejects) == (1, 1, 0, None)
    assert product(sqlite_engine, "oat") == Product(
        external_id="oat", name="Oat drink", price=1.99, attributes={"colour": "white"}
    )
    assert announced(sqlite_engine) == [("product", "oat")]


class TestIncremental:
    def test_only_what_changed_is_written(self, sync: Sync, shop: Shop, sqlite_engine: Engine) -> None:
        shop.put_items(*items(0, 250))
        assert sync().rows_written == 250
        shop.do("UPDATE items SET price = 9, modified = :at WHERE sku = 'item-00007'", {"at": TUESDAY})
        shop.put_items(*items(250, 251, TUESDAY))
        report = sync()
        assert report.rows_written == 2
        assert product(sqlite_engine, "item-00007").price == 9
        assert announced(sqlite_engine)[250:] == [("product", "item-00007"), ("product", "item-00250")]

    def test_a_row_of_the_very_moment_of_the_last_one_is_not_missed(
        self, sync: Sync, shop: Shop, sqlite_engine: Engine
    ) -> None:
        shop.put_items(("b", "B", 1, "red", MONDAY))
        sync()
        shop.put_items(("a", "A", 1, "red", MONDAY))
        report = sync()
        assert (report.rows_read, report.rows_written) == (2, 1)
        assert ids(sqlite_engine) == ["a", "b"]

    def test_nothing_new_changes_nothing(self, sync: Sync, shop: Shop, sqlite_engine: Engine) -> None:
        shop.put_items(*items(0, 3))
        sync()
        before = announced(sqlite_engine)
        assert (sync().rows_written, sync(full=True).rows_written) == (0, 0)
        assert announced(sqlite_engine) == before

    def test_what_the_shop_has_no_column_for_stays(self, sync: Sync, shop: Shop, sqlite_engine: Engine) -> None:
        shop.put_items(*items(0, 1))
        sync()
        with writing(sqlite_engine) as connection:
            change_product(connection, "item-00000", {"stock": 4})
        shop.do("UPDATE items SET price = 2, modified = :at", {"at": TUESDAY})
        sync()
        assert (product(sqlite_engine, "item-00000").price, product(sqlite_engine, "item-00000").stock) == (2, 4)

    def test_another_definition_is_read_from_its_beginning(self, sync: Sync, shop: Shop, sqlite_engine: Engine) -> None:
        shop.put_items(*items(0, 3))
        sync()
        sync(config=CONFIG.replace("name: title}", "name: title, brand: colour}"))
        assert product(sqlite_engine, "item-00002").brand == "red"


class TestFull:
    def test_what_is_gone_is_deleted_and_bad_rows_are_not_gone(
        self, sync: Sync, shop: Shop, sqlite_engine: Engine
    ) -> None:
        shop.put_items(*items(0, 5))
        sync()
        shop.do("DELETE FROM items WHERE sku = 'item-00001'")
        shop.do("UPDATE items SET price = -1 WHERE sku = 'item-00002'")
        assert sync().rows_deleted == 0
        report = sync(full=True)
        assert (report.rows_read, report.rows_deleted, report.rows_rejected) == (4, 1, 1)
        assert ids(sqlite_engine) == ["item-00000", "item-00002", "item-00003", "item-00004"]
        assert announced(sqlite_engine)[-1] == ("product", "item-00001")

    def test_only_where_it_is_asked_for(self, sync: Sync, shop: Shop, sqlite_engine: Engine) -> None:
        shop.put_items(*items(0, 2))
        sync()
        shop.do("DELETE FROM items WHERE sku = 'item-00001'")
        kept = CONFIG.replace("deactivate_missing: true", "deactivate_missing: false")
        assert sync(full=True, config=kept).rows_deleted == 0
        assert len(ids(sqlite_engine)) == 2

    def test_an_empty_shop_deletes_nothing(self, sync: Sync, sqlite_engine: Engine) -> None:
        with writing(sqlite_engine) as connection:
            upsert_products(connection, [Product(external_id="a", name="A")])
        with pytest.raises(InvalidInput, match="no products at all"):
            sync(full=True)
        assert ids(sqlite_engine) == ["a"]


class TestEvents:
    def test_each_row_once_by_its_key(self, sync: Sync, shop: Shop, sqlite_engine: Engine) -> None:
        shop.put_lines((1, "ann", "oat", "purchase", MONDAY), (2, "bob", "oat", "view", TUESDAY))
        assert sync("events").rows_written == 2
        shop.put_lines((3, "ann", "tea", "view", TUESDAY))
        report = sync("events")
        assert (report.rows_read, report.rows_written) == (2, 1)
        assert stored_events(sqlite_engine, "event_id", "user_id", "product_id", "type") == [
            ("events:1", "ann", "oat", "PURCHASE"),
            ("events:2", "bob", "oat", "VIEW"),
            ("events:3", "ann", "tea", "VIEW"),
        ]
        assert announced(sqlite_engine) == [
            ("customer", "user:ann"),
            ("customer", "user:bob"),
            ("customer", "user:ann"),
        ]

    def test_bad_rows_are_listed_with_their_key(self, sync: Sync, shop: Shop) -> None:
        shop.put_lines((1, "ann", "oat", "BUY", MONDAY), (2, "ann", "oat", "view", MONDAY))
        shop.put_lines((3, "ann", "oat", "view", None))
        report = sync("events")
        assert (report.rows_written, report.rows_rejected, report.rows_unreadable) == (1, 1, 1)
        assert report.rejects is not None
        [listed] = [json.loads(line) for line in report.rejects.read_text("utf-8").splitlines()]
        assert (listed["key"], listed["field"], listed["value"]) == ("1", "type", "BUY")

    def test_rejects_of_earlier_runs_stay_listed(self, sync: Sync, shop: Shop) -> None:
        shop.put_lines((1, "ann", "oat", "BUY", MONDAY))
        sync("events")
        shop.put_lines((2, "ann", "oat", "SELL", TUESDAY))
        report = sync("events")
        assert report.rejects is not None
        listed = [json.loads(line)["value"] for line in report.rejects.read_text("utf-8").splitlines()]
        assert listed == ["BUY", "SELL"]  # the first was read again, for it changed at the last moment read


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("modified", [MONDAY, None])
def test_an_interrupted_run_goes_on(sync: Sync, shop: Shop, sqlite_engine: Engine, modified: str | None) -> None:
    """Also where all rows changed at once, and where nothing says when they changed."""
    config = CONFIG if modified else CONFIG.replace("updated_at: modified", "")
    shop.put_items(*items(0, 450, modified or MONDAY))

    def interrupt(done: int, total: int) -> None:
        assert total == 450
        if done == 200:
            raise Interrupted

    with pytest.raises(Interrupted):
        sync(config=config, progress=interrupt)
    told: list[tuple[int, int]] = []
    report = sync(config=config, progress=lambda done, total: told.append((done, total)))
    assert report.resumed
    assert told == [(100, 250), (200, 250), (250, 250)]
    assert (report.rows_read, report.rows_written, len(ids(sqlite_engine))) == (250, 250, 450)
    assert not sync(config=config).resumed


def test_two_that_sync_the_same_do_not_count_it_twice(sync: Sync, shop: Shop) -> None:
    shop.put_items(*items(0, 250))
    overtaken: list[int] = []

    def overtake(done: int, total: int) -> None:
        if not overtaken:
            overtaken.append(0)
            sync()

    with pytest.raises(InvalidInput, match="another process"):
        sync(progress=overtake)


SYNC = """
import sys
from pathlib import Path
from store.engine import open_engine
from store.sync import read_sync_config, sync_kind

config = read_sync_config(Path(sys.argv[2]), {"SHOP_DATABASE_URL": sys.argv[3]})
sync_kind(
    open_engine(sys.argv[1]), config, "events", rejects_dir=Path(sys.argv[4]),
    progress=lambda done, total: print(done, flush=True),
)
"""


def test_a_run_killed_with_kill_9_writes_every_row_once(
    engine: Engine, url: str, shop: Shop, tmp_path: Path, start_python: StartPython
) -> None:
    config = tmp_path / "shop.yaml"
    config.write_text(CONFIG)
    days = [MONDAY, TUESDAY, WEDNESDAY]
    kinds = ["BUY" if number % 97 == 5 else "view" for number in range(5_000)]
    shop.put_lines(*((number, "ann", "oat", kinds[number], days[number % 3]) for number in range(5_000)))
    for batches in (2, 3):
        process = start_python(SYNC, url, config, shop.url, tmp_path / "rejects")
        assert process.stdout is not None
        for _ in range(batches):
            assert process.stdout.readline()
        process.kill()
        process.wait()
    with reading(engine) as connection:
        assert connection.execute(select(sync_status.c.status)).scalar_one() == "running"
    read = read_sync_config(config, {"SHOP_DATABASE_URL": shop.url})
    report = sync_kind(engine, read, "events", rejects_dir=tmp_path / "rejects", progress=lambda done, total: None)
    assert report.resumed
    assert report.rows_read <= 4_500
    written = [event_id for (event_id,) in stored_events(engine, "event_id")]
    assert sorted(written) == sorted(f"events:{number}" for number in range(5_000) if kinds[number] == "view")
    assert report.rejects is not None
    lines = [json.loads(line) for line in report.rejects.read_text("utf-8").splitlines()]
    assert sorted(int(line["key"]) for line in lines) == list(range(5, 5_000, 97))
    assert all(earlier["line"] < later["line"] for earlier, later in pairwise(lines))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda config: config.replace("table: items", "table: nothing"), "products"),
        (lambda config: config.replace("product_id: sku", "product_id: code"), "columns"),
        (lambda config: config.replace("updated_at: modified", "updated_at: changed"), "products.updated_at"),
        (lambda config: config.replace("updated_at: modified", "updated_at: modified\n  key: id"), "products.key"),
        (lambda config: config.replace(", name: title", ""), "name"),
    ],
)
def test_what_the_shop_does_not_have_is_named(sync: Sync, change: Callable[[str], str], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        sync(config=change(CONFIG))
    assert refused.value.field == field


def test_a_kind_that_the_file_lacks(sync: Sync) -> None:
    with pytest.raises(InvalidInput, match="has only products"):
        sync("orders", config=CONFIG[: CONFIG.index("events:")])


def test_orders_and_customers(sync: Sync, shop: Shop, sqlite_engine: Engine) -> None:
    shop.put_lines((1, "ann", "oat", "purchase", MONDAY), (2, "bob", "oat", "view", TUESDAY))
    for _ in range(2):
        sync("orders")
        sync("customers")
    columns = ("event_id", "order_id", "type", "price")
    assert stored_events(sqlite_engine, *columns) == [("orders:1", "o-1", "PURCHASE", 2.5)]
    with reading(sqlite_engine) as connection:
        people = connection.execute(select(customers.c.user_id, customers.c.stated).order_by(customers.c.user_id))
        stated = {"shoppingPatterns": {"shoppingFrequency": "weekly"}}
        assert [tuple(row) for row in people] == [("ann", stated), ("bob", stated)]
    assert [key for _, key in announced(sqlite_engine)] == ["user:ann", "user:ann", "user:bob"]


def test_on_postgresql_too(postgresql_url: str, shop: Shop, tmp_path: Path) -> None:
    engine = open_engine(postgresql_url)
    (tmp_path / "shop.yaml").write_text(CONFIG)
    shop.put_items(*items(0, 150))
    config = read_sync_config(tmp_path / "shop.yaml", {"SHOP_DATABASE_URL": shop.url})
    for full in (False, True):
        sync_kind(engine, config, "products", full=full, rejects_dir=tmp_path, progress=lambda done, total: None)
        shop.do("DELETE FROM items WHERE sku = 'item-00001'")
    assert len(ids(engine)) == 149
    engine.dispose()
