"""Health data over HTTP: behind a token of its own, and never repeated."""

from dataclasses import replace
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from api.serving import Serving
from tests.api.conftest import HEALTH_TOKEN
from tests.planted_shop import Shop
from tests.real_server import CUSTOMERS

HEALTH: Final = {
    "prescription": {"right": {"sphere": -1.25, "axis": 90}, "pupillaryDistance": 62.5},
    "faceMeasurements": {"faceWidth": 140.0},
    "dietaryRestrictions": ["vegan"],
    "allergens": ["peanut-4711"],
}
TOKEN: Final = {"Authorization": f"Bearer {HEALTH_TOKEN}"}


def test_it_is_kept_and_given_back(client: TestClient, api_shop: Shop) -> None:
    page = f"{CUSTOMERS}/health-1/health"
    assert client.get(page, headers=TOKEN).status_code == 404
    assert client.put(page, json=HEALTH, headers=TOKEN).json()["health"] == HEALTH
    assert client.get(page, headers=TOKEN).json()["health"] == HEALTH
    assert "health" not in client.get(f"{CUSTOMERS}/health-1").json()["stated"]
    exported = client.get(f"{CUSTOMERS}/health-1/export")
    assert exported.status_code == 200
    assert not any(word in exported.text for word in ("peanut-4711", "health_key", "sphere"))
    assert "peanut-4711" not in client.get("/metrics").text
    files = [path.read_bytes() for path in api_shop.home.glob("shelfwise.db*")]
    assert not any(b"peanut-4711" in content for content in files)
    assert client.put(page, json={}, headers=TOKEN).json()["health"] == {}
    assert client.get(page, headers=TOKEN).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic dTpw"}])
def test_without_the_token_nobody_may(client: TestClient, headers: dict[str, str]) -> None:
    for answer in (
        client.get(f"{CUSTOMERS}/health-2/health", headers=headers),
        client.put(f"{CUSTOMERS}/health-2/health", json={"allergens": [4711]}, headers=headers),
    ):
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "4711" not in answer.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"prescription": {"right": {"sphere": 4711}}}, "prescription.right.sphere"),
        ({"allergens": ["ok", {"nut": "4711"}]}, "allergens.1"),
        ({"allergens": "4711"}, "allergens"),
        ({"weight": 4711}, "weight"),
        ("4711", "body"),
    ],
)
def test_a_problem_names_the_field_and_not_the_value(client: TestClient, body: Any, field: str) -> None:
    answer = client.put(f"{CUSTOMERS}/health-3/health", json=body, headers=TOKEN)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert "4711" not in answer.text


@pytest.mark.parametrize("missing", ["health_keys", "health_token"])
def test_without_settings_it_says_which(client: TestClient, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """As if it had been started without."""
    from service import app

    serving: Serving = app.state.serving
    monkeypatch.setattr(serving, "settings", replace(serving.settings, **{missing: ""}))
    for answer in (
        client.get(f"{CUSTOMERS}/health-4/health", headers=TOKEN),
        client.put(f"{CUSTOMERS}/health-4/health", json=HEALTH, headers=TOKEN),
    ):
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:shelfwise:problem:health-data-locked")
        assert f"SHELFWISE_{missing.upper()}" in answer.json()["detail"]
        assert "4711" not in answer.text
