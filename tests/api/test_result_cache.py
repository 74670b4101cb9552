"""Answers that are kept: given again while they hold, never afterwards, and never missed when they are gone."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import aiohttp
import numpy as np
import pytest

from api.answers import Answer, Origin, new_trace
from api.cache_entries import BREAK_S, LocalEntries
from api.cache_key import BUCKET_SECONDS, KEYED, key_of
from api.metrics import REGISTRY
from api.product_writes import patch_product, put_products
from api.serving import Serving
from recommender.events import EventType
from recommender.history import History
from recommender.rules.file import read_rules
from recommender.types import NO_ROWS, Context, Query
from runners.stages import StageHandles
from store.catalog import Product, set_stock, upsert_products
from store.engine import writing
from store.events import Event
from tests.planted_shop import Shop
from tests.redis_server import Redis, SlowWire
from tests.stage_services import InProcess

NOW: Final = 1_800_000_000.0
WITHIN_S: Final = 20.0


class Switch(InProcess):
    """A stage with a plug."""

    def __init__(self, stage: Any) -> None:
        super().__init__(stage.service)
        self.plugged = True

    def answer(self, method: str, calls: list[Any]) -> list[Any]:
        if not self.plugged:
            raise aiohttp.ClientConnectionError("connection refused")
        return super().answer(method, calls)


class Gateway:
    """A `Serving` as the router asks it."""

    def __init__(self, serving: Serving, collaborative: Switch) -> None:
        self.serving, self.collaborative = serving, collaborative

    async def ask(self, user_id: str | None = None, *, page: str | None = None, **query: Any) -> Answer:
        """The homepage, or the page of a product."""
        live = self.serving.live
        versions = self.serving.versions(live)
        explain = query.pop("explain", False)
        history = (await self.serving.customer(live, user_id, None)).history
        anchors = NO_ROWS if page is None else np.array([live.snapshot.catalog.row_of[page]])
        context = Context.HOMEPAGE if page is None else Context.PRODUCT_PAGE
        asked = Query(**{"context": context, "limit": 12, "at": NOW, "history": history, "anchors": anchors} | query)
        return await self.serving.answer(live, versions, asked, new_trace(live), degraded=(), explain=explain)

    async def settled(self) -> None:
        """The feed has told all that was written."""
        async with asyncio.timeout(WITHIN_S):
            version = None
            while version != self.serving.versions(self.serving.live).catalog or not version.isdecimal():
                version = self.serving.versions(self.serving.live).catalog
                await asyncio.sleep(0.5)


def ids(answer: Answer) -> list[str]:
    return [str(one) for one in answer.live.snapshot.catalog.external_id[answer.slate.item]]


def counted(result: str) -> float:
    return REGISTRY.get_sample_value("shelfwise_cache_requests_total", {"result": result}) or 0.0


@pytest.fixture
def shop(planted_shop: Shop, tmp_path: Path) -> Shop:
    return planted_shop.copy(tmp_path / "shop")


@asynccontextmanager
async def gateway(shop: Shop, handles: StageHandles, patient_rules: Path, **settings: str) -> Any:
    collaborative = Switch(handles.collaborative)
    staged = StageHandles(handles.embedding, collaborative, handles.reranker)
    serving = Serving(replace(shop.settings, **settings), read_rules(patient_rules), staged)
    await serving.start()
    try:
        async with asyncio.timeout(WITHIN_S):
            while serving.problems:
                await asyncio.sleep(0.02)
        one = Gateway(serving, collaborative)
        await one.settled()
        yield one
    finally:
        await serving.stop()


Scenario = Callable[[Gateway], Awaitable[None]]
Play = Callable[..., None]


@pytest.fixture
def play(shop: Shop, in_process: StageHandles, patient_rules: Path) -> Play:
    """Plays a scenario with a gateway over the shop, and the settings given."""

    def run(scenario: Scenario, **settings: str) -> None:
        async def within() -> None:
            async with gateway(shop, in_process, patient_rules, **settings) as one:
                await scenario(one)

        asyncio.run(within())

    return run


def test_the_same_question_has_the_same_answer_once_computed(play: Play) -> None:
    async def scenario(one: Gateway) -> None:
        for question in ({}, {"user_id": "wine-customer-01"}, {"page": "wine-05"}):
            first, second = await one.ask(**question), await one.ask(**question)
            assert (first.origin, second.origin) == (Origin.COMPUTED, Origin.KEPT)
            assert ids(first) == ids(second)
            assert first.slate.score.tolist() == second.slate.score.tolist()
            assert first.slate.evidence.tolist() == second.slate.evidence.tolist()
            assert (first.slate.strategy, first.slate.removals) == (second.slate.strategy, second.slate.removals)

    play(scenario)


def test_another_question_has_another_answer(play: Play) -> None:
    async def scenario(one: Gateway) -> None:
        await one.ask("wine-customer-01")
        for other in (
            one.ask("wine-customer-02"),
            one.ask(),
            one.ask("wine-customer-01", limit=13),
            one.ask("wine-customer-01", at=NOW + BUCKET_SECONDS),
            one.ask("wine-customer-01", exclude=np.array([3])),
            one.ask("wine-customer-01", page="wine-05"),
        ):
            assert (await other).origin is Origin.COMPUTED
        assert (await one.ask("wine-customer-01", at=NOW + 1)).origin is Origin.KEPT

    play(scenario)


def test_every_part_of_a_question_is_in_its_key() -> None:
    assert {field.name for field in fields(Query)} == KEYED
    assert {field.name for field in fields(History)} == {"item", "kind", "at"}


def test_an_event_changes_its_customer_s_next_answer_and_nobody_else_s(play: Play) -> None:
    async def scenario(one: Gateway) -> None:
        for user in ("wine-customer-01", "wine-customer-02"):
            await one.ask(user)
        await one.serving.record([Event(product_id="baby-05", type=EventType.PURCHASE, user_id="wine-customer-01")])
        assert (await one.ask("wine-customer-01")).origin is Origin.COMPUTED
        assert (await one.ask("wine-customer-02")).origin is Origin.KEPT

    play(scenario)


def test_strangers_share_their_answers(play: Play) -> None:
    async def scenario(one: Gateway) -> None:
        await one.ask("never-seen")
        assert (await one.ask("nor-this-one")).origin is Origin.KEPT

    play(scenario)


def test_a_product_s_page_is_the_same_for_everybody(play: Play) -> None:
    async def scenario(one: Gateway) -> None:
        await one.ask("wine-customer-01", page="wine-05")
        assert (await one.ask("baby-customer-02", page="wine-05")).origin is Origin.KEPT

    play(scenario)


def test_equal_questions_at_once_are_computed_once(play: Play) -> None:
    async def scenario(one: Gateway) -> None:
        # Read before: otherwise each waits for its own reading of the history.
        await one.serving.customer(one.serving.live, "wine-customer-01", None)
        shared = counted("shared")
        answers = await asyncio.gather(*(one.ask("wine-customer-01") for _ in range(20)))
        assert Counter(answer.origin for answer in answers) == {Origin.COMPUTED: 1, Origin.SHARED: 19}
        assert len({tuple(ids(answer)) for answer in answers}) == 1
        assert counted("shared") == shared + 19

    play(scenario)


def test_whoever_waits_has_an_answer_even_if_the_first_caller_goes_away(play: Play) -> None:
    async def scenario(one: Gateway) -> None:
        first, second = (asyncio.create_task(one.ask("wine-customer-01")) for _ in range(2))
        while len(asyncio.all_tasks()) < 4:  # this one, the two, and the one that computes for them
            await asyncio.sleep(0)
        first.cancel()
        assert len(ids(await second)) == 12

    play(scenario)


def test_an_explained_answer_is_always_computed(play: Play) -> None:
    async def scenario(one: Gateway) -> None:
        for _ in range(2):
            assert (await one.ask("wine-customer-01", explain=True)).origin is Origin.COMPUTED

    play(scenario)


def test_a_degraded_answer_is_never_kept(play: Play) -> None:
    async def scenario(one: Gateway) -> None:
        one.collaborative.plugged = False
        assert (await one.ask("wine-customer-01")).slate.degraded == ("collaborative",)
        one.collaborative.plugged = True
        healthy = await one.ask("wine-customer-01")
        assert (healthy.origin, healthy.slate.degraded) == (Origin.COMPUTED, ())

    play(scenario)


def test_without_a_cache_everything_is_computed(play: Play) -> None:
    async def scenario(one: Gateway) -> None:
        for _ in range(2):
            assert (await one.ask()).origin is Origin.COMPUTED

    play(scenario, result_cache_seconds="0")


def test_what_this_process_writes_counts_in_its_next_answer(play: Play) -> None:
    async def scenario(one: Gateway) -> None:
        shown = ids(await one.ask(page="wine-05"))
        await patch_product(one.serving, shown[0], {"stock": 0})
        assert shown[0] not in ids(await one.ask(page="wine-05"))
        await patch_product(one.serving, shown[0], {"stock": None})
        assert ids(await one.ask(page="wine-05")) == shown  # back at once
        await put_products(one.serving, [Product(external_id="wine-new", name="Jura red wine", category="Red wine")])
        assert "wine-new" in ids(await one.ask(page="wine-05", limit=60))
        await one.settled()
        assert "wine-new" in ids(await one.ask(page="wine-05", limit=60))

    play(scenario)


def test_what_another_process_writes_counts_as_soon_as_the_feed_tells(play: Play, shop: Shop) -> None:
    async def scenario(one: Gateway) -> None:
        shown = ids(await one.ask(page="wine-05"))
        store = shop.open()
        for stock, there in ((0, False), (None, True)):
            with writing(store) as connection:
                set_stock(connection, {shown[0]: stock})
            async with asyncio.timeout(WITHIN_S):
                while (shown[0] in ids(await one.ask(page="wine-05"))) is not there:
                    await asyncio.sleep(0.05)
        new = Product(external_id="wine-new", name="Jura red wine", category="Red wine")
        with writing(store) as connection:
            upsert_products(connection, [new])
        async with asyncio.timeout(WITHIN_S):
            while "wine-new" not in ids(await one.ask(page="wine-05", limit=60)):
                await asyncio.sleep(0.05)
        store.dispose()

    play(scenario)


@pytest.mark.parametrize("change", [{"stock": 0}, {"active": False}, {"price": 99.0}])
def test_a_kept_answer_that_no_longer_holds_is_stale(play: Play, change: dict[str, Any]) -> None:
    """Asked under the versions of before, as if the catalog's version said nothing of the change."""

    async def scenario(one: Gateway) -> None:
        live = one.serving.live
        versions, stale = one.serving.versions(live), counted("stale")
        query = Query(context=Context.HOMEPAGE, limit=12, at=NOW)
        first = await one.serving.answer(live, versions, query, new_trace(live), degraded=(), explain=False)
        await patch_product(one.serving, ids(first)[0], change)
        second = await one.serving.answer(
            one.serving.live, versions, query, new_trace(live), degraded=(), explain=False
        )
        assert second.origin is Origin.COMPUTED
        assert counted("stale") == stale + 1
        assert ("price" in change) == (ids(first)[0] in ids(second))
        third = await one.serving.answer(one.serving.live, versions, query, new_trace(live), degraded=(), explain=False)
        assert (third.origin, ids(third)) == (Origin.KEPT, ids(second))

    play(scenario)


