"""What operators look at: probes, pages, and metrics whose labels stay bounded."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from api.serving import LAG_LIMIT_SECONDS
from tests.planted_shop import Shop
from tests.real_server import INTERACTIONS, RECOMMENDATIONS

STAGES = {"candidates", "score", "rerank", "slate", "cache"}
TEMPLATES = {
    f"{RECOMMENDATIONS}/homepage",
    f"{RECOMMENDATIONS}/product/{{product_id}}",
    f"{RECOMMENDATIONS}/frequently-bought-together/{{product_id}}",
    f"{RECOMMENDATIONS}/cart",
    INTERACTIONS,
}


def labels(client: TestClient, family: str, label: str) -> set[str]:
    families = {one.name: one for one in text_string_to_metric_families(client.get("/metrics").text)}
    return {sample.labels[label] for sample in families[family].samples if label in sample.labels}


def test_the_process_lives_and_is_ready(client: TestClient, api_shop: Shop) -> None:
    assert client.get("/livez").json() == {"status": "alive"}
    ready = client.get("/readyz").json()
    assert ready.pop("change_lag_seconds") < LAG_LIMIT_SECONDS
    assert ready == {"status": "ready", "release": api_shop.release}


def test_the_front_page_says_what_serves_and_its_links_answer(client: TestClient, api_shop: Shop) -> None:
    page = client.get("/", follow_redirects=False)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert api_shop.release in page.text
    links = set(re.findall(r'href="([^"]+)"', page.text))
    assert len([link for link in links if link.startswith(RECOMMENDATIONS)]) >= 5
    for link in links:
        assert client.get(link.replace("&amp;", "&")).status_code == 200, link


def test_docs_need_nothing_from_the_network(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    for link in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert client.get(link.removeprefix("http://testserver")).status_code == 200, link


def test_openapi_describes_every_route_with_its_problems(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    assert set(description["paths"]) >= TEMPLATES
    for path in TEMPLATES:
        (operation,) = description["paths"][path].values()
        assert {"422", "503"} <= set(operation["responses"])
        assert "application/problem+json" in operation["responses"]["422"]["content"]


def test_routes_in_metrics_are_templates(client: TestClient) -> None:
    for page in ("homepage?user_id=secret-7", "product/wine-01", "product/nope", "cart?product_ids=wine-01"):
        client.get(f"{RECOMMENDATIONS}/{page}")
    client.get(f"{RECOMMENDATIONS}/frequently-bought-together/wine-01")
    client.post(INTERACTIONS, json={"user_id": "secret-7", "product_id": "x", "interaction_type": "VIEW"})
    client.get("/no/such/page")
    client.get(f"{RECOMMENDATIONS}/product/a/b/c")
    own_pages = {"/", "/livez", "/readyz", "/metrics", "/docs", "/openapi.json", "unmatched"}
    routes = labels(client, "shelfwise_request_duration_seconds", "route")
    assert routes >= TEMPLATES
    templates = client.get("/openapi.json").json()["paths"].keys()
    assert not [route for route in routes - templates - own_pages if not route.startswith("/swagger/")]
    assert "secret-7" not in client.get("/metrics").text


def test_metrics_tell_stages_sources_events_and_the_release(client: TestClient, api_shop: Shop) -> None:
    client.get(f"{RECOMMENDATIONS}/homepage", params={"user_id": "coffee-customer-01"})
    client.post(INTERACTIONS, json={"user_id": "u", "product_id": "wine-01", "interaction_type": "VIEW"})
    assert labels(client, "shelfwise_stage_duration_seconds", "stage") >= STAGES
    assert labels(client, "shelfwise_candidates", "source") >= {"content", "collaborative", "popularity", "repeat"}
    assert labels(client, "shelfwise_events", "result") >= {"accepted"}
    assert labels(client, "shelfwise_release_info", "release") >= {api_shop.release}  # other tests serve here as well
    assert labels(client, "shelfwise_batch_size", "stage") == {"embedding", "collaborative", "rerank"}
    (lag,) = (one for one in text_string_to_metric_families(client.get("/metrics").text) if "change_lag" in one.name)
    assert lag.samples[0].value < 60


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/", "/nope"])
def test_every_answer_has_a_request_id(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"X-Request-Id": "probe-1"}, follow_redirects=False)
    assert answer.headers["x-request-id"] == "probe-1"
