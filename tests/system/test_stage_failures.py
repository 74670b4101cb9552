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
from tests.real_server import PATIENCE_MS, Server, eventually
from tests.system.test_load import REQUESTS, ask_all, mixed_requests

BACK_WITHIN_S: Final = 90.0
CUSTOMER: Final = {"user_id": "coffee-customer-02"}
AFTER: Final = "rerank"
"""The stage that has no time left where an earlier one used it up (in a release whose evaluation switched it on)."""


@pytest.fixture
def store(live_shop: Shop) -> Iterator[Engine]:
    engine = live_shop.open()
    yield engine
    engine.dispose()


def whole(server: Server) -> bool:
    return not server.recommend("homepage", **CUSTOMER)["degraded"]


def test_answers_go_on_without_a_killed_stage(graph: Server) -> None:
    eventually(lambda: whole(graph), within=BACK_WITHIN_S)
    killed = graph.stage("Collaborative")
    killed.kill()
    first = graph.recommend("homepage", **CUSTOMER)
    assert "collaborative" in first["degraded"]
    assert len(first["recommendations"]) == 12
    answers = asyncio.run(ask_all(graph.url, mixed_requests(REQUESTS // 5, seed=5)))
    assert sum(answer.status != 200 for answer in answers) < 0.01 * len(answers)
    reasons = Counter(reason for answer in answers for reason in answer.degraded)
    assert set(reasons) <= {"collaborative", AFTER}
    assert {answer.page for answer in answers if "collaborative" in answer.degraded} <= {"homepage", "cart"}
    assert graph.metric("shelfwise_degraded_total", reason="collaborative") >= reasons["collaborative"] + 1
    eventually(lambda: whole(graph), within=BACK_WITHIN_S, what="the stage is back")
    assert graph.stage("Collaborative").pid != killed.pid


def test_a_search_that_cannot_be_read_in_time_costs_the_search_and_not_the_list(graph: Server) -> None:
    eventually(lambda: whole(graph), within=BACK_WITHIN_S)
    graph.post_event(**CUSTOMER, interaction_type="SEARCH", query="a text that nobody searched for before")
    embedding = graph.stage("Embedding")
    embedding.suspend()
    try:
        answer = graph.recommend("homepage", **CUSTOMER)
    finally:
        embedding.resume()
    assert answer["degraded"] == ["embedding"]
    assert (answer["strategy"], len(answer["recommendations"])) == ("hybrid", 12)
    eventually(lambda: whole(graph), within=BACK_WITHIN_S, what="the search is read")


def test_stock_is_followed_while_a_new_product_waits_for_its_stage(graph: Server, store: Engine) -> None:
    """A product that cannot be embedded yet must not hold up a hard rule about another one."""
    embedding = graph.stage("Embedding")
    embedding.suspend()
    try:
        with writing(store) as connection:
            upsert_products(connection, [Product(external_id="wine-waits", name="Orange wine", category="White wine")])
            set_stock(connection, {"wine-02": 0})
        eventually(lambda: "wine-02" not in graph.shown("product/wine-10", limit=40), within=8, what="stock 0 seen")
    finally:
        embedding.resume()
        with writing(store) as connection:
            set_stock(connection, {"wine-02": None})
    eventually(lambda: _known(graph, "wine-waits"), within=BACK_WITHIN_S, what="the new product is embedded")


def _known(server: Server, product_id: str) -> bool:
    return server.client.get(f"/api/v1/recommendations/product/{product_id}").status_code == 200


def test_a_suspended_stage_costs_the_deadline_and_no_more(graph: Server) -> None:
    eventually(lambda: whole(graph), within=BACK_WITHIN_S)
    stage = graph.stage("Collaborative")
    stage.suspend()
    try:
        answer = graph.recommend("homepage", **CUSTOMER, explain="true")
        assert set(answer["degraded"]) - {AFTER} == {"collaborative"}
        assert answer["explanation"]["milliseconds"]["candidates"] == pytest.approx(PATIENCE_MS, rel=0.2)
    finally:
        stage.resume()
    eventually(lambda: whole(graph), within=BACK_WITHIN_S)