def test_old_and_unused_entries_make_room() -> None:
    async def scenario() -> None:
        clock = [0.0]
        entries = LocalEntries(size=2, clock=lambda: clock[0])
        entries.put("a", b"1", 10.0)
        entries.put("b", b"2", 20.0)
        assert await entries.get("a") == b"1"
        entries.put("c", b"3", 20.0)
        assert [await entries.get(key) for key in "abc"] == [b"1", None, b"3"]
        clock[0] = 10.0
        assert [await entries.get(key) for key in "abc"] == [None, None, b"3"]

    asyncio.run(scenario())


def test_two_gateways_share_what_either_computed(
    shop: Shop, in_process: StageHandles, patient_rules: Path, redis: Redis
) -> None:
    """Also where a newer product has another row in each of them."""

    async def scenario() -> None:
        async with gateway(shop, in_process, patient_rules, redis_url=redis.url) as one:
            for name in ("wine-b", "wine-a"):
                await put_products(one.serving, [Product(external_id=name, name=f"Rioja red wine {name}")])
            async with gateway(shop, in_process, patient_rules, redis_url=redis.url) as other:
                await one.settled()
                row_of = [each.serving.live.snapshot.catalog.row_of["wine-a"] for each in (one, other)]
                assert row_of[0] != row_of[1]
                await one.serving.record([Event(product_id="wine-a", type=EventType.VIEW, user_id="wine-customer-01")])
                for question in ({}, {"user_id": "wine-customer-01"}, {"page": "wine-a"}, {"page": "wine-05"}):
                    first = await one.ask(**question)
                    second = await shared(other, question)
                    assert ids(first) == ids(second)
                assert 0 < redis.longest_life_ms() <= 300_000

    async def shared(other: Gateway, question: dict[str, Any]) -> Answer:
        """Writing to Redis and forgetting a history both take a moment."""
        async with asyncio.timeout(WITHIN_S):
            while (answer := await other.ask(**question)).origin is not Origin.KEPT:
                await asyncio.sleep(0.05)
        return answer

    asyncio.run(scenario())


