"""The example of docs/sync.md: its shop, its file and its commands, as they stand there."""

import re
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import func, select

from store.engine import open_engine, reading
from store.imports.customers import CUSTOMER_COLUMNS
from store.imports.kinds import KINDS
from store.products import stored_products
from store.tables import customers, user_interactions

from .conftest import Shelfwise, Shop

PAGE: Final = (Path(__file__).resolve().parents[2] / "docs" / "sync.md").read_text(encoding="utf-8")
BLOCKS: Final = dict(re.findall(r"^```(yaml|sql)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))
SYNCS: Final = re.findall(r"^shelfwise sync ([^#\n]*)", PAGE, flags=re.MULTILINE)
IMPORTS: Final = re.findall(r"^shelfwise import ([^#\n]*)", PAGE, flags=re.MULTILINE)
FILES: Final = {
    "products.csv": "sku,title\noat,Oat drink\n",
    "customers.ndjson": '{"user_id": "ann", "age": 34}\n',
    "orders.csv": "order_id,product_id,occurred_at,user_id\no-1,oat,2026-11-20,ann\n",
}


@pytest.fixture
def synced(tmp_path: Path, empty_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(BLOCKS["yaml"])
    with closing(sqlite3.connect(tmp_path / "own.db")) as connection:
        connection.executescript(BLOCKS["sql"])
    return empty_shop


def test_the_sync_commands(shelfwise: Shelfwise, synced: Shop, tmp_path: Path) -> None:
    variables = synced.variables() | {"SHOP_DATABASE_URL": f"sqlite:///{tmp_path}/own.db"}
    assert len(SYNCS) == 3
    outcomes = [shelfwise("sync", *shlex.split(command), variables=variables) for command in SYNCS]
    assert [outcome.status for outcome in outcomes] == [0, 0, 0], outcomes
    assert "products: 2 rows read, 1 written; 1 rejected, with reasons in" in outcomes[0].out
    assert "orders: 1 rows read, 1 written" in outcomes[0].out
    assert "orders" not in outcomes[1].out
    assert "products: 2 rows read, 0 written" in outcomes[2].out
    engine = open_engine(variables["SHELFWISE_DATABASE_URL"])
    with reading(engine) as connection:
        assert stored_products(connection, ["oat-1l"])["oat-1l"].category == "Plant milk"
        assert connection.execute(select(customers.c.stated)).scalar_one() == {
            "demographics": {"location": "Bern", "familySize": 3}
        }
        assert connection.execute(select(func.count()).select_from(user_interactions)).scalar_one() == 2
        assert connection.execute(select(func.max(user_interactions.c.rating))).scalar_one() == 5
    engine.dispose()


def test_the_import_commands(shelfwise: Shelfwise, synced: Shop, tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    ran = [command for command in IMPORTS if any(name in command for name in FILES)]
    assert (len(ran), len(IMPORTS)) == (3, 4)
    for command in ran:
        outcome = shelfwise("import", *shlex.split(command), variables=synced.variables())
        assert outcome.status == 0, outcome
        assert "1 of 1 rows imported" in outcome.out


def test_the_table_of_columns() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, flags=re.MULTILINE))
    assert rows.keys() == KINDS.keys()
    for kind in ("orders", "events"):
        assert set(re.findall(r"`(\w+)`", rows[kind])) == set(KINDS[kind].columns or ())
    assert set(re.findall(r"`(\w+)`", rows["customers"])) == set(CUSTOMER_COLUMNS)


def test_without_the_environment_variable(shelfwise: Shelfwise, synced: Shop) -> None:
    outcome = shelfwise("sync", "shop.yaml", variables=synced.variables())
    assert outcome.status == 1
    assert outcome.error == "error: database.url_env='SHOP_DATABASE_URL': this environment variable is not set"
