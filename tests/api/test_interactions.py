"""Events: on disk before the answer, once each, and counted."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from recommender.catalog import product_uuid
from recommender.events import EVENT_TYPES
from store.engine import reading
from store.tables import user_interactions
from tests.planted_shop import Shop
from tests.real_server import INTERACTIONS

EVENT = {"user_id": "api-user", "product_id": "coffee-00", "interaction_type": "VIEW"}


def post(client: TestClient, **fields: object) -> dict[str, Any]:
    answer = client.post(INTERACTIONS, json=EVENT | fields)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def stored(shop: Shop, event_id: str) -> list[dict[str, Any]]:
    engine = shop.open()
    with reading(engine) as connection:
        query = select(user_interactions).where(user_interactions.c.event_id == event_id)
        rows = [dict(row._mapping) for row in connection.execute(query)]
    engine.dispose()
    return rows


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_type_is_accepted_and_on_disk(client: TestClient, api_shop: Shop, kind: str) -> None:
    searched = {"product_id": None, "query": "oat milk"} if kind == "SEARCH" else {}
    accepted = post(client, interaction_type=kind, event_id=f"one-{kind}", order_id="o-0", **searched)
    assert (accepted["status"], accepted["event_id"]) == ("accepted", f"one-{kind}")
    assert accepted.keys() == {"status", "event_id", "request_id"}
    (row,) = stored(api_shop, f"one-{kind}")
    assert (row["type"], row["user_id"], row["product_id"]) == (
        kind,
        "api-user",
        searched.get("product_id", "coffee-00"),
    )
    assert row["query"] == searched.get("query")


def test_all_fields_are_kept(client: TestClient, api_shop: Shop) -> None:
    moment = datetime.now(UTC).replace(microsecond=250_000) - timedelta(days=2)
    sent = {
        "session_id": "s-1", "quantity": 3, "price": 2.5, "order_id": "o-1", "position": 4, "request_id": "r-1",
        "metadata": {"page": "home", "nested": {"ä": [1, None]}},
    }  # fmt: skip
    post(client, **sent, event_id="full", occurred_at=moment.isoformat(), interaction_type="PURCHASE")
    (row,) = stored(api_shop, "full")
    assert {name: row[name] for name in sent} == sent
    assert row["occurred_at"] == round(moment.timestamp() * 1000)


def test_a_time_without_a_zone_is_utc(client: TestClient, api_shop: Shop) -> None:
    post(client, event_id="naive", occurred_at="2024-05-01T12:00:00")
    (row,) = stored(api_shop, "naive")
    assert row["occurred_at"] == datetime(2024, 5, 1, 12, tzinfo=UTC).timestamp() * 1000


def test_a_product_s_own_id_is_kept_under_the_shop_s_id(client: TestClient, api_shop: Shop) -> None:
    post(client, event_id="uuid", product_id=product_uuid("wine-03"))
    assert stored(api_shop, "uuid")[0]["product_id"] == "wine-03"


def test_the_same_event_again_changes_nothing(client: TestClient, api_shop: Shop) -> None:
    assert post(client, event_id="again", quantity=2)["status"] == "accepted"
    assert post(client, event_id="again", quantity=2)["status"] == "duplicate"
    assert len(stored(api_shop, "again")) == 1


@pytest.mark.parametrize("changed", [{"product_id": "coffee-01"}, {"user_id": "another"}, {"quantity": 3}])
def test_another_event_under_a_known_id_is_a_conflict(
    client: TestClient, api_shop: Shop, changed: dict[str, object]
) -> None:
    event_id = f"conflict-{next(iter(changed))}"
    post(client, event_id=event_id)
    answer = client.post(INTERACTIONS, json=EVENT | {"event_id": event_id} | changed)
    body = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert body["type"] == "urn:shelfwise:problem:event-conflict"
    assert (body["field"], body["value"]) == ("event_id", event_id)
    (row,) = stored(api_shop, event_id)
    assert (row["product_id"], row["user_id"], row["quantity"]) == ("coffee-00", "api-user", None)


def test_unknown_products_and_customers_are_kept(client: TestClient, api_shop: Shop) -> None:
    post(client, event_id="unknown", product_id="not-in-the-catalog", user_id="ünïcode")
    assert stored(api_shop, "unknown")[0]["product_id"] == "not-in-the-catalog"


def test_a_session_alone_is_enough(client: TestClient, api_shop: Shop) -> None:
    post(client, event_id="session", user_id=None, session_id="visit-1")
    assert stored(api_shop, "session")[0]["session_id"] == "visit-1"


def batch(client: TestClient, *events: object) -> list[dict[str, Any]]:
    answer = client.post(INTERACTIONS, json={"events": events})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body.keys() == {"results", "counts", "request_id"}
    assert sum(body["counts"].values()) == len(events)
    results: list[dict[str, Any]] = body["results"]
    return results


def test_each_event_of_a_batch_has_its_own_result(client: TestClient, api_shop: Shop) -> None:
    good, bad = EVENT | {"event_id": "b-1"}, EVENT | {"event_id": "b-2", "quantity": 0}
    results = batch(
        client, good, bad, good, good | {"quantity": 5}, EVENT | {"interaction_type": "nothing"}, 12, EVENT
    )  # fmt: skip
    statuses = [result["status"] for result in results]
    assert statuses == ["accepted", "invalid", "duplicate", "conflict", "invalid", "invalid", "accepted"]
    assert results[0] == {"status": "accepted", "event_id": "b-1"}
    assert results[6] == {"status": "accepted"}
    named = [(results[place]["field"], results[place]["value"]) for place in (1, 3, 4, 5)]
    assert named == [("quantity", 0), ("event_id", "b-1"), ("interaction_type", "nothing"), ("body", 12)]
    assert all(results[place]["detail"] for place in (1, 3, 4, 5))
    assert results[1]["event_id"] == "b-2"
    assert (len(stored(api_shop, "b-1")), len(stored(api_shop, "b-2"))) == (1, 0)


def test_what_is_wrong_with_an_event_of_a_batch_is_what_is_wrong_with_it_alone(client: TestClient) -> None:
    wrong: list[dict[str, object]] = [
        {"user_id": None},
        {"colour": "red"},
        {"occurred_at": "2999-01-01T00:00:00Z"},
        {"interaction_type": "PURCHASE", "price": 0},
        {"metadata": {"page": "x" * 5_000}},
        {"interaction_type": "BUY"},
        {"product_id": "a b"},
    ]
    together = batch(client, *(EVENT | change for change in wrong))
    for change, result in zip(wrong, together, strict=True):
        alone = client.post(INTERACTIONS, json=EVENT | change).json()
        assert [result[name] for name in ("field", "value", "detail")] == [
            alone[name] for name in ("field", "value", "detail")
        ]
        assert result["status"] == "invalid"


def test_half_a_character_in_a_batch_is_a_bad_value(client: TestClient) -> None:
    content = json.dumps({"events": [EVENT, EVENT | {"event_id": "\ud800"}]})
    answer = client.post(INTERACTIONS, content=content, headers={"Content-Type": "application/json"})
    assert [result["status"] for result in answer.json()["results"]] == ["accepted", "invalid"]


def test_a_thousand_events_in_one_call_and_each_is_counted(client: TestClient) -> None:
    def counted() -> float:
        found = re.search(
            r'^shelfwise_events_total{result="accepted",type="VIEW"} (.+)$', metrics(client), re.MULTILINE
        )
        return float(found[1]) if found else 0.0

    before = counted()
    results = batch(client, *(EVENT | {"event_id": f"k-{number}"} for number in range(1_000)))
    assert [result["event_id"] for result in results] == [f"k-{number}" for number in range(1_000)]
    assert {result["status"] for result in results} == {"accepted"}
    assert counted() == before + 1_000


def metrics(client: TestClient) -> str:
    return client.get("/metrics").text


@pytest.mark.parametrize("name", ["view_item", "Product Viewed", "VIEW", "view"])
def test_names_of_others_are_stored_as_ours(client: TestClient, api_shop: Shop, name: str) -> None:
    post(client, event_id=f"name-{name.replace(' ', '-')}", interaction_type=name)
    assert stored(api_shop, f"name-{name.replace(' ', '-')}")[0]["type"] == "VIEW"


def test_old_events_and_those_of_the_next_day_are_kept_as_sent(client: TestClient, api_shop: Shop) -> None:
    for moment in (datetime(1970, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(hours=23)):
        event_id = f"at-{moment.year}"
        assert post(client, event_id=event_id, occurred_at=moment.isoformat())["status"] == "accepted"
        assert post(client, event_id=event_id, occurred_at=moment.isoformat())["status"] == "duplicate"
        assert stored(api_shop, event_id)[0]["occurred_at"] == round(moment.timestamp() * 1000)


def test_more_than_a_day_ahead_is_refused(client: TestClient) -> None:
    moment = datetime.now(UTC) + timedelta(hours=24, minutes=1)
    answer = client.post(INTERACTIONS, json=EVENT | {"occurred_at": moment.isoformat()})
    assert (answer.status_code, answer.json()["field"]) == (422, "occurred_at")


def test_a_cancellation_needs_no_product_but_its_order(client: TestClient, api_shop: Shop) -> None:
    post(client, event_id="cancel", interaction_type="CANCEL", product_id=None, order_id="o-9")
    assert stored(api_shop, "cancel")[0]["product_id"] is None
    for change, field in (({"order_id": None}, "order_id"), ({"interaction_type": "REFUND"}, "product_id")):
        body = EVENT | {"interaction_type": "CANCEL", "product_id": None, "order_id": "o-9"} | change
        answer = client.post(INTERACTIONS, json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
