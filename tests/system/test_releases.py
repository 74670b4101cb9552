"""Releases change under a running server: no request fails, what is damaged never serves, and no event is lost."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete

from models.blender import Blender
from models.release import MANIFEST, SCHEMA_VERSION
from recommender.policy import Weights
from store.catalog import set_stock
from store.changes import ChangeKind, append_changes
from store.deployments import previous_deployment, record_deployment
from store.engine import writing
from store.tables import deployments
from tests.planted_shop import Shop, published_variant
from tests.real_server import INTERACTIONS, RECOMMENDATIONS, Server, eventually, running

SWAP_S = 90.0
"""Loading a release takes a second or two on an idle machine."""
SEEN_WITHIN_S = 8.0


@pytest.fixture(scope="module")
def shop(planted_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Everything but a decision which release serves."""
    shop = planted_shop.copy(tmp_path_factory.mktemp("releases") / "shop")
    engine = shop.open()
    with writing(engine) as connection:
        connection.execute(delete(deployments))
    engine.dispose()
    return shop


@pytest.fixture(scope="module")
def server(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Alive, and not ready before a test promotes something."""
    server = Server(shop, "compact", shop.home / "server.log")
    try:
        yield server.wait("/livez")
    finally:
        if server.process.poll() is None:
            server.terminate()


@pytest.fixture
def store(shop: Shop) -> Iterator[Engine]:
    engine = shop.open()
    yield engine
    engine.dispose()


@pytest.fixture
def live(shop: Shop, server: Server) -> Server:
    """The server with the planted release in service."""
    shop.deploy(shop.release)
    eventually(lambda: serves(server) == shop.release, within=SWAP_S)
    return server


@pytest.fixture(scope="module")
def popular_release(shop: Shop) -> str:
    """A release whose homepage shows what is popular, to everyone."""
    Blender(Weights(popularity=1.0), 0.0).save(shop.home)
    published_variant(shop, "popular", {"blender/weights.json": (shop.home / "weights.json").read_bytes()})
    return "popular"


def serves(server: Server) -> str | None:
    answer = server.client.get("/readyz")
    return str(answer.json()["release"]) if answer.status_code == 200 else None


def missing(server: Server) -> dict[str, str]:
    answer = server.client.get("/readyz")
    assert answer.status_code == 503
    found: dict[str, str] = answer.json()["missing"]
    return found


def flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.unlink()  # it is a hard link
    file.write_bytes(content)


def refusals(server: Server) -> float:
    return server.metric("shelfwise_degraded_total", reason="release")


def test_before_the_first_promotion_it_says_what_to_run(server: Server) -> None:
    assert server.client.get("/livez").status_code == 200
    eventually(lambda: "shelfwise promote" in missing(server).get("release", ""), within=SWAP_S)
    assert "store" not in missing(server)
    for page in ("homepage", "product/coffee-00", "cart?product_ids=coffee-00", "frequently-bought-together/wine-00"):
        answer = server.client.get(f"{RECOMMENDATIONS}/{page}")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert answer.json()["type"] == "urn:shelfwise:problem:no-release"
        assert "shelfwise train" in answer.json()["detail"]
        assert "shelfwise promote" in answer.json()["detail"]


def test_before_the_first_promotion_events_are_kept_already(server: Server) -> None:
    event = {"user_id": "early", "product_id": "coffee-00", "interaction_type": "VIEW"}
    assert server.client.post(INTERACTIONS, json=event).status_code == 201


def test_the_first_promotion_makes_it_ready(server: Server, shop: Shop) -> None:
    shop.deploy(shop.release)
    eventually(lambda: serves(server) == shop.release, within=SWAP_S)
    assert server.recommend("homepage", user_id="early")["strategy"] == "hybrid"
    assert server.metric("shelfwise_release_info", release=shop.release) > 0


def test_a_swap_and_a_rollback_lose_no_request(live: Server, shop: Shop, store: Engine, popular_release: str) -> None:
    statuses, releases, stop = [], [], threading.Event()

    def keep_asking() -> None:
        while not stop.is_set():
            answer = live.client.get(f"{RECOMMENDATIONS}/homepage", params={"user_id": "pets-customer-04"})
            statuses.append(answer.status_code)
            releases.append(answer.json().get("release"))

    own_taste = live.shown("homepage", user_id="pets-customer-04")
    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        shop.deploy(popular_release)
        eventually(lambda: serves(live) == popular_release, within=SWAP_S)
        assert live.shown("homepage", user_id="pets-customer-04") == live.shown("homepage")
        with writing(store) as connection:
            previous = previous_deployment(connection)
            assert previous is not None
            record_deployment(connection, previous.release_id, action="rollback", who="test", why="")
        eventually(lambda: serves(live) == shop.release, within=SWAP_S)
    finally:
        stop.set()
        asking.join()
    assert set(statuses) == {200}
    assert set(releases) == {shop.release, popular_release}
    assert live.shown("homepage", user_id="pets-customer-04") == own_taste
    assert live.metric("shelfwise_release_info", release=popular_release) == 0


@pytest.mark.parametrize("file", ["items.npy", "blender/weights.json", "cross_encoder/score.onnx"])
def test_one_wrong_byte_and_the_release_is_refused(live: Server, shop: Shop, file: str) -> None:
    damaged = f"damaged-{Path(file).stem}"
    flip_a_byte(published_variant(shop, damaged, {}) / file)
    before = refusals(live)
    shop.deploy(damaged)
    eventually(lambda: refusals(live) == before + 1, within=SWAP_S)
    assert serves(live) == shop.release
    assert live.recommend("homepage", user_id="pets-customer-04")["release"] == shop.release
    (line,) = [line for line in live.log.read_text().splitlines() if f"{damaged} is refused" in line]
    assert file in line


def test_a_release_that_is_not_in_the_store_is_refused(live: Server, shop: Shop) -> None:
    before = refusals(live)
    shop.deploy("never-published")
    eventually(lambda: refusals(live) == before + 1, within=SWAP_S)
    assert serves(live) == shop.release


def test_a_release_whose_parts_do_not_fit_is_refused(live: Server, shop: Shop) -> None:
    """Every hash is right, but a file is not what the code reads: a model brought by hand, or a newer version's."""
    weights = json.dumps({"fitted": {"astrology": 1.0}, "rerank_weight": 0.0}).encode()
    published_variant(shop, "misfit", {"blender/weights.json": weights})
    before = refusals(live)
    shop.deploy("misfit")
    eventually(lambda: refusals(live) == before + 1, within=SEEN_WITHIN_S, what="misfit is refused")
    assert serves(live) == shop.release
    assert "misfit is refused" in live.log.read_text()


def refused(server: Server) -> dict[str, str]:
    """What /readyz says of the release that should serve; empty where it does."""
    answer = server.client.get("/readyz")
    assert answer.status_code == 200
    found: dict[str, str] = answer.json().get("refused", {})
    return found


def next_version(folder: Path) -> str:
    manifest = folder / MANIFEST
    said = json.loads(manifest.read_text()) | {"schema_version": SCHEMA_VERSION + 1}
    manifest.unlink()
    manifest.write_text(json.dumps(said))
    return f"schema_version={SCHEMA_VERSION + 1}"


def half_uploaded(folder: Path) -> str:
    (folder / "collaborative" / "factors.npy").unlink()
    return "collaborative/factors.npy is missing"


def without_a_manifest(folder: Path) -> str:
    (folder / MANIFEST).unlink()
    return "is not in the release store"


@pytest.mark.parametrize("spoil", [next_version, half_uploaded, without_a_manifest])
def test_an_incompatible_or_incomplete_release_is_refused_and_said_where_operators_look(
    live: Server, shop: Shop, spoil: Callable[[Path], str]
) -> None:
    why = spoil(published_variant(shop, spoil.__name__, {}))
    shop.deploy(spoil.__name__)
    eventually(lambda: refused(live), within=SWAP_S)
    assert refused(live)["release"] == spoil.__name__
    assert why in refused(live)["reason"]
    assert serves(live) == shop.release
    shop.deploy(shop.release)
    eventually(lambda: not refused(live), within=SEEN_WITHIN_S)


def test_a_release_that_fails_at_a_recent_request_is_refused(live: Server, shop: Shop) -> None:
    """Every hash is right and every file can be read, but the lists have no order."""
    for cluster in ("wine", "pets"):
        live.recommend(f"product/{cluster}-07")
    weights = b'{"fitted": {"popularity": NaN}, "rerank_weight": 0.0}'
    published_variant(shop, "nonsense", {"blender/weights.json": weights})
    before = live.metric("shelfwise_release_trials_total", result="failed")
    shop.deploy("nonsense")
    eventually(lambda: refused(live), within=SWAP_S)
    assert "failed at a recent request" in refused(live)["reason"]
    assert live.metric("shelfwise_release_trials_total", result="failed") == before + 1
    assert serves(live) == shop.release


def test_products_change_although_a_refused_release_is_deployed(live: Server, shop: Shop, store: Engine) -> None:
    """Both in one transaction, so that the server reads both in one go."""
    before = refusals(live)
    assert "wine-00" in live.shown("product/wine-08", limit=40)
    with writing(store) as connection:
        record_deployment(connection, "never-published", action="promote", who="test", why="")
        set_stock(connection, {"wine-00": 0})
    try:
        eventually(lambda: refusals(live) > before, within=SWAP_S)
        eventually(
            lambda: "wine-00" not in live.shown("product/wine-08", limit=40), within=SEEN_WITHIN_S, what="stock 0 seen"
        )
    finally:
        with writing(store) as connection:
            set_stock(connection, {"wine-00": None})


def test_an_import_counts_although_a_refused_release_is_deployed(live: Server, shop: Shop, store: Engine) -> None:
    """An import announces the whole catalog at once."""
    before = refusals(live)
    shop.deploy("never-published")
    eventually(lambda: refusals(live) > before, within=SWAP_S)
    with writing(store) as connection:
        set_stock(connection, {"wine-01": 0})
        append_changes(connection, ChangeKind.CATALOG, [None])
    try:
        eventually(
            lambda: "wine-01" not in live.shown("product/wine-09", limit=40), within=SEEN_WITHIN_S, what="stock 0 seen"
        )
    finally:
        with writing(store) as connection:
            set_stock(connection, {"wine-01": None})


def test_an_acknowledged_event_outlives_kill_9_and_sigterm_ends_cleanly(live: Server, shop: Shop) -> None:
    """Last in this file, for it ends the server that the others share."""
    user = {"user_id": "cut-off"}
    for number in range(5):
        sent = {"product_id": f"pets-{number:02}", "interaction_type": "PURCHASE", "event_id": f"cut-{number}"}
        assert live.post_event(**user, **sent)["status"] == "accepted"
    live.kill()
    with running(shop, "compact", shop.home / "second.log") as server:
        assert server.recommend("homepage", **user)["strategy"] == "hybrid"
        assert server.post_event(**user, **sent)["status"] == "duplicate"
        started = server.processes()
        assert server.terminate() == 0
    assert not [one for one in started if one.is_running()]
    assert "Traceback" not in server.log_end()
