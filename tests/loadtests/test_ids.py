"""Customers and products from files, from a real store and from a running service; and where load may go."""

from pathlib import Path

import pytest

from loadtests.ids import discover_products, gather_ids, read_ids, users_in_store
from loadtests.target import Refused, checked_target
from store.engine import migrate, open_engine, writing
from store.tables import user_interactions
from tests.loadtests.conftest import StartServer, seen


def test_ids_of_a_file(users: Path, products: Path) -> None:
    assert read_ids(users) == ("ada", "grace", "edsger")
    ids = gather_ids("http://127.0.0.1:9", users=users, database=None, products=products)
    assert ids.products == ("apple", "pear & plum")
    assert ids.users_from == f"file {users}"


def test_files_that_say_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n \n")
    for name in ("empty", "absent"):
        with pytest.raises(Refused, match=name):
            read_ids(tmp_path / name)


@pytest.fixture
def store(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/shop.db"
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
    return url


def test_users_of_a_store_are_its_distinct_customers(store: str) -> None:
    engine = open_engine(store)
    event = {"product_id": "apple", "type": "VIEW", "occurred_at": 1, "received_at": 1}
    rows = [event | {"user_id": user, "session_id": "s"} for user in ("ada", "grace", "ada", None)]
    with writing(engine) as connection:
        connection.execute(user_interactions.insert(), rows)
    engine.dispose()
    assert sorted(users_in_store(store)) == ["ada", "grace"]


def test_stores_that_cannot_help_are_refused(store: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no events of customers"):
        users_in_store(store)
    with pytest.raises(Refused, match="not a database URL"):
        users_in_store("nonsense")
    with pytest.raises(Refused, match="no such file"):
        users_in_store(f"sqlite:///{tmp_path}/absent.db")
    assert not (tmp_path / "absent.db").exists()
    (tmp_path / "bare.db").touch()
    with pytest.raises(Refused, match="database"):
        users_in_store(f"sqlite:///{tmp_path}/bare.db")


def test_products_are_discovered_popular_ones_first(planted: StartServer) -> None:
    base = planted(products=3)
    ids = gather_ids(base, users=None, database=None, products=None)
    assert ids.products[:4] == ("home-0", "home-1", "home-2", "like-home-0-0")
    assert len(ids.products) == 12
    assert [path.split("?")[0].rsplit("/", 1)[-1] for _, path, _ in seen(base)] == [
        "homepage",
        "home-0",
        "home-1",
        "home-2",
    ]


def test_discovery_is_bounded() -> None:
    asked = []

    def ask(path: str) -> object:
        asked.append(path)
        return {"recommendations": [{"external_product_id": f"{len(asked)}-{n}"} for n in range(100)]}

    assert len(discover_products(ask, wanted=250)) == 250
    assert len(asked) == 3
    asked.clear()
    discover_products(ask, wanted=10**6)
    assert len(asked) == 40


def test_services_that_cannot_help_are_refused(planted: StartServer) -> None:
    with pytest.raises(Refused, match="does not answer"):
        gather_ids("http://127.0.0.1:9", users=None, database=None, products=None)
    with pytest.raises(Refused, match="answers 500"):
        gather_ids(planted(fail_every=1), users=None, database=None, products=None)
    with pytest.raises(Refused, match="recommends no product"):
        gather_ids(planted(empty_every=1), users=None, database=None, products=None)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:3000", "http://localhost:3000/", "http://[::1]:3000", "http://127.9.9.9"]
)
def test_this_machine_is_allowed(url: str) -> None:
    assert checked_target(url, allow_remote=False) == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["http://shop.example", "http://10.0.0.1:3000", "http://127.0.0.1.example", "http://localhost.example:80"]
)
def test_other_machines_are_refused(url: str) -> None:
    with pytest.raises(Refused, match="not this machine"):
        checked_target(url, allow_remote=False)
    assert checked_target(url, allow_remote=True) == url


@pytest.mark.parametrize("url", ["127.0.0.1:3000", "ftp://127.0.0.1", "http://", "http://127.0.0.1/path", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="not of the form"):
        checked_target(url, allow_remote=True)
