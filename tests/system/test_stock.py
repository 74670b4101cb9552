"""The catalog changes while servers run: this test process is the other process that writes it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import Engine

from store.catalog import Product, set_stock, upsert_products
from store.engine import writing
from tests.planted_shop import Shop, cluster_of, planted_products
from tests.real_server import RECOMMENDATIONS, Server, eventually

SEEN_WITHIN_S = 5.0
"""The promise is one second; a busy test machine gets more, and the time taken is in the test report."""


@pytest.fixture(scope="module")
def store(live_shop: Shop) -> Iterator[Engine]:
    engine = live_shop.open()
    yield engine
    engine.dispose()


@contextmanager
def sold_out(store: Engine, server: Server, product_ids: list[str]) -> Iterator[None]:
    """Stock 0 inside the block, unknown again after it and seen by the server."""
    _stock(store, dict.fromkeys(product_ids, 0))
    try:
        yield
    finally:
        _stock(store, dict.fromkeys(product_ids, None))
        eventually(partial(_is_similar, server, product_ids[0], _neighbour(product_ids[0]), True), within=SEEN_WITHIN_S)


def _stock(store: Engine, stock: dict[str, int | None]) -> None:
    with writing(store) as connection:
        assert set_stock(connection, stock) == ()


def _neighbour(product_id: str) -> str:
    """A product of the same cluster and another category."""
    cluster, number = product_id.split("-")
    return f"{cluster}-{(int(number) + 8) % 40:02}"


def everything_shown(server: Server, user_id: str, product_id: str) -> set[str]:
    """All that one shopper can see of the four endpoints, in long lists."""
    cart = f"{product_id},{_neighbour(product_id)}"
    return {
        *server.shown("homepage", user_id=user_id, limit=60),
        *server.shown(f"product/{product_id}", limit=60),
        *server.shown("cart", product_ids=cart, limit=60),
        *server.shown(f"frequently-bought-together/{product_id}", limit=60),
    }


def test_what_is_sold_out_vanishes_everywhere(
    compact: Server, store: Engine, record_property: Callable[..., None]
) -> None:
    user, anchor = "coffee-customer-08", "coffee-00"
    popular = [one for one in compact.shown("homepage", user_id=user) if cluster_of(one) == "coffee"][:3]
    popular += [one for one in compact.shown(f"product/{anchor}")[:2] if one not in popular]
    assert set(popular) <= everything_shown(compact, user, anchor)
    with sold_out(store, compact, popular):
        seconds = eventually(lambda: not set(popular) & everything_shown(compact, user, anchor), within=SEEN_WITHIN_S)
        record_property("seconds", round(seconds, 2))
        assert len(compact.shown("homepage", user_id=user)) == 12
        removals = compact.recommend("homepage", user_id=user, explain="true")["explanation"]["removals"]
        named = {one["external_product_id"]: (one["rule"], one["detail"]) for one in removals}
        assert named[popular[0]] == ("in_stock", "stock=0")
        assert compact.client.get(f"{RECOMMENDATIONS}/product/{popular[0]}").status_code == 200  # its page stays
    assert set(popular) <= everything_shown(compact, user, anchor)


def test_every_replica_sees_it(compact: Server, graph: Server, store: Engine) -> None:
    with sold_out(store, compact, ["wine-00"]):
        for server in (compact, graph):
            eventually(partial(_is_similar, server, "wine-00", "wine-08", False), within=SEEN_WITHIN_S)
    eventually(partial(_is_similar, graph, "wine-00", "wine-08", True), within=SEEN_WITHIN_S)


def _is_similar(server: Server, product_id: str, to: str, expected: bool) -> bool:
    return (product_id in server.shown(f"product/{to}", limit=60)) is expected


def test_a_product_out_of_the_range_vanishes_and_comes_back(compact: Server, store: Engine) -> None:
    product = next(one for one in planted_products() if one.external_id == "bakery-02")
    for active in (False, True):
        with writing(store) as connection:
            upsert_products(connection, [replace(product, active=active)])
        eventually(partial(_is_similar, compact, "bakery-02", "bakery-03", active), within=SEEN_WITHIN_S)


def test_a_new_product_is_there_with_neighbours_of_its_kind(compact: Server, graph: Server, store: Engine) -> None:
    new = Product(external_id="garden-new", name="Heirloom tomato garden seeds", category="Seeds", price=4.5)
    with writing(store) as connection:
        upsert_products(connection, [new])
    for server in (compact, graph):
        eventually(partial(_knows, server, "garden-new"), within=2 * SEEN_WITHIN_S)
        similar = server.shown("product/garden-new")
        assert len(similar) == 8
        assert sum(cluster_of(one) == "garden" for one in similar) >= 7
        assert server.recommend("frequently-bought-together/garden-new")["strategy"] == "similarity"
        assert "garden-new" in server.shown("product/garden-00", limit=20)


def test_a_history_may_hold_a_product_that_comes_later(compact: Server, store: Engine) -> None:
    user = {"user_id": "ahead-of-the-catalog"}
    compact.post_event(**user, product_id="pets-later", interaction_type="PURCHASE")
    assert compact.recommend("homepage", **user)["strategy"] == "popular"
    with writing(store) as connection:
        upsert_products(
            connection, [Product(external_id="pets-later", name="Kitten pet treats", category="Pet treats")]
        )
    eventually(lambda: compact.recommend("homepage", **user)["strategy"] == "hybrid", within=2 * SEEN_WITHIN_S)
    assert "pets-later" in compact.shown("homepage", **user)  # bought once, so it may be bought again


def test_prices_and_names_follow(compact: Server, store: Engine) -> None:
    product = next(one for one in planted_products() if one.external_id == "wine-15")
    with writing(store) as connection:
        upsert_products(connection, [replace(product, price=123.45, name="Mendoza white wine, magnum")])

    def seen() -> dict[str, object]:
        products = compact.recommend("product/wine-14", limit=60)["recommendations"]
        return next((one for one in products if one["external_product_id"] == "wine-15"), {})

    eventually(lambda: seen().get("price") == 123.45, within=SEEN_WITHIN_S)
    assert seen()["name"] == "Mendoza white wine, magnum"
    with writing(store) as connection:
        upsert_products(connection, [product])
    eventually(lambda: seen().get("price") == product.price, within=SEEN_WITHIN_S)


def _knows(server: Server, product_id: str) -> bool:
    return server.client.get(f"{RECOMMENDATIONS}/product/{product_id}").status_code == 200
