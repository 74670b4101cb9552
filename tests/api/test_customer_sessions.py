"""A visitor who logs in: what they looked at before counts in their next list."""

from typing import Any

from starlette.testclient import TestClient

from tests.planted_shop import cluster_of
from tests.real_server import CUSTOMERS, INTERACTIONS, RECOMMENDATIONS


def view(client: TestClient, product_id: str, **who: str) -> None:
    sent = who | {"product_id": product_id, "interaction_type": "CART_ADD"}
    assert client.post(INTERACTIONS, json=sent).status_code == 201


def first_cluster(client: TestClient, **who: str) -> str:
    answer = client.get(f"{RECOMMENDATIONS}/homepage", params=who | {"limit": 6}).json()
    clusters = [cluster_of(one["external_product_id"]) for one in answer["recommendations"]]
    return max(set(clusters), key=clusters.count)


def identify(client: TestClient, user_id: str, session_id: str) -> Any:
    return client.post(f"{CUSTOMERS}/{user_id}/identify", json={"session_id": session_id})


def test_what_a_visitor_did_counts_for_the_customer_they_turn_out_to_be(client: TestClient) -> None:
    for number in range(4):
        view(client, f"wine-{number:02}", session_id="visit-1")
    assert client.get(f"{RECOMMENDATIONS}/homepage", params={"user_id": "late-1"}).json()["strategy"] == "popular"
    assert identify(client, "late-1", "visit-1").json()["status"] == "identified"
    assert first_cluster(client, user_id="late-1") == "wine"
    assert identify(client, "late-1", "visit-1").json()["status"] == "known"


def test_what_the_session_does_afterwards_counts_in_the_very_next_list(client: TestClient) -> None:
    assert identify(client, "late-2", "visit-2").status_code == 200
    assert client.get(f"{RECOMMENDATIONS}/homepage", params={"user_id": "late-2"}).json()["strategy"] == "popular"
    for number in range(4):
        view(client, f"pets-{number:02}", session_id="visit-2")
    assert first_cluster(client, user_id="late-2") == "pets"


def test_a_session_of_another_customer_is_a_conflict(client: TestClient) -> None:
    assert identify(client, "late-3", "visit-3").status_code == 200
    answer = identify(client, "somebody-else", "visit-3")
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert answer.json()["type"] == "urn:shelfwise:problem:conflict"
    assert (answer.json()["field"], answer.json()["value"]) == ("session_id", "visit-3")


def test_what_is_not_an_id_is_refused(client: TestClient) -> None:
    answer = identify(client, "late-4", "two words")
    assert (answer.status_code, answer.json()["field"]) == (422, "session_id")
    answer = client.post(f"{CUSTOMERS}/late-4/identify", json={"session_id": "s", "user_id": "late-4"})
    assert (answer.status_code, answer.json()["field"]) == (422, "user_id")
