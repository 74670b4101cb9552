"""Profiles and consent over HTTP: strict, and off is off in the very next answer."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.real_server import CUSTOMERS, INTERACTIONS, RECOMMENDATIONS

PROFILE: dict[str, Any] = {
    "demographics": {"age": 34, "gender": "f", "location": "Köln", "familySize": 3},
    "preferences": {
        "favoriteCategories": ["Seeds", "Potting soil"],
        "budgetRange": {"min": 2, "max": 30.5},
        "brandPreferences": ["Grün & Co"],
    },
    "shoppingPatterns": {
        "preferredShoppingTimes": ["Saturday morning"],
        "averageOrderValue": 41.2,
        "shoppingFrequency": "weekly",
        "seasonalPatterns": {"spring": "garden"},
    },
}


def put(client: TestClient, user_id: str, profile: dict[str, Any]) -> Any:
    return client.put(f"{CUSTOMERS}/{user_id}", json=profile)


def consent(client: TestClient, user_id: str, decision: str) -> Any:
    body = {"personalization": decision, "source": "banner 3"}
    return client.put(f"{CUSTOMERS}/{user_id}/consent", json=body)


def strategy(client: TestClient, **who: str) -> str:
    answer = client.get(f"{RECOMMENDATIONS}/homepage", params=who)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["strategy"])


def test_a_profile_comes_back_as_it_was_sent(client: TestClient) -> None:
    assert client.get(f"{CUSTOMERS}/profile-1").status_code == 404
    sent = put(client, "profile-1", PROFILE)
    assert (sent.status_code, sent.json()["stated"], sent.json()["computed"]) == (200, PROFILE, {})
    assert sent.json()["consent"] == {
        "personalization": "unset",
        "source": None,
        "recorded_at": None,
        "effective": "on",
    }
    assert put(client, "profile-1", {"preferences": {}}).json()["stated"] == {"preferences": {}}
    assert client.get(f"{CUSTOMERS}/profile-1").json()["stated"] == {"preferences": {}}


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        ({"demographics": {"age": -1}}, "demographics.age"),
        ({"demographics": {"age": "34"}}, "demographics.age"),
        ({"demographics": {"shoe": 9}}, "demographics.shoe"),
        ({"demographics": {"family_size": 2}}, "demographics.family_size"),
        ({"preferences": {"dietaryRestrictions": ["nuts"]}}, "preferences.dietaryRestrictions"),
        ({"preferences": {"favoriteCategories": [""]}}, "preferences.favoriteCategories.0"),
        ({"preferences": {"budgetRange": {"min": 3, "max": 2}}}, "preferences.budgetRange"),
        ({"shoppingPatterns": {"averageOrderValue": -0.5}}, "shoppingPatterns.averageOrderValue"),
        ({"computed": {}}, "computed"),
    ],
)
def test_what_cannot_be_is_named(client: TestClient, profile: dict[str, Any], field: str) -> None:
    answer = put(client, "profile-2", profile)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert client.get(f"{CUSTOMERS}/profile-2").status_code == 404


def test_off_is_as_for_a_stranger_from_the_next_answer_on_and_on_again(client: TestClient) -> None:
    event = {"user_id": "consent-1", "product_id": "coffee-01", "interaction_type": "PURCHASE"}
    assert client.post(INTERACTIONS, json=event).status_code == 201
    assert client.post(f"{CUSTOMERS}/consent-1/identify", json={"session_id": "consent-visit"}).status_code == 200
    assert strategy(client, user_id="consent-1") == "hybrid"
    recorded = consent(client, "consent-1", "off").json()["consent"]
    assert (recorded["personalization"], recorded["source"], recorded["effective"]) == ("off", "banner 3", "off")
    for who in ({"user_id": "consent-1"}, {"session_id": "consent-visit"}):
        assert strategy(client, **who) == "popular:not_personal"
    stranger = client.get(f"{RECOMMENDATIONS}/homepage").json()["recommendations"]
    assert client.get(f"{RECOMMENDATIONS}/homepage?user_id=consent-1").json()["recommendations"] == stranger
    assert put(client, "consent-1", PROFILE).json()["type"] == "urn:shelfwise:problem:conflict"
    assert consent(client, "consent-1", "unset").json()["consent"]["effective"] == "on"
    assert strategy(client, user_id="consent-1") == "hybrid"


def test_a_decision_is_one_of_three_and_names_its_source(client: TestClient) -> None:
    assert consent(client, "consent-2", "maybe").json()["field"] == "personalization"
    answer = client.put(f"{CUSTOMERS}/consent-2/consent", json={"personalization": "on"})
    assert (answer.status_code, answer.json()["field"]) == (422, "source")
