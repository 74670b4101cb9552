"""The catalog over HTTP: durable, and true in the very next answer."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from recommender.catalog import product_uuid
from store.engine import reading
from store.products import find_product
from tests.planted_shop import Shop, cluster_of, planted_products
from tests.real_server import PRODUCTS, RECOMMENDATIONS

PLANTED: Final = {one.external_id: one for one in planted_products()}
JSON: Final = {"Content-Type": "application/json"}
CUSTOMER: Final = "wine-customer-03"
NEW: Final = {"product_id": "garden-new", "name": "Heirloom tomato garden seeds", "category": "Seeds", "price": 4.5}


def sent(product_id: str, **changed: Any) -> dict[str, Any]:
    """A planted product as its shop sends it."""
    one = PLANTED[product_id]
    return {"product_id": product_id, "name": one.name, "category": one.category, "price": one.price} | changed


def post(client: TestClient, *products: Any) -> dict[str, Any]:
    answer = client.post(PRODUCTS, content=json.dumps({"products": products}), headers=JSON)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def get(client: TestClient, product_id: str) -> dict[str, Any]:
    answer = client.get(f"{PRODUCTS}/{product_id}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:shelfwise:problem:{kind}"
    return body


def shown(client: TestClient, page: str) -> list[str]:
    answer = client.get(f"{RECOMMENDATIONS}/{page}")
    assert answer.status_code == 200, answer.text
    return [one["external_product_id"] for one in answer.json()["recommendations"]]


def everywhere(client: TestClient) -> dict[str, list[str]]:
    """All that one shopper sees of each endpoint, beside two products of the cluster, in the longest lists."""
    return {
        page.split("?")[0]: shown(client, page)
        for page in (
            f"homepage?user_id={CUSTOMER}&limit=100",
            "product/wine-01?limit=100",
            "cart?product_ids=wine-01,wine-02&limit=100",
            "frequently-bought-together/wine-01?limit=100",
        )
    }


@pytest.fixture
def seen_everywhere(client: TestClient) -> Iterator[str]:
    """A product that every endpoint shows; as it was planted again afterwards."""
    lists = everywhere(client).values()
    product_id = next(
        one for one in next(iter(lists)) if one.startswith("wine-") and all(one in some for some in lists)
    )
    yield product_id
    post(client, sent(product_id))
    assert all(product_id in some for some in everywhere(client).values())


@pytest.mark.parametrize("either", [str, product_uuid])
@pytest.mark.parametrize("change", [{"stock": 0}, {"active": False}, None])
def test_what_cannot_be_sold_is_gone_from_the_very_next_answers(
    client: TestClient, seen_everywhere: str, change: dict[str, Any] | None, either: Any
) -> None:
    url = f"{PRODUCTS}/{either(seen_everywhere)}"
    answer = client.delete(url) if change is None else client.patch(url, json=change)
    assert answer.status_code == (204 if change is None else 200), answer.text
    assert [page for page, products in everywhere(client).items() if seen_everywhere in products] == []


def test_stock_comes_back_with_a_number_or_as_unknown(client: TestClient, seen_everywhere: str) -> None:
    url = f"{PRODUCTS}/{seen_everywhere}"
    for stock in (5, None):
        assert client.patch(url, json={"stock": 0}).json()["refused_by"] == {"rule": "in_stock", "detail": "stock=0"}
        back = client.patch(url, json={"stock": stock}).json()
        assert (back["stock"], back["recommendable"], back["refused_by"]) == (stock, True, None)
        assert seen_everywhere in shown(client, "product/wine-01?limit=100")


def test_a_change_is_on_disk_and_leaves_the_rest_as_it_was(client: TestClient, api_shop: Shop) -> None:
    before = get(client, "wine-20")
    after = client.patch(f"{PRODUCTS}/wine-20", json={"price": 77.25}).json()
    assert after == before | {"price": 77.25, "updated_at": after["updated_at"]}
    assert get(client, "wine-20") == after
    engine = api_shop.open()
    with reading(engine) as connection:
        stored = find_product(connection, "wine-20")
    engine.dispose()
    assert stored is not None
    assert stored.product.price == 77.25
    prices = {
        one["external_product_id"]: one["price"]
        for one in client.get(f"{RECOMMENDATIONS}/product/wine-19?limit=100").json()["recommendations"]
    }
    assert prices["wine-20"] == 77.25
    post(client, sent("wine-20"))


def test_a_deleted_product_is_unknown_until_it_is_sent_again(client: TestClient) -> None:
    assert client.delete(f"{PRODUCTS}/baby-05").status_code == 204
    for product_id in ("baby-05", product_uuid("baby-05")):
        url = f"{PRODUCTS}/{product_id}"
        for answer in (
            client.get(url),
            client.patch(url, json={"stock": 4}),
            client.delete(url),
            client.get(f"{RECOMMENDATIONS}/product/{product_id}"),
            client.get(f"{RECOMMENDATIONS}/frequently-bought-together/{product_id}"),
        ):
            body = problem(answer, 404, "unknown-product")
            assert (body["field"], body["value"]) == ("product_id", product_id)
        body = problem(client.get(f"{RECOMMENDATIONS}/cart?product_ids=baby-06,{product_id}"), 404, "unknown-product")
        assert (body["field"], body["value"]) == ("product_ids", product_id)
    listed = client.get(f"{PRODUCTS}?limit=3&after=baby-03").json()["products"]
    assert [one["external_product_id"] for one in listed] == ["baby-04", "baby-06", "baby-07"]
    post(client, sent("baby-05"))
    assert get(client, product_uuid("baby-05"))["recommendable"]
    assert all(cluster_of(one) == "baby" for one in shown(client, "product/baby-05"))


def test_a_new_product_is_among_its_kind_at_once(client: TestClient) -> None:
    assert post(client, NEW)["results"][0] == {
        "product_id": product_uuid("garden-new"),
        "external_product_id": "garden-new",
        "status": "stored",
        "field": None,
        "value": None,
        "detail": None,
    }
    assert "garden-new" in shown(client, "product/garden-00?limit=20")
    similar = shown(client, "product/garden-new")
    assert sum(cluster_of(one) == "garden" for one in similar) >= 7
    known = get(client, "garden-new")
    assert (known["embedded"], known["release"], known["recommendable"]) == (True, None, True)
    assert known["popularity"] == {"score": 0.0, "rank": None}
    assert client.delete(f"{PRODUCTS}/garden-new").status_code == 204
    assert "garden-new" not in shown(client, "product/garden-00?limit=20")


def test_a_product_of_the_release_says_which_and_how_popular_it_is(client: TestClient, api_shop: Shop) -> None:
    known = get(client, "coffee-03")
    assert known == get(client, product_uuid("coffee-03"))
    assert (known["embedded"], known["release"], known["recommendable"]) == (True, api_shop.release, True)
    assert known["popularity"]["score"] > 0
    assert 1 <= known["popularity"]["rank"] <= len(PLANTED)
    assert (known["external_product_id"], known["product_id"]) == ("coffee-03", product_uuid("coffee-03"))


def test_everything_sent_is_kept_and_a_product_is_replaced_wholly(client: TestClient) -> None:
    full = {
        "product_id": "full", "name": "Grain-free dry pet food", "category": "Dry pet food", "brand": "Ünï",
        "description": "For dogs", "price": 12.5, "image_url": "https://shop.example/1.jpg", "stock": 3,
        "active": False, "created_at": "2026-05-01T12:00:00", "attributes": {"size": "2 kg"},
    }  # fmt: skip
    post(client, full)
    known = get(client, "full")
    expected = full | {"product_id": product_uuid("full"), "created_at": "2026-05-01T12:00:00Z"}
    assert {name: known[name] for name in expected} == expected
    assert known["refused_by"] == {"rule": "active", "detail": "active=false"}
    post(client, {"product_id": product_uuid("full"), "name": "Dry pet food"})
    known = get(client, "full")
    assert [known[name] for name in ("name", "brand", "price", "stock", "active", "created_at", "attributes")] == [
        "Dry pet food", "", None, None, True, None, {},
    ]  # fmt: skip
    client.delete(f"{PRODUCTS}/full")


def test_one_bad_product_does_not_sink_the_others(client: TestClient) -> None:
    bad: list[tuple[Any, str | None, str, Any]] = [
        ({"product_id": "b1", "name": ""}, "b1", "name", ""),
        ({"product_id": "b2"}, "b2", "name", None),
        ({"product_id": "b 3", "name": "x"}, "b 3", "product_id", "b 3"),
        ({"product_id": "b4", "name": "x", "colour": "red"}, "b4", "colour", "red"),
        ({"product_id": "b5", "name": "x", "price": -1}, "b5", "price", -1),
        ({"product_id": "b6", "name": "x", "stock": "7"}, "b6", "stock", "7"),
        ({"product_id": "b7", "name": "x", "stock": 2**31}, "b7", "stock", 2**31),
        ({"product_id": "b8", "name": "a\0b"}, "b8", "name", "a\0b"),
        ({"product_id": "b9", "name": "x", "brand": "\ud800"}, "b9", "brand", "\\ud800"),
        ({"product_id": "b10", "name": "x", "created_at": "1969-01-01"}, "b10", "created_at", -31536000.0),
        ({"product_id": 11, "name": "x"}, None, "product_id", 11),
        ("b12", None, "body", "b12"),
        (None, None, "body", None),
    ]
    good = sent("bakery-01")
    body = post(client, good, *(one for one, *_ in bad), good)
    assert (body["stored"], body["invalid"]) == (2, len(bad))
    first, *middle, last = body["results"]
    assert first == last
    assert (first["status"], first["external_product_id"]) == ("stored", "bakery-01")
    assert [one["status"] for one in middle] == ["invalid"] * len(bad)
    named = [(one["external_product_id"], one["field"], one["value"]) for one in middle]
    assert named == [(product_id, field, value) for _, product_id, field, value in bad]
    assert all(one["detail"] for one in middle)
    assert client.get(f"{PRODUCTS}/b4").status_code == 404


def test_a_batch_of_none_or_too_many_is_refused_whole(client: TestClient) -> None:
    many = [{"product_id": f"many-{number}", "name": "x"} for number in range(1_001)]
    for products in (many, []):
        body = problem(client.post(PRODUCTS, json={"products": products}), 422, "invalid-input")
        assert body["field"] == "products"
    assert client.get(f"{PRODUCTS}/many-0").status_code == 404
    body = problem(client.post(PRODUCTS, json={"products": [sent("wine-00")], "mode": "all"}), 422, "invalid-input")
    assert (body["field"], body["value"]) == ("mode", "all")


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({}, "body", "{}"),
        ({"active": None}, "active", None),
        ({"stock": -1}, "stock", -1),
        ({"stock": True}, "stock", True),
        ({"stock": 1.5}, "stock", 1.5),
        ({"price": "1"}, "price", "1"),
        ({"name": "other"}, "name", "other"),
    ],
)
def test_a_bad_change_names_field_and_value(client: TestClient, change: dict[str, Any], field: str, value: Any) -> None:
    body = problem(client.patch(f"{PRODUCTS}/wine-00", json=change), 422, "invalid-input")
    assert (body["field"], body["value"]) == (field, value)


def test_pages_hold_every_product_once(client: TestClient) -> None:
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = client.get(PRODUCTS, params={"limit": 100, "after": after}).json()
        seen += [one["external_product_id"] for one in page["products"]]
        after = page["next"]
    assert seen == sorted(set(seen))
    assert set(PLANTED) <= set(seen)


@pytest.mark.parametrize(("query", "field"), [("limit=0", "limit"), ("limit=1001", "limit"), ("after=%00", "after")])
def test_a_bad_page_names_its_field(client: TestClient, query: str, field: str) -> None:
    assert problem(client.get(f"{PRODUCTS}?{query}"), 422, "invalid-input")["field"] == field


def test_the_description_has_every_route_with_examples(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert set(described["paths"][PRODUCTS]) == {"get", "post"}
    assert set(described["paths"][f"{PRODUCTS}/{{product_id}}"]) == {"get", "patch", "delete"}
    schemas = described["components"]["schemas"]
    assert schemas["ProductBatch"]["examples"]
    assert schemas["ProductChange"]["examples"]
    assert schemas["ProductBatch"]["properties"]["products"]["items"] == {"$ref": "#/components/schemas/SentProduct"}
