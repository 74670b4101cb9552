"""Products that nobody has bought yet reach those who buy their kind, from the call that adds them on.

By whichever source: `tests/recommender/test_arrivals.py` is about the one that is made for them.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.api.test_products import PLANTED, post, sent, shown
from tests.planted_shop import CLUSTERS, cluster_of
from tests.real_server import PRODUCTS

KINDS_PER_CATEGORY: Final = 3
"""As many as a list has room for."""
COLOURS: Final = ("black", "blue", "green", "grey", "orange", "pink", "purple", "red", "white", "yellow")
OTHERS: Final = (
    *("desk lamp", "printer paper", "bath towel", "phone case", "office chair", "wall clock", "bicycle helmet"),
    *("curtain", "umbrella", "running shoes", "photo frame", "suitcase", "yoga mat", "screwdriver", "paint roller"),
    *("headphones", "keyboard", "notebook", "candle", "backpack", "doormat", "mirror", "toy train", "guitar strings"),
)


def cold_products() -> dict[str, dict[str, Any]]:
    """By id: some of each planted category, and many of categories that nobody here buys."""
    planted = [
        (f"{cluster}-cold-{kind}-{category}", f"New {kind} {text}", category)
        for cluster, (kinds, categories) in CLUSTERS.items()
        for category, text in categories.items()
        for kind in kinds[:KINDS_PER_CATEGORY]
    ]
    others = [(f"other-{thing}-{colour}", f"{colour} {thing}", thing) for thing in OTHERS for colour in COLOURS]
    return {
        product_id.replace(" ", "-"): {"product_id": product_id.replace(" ", "-"), "name": name, "category": category}
        for product_id, name, category in [*planted, *others]
    }


@pytest.fixture
def cold(client: TestClient) -> Iterator[list[str]]:
    """Ids of new products; everything that anybody ever bought is sold out."""
    new = cold_products()
    post(client, *new.values())
    post(client, *(sent(one, stock=0) for one in PLANTED))
    yield list(new)
    for product_id in new:
        assert client.delete(f"{PRODUCTS}/{product_id}").status_code == 204
    post(client, *(sent(one) for one in PLANTED))


def test_new_products_are_found_for_the_customers_of_their_categories(client: TestClient, cold: list[str]) -> None:
    recalls = []
    for cluster in CLUSTERS:
        wanted = {one for one in cold if cluster_of(one) == cluster}
        for number in range(0, 18, 6):
            listed = shown(client, f"homepage?user_id={cluster}-customer-{number:02}&limit=20")
            assert set(listed) <= set(cold)
            recalls.append(len(wanted & set(listed)) / len(wanted))
    by_chance = 20 / len(cold)
    assert np.mean(recalls) >= 10 * by_chance