def test_answers_go_on_while_redis_is_killed_and_brought_back(play: Play, redis: Redis) -> None:
    async def scenario(one: Gateway) -> None:
        shown = ids(await one.ask())
        await until_kept(one)
        errors = counted("error")
        redis.kill()
        for _ in range(20):
            answer = await one.ask()
            assert (answer.origin, ids(answer), answer.slate.degraded) == (Origin.COMPUTED, shown, ())
        assert counted("error") >= errors + 20
        redis.start()
        await until_kept(one)

    play(scenario, redis_url=redis.url)


def test_a_redis_that_was_never_there_is_missed_by_nobody(play: Play, redis: Redis) -> None:
    redis.kill()

    async def scenario(one: Gateway) -> None:
        assert len(ids(await one.ask("wine-customer-01"))) == 12

    play(scenario, redis_url=redis.url)


def test_a_slow_redis_is_left_alone(play: Play, slow_wire: SlowWire) -> None:
    async def scenario(one: Gateway) -> None:
        await one.ask()
        await until_kept(one)
        slow_wire.delay = 2.0
        errors = counted("error")
        async with asyncio.timeout(BREAK_S):  # and not 30 times the delay
            for _ in range(30):
                assert (await one.ask()).origin is Origin.COMPUTED
        assert counted("error") >= errors + 30
        slow_wire.delay = 0.0
        await until_kept(one)

    play(scenario, redis_url=slow_wire.url)


