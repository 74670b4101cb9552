"""A release goes live after it answered recent requests; one that cannot, or is too slow, leaves the old one there."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, delete, update

from api.live import Live
from api.metrics import DEGRADED, TRIALS
from api.serving import Serving
from recommender.catalog import Catalog
from recommender.events import EventType
from recommender.rules.file import read_rules
from runners.messages import FoldInCall
from runners.stages import StageHandles
from store.catalog import Product, read_catalog, set_stock, upsert_products
from store.changes import ChangeKind, append_changes, newest_change, prune_changes
from store.deployments import record_deployment
from store.engine import writing
from store.events import Event, event_row, insert_events
from store.tables import deployments, products
from tests.planted_shop import Shop, published_variant
from tests.stage_services import InProcess, stages_of

WITHIN_S = 60.0
LATE_S = 0.25
"""Longer than the default deadline of 150 ms, by far."""


@dataclass
class Slowness:
    """Releases whose collaborative stage takes its time."""

    releases: set[str] = field(default_factory=set)


class SlowStage(InProcess):
    """A stage that is late with some releases."""

    def __init__(self, stage: Any, slowness: Slowness) -> None:
        super().__init__(stage.service)
        self._slowness = slowness

    def answer(self, method: str, calls: list[Any]) -> list[Any]:
        if calls[0].release in self._slowness.releases:
            time.sleep(LATE_S)
        return super().answer(method, calls)


def file_of(array: np.ndarray) -> bytes:
    content = BytesIO()
    np.save(content, array)
    return content.getvalue()


@pytest.fixture(scope="module")
def releases(planted_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The planted shop with more releases: ``second``, ``third``, and three that load and cannot serve."""
    shop = planted_shop.copy(tmp_path_factory.mktemp("trial") / "shop")
    published_variant(shop, "second", {})
    published_variant(shop, "third", {})
    weights = b'{"fitted": {"popularity": NaN}, "rerank_weight": 0.0}'
    for release in ("nonsense", "crooked"):
        published_variant(shop, release, {"blender/weights.json": weights})
    narrow = {
        "embedding/vectors.npy": file_of(np.ones((246, 3), np.float32)),
        "embedding/mean.npy": file_of(np.ones(3)),
    }
    published_variant(shop, "narrow", narrow)
    return shop


@pytest.fixture(scope="module")
def handles(releases: Shop) -> StageHandles:
    return StageHandles(*(InProcess(service) for service, _ in stages_of(releases)))


@pytest.fixture
def shop(releases: Shop, tmp_path: Path) -> Shop:
    return releases.copy(tmp_path / "shop")


Scenario = Callable[[Serving, Slowness], Awaitable[None]]


def play(shop: Shop, handles: StageHandles, scenario: Scenario, *slow: str) -> None:
    """A started `Serving` over the shop, stopped at the end; ``slow`` are releases that are late from the start."""

    async def within_a_loop() -> None:
        slowness = Slowness(set(slow))
        collaborative = SlowStage(handles.collaborative, slowness)
        staged = StageHandles(handles.embedding, collaborative, handles.reranker)
        serving = Serving(shop.settings, read_rules(), staged)
        await serving.start()
        try:
            await scenario(serving, slowness)
        finally:
            await serving.stop()

    asyncio.run(within_a_loop())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not holds():
            await asyncio.sleep(0.02)


def deploy(shop: Shop, release_id: str) -> None:
    engine = shop.open()
    with writing(engine) as connection:
        record_deployment(connection, release_id, action="promote", who="test", why="")
    engine.dispose()


def nothing_deployed(shop: Shop) -> None:
    engine = shop.open()
    with writing(engine) as connection:
        connection.execute(delete(deployments))
    engine.dispose()


def trials(result: str) -> float:
    return float(TRIALS.labels(result)._value.get())


def degraded(reason: str) -> float:
    return float(DEGRADED.labels(reason)._value.get())


async def refused(serving: Serving, release_id: str) -> str:
    """Why it was refused."""
    switcher = serving.follower.switcher
    await until(lambda: switcher.refused is not None and switcher.refused.release_id == release_id)
    assert switcher.refused is not None
    return switcher.refused.reason


