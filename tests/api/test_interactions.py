"""Events: on disk before the answer, once each, and counted."""

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
    accepted = post(client, interaction_type=kind, event_id=f"one-{kind}")
    assert (accepted["status"], accepted["event_id"]) == ("accepted", f"one-{kind}")
    assert accepted.keys() == {"status", "event_id", "request_id"}
    (row,) = stored(api_shop, f"one-{kind}")
    assert (row["type"], row["user_id"], row["product_id"]) == (kind, "api-user", "coffee-00")


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
