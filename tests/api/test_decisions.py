"""What is kept of an answer, and what came of it, over HTTP."""

import time
from datetime import datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from recommender.decision_record import RECORD_BYTES
from recommender.decision_replay import replay
from tests.api.test_recommendations import PAGES, ask, shown
from tests.real_server import INTERACTIONS, RECOMMENDATIONS, eventually

DECISIONS = "/api/v1/decisions"
WRITTEN_WITHIN_S = 10.0


def kept(client: TestClient, request_id: str, *, count: int = 1) -> list[dict[str, Any]]:
    """The decisions under the request id, as soon as there are so many."""
    found: list[dict[str, Any]] = []

    def all_there() -> bool:
        answer = client.get(f"{DECISIONS}/{request_id}")
        found[:] = answer.json()["decisions"] if answer.status_code == 200 else []
        return len(found) >= count

    eventually(all_there, within=WRITTEN_WITHIN_S)
    return found


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize("name", PAGES)
def test_every_answer_leaves_what_it_showed(client: TestClient, name: str) -> None:
    page, query, length, context = PAGES[name]
    body = ask(client, page, **query)
    (one,) = kept(client, body["request_id"])
    assert (one["context"], one["algorithm"], one["status"]) == (context, body["strategy"], "active")
    assert one["release_id"] == body["release"]
    assert abs(instant(one["generated_at"]) - instant(body["generated_at"])) <= 0.001
    assert (one["pseudonym"] is None) == ("user_id" not in query)
    assert one["record"]["shown"] == shown(body)
    assert one["record"]["limit"] == len(one["record"]["scores"]) == length
    assert 0 <= one["confidence"] <= 1
    assert "coffee-customer-01" not in str(one)


def test_a_popular_list_has_no_confidence_and_a_customer_s_has(client: TestClient) -> None:
    confidence = {name: kept(client, ask(client, PAGES[name][0], **PAGES[name][1])["request_id"]) for name in PAGES}
    assert confidence["stranger"][0]["confidence"] == 0
    assert confidence["homepage"][0]["confidence"] > 0.3


@pytest.mark.parametrize("name", PAGES)
def test_an_explained_answer_can_be_computed_again_from_its_record(client: TestClient, name: str) -> None:
    page, query, _, _ = PAGES[name]
    body = ask(client, page, **query, limit=40, explain="true")
    (one,) = kept(client, body["request_id"])
    assert replay(one["full_record"]) == shown(body)
    assert ("taste" in one["full_record"]["history"]) == (name == "homepage")
    assert "coffee-customer-01" not in str(one)


def test_removals_say_rule_and_value(client: TestClient) -> None:
    body = ask(client, "cart", product_ids="pets-01,pets-09")
    record = kept(client, body["request_id"])[0]["record"]
    assert record["anchors"] == ["pets-01", "pets-09"]
    assert ["pets-01", "in_cart", "the request is about this product"] in record["removed"]


def test_a_page_s_lists_under_one_request_id_are_all_kept(client: TestClient) -> None:
    headers = {"X-Request-Id": f"page-{time.time_ns()}"}
    for page in ("homepage", "product/wine-05"):
        assert client.get(f"{RECOMMENDATIONS}/{page}", headers=headers).status_code == 200
    found = kept(client, headers["X-Request-Id"], count=2)
    assert [one["context"] for one in found] == ["product_page", "homepage"]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_click_and_a_purchase_are_credited_to_the_list_that_led_there(client: TestClient, at_once: bool) -> None:
    """At once: before the decision is written, most likely."""
    body = ask(client, "homepage", user_id="coffee-customer-01")
    if not at_once:
        kept(client, body["request_id"])
    event = {"user_id": "credited", "product_id": shown(body)[0], "request_id": body["request_id"]}
    for kind, status in (("dismiss", "dismissed"), ("RECOMMENDATION_CLICK", "clicked"), ("PURCHASE", "purchased")):
        assert client.post(INTERACTIONS, json=event | {"interaction_type": kind}).status_code == 201
        assert kept(client, body["request_id"])[0]["status"] == status
    assert client.post(INTERACTIONS, json=event | {"interaction_type": "VIEW"}).status_code == 201
    assert kept(client, body["request_id"])[0]["status"] == "purchased"


def test_the_longest_list_keeps_all_its_ids(client: TestClient) -> None:
    body = ask(client, "product/coffee-00", limit=100)
    record = kept(client, body["request_id"])[0]["record"]
    assert record["shown"] == shown(body)
    assert len(str(record)) < 1.3 * RECORD_BYTES  # Python writes spaces, JSON here does not


def test_an_unknown_request_id_is_a_problem(client: TestClient) -> None:
    answer = client.get(f"{DECISIONS}/never-seen")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["value"]) == ("urn:shelfwise:problem:unknown-request", "never-seen")
    assert client.get(f"{DECISIONS}/{'x' * 65}").status_code == 422


def test_answers_are_counted_as_written(client: TestClient) -> None:
    kept(client, ask(client, "homepage")["request_id"])
    assert 'shelfwise_decisions_total{result="written"}' in client.get("/metrics").text