@pytest.mark.parametrize(
    ("release", "why"),
    [
        ("nonsense", "nonsense failed at a recent request: homepage: a score that is no number"),
        ("narrow", r"its encoder makes vectors of \(384,\), its products have \(3,\)"),
    ],
)
def test_a_release_that_loads_and_cannot_serve_is_refused(
    shop: Shop, handles: StageHandles, release: str, why: str
) -> None:
    async def scenario(serving: Serving, slowness: Slowness) -> None:
        await until(lambda: not serving.problems)
        await asyncio.to_thread(deploy, shop, release)
        assert why.replace("\\", "") in await refused(serving, release)
        assert serving.live.snapshot.release == shop.release
        assert not serving.problems

    play(shop, handles, scenario)


def test_a_release_that_is_too_slow_is_refused_and_a_busy_machine_is_not(shop: Shop, handles: StageHandles) -> None:
    async def scenario(serving: Serving, slowness: Slowness) -> None:
        await until(lambda: not serving.problems)
        slowness.releases = {"second"}
        await asyncio.to_thread(deploy, shop, "second")
        assert "second is too slow: p95 2" in await refused(serving, "second")
        assert serving.live.snapshot.release == shop.release
        slowness.releases = {"second", shop.release}
        await asyncio.to_thread(deploy, shop, "second")
        await until(lambda: serving.live.snapshot.release == "second")
        assert serving.follower.switcher.refused is None

    play(shop, handles, scenario)


def test_a_slow_release_is_better_than_none(shop: Shop, handles: StageHandles) -> None:
    before = trials("slow")

    async def scenario(serving: Serving, slowness: Slowness) -> None:
        await until(lambda: not serving.problems)
        assert serving.live.snapshot.release == shop.release
        assert "the deadline is 150 ms" in serving.follower.switcher.remark

    play(shop, handles, scenario, shop.release)
    assert trials("slow") == before + 1


@pytest.mark.parametrize("bad", ["nonsense", "never-published"])
def test_a_process_that_starts_serves_what_the_others_still_do(shop: Shop, handles: StageHandles, bad: str) -> None:
    deploy(shop, bad)

    async def scenario(serving: Serving, slowness: Slowness) -> None:
        await until(lambda: not serving.problems)
        assert serving.live.snapshot.release == shop.release
        assert bad in await refused(serving, bad)

    play(shop, handles, scenario)


def test_a_process_that_starts_refuses_a_slow_release_as_the_others_do(shop: Shop, handles: StageHandles) -> None:
    """It goes live neither because nothing serves yet, nor because the one before it is slow too."""
    for slow in ("second", "third"):
        deploy(shop, slow)

    async def scenario(serving: Serving, slowness: Slowness) -> None:
        assert "third is too slow" in await refused(serving, "third")
        assert serving.live.snapshot.release == shop.release
        assert (serving.problems, serving.follower.switcher.remark) == ({}, "")

    play(shop, handles, scenario, "second", "third")


def test_on_a_busy_machine_the_newest_release_goes_live_at_a_start(shop: Shop, handles: StageHandles) -> None:
    """After one before it did; older ones are not even looked for."""
    for release in ("never-published", shop.release, "second", "third"):
        deploy(shop, release)
    before = degraded("release")

    async def scenario(serving: Serving, slowness: Slowness) -> None:
        await until(lambda: not serving.problems)
        await until(lambda: serving.live.snapshot.release == "third")
        await until(lambda: serving.follower.switcher.remark == "")
        assert serving.follower.switcher.refused is None
        assert degraded("release") == before

    play(shop, handles, scenario, shop.release, "second", "third")


def test_a_slow_release_is_better_than_none_before_it_that_serves(shop: Shop, handles: StageHandles) -> None:
    nothing_deployed(shop)
    for release in ("never-published", "second"):
        deploy(shop, release)

    async def scenario(serving: Serving, slowness: Slowness) -> None:
        await until(lambda: not serving.problems)
        assert serving.live.snapshot.release == "second"
        assert "the deadline is 150 ms" in serving.follower.switcher.remark
        assert serving.follower.switcher.refused is None

    play(shop, handles, scenario, "second")


def test_a_process_that_starts_goes_back_as_far_as_it_must(shop: Shop, handles: StageHandles) -> None:
    for bad in ("nonsense", "narrow", "never-published"):
        deploy(shop, bad)

    async def scenario(serving: Serving, slowness: Slowness) -> None:
        assert "never-published" in await refused(serving, "never-published")
        assert serving.live.snapshot.release == shop.release
        assert not serving.problems

    play(shop, handles, scenario)


def test_where_no_release_can_serve_it_says_so(shop: Shop, handles: StageHandles) -> None:
    nothing_deployed(shop)
    for bad in ("narrow", "never-published"):
        deploy(shop, bad)

    async def scenario(serving: Serving, slowness: Slowness) -> None:
        await refused(serving, "never-published")
        said = serving.problems["release"]
        assert "release never-published is not in the release store" in said
        assert "; nor can what served before it: release narrow: its encoder makes vectors" in said

    play(shop, handles, scenario)