def test_a_full_redis_keeps_nothing_and_costs_nothing(play: Play, full_redis: Redis) -> None:
    async def scenario(one: Gateway) -> None:
        errors = counted("error")
        for _ in range(5):
            answer = await one.ask()
            assert (answer.origin, len(ids(answer))) == (Origin.COMPUTED, 12)
        async with asyncio.timeout(WITHIN_S):
            while counted("error") < errors + 5:
                await asyncio.sleep(0.02)
        assert full_redis.entries() == {}

    play(scenario, redis_url=full_redis.url)


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"{}", b"[1, 2]", b'{"shown": [NaN]}', b"x" * 100_000])
def test_what_is_not_ours_is_no_answer(play: Play, redis: Redis, content: bytes) -> None:
    async def scenario(one: Gateway) -> None:
        shown = ids(await one.ask())
        await until_kept(one)
        redis.overwrite(content)
        errors = counted("error")
        answer = await one.ask()
        assert (answer.origin, ids(answer)) == (Origin.COMPUTED, shown)
        assert counted("error") == errors + 1

    play(scenario, redis_url=redis.url)


def test_keys_and_entries_name_nobody(play: Play, redis: Redis) -> None:
    async def scenario(one: Gateway) -> None:
        await one.ask("wine-customer-01")
        await until_kept(one, "wine-customer-01")
        kept = redis.entries()
        assert kept
        assert not [one for one in [*kept, *kept.values()] if b"customer" in one]
        live = one.serving.live
        query = Query(context=Context.HOMEPAGE, limit=12, at=NOW)
        assert len(key_of(query, live, one.serving.versions(live))) == 32

    play(scenario, redis_url=redis.url)


async def until_kept(one: Gateway, user_id: str | None = None) -> None:
    """The answer comes from what was kept: it was written, and Redis is asked again after a failure."""
    async with asyncio.timeout(WITHIN_S):
        while (await one.ask(user_id)).origin is not Origin.KEPT:
            await asyncio.sleep(0.05)
