"""A customer of a running shop is erased: nothing that runs, lies on disk or is trained afterwards knows the id.

That training is beside a champion, and the one in the tests that is: training takes half a minute.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from models.release import Manifest
from runners.shelf import release_store
from store.engine import reading
from store.imports import import_file
from store.tables import metadata
from tests.planted_shop import Shop, train_quickly
from tests.real_server import CUSTOMERS, Server, eventually, running
from training.gate import gate_against
from training.promote import promote
from training.recipe import read_recipe
from training.tracking import Tracking

CUSTOMER, VISIT = "erase-me-9f3c71d2", "visit-of-41aa07be"

SWAP_S: Final = 90.0
"""Loading a release takes a second or two on an idle machine."""


def shop_with_a_customer(shop: Shop, server: Server) -> None:
    """Events over HTTP and from a file with a bad row, and a visit that turned out to be theirs."""
    for number in range(5):
        server.post_event(
            user_id=CUSTOMER, product_id=f"wine-{number:02}", interaction_type="PURCHASE", order_id=CUSTOMER
        )
        server.post_event(session_id=VISIT, product_id=f"wine-1{number}", interaction_type="VIEW")
    assert server.client.post(f"{CUSTOMERS}/{CUSTOMER}/identify", json={"session_id": VISIT}).status_code == 200
    file = shop.home / "orders.ndjson"
    rows = [
        {"user_id": CUSTOMER, "product_id": "wine-20", "type": "PURCHASE", "occurred_at": time.time() - 3600},
        {"user_id": CUSTOMER, "product_id": "wine-21", "type": CUSTOMER, "occurred_at": time.time() - 3600},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    engine = shop.open()
    report = import_file(
        engine, "events", file, now=time.time(), rejects_dir=shop.settings.rejects_folder, progress=lambda d, t: None
    )
    engine.dispose()
    file.unlink()
    assert (report.rows_written, report.rows_rejected) == (1, 1)
    assert server.recommend("homepage", user_id=CUSTOMER)["strategy"] == "hybrid"


def named_in_tables(shop: Shop) -> list[str]:
    engine = shop.open()
    with reading(engine) as connection:
        found = [
            f"{table.name}.{column}"
            for table in metadata.sorted_tables
            for row in connection.execute(select(table)).mappings()
            for column, value in row.items()
            if CUSTOMER in repr(value) or VISIT in repr(value)
        ]
    engine.dispose()
    return found


def named_in_files(home: Path) -> list[str]:
    """Every file below the shop's folder: databases and their logs, rejects, releases, MLflow, the server's log."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return [str(path.relative_to(home)) for path in files if CUSTOMER.encode() in path.read_bytes()]


@pytest.fixture(scope="module")
def shop(planted_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return planted_shop.copy(tmp_path_factory.mktemp("erasure") / "shop")


@pytest.fixture(scope="module")
def server(shop: Shop, patient_rules: Path) -> Iterator[Server]:
    with running(shop, "compact", shop.home / "server.log", RULES_FILE=str(patient_rules)) as server:
        yield server


@pytest.fixture(scope="module")
def certificate(shop: Shop, server: Server) -> dict[str, Any]:
    """Of the customer's erasure, who was in tables and files before."""
    shop_with_a_customer(shop, server)
    assert named_in_tables(shop)
    assert {"shelfwise.db", "rejects/orders.ndjson.rejects.ndjson"} <= {
        name.removesuffix("-wal") for name in named_in_files(shop.home)
    }
    said: dict[str, Any] = server.client.delete(f"{CUSTOMERS}/{CUSTOMER}").json()
    return said


@pytest.fixture(scope="module")
def retrained(shop: Shop, certificate: dict[str, Any]) -> Manifest:
    """The first release after the erasure, trained beside the one that serves."""
    champion = read_recipe(release_store(shop.settings).fetch(shop.release))
    engine = shop.open()
    manifest = train_quickly(shop, engine, champion=champion)
    engine.dispose()
    return manifest


def test_an_erased_customer_is_found_nowhere(shop: Shop, server: Server, certificate: dict[str, Any]) -> None:
    assert certificate["removed"] | {"user_interactions": 11, "sessions": 1, "rejects": 1} == certificate["removed"]
    assert (certificate["file_rewritten"], certificate["first_release_without"]) == (True, None)
    assert server.recommend("homepage", user_id=CUSTOMER)["strategy"] == "popular"
    assert server.client.get(f"{CUSTOMERS}/{CUSTOMER}/export").status_code == 404
    assert CUSTOMER not in server.client.get("/metrics").text
    assert (named_in_tables(shop), named_in_files(shop.home)) == ([], [])


def test_the_certificate_names_the_first_release_without_them(
    server: Server, certificate: dict[str, Any], retrained: Manifest
) -> None:
    assert retrained.erasures_until is not None
    assert retrained.erasures_until.isoformat().startswith(certificate["erased_at"][:19])
    page = f"{CUSTOMERS}/erasures/{certificate['certificate_id']}"
    assert server.client.get(page).json()["first_release_without"] == retrained.release_id
    assert server.client.get(f"{CUSTOMERS}/erasures/{'0' * 64}").status_code == 404


def test_a_training_beside_a_champion_is_judged_against_it(shop: Shop, server: Server, retrained: Manifest) -> None:
    """Nearly the same data and the same code: a refresh that is not worse. Its verdict lets it live."""
    assert retrained.gate is not None
    assert retrained.gate.against == shop.release
    assert retrained.gate.verdict.like_for_like
    assert retrained.gate.verdict.accepted
    tracking = Tracking(shop.settings.mlflow_tracking_uri, shop.home / "mlartifacts")
    tracking.open()
    assert retrained.gate == gate_against(retrained.release_id, shop.release)
    assert "champion" in retrained.evaluation["groups"]["all"]
    engine = shop.open()
    promote(engine, tracking, release_store(shop.settings), retrained.release_id, who="ann", why="fresh")
    engine.dispose()
    eventually(lambda: server.client.get("/readyz").json()["release"] == retrained.release_id, within=SWAP_S)


def test_they_are_found_nowhere_once_the_server_has_ended(shop: Shop, server: Server, retrained: Manifest) -> None:
    server.terminate()
    assert (named_in_tables(shop), named_in_files(shop.home)) == ([], [])