def test_what_serves_stays_in_the_stages_where_nobody_asks_it(shop: Shop, handles: StageHandles) -> None:
    """A refused release was asked something since; the next one takes its place and not that of the one that serves."""

    async def scenario(serving: Serving, slowness: Slowness) -> None:
        await until(lambda: not serving.problems)
        for release in ("nonsense", "crooked"):
            await asyncio.to_thread(deploy, shop, release)
            await refused(serving, release)
        calls = [FoldInCall(shop.release, np.zeros(0, np.int32), np.zeros(0, np.float32))]
        (reply,) = await handles.collaborative.fold_in(calls)
        assert not reply.loading

    play(shop, handles, scenario)


def test_what_serves_stays_in_the_stages_while_another_comes_back(shop: Shop, handles: StageHandles) -> None:
    """A refused release took the place of the one that comes back, which must not take that of the one that serves."""

    async def scenario(serving: Serving, slowness: Slowness) -> None:
        await until(lambda: not serving.problems)
        await asyncio.to_thread(deploy, shop, "second")
        await until(lambda: serving.live.snapshot.release == "second")
        await asyncio.to_thread(deploy, shop, "nonsense")
        await refused(serving, "nonsense")
        await asyncio.to_thread(deploy, shop, shop.release)
        await until(lambda: serving.live.snapshot.release == shop.release)
        calls = [FoldInCall("second", np.zeros(0, np.int32), np.zeros(0, np.float32))]
        (reply,) = await handles.collaborative.fold_in(calls)
        assert not reply.loading

    play(shop, handles, scenario)


