"""What was acknowledged survives whatever is killed, restarted or full; what cannot be kept is refused clearly."""

import resource
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine

from store.catalog import set_stock
from store.changes import ChangeKind, append_changes
from store.engine import writing
from tests.planted_shop import Shop
from tests.postgres_server import MIGRATED, PostgresServer, running_postgres
from tests.real_server import Server, eventually, running
from tests.system.forked_server import forks
from tests.system.writing import Writers, assert_nothing_lost, buying

KILLS = 20
WHOLE = 2
"""Of the kills: of everything that `shelfwise serve` started. The others are of the process that answers."""
EVENTS_BETWEEN_KILLS = 20
WITHIN_S = 60.0
DURABLE = ("fsync=on", "synchronous_commit=on")


@pytest.fixture(scope="module")
def durable_postgres() -> Iterator[PostgresServer]:
    """As a shop runs it: commits reach the disk."""
    with running_postgres(DURABLE) as server:
        yield server


@pytest.fixture
def database(durable_postgres: PostgresServer) -> Iterator[str]:
    with durable_postgres.database(MIGRATED) as url:
        yield url


@pytest.fixture(scope="module")
def shop(
    planted_shop: Shop, durable_postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """The planted shop on PostgreSQL."""
    with durable_postgres.database(MIGRATED) as url:
        yield planted_shop.on(url, tmp_path_factory.mktemp("survival") / "shop")


@pytest.fixture(scope="module")
def server(shop: Shop, patient_rules: Path) -> Iterator[Server]:
    """Each test that takes its database away brings it back, and waits until the server has noticed."""
    with running(shop, "compact", shop.home / "server.log", RULES_FILE=str(patient_rules)) as server:
        yield server


@pytest.fixture
def store(shop: Shop) -> Iterator[Engine]:
    engine = shop.open()
    yield engine
    engine.dispose()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_acknowledged_event_is_lost_over_kills(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Without a catalog and a release: events are taken all the same, and a server is there sooner."""
    shop = Shop(tmp_path, database_url=request.getfixturevalue("database") if kind == "postgresql" else "")
    log, writers = tmp_path / "server.log", Writers()
    with forks(shop, log) as fork, buying(writers):
        for number in range(KILLS):
            server = Server(shop, "compact", log) if number < WHOLE else fork()
            writers.url = server.url
            before = len(writers.acknowledged)
            eventually(
                lambda: writers.acknowledged_beyond(before + EVENTS_BETWEEN_KILLS),  # noqa: B023 - called before the next
                within=WITHIN_S,
                what="events accepted after a restart",
            )
            server.kill()
    assert len(writers.acknowledged) > KILLS * EVENTS_BETWEEN_KILLS
    engine = shop.open()
    assert_nothing_lost(writers, engine)
    engine.dispose()


def test_a_restarted_database_costs_no_list_and_no_event(
    server: Server, store: Engine, durable_postgres: PostgresServer
) -> None:
    """While PostgreSQL is away lists go on and events are refused; afterwards everything goes on as before."""
    writers = Writers()
    writers.url = server.url
    with buying(writers):
        eventually(lambda: writers.acknowledged_beyond(50), within=WITHIN_S)
        durable_postgres.stop()
        eventually(lambda: writers.statuses[503] > 5, within=WITHIN_S, what="events refused")
        answer = server.recommend("homepage", user_id="tea-customer-07")
        durable_postgres.start()
        again = len(writers.acknowledged)
        eventually(lambda: writers.acknowledged_beyond(again + 50), within=WITHIN_S, what="events accepted again")
    assert len(answer["recommendations"]) == 12
    assert "history" in answer["degraded"]
    assert set(writers.statuses) == {201, 503}
    assert {problem["type"] for problem in writers.problems} == {"urn:shelfwise:problem:store-unavailable"}
    assert_nothing_lost(writers, store)
    eventually(lambda: not server.recommend("homepage")["degraded"], within=WITHIN_S)
    sell_out(store, "wine-01")
    eventually(lambda: "wine-01" not in server.shown("product/wine-09", limit=40), within=WITHIN_S, what="stock 0")


def test_a_process_that_cannot_follow_the_store_says_so_and_answers(
    server: Server, durable_postgres: PostgresServer
) -> None:
    durable_postgres.stop()
    try:
        eventually(lambda: "behind" in server.client.get("/readyz").json(), within=WITHIN_S)
        assert server.client.get("/readyz").status_code == 200
        assert "change_feed" in server.recommend("homepage")["degraded"]
        assert server.metric("shelfwise_change_lag_seconds") > 5
    finally:
        durable_postgres.start()
    eventually(lambda: "behind" not in server.client.get("/readyz").json(), within=WITHIN_S)
    assert server.recommend("homepage")["degraded"] == []


def test_a_full_disk_is_a_clear_refusal_and_nothing_is_lost(tmp_path: Path) -> None:
    """The limit on the size of a file stands for the end of a disk: a write beyond it fails."""
    shop, writers = Shop(tmp_path), Writers()
    server = Server(shop, "compact", tmp_path / "server.log").wait("/livez")
    writers.url = server.url
    try:
        with buying(writers):
            eventually(lambda: writers.acknowledged_beyond(50), within=WITHIN_S)
            full = (tmp_path / "shelfwise.db-wal").stat().st_size
            limit_files(server, full)
            eventually(lambda: writers.statuses[503] > 5, within=WITHIN_S, what="events refused")
            assert server.client.get("/livez").status_code == 200
            limit_files(server, resource.RLIM_INFINITY)
            again = len(writers.acknowledged)
            eventually(lambda: writers.acknowledged_beyond(again + 50), within=WITHIN_S, what="events accepted again")
    finally:
        server.terminate()
    assert set(writers.statuses) <= {0, 201, 503}
    assert {problem["status"] for problem in writers.problems} == {503}
    engine = shop.open()
    assert_nothing_lost(writers, engine)
    engine.dispose()


def limit_files(server: Server, size: int) -> None:
    for process in server.processes():
        process.rlimit(psutil.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def sell_out(store: Engine, product_id: str) -> None:
    with writing(store) as connection:
        set_stock(connection, {product_id: 0})
        append_changes(connection, ChangeKind.PRODUCT, [product_id])
