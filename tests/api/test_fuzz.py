"""Requests that schemathesis makes up from the OpenAPI description, sent to a real server: nothing breaks on our side.

Schemathesis' pytest integration does not load under pytest 9, so its strategies are used from hypothesis.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.api.conftest import HEALTH_KEY, HEALTH_TOKEN
from tests.planted_shop import Shop
from tests.real_server import CUSTOMERS, INTERACTIONS, PRODUCTS, RECOMMENDATIONS, Server, running

OPERATIONS: Final = (
    ("GET", f"{RECOMMENDATIONS}/homepage"),
    ("GET", f"{RECOMMENDATIONS}/product/{{product_id}}"),
    ("GET", f"{RECOMMENDATIONS}/frequently-bought-together/{{product_id}}"),
    ("GET", f"{RECOMMENDATIONS}/cart"),
    ("POST", INTERACTIONS),
    ("GET", "/api/v1/decisions/{request_id}"),
    ("POST", f"{CUSTOMERS}/{{customer_id}}/identify"),
    ("GET", f"{CUSTOMERS}/{{customer_id}}"),
    ("PUT", f"{CUSTOMERS}/{{customer_id}}"),
    ("PUT", f"{CUSTOMERS}/{{customer_id}}/consent"),
    ("GET", f"{CUSTOMERS}/{{customer_id}}/health"),
    ("PUT", f"{CUSTOMERS}/{{customer_id}}/health"),
    ("GET", f"{CUSTOMERS}/{{customer_id}}/export"),
    ("GET", f"{CUSTOMERS}/erasures/{{certificate_id}}"),
    ("DELETE", f"{CUSTOMERS}/{{customer_id}}"),
    ("GET", PRODUCTS),
    ("POST", PRODUCTS),
    ("GET", f"{PRODUCTS}/{{product_id}}"),
    ("PATCH", f"{PRODUCTS}/{{product_id}}"),
    ("DELETE", f"{PRODUCTS}/{{product_id}}"),
)

URL_LIMIT: Final = 65_535
"""Bytes of a URL that the HTTP parser reads; what is longer never reaches us and is refused in plain text."""


@pytest.fixture(scope="module")
def fuzzed(planted_shop: Shop, patient_rules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a shop of its own: what is made up here must not stand in the lists of other tests."""
    shop = planted_shop.copy(tmp_path_factory.mktemp("fuzzed") / "shop")
    settings = {"RULES_FILE": str(patient_rules), "HEALTH_TOKEN": HEALTH_TOKEN, "HEALTH_KEYS": HEALTH_KEY}
    with running(shop, "compact", shop.home / "fuzzed.log", **settings) as server:
        yield server


@cache
def description(url: str) -> Any:
    return schemathesis.openapi.from_url(f"{url}/openapi.json")


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_request_breaks_the_server(
    fuzzed: Server, method: str, path: str, mode: schemathesis.GenerationMode
) -> None:
    """Requests that follow the description (positive) and that break it (negative); the same ones in every run."""

    @settings(max_examples=30, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=description(fuzzed.url)[path][method].as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        answer = case.call(base_url=fuzzed.url, headers={"Authorization": f"Bearer {HEALTH_TOKEN}"})
        assert answer.status_code < 500, case.as_curl_command()
        if len(answer.request.url or "") > URL_LIMIT:
            assert answer.status_code == 400
        elif answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"], case.as_curl_command()
            assert answer.json()["request_id"]

    send()