def test_going_back_loads_nothing(shop: Shop, handles: StageHandles, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where the release that served before was deleted meanwhile; nor is the catalog arranged for it again."""

    async def scenario(serving: Serving, slowness: Slowness) -> None:
        await until(lambda: not serving.problems)
        await asyncio.to_thread(deploy, shop, "second")
        await until(lambda: serving.live.snapshot.release == "second")
        shutil.rmtree(shop.home / "releases" / shop.release)
        monkeypatch.setattr("api.releases.go_live", None)
        passed = trials("passed")
        await asyncio.to_thread(deploy, shop, shop.release)
        await until(lambda: serving.live.snapshot.release == shop.release)
        assert trials("passed") == passed

    play(shop, handles, scenario)


@pytest.mark.parametrize("also", ["nothing else", "the whole catalog is another one", "the change feed is pruned"])
def test_going_back_shows_what_happened_meanwhile(shop: Shop, handles: StageHandles, also: str) -> None:
    """The release as it was left, with what changed since, is the release over the catalog of today."""

    async def scenario(serving: Serving, slowness: Slowness) -> None:
        await until(lambda: not serving.problems)
        await asyncio.to_thread(deploy, shop, "second")
        await until(lambda: serving.live.snapshot.release == "second")
        await asyncio.to_thread(change_the_shop, shop, catalogs=int(also == "the whole catalog is another one"))
        await until(lambda: "new-wine" in serving.live.snapshot.catalog.row_of)
        if also == "the change feed is pruned":
            await asyncio.to_thread(prune_the_feed, shop)
        await asyncio.to_thread(deploy, shop, shop.release)
        await until(lambda: serving.live.snapshot.release == shop.release)
        await until(lambda: "new-wine" in serving.live.snapshot.catalog.row_of)
        live = serving.live
        afresh = await serving.releases.completed(live, await asyncio.to_thread(serving.store.catalog))
        assert facts_of(live) == facts_of(afresh)
        assert not facts_of(live)["wine-00"][0]

    play(shop, handles, scenario)


def test_going_back_knows_what_customers_did_meanwhile(shop: Shop, handles: StageHandles) -> None:
    async def scenario(serving: Serving, slowness: Slowness) -> None:
        await until(lambda: not serving.problems)
        (known,) = await asyncio.to_thread(serving.store.some_customers, 1)
        before = await serving.customer(serving.live, known, None)
        await asyncio.to_thread(deploy, shop, "second")
        await until(lambda: serving.live.snapshot.release == "second")
        await asyncio.to_thread(buy, shop, known)
        await asyncio.to_thread(deploy, shop, shop.release)
        await until(lambda: serving.live.snapshot.release == shop.release)
        assert len((await serving.customer(serving.live, known, None)).history) == len(before.history) + 1

    play(shop, handles, scenario)


def buy(shop: Shop, customer: str) -> None:
    engine = shop.open()
    with writing(engine) as connection:
        line = Event(product_id="wine-01", type=EventType.PURCHASE, user_id=customer, session_id="s", occurred_at=9e8)
        insert_events(connection, [event_row(line, 0)])
    engine.dispose()


def prune_the_feed(shop: Shop) -> None:
    """Of what happened, nothing is left in it but one change that was long followed."""
    engine = shop.open()
    with writing(engine) as connection:
        append_changes(connection, ChangeKind.CUSTOMER, ["somebody"])
        assert prune_changes(connection, newest_change(connection))
    engine.dispose()


def test_a_switch_during_a_new_reading_of_the_catalog_brings_no_old_one(
    shop: Shop, handles: StageHandles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(connection: Connection) -> Catalog:
        time.sleep(1.0)
        return read_catalog(connection)

    async def scenario(serving: Serving, slowness: Slowness) -> None:
        def called() -> str:
            catalog = serving.live.snapshot.catalog
            return str(catalog.name[catalog.row_of["wine-00"]])

        await until(lambda: not serving.problems)
        await asyncio.to_thread(deploy, shop, "second")
        await until(lambda: serving.live.snapshot.release == "second")
        monkeypatch.setattr("api.store_view.read_catalog", slowly)
        await asyncio.to_thread(rename_and_go_back, shop)
        await until(lambda: serving.live.snapshot.release == shop.release)
        await until(lambda: called() == "Renamed")

    play(shop, handles, scenario)


def rename_and_go_back(shop: Shop) -> None:
    """At one moment, and as an import tells it: read everything anew."""
    engine = shop.open()
    with writing(engine) as connection:
        connection.execute(update(products).where(products.c.external_product_id == "wine-00").values(name="Renamed"))
        append_changes(connection, ChangeKind.CATALOG, [None])
        record_deployment(connection, shop.release, action="rollback", who="test", why="")
    engine.dispose()


def change_the_shop(shop: Shop, *, catalogs: int) -> None:
    """One product is sold out, one is new; ``catalogs`` times all is to be read."""
    engine = shop.open()
    with writing(engine) as connection:
        set_stock(connection, {"wine-00": 0})
        upsert_products(connection, [Product(external_id="new-wine", name="A new red wine", category="wine")])
        append_changes(connection, ChangeKind.CATALOG, [None] * catalogs)
    engine.dispose()


def facts_of(live: Live) -> dict[str, tuple[bool, str, bytes]]:
    """By product: whether it may be shown, what it is called, and its vector."""
    snapshot = live.snapshot
    catalog = snapshot.catalog
    vectors = snapshot.vectors[snapshot.vector_row]
    return {
        product: (bool(allowed), name, vector.tobytes())
        for product, allowed, name, vector in zip(
            catalog.external_id, snapshot.allowed, catalog.name, vectors, strict=True
        )
    }


def test_stock_is_followed_while_a_release_is_on_trial(shop: Shop, handles: StageHandles) -> None:
    async def scenario(serving: Serving, slowness: Slowness) -> None:
        def sells() -> bool:
            snapshot = serving.live.snapshot
            return bool(snapshot.allowed[snapshot.catalog.row_of["wine-00"]])

        await until(lambda: not serving.problems)
        slowness.releases = {"second", shop.release}  # its trial takes many seconds
        await asyncio.to_thread(deploy, shop, "second")
        engine = shop.open()
        with writing(engine) as connection:
            set_stock(connection, {"wine-00": 0})
        engine.dispose()
        await until(lambda: not sells())
        assert serving.live.snapshot.release == shop.release
        slowness.releases = set()
        await until(lambda: serving.live.snapshot.release == "second")
        assert not sells()

    play(shop, handles, scenario)


def test_a_promotion_is_taken_back_while_its_release_is_on_trial(shop: Shop, handles: StageHandles) -> None:
    async def scenario(serving: Serving, slowness: Slowness) -> None:
        await until(lambda: not serving.problems)
        slowness.releases = {"second"}
        await asyncio.to_thread(deploy, shop, "second")
        await asyncio.sleep(1.0)
        await asyncio.to_thread(deploy, shop, shop.release)
        await asyncio.sleep(1.0)
        slowness.releases = set()
        await asyncio.sleep(1.0)
        assert serving.live.snapshot.release == shop.release
        assert serving.follower.switcher.refused is None

    play(shop, handles, scenario)
