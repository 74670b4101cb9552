"""The contract of the four recommendation endpoints: shape, length, order, and what may never be in a list."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from recommender.catalog import product_uuid
from recommender.types import SOURCES
from tests.planted_shop import CLUSTERS, Shop
from tests.real_server import RECOMMENDATIONS

ANSWER_KEYS: Final = {
    "recommendations", "request_id", "context", "user_id", "generated_at", "release", "strategy", "degraded",
}  # fmt: skip
PRODUCT_KEYS: Final = {
    "product_id", "external_product_id", "name", "category", "price", "image_url", "score", "position",
}  # fmt: skip

PAGES: Final = {
    "homepage": ("homepage", {"user_id": "coffee-customer-01"}, 12, "homepage"),
    "stranger": ("homepage", {}, 12, "homepage"),
    "product": ("product/wine-05", {}, 8, "product_page"),
    "cart": ("cart", {"product_ids": "pets-01,pets-09"}, 8, "cart"),
    "together": ("frequently-bought-together/baby-07", {}, 4, "frequently_bought_together"),
}
"""Path, query, default length and the name of the context in the answer."""


def ask(client: TestClient, page: str, **query: str | int) -> dict[str, Any]:
    answer = client.get(f"{RECOMMENDATIONS}/{page}", params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def shown(body: dict[str, Any]) -> list[str]:
    return [product["external_product_id"] for product in body["recommendations"]]


@pytest.mark.parametrize("name", PAGES)
def test_the_answer_has_exactly_the_documented_shape(client: TestClient, api_shop: Shop, name: str) -> None:
    page, query, length, context = PAGES[name]
    body = ask(client, page, **query)
    assert body.keys() - {"explanation"} == ANSWER_KEYS
    assert body.get("explanation") is None
    assert (body["context"], body["user_id"]) == (context, query.get("user_id"))
    assert (body["release"], body["degraded"]) == (api_shop.release, [])
    assert body["strategy"]
    assert abs((datetime.now(UTC) - datetime.fromisoformat(body["generated_at"])).total_seconds()) < 60
    UUID(body["request_id"])
    assert len(body["recommendations"]) == length
    for position, product in enumerate(body["recommendations"], 1):
        assert product.keys() == PRODUCT_KEYS
        assert product["position"] == position
        assert product["product_id"] == product_uuid(product["external_product_id"])
        assert isinstance(product["price"], float)
        assert product["name"]
        assert product["category"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("limit", [1, 5, 12])
def test_lists_are_full_without_repeats_and_best_first(client: TestClient, name: str, limit: int) -> None:
    page, query, _, _ = PAGES[name]
    products = ask(client, page, **query, limit=limit)["recommendations"]
    assert len({product["product_id"] for product in products}) == len(products) == limit
    scores = [product["score"] for product in products]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("page", ["homepage", "cart"])
def test_at_most_three_of_a_category_on_homepage_and_cart(client: TestClient, cluster: str, page: str) -> None:
    query = {"user_id": f"{cluster}-customer-07"} if page == "homepage" else {"product_ids": f"{cluster}-00"}
    products = ask(client, page, **query, limit=40)["recommendations"]
    assert len(products) == 40
    assert max(Counter(product["category"] for product in products).values()) == 3


@pytest.mark.parametrize("page", ["product", "frequently-bought-together"])
@pytest.mark.parametrize("product", ["coffee-00", "garden-39", "staple-2"])
def test_a_product_page_never_shows_its_own_product(client: TestClient, page: str, product: str) -> None:
    assert product not in shown(ask(client, f"{page}/{product}", limit=100))


def test_a_cart_never_suggests_what_is_in_it(client: TestClient) -> None:
    cart = [f"coffee-{number:02}" for number in range(0, 40, 2)]
    found = shown(ask(client, "cart", product_ids=",".join(cart), limit=30))
    assert len(found) == 30
    assert not set(found) & set(cart)


@pytest.mark.parametrize("page", ["product/{}", "frequently-bought-together/{}"])
def test_either_id_of_a_product_gives_the_same_list(client: TestClient, page: str) -> None:
    by_name, by_uuid = (ask(client, page.format(one)) for one in ("wine-05", product_uuid("wine-05")))
    assert by_name["recommendations"] == by_uuid["recommendations"]


def test_a_cart_takes_either_id_repeats_and_blanks(client: TestClient) -> None:
    plain = ask(client, "cart", product_ids="pets-01,pets-02")
    spelled = ask(client, "cart", product_ids=f" {product_uuid('pets-01')} ,, pets-02,pets-02 ")
    assert plain["recommendations"] == spelled["recommendations"]


def test_one_product_under_both_its_ids_is_in_the_cart_once(client: TestClient) -> None:
    once = ask(client, "cart", product_ids="pets-01,pets-02")
    twice = ask(client, "cart", product_ids=f"pets-01,{product_uuid('pets-01')},pets-02")
    assert once["recommendations"] == twice["recommendations"]


def test_the_longest_list_and_the_largest_cart_are_answered(client: TestClient) -> None:
    assert len(shown(ask(client, "product/coffee-00", limit=100))) == 100
    cart = ",".join(f"{cluster}-{number:02}" for cluster in ("coffee", "wine", "baby") for number in range(33))
    assert len(shown(ask(client, "cart", product_ids=cart))) == 8


@pytest.mark.parametrize("name", PAGES)
def test_explain_tells_where_each_score_comes_from(client: TestClient, name: str) -> None:
    page, query, length, _ = PAGES[name]
    body = ask(client, page, **query, explain="true")
    explanation, sources = body["explanation"], {str(source) for source in SOURCES}
    assert explanation.keys() == {"blender", "weights", "candidates", "products", "removals", "milliseconds"}
    weighed = explanation["blender"] == "weights"
    assert weighed or name.startswith("homepage")
    assert set(explanation["weights"]) == (sources if weighed else set())
    assert set(explanation["candidates"]) <= sources
    assert set(explanation["milliseconds"]) == {"candidates", "score", "rerank", "slate"}
    assert [one["product_id"] for one in explanation["products"]] == [
        one["product_id"] for one in body["recommendations"]
    ]
    assert len(explanation["products"]) == length
    for product, why in zip(body["recommendations"], explanation["products"], strict=True):
        assert all(0.0 <= value <= 1.0 for value in why["evidence"].values())
        assert product["score"] == pytest.approx(why["blend"] + why["rerank"], abs=1e-5)
        assert set(why["contributions"]) == (sources if weighed else set())
        if weighed:
            assert why["blend"] == pytest.approx(sum(why["contributions"].values()), abs=1e-4)


def test_explain_names_what_was_left_out_and_why(client: TestClient) -> None:
    removals = ask(client, "cart", product_ids="pets-01,pets-09", explain="true")["explanation"]["removals"]
    rules = {one["external_product_id"]: one["rule"] for one in removals}
    assert rules["pets-01"] == rules["pets-09"] == "in_cart"


def test_server_timing_tells_every_stage(client: TestClient) -> None:
    for limit, (page, query, _, _) in enumerate(PAGES.values(), 91):
        asked = query | {"limit": limit}  # a list that nobody has asked for yet
        header = client.get(f"{RECOMMENDATIONS}/{page}", params=asked).headers["server-timing"]
        stages = [part.split(";dur=")[0] for part in header.split(", ")]
        assert stages == ["cache", "candidates", "score", "rerank", "slate"]
        assert all(float(part.split(";dur=")[1]) >= 0 for part in header.split(", "))


@pytest.mark.parametrize("sent", ["abc-1", "A.b_c-9", "x" * 64])
def test_a_request_id_comes_back_in_header_and_body(client: TestClient, sent: str) -> None:
    answer = client.get(f"{RECOMMENDATIONS}/homepage", headers={"X-Request-Id": sent})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == sent


@pytest.mark.parametrize("sent", ["", "with space", "x" * 65, "ü", "a\tb", "<script>"])
def test_a_request_id_that_could_do_harm_is_replaced(client: TestClient, sent: str) -> None:
    answer = client.get(f"{RECOMMENDATIONS}/homepage", headers={"X-Request-Id": sent.encode()})
    UUID(answer.headers["x-request-id"])
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
