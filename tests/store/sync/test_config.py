from pathlib import Path

import pytest

from recommender.errors import InvalidInput
from store.sync import read_sync_config
from store.sync.shop import open_shop

GOOD = "database: {url: 'sqlite:///shop.db'}\nproducts: {table: items}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.yaml"


def test_the_url_of_the_environment(path: Path) -> None:
    path.write_text("database: {url_env: SHOP}\nevents: {query: SELECT 1}\n")
    config = read_sync_config(path, {"SHOP": "sqlite:///x.db"})
    assert (config.name, config.url, list(config.feeds)) == ("shop", "sqlite:///x.db", ["events"])


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("database: [", "sync file"),
        ("database: {url: a}", "sync file"),
        (GOOD + "shops: 1\n", "shops"),
        (GOOD.replace("table: items", "table: items, tabel: x"), "products.tabel"),
        (GOOD.replace("table: items", "table: items, query: SELECT 1"), "products"),
        (GOOD.replace("table: items", "key: id"), "products"),
        (GOOD.replace("table: items", "table: items, columns: {name: 1}"), "products.columns.name"),
        (GOOD.replace("{url: 'sqlite:///shop.db'}", "{}"), "database"),
        (GOOD.replace("{url: 'sqlite:///shop.db'}", "{url_env: NOT_SET}"), "database.url_env"),
        (GOOD.replace("products: {", "orders: {deactivate_missing: true, "), "orders.deactivate_missing"),
    ],
)
def test_mistakes_are_named(path: Path, text: str, field: str) -> None:
    path.write_text(text)
    with pytest.raises(InvalidInput) as refused:
        read_sync_config(path, {})
    assert refused.value.field == field


@pytest.mark.parametrize("text", ["database: {url: 'postgresql://ann:hunter2@db/shop', extra: 1}", "database: hunter2"])
def test_a_mistake_does_not_show_the_password(path: Path, text: str) -> None:
    path.write_text(text + "\nproducts: {table: items}\n")
    with pytest.raises(InvalidInput) as refused:
        read_sync_config(path, {})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://ann:hunter2@db/shop", "MySQLdb"),
        ("nonsense://ann:hunter2@db/shop", "no such database or driver"),
        ("hunter2", "is not a database URL"),
        ("sqlite:///nowhere/shop.db", "no such file"),
    ],
)
def test_a_database_that_cannot_be_opened(url: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as refused:
        open_shop(url)
    assert "hunter2" not in str(refused.value)
