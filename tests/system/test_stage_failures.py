"""A stage process dies: answers go on without it, marked, and it comes back by itself."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest
from sqlalchemy import Engine

from store.catalog import Product, set_stock, upsert_products
from store.engine import writing
from tests.planted_shop import Shop
from tests.real_server import Server, eventually, running
from tests.system.test_load import REQUESTS, ask_all, mixed_requests

BACK_WITHIN_S: Final = 90.0
CUSTOMER: Final = {"user_id": "coffee-customer-02"}


@pytest.fixture(scope="module")
def hurried(live_shop: Shop) -> Iterator[Server]:
    """The graph under the default rules: 150 ms, so that a stage that is gone costs an answer no more than that."""
    with running(live_shop, "graph", live_shop.home / "hurried.log") as server:
        yield server


@pytest.fixture
def store(live_shop: Shop) -> Iterator[Engine]:
    engine = live_shop.open()
    yield engine
    engine.dispose()


def whole(server: Server) -> bool:
    return not server.recommend("homepage", **CUSTOMER)["degraded"]


def test_answers_go_on_without_a_killed_stage(hurried: Server) -> None:
    eventually(lambda: whole(hurried), within=BACK_WITHIN_S)
    killed = hurried.stage("Collaborative")
    killed.kill()
    first = hurried.recommend("homepage", **CUSTOMER)
    assert first["degraded"] == ["collaborative"]
    assert len(first["recommendations"]) == 12
    answers = asyncio.run(ask_all(hurried.url, mixed_requests(REQUESTS // 5, seed=5)))
    assert sum(answer.status != 200 for answer in answers) < 0.01 * len(answers)
    reasons = Counter(reason for answer in answers for reason in answer.degraded)
    assert set(reasons) <= {"collaborative"}
    assert {answer.page for answer in answers if answer.degraded} <= {"homepage"}
    assert hurried.metric("shelfwise_degraded_total", reason="collaborative") >= reasons["collaborative"] + 1
    eventually(lambda: whole(hurried), within=BACK_WITHIN_S, what="the stage is back")
    assert hurried.stage("Collaborative").pid != killed.pid


def test_stock_is_followed_while_a_new_product_waits_for_its_stage(hurried: Server, store: Engine) -> None:
    """A product that cannot be embedded yet must not hold up a hard rule about another one."""
    embedding = hurried.stage("Embedding")
    embedding.suspend()
    try:
        with writing(store) as connection:
            upsert_products(connection, [Product(external_id="wine-waits", name="Orange wine", category="White wine")])
            set_stock(connection, {"wine-02": 0})
        eventually(lambda: "wine-02" not in hurried.shown("product/wine-10", limit=40), within=8, what="stock 0 seen")
    finally:
        embedding.resume()
        with writing(store) as connection:
            set_stock(connection, {"wine-02": None})
    eventually(lambda: _known(hurried, "wine-waits"), within=BACK_WITHIN_S, what="the new product is embedded")


def _known(server: Server, product_id: str) -> bool:
    return server.client.get(f"/api/v1/recommendations/product/{product_id}").status_code == 200


def test_a_suspended_stage_costs_no_more_than_the_deadline(hurried: Server) -> None:
    eventually(lambda: whole(hurried), within=BACK_WITHIN_S)
    stage = hurried.stage("Collaborative")
    stage.suspend()
    try:
        answer = hurried.recommend("homepage", **CUSTOMER, explain="true")
        assert answer["degraded"] == ["collaborative"]
        assert answer["explanation"]["milliseconds"]["candidates"] >= 100  # it did wait, for about the deadline
    finally:
        stage.resume()
    eventually(lambda: whole(hurried), within=BACK_WITHIN_S)
