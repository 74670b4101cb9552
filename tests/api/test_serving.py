"""The gateway's state machine, with real stages in this process that a test can take away and give back."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import Engine

from api.serving import Serving
from api.switcher import RETRY_SECONDS
from recommender.errors import NoRelease
from recommender.events import EventType
from recommender.rules.file import read_rules
from runners.stages import StageHandles
from store.deployments import record_deployment
from store.engine import writing
from store.errors import StoreUnavailable
from store.events import Event, EventResult
from tests.planted_shop import Shop, published_variant
from tests.stage_services import InProcess, stages_of

WITHIN_S = 20.0


class Switch(InProcess):
    """A stage with a plug: while it is pulled, no connection can be made."""

    def __init__(self, stage: Any) -> None:
        super().__init__(stage.service)
        self.plugged = True

    def answer(self, method: str, calls: list[Any]) -> list[Any]:
        if not self.plugged:
            raise aiohttp.ClientConnectionError("connection refused")
        return super().answer(method, calls)


@pytest.fixture(scope="module")
def two_releases(planted_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The planted shop with a second release to promote."""
    shop = planted_shop.copy(tmp_path_factory.mktemp("serving") / "shop")
    published_variant(shop, "second", {})
    return shop


@pytest.fixture(scope="module")
def handles(two_releases: Shop) -> StageHandles:
    return StageHandles(*(InProcess(service) for service, _ in stages_of(two_releases)))


@pytest.fixture
def shop(two_releases: Shop, tmp_path: Path) -> Shop:
    """A store of its own for each test; the stages read the releases where they are."""
    return two_releases.copy(tmp_path / "shop")


Scenario = Callable[[Serving, Switch], Awaitable[None]]


def play(shop: Shop, handles: StageHandles, scenario: Scenario) -> None:
    """A started `Serving` over the shop, stopped at the end; the switch is the embedding stage."""

    async def within_a_loop() -> None:
        switch = Switch(handles.embedding)
        staged = StageHandles(switch, handles.collaborative, handles.reranker)
        serving = Serving(shop.settings, read_rules(), staged)
        await serving.start()
        try:
            await scenario(serving, switch)
        finally:
            await serving.stop()

    asyncio.run(within_a_loop())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not holds():
            await asyncio.sleep(0.02)


def deploy(shop: Shop, release_id: str) -> None:
    engine: Engine = shop.open()
    with writing(engine) as connection:
        record_deployment(connection, release_id, action="promote", who="test", why="")
    engine.dispose()


def test_it_is_ready_when_every_part_is_there(shop: Shop, handles: StageHandles) -> None:
    async def scenario(serving: Serving, switch: Switch) -> None:
        assert set(serving.problems) == {"store", "release", "answers"}
        with pytest.raises(NoRelease):
            _ = serving.live
        await until(lambda: not serving.problems)
        assert serving.live.snapshot.release == shop.release

    play(shop, handles, scenario)


def test_stages_that_come_up_late_are_waited_for(shop: Shop, handles: StageHandles) -> None:
    async def scenario(serving: Serving, switch: Switch) -> None:
        switch.plugged = False
        await until(lambda: "embedding" in serving.problems.get("release", ""))
        switch.plugged = True
        await until(lambda: not serving.problems)

    play(shop, handles, scenario)


def test_a_stage_that_is_away_during_a_promotion_does_not_take_the_gateway_out(
    shop: Shop, handles: StageHandles
) -> None:
    """The old release still answers; a process that says it is not ready gets no request at all."""

    async def scenario(serving: Serving, switch: Switch) -> None:
        await until(lambda: not serving.problems)
        switch.plugged = False
        await asyncio.to_thread(deploy, shop, "second")
        await asyncio.sleep(1.0)
        assert serving.live.snapshot.release == shop.release
        assert not serving.problems
        switch.plugged = True
        await until(lambda: serving.live.snapshot.release == "second")

    play(shop, handles, scenario)


def test_taking_such_a_promotion_back_leaves_everything_as_it_was(shop: Shop, handles: StageHandles) -> None:
    async def scenario(serving: Serving, switch: Switch) -> None:
        await until(lambda: not serving.problems)
        switch.plugged = False
        await asyncio.to_thread(deploy, shop, "second")
        await asyncio.sleep(1.0)
        await asyncio.to_thread(deploy, shop, shop.release)
        await asyncio.sleep(RETRY_SECONDS + 0.5)
        switch.plugged = True
        await asyncio.sleep(0.5)
        assert serving.live.snapshot.release == shop.release
        assert not serving.problems

    play(shop, handles, scenario)


def test_events_are_refused_until_the_store_is_open_and_written_from_then_on(shop: Shop, handles: StageHandles) -> None:
    async def scenario(serving: Serving, switch: Switch) -> None:
        event = Event(product_id="wine-01", type=EventType.VIEW, user_id="u", event_id="once")
        with pytest.raises(StoreUnavailable):
            await serving.record([event])
        await until(lambda: "store" not in serving.problems)
        assert await serving.record([event, event]) == [EventResult.ACCEPTED, EventResult.DUPLICATE]

    play(shop, handles, scenario)


def test_one_customer_s_history_is_read_once_and_again_after_each_event(shop: Shop, handles: StageHandles) -> None:
    async def scenario(serving: Serving, switch: Switch) -> None:
        await until(lambda: not serving.problems)
        live = serving.live
        before = await serving.customer(live, "wine-customer-00", None)
        assert await serving.customer(live, "wine-customer-00", None) is before
        await serving.record([Event(product_id="wine-01", type=EventType.VIEW, user_id="wine-customer-00")])
        changed = await serving.customer(live, "wine-customer-00", None)
        assert len(changed.history) == len(before.history) + 1

    play(shop, handles, scenario)
