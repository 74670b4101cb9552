"""A shop's own database, once as a SQLite file and once on PostgreSQL, to read from."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from store.sync import SyncReport, read_sync_config, sync_kind
from tests.postgres_server import PostgresServer

PRODUCTS = "CREATE TABLE items (sku TEXT PRIMARY KEY, title TEXT, price NUMERIC, colour TEXT, modified TIMESTAMP)"
LINES = "CREATE TABLE lines (line INTEGER PRIMARY KEY, customer TEXT, sku TEXT, kind TEXT, bought TIMESTAMP)"

CONFIG = """
database: {url_env: SHOP_DATABASE_URL}
products:
  table: items
  updated_at: modified
  columns: {product_id: sku, name: title}
  deactivate_missing: true
events:
  query: SELECT line, customer, sku, kind, bought FROM lines
  key: line
  updated_at: bought
  columns: {user_id: customer, product_id: sku, type: kind, occurred_at: bought}
orders:
  query: |
    SELECT line, 'o-' || line AS order_id, customer, sku, bought, 2.5 AS unit_price
    FROM lines WHERE kind = 'purchase';
  key: line
  columns: {user_id: customer, product_id: sku, occurred_at: bought}
customers:
  query: SELECT DISTINCT customer, 'weekly' AS shopping_frequency FROM lines
  columns: {user_id: customer}
"""

Sync = Callable[..., SyncReport]


class Shop:
    """What the shop itself does with its database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))

    def do(self, statement: str, *rows: dict[str, Any]) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(statement), list(rows) or None)

    def put_items(self, *rows: tuple[object, ...]) -> None:
        named = [dict(zip(("sku", "title", "price", "colour", "modified"), row, strict=True)) for row in rows]
        self.do("INSERT INTO items VALUES (:sku, :title, :price, :colour, :modified)", *named)

    def put_lines(self, *rows: tuple[object, ...]) -> None:
        named = [dict(zip(("line", "customer", "sku", "kind", "bought"), row, strict=True)) for row in rows]
        self.do("INSERT INTO lines VALUES (:line, :customer, :sku, :kind, :bought)", *named)

    def close(self) -> None:
        self._engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """A shop with two empty tables."""
    if request.param == "sqlite":
        (tmp_path / "shop.db").touch()
        yield from _opened(f"sqlite:///{tmp_path}/shop.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.database("template0") as url:
            yield from _opened(url)


def _opened(url: str) -> Iterator[Shop]:
    shop = Shop(url)
    shop.do(PRODUCTS)
    shop.do(LINES)
    yield shop
    shop.close()


@pytest.fixture
def sync(sqlite_engine: Engine, shop: Shop, tmp_path: Path) -> Sync:
    """Syncs the shop into a store on SQLite; the store's own statements are tested on both elsewhere."""
    path = tmp_path / "shop.yaml"

    def sync(
        kind: str = "products",
        *,
        full: bool = False,
        config: str = CONFIG,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> SyncReport:
        path.write_text(config)
        read = read_sync_config(path, {"SHOP_DATABASE_URL": shop.url})
        return sync_kind(
            sqlite_engine,
            read,
            kind,
            full=full,
            rejects_dir=tmp_path / "rejects",
            progress=progress,  # type: ignore[arg-type]
        )

    return sync
