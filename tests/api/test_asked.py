"""What shoppers ask for in words: searches count in the very next homepage, favourites while nothing else is known."""

import asyncio
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from api.asked import FAVOURITES, SEARCHES, AskedVectors, asked_texts
from api.customers import STRANGER, Customer
from recommender.errors import StageUnavailable
from recommender.history import History
from runners.stages import ReleaseStages, StageHandles
from store.customer_history import Search
from tests.planted_shop import Shop, cluster_of
from tests.real_server import CUSTOMERS, INTERACTIONS, RECOMMENDATIONS

NOW, HOUR = 1_000_000.0, 3600.0
SOMETHING = History(np.array([1], np.int32), np.array([0], np.int8), np.array([NOW]))


def search(client: TestClient, text: str, **who: str) -> None:
    sent = who | {"interaction_type": "SEARCH", "query": text}
    assert client.post(INTERACTIONS, json=sent).status_code == 201


def homepage(client: TestClient, **who: str) -> tuple[list[str], dict[str, Any]]:
    answer = client.get(f"{RECOMMENDATIONS}/homepage", params=who | {"limit": 6, "explain": "true"})
    assert answer.status_code == 200, answer.text
    return [cluster_of(one["external_product_id"]) for one in answer.json()["recommendations"]], answer.json()


@pytest.mark.parametrize(
    ("text", "cluster"), [("espresso", "coffee"), ("Espresso ", "coffee"), ("puppy", "pets"), ("sourdough", "bakery")]
)
@pytest.mark.parametrize("who", ["user_id", "session_id"])
def test_a_shopper_who_only_searched_sees_it_next(client: TestClient, who: str, text: str, cluster: str) -> None:
    shopper = {who: f"searched-{text.strip()}"}
    search(client, text, **shopper)
    clusters, answer = homepage(client, **shopper)
    assert clusters == [cluster] * 6
    assert (answer["strategy"], answer["degraded"]) == ("hybrid", [])
    assert all(one["evidence"]["session"] > 0 for one in answer["explanation"]["products"])


def test_a_search_counts_beside_what_was_done_before(client: TestClient) -> None:
    shopper = {"user_id": "searched-2"}
    sent = shopper | {"product_id": "wine-03", "interaction_type": "CART_ADD"}
    assert client.post(INTERACTIONS, json=sent).status_code == 201
    assert "baby" not in homepage(client, **shopper)[0]
    search(client, "diapers", **shopper)
    assert {"wine", "baby"} <= set(homepage(client, **shopper)[0])


def test_nobody_else_s_list_changes(client: TestClient) -> None:
    before = homepage(client)[0]
    search(client, "rosé wine", user_id="searched-3")
    assert homepage(client)[0] == before


@pytest.mark.parametrize(
    ("preferences", "cluster"),
    [({"favoriteCategories": ["Potting soil", "Seeds"]}, "garden"), ({"brandPreferences": ["Barossa wines"]}, "wine")],
)
def test_stated_favourites_count_for_a_customer_without_events(
    client: TestClient, preferences: dict[str, Any], cluster: str
) -> None:
    user_id = f"stated-{cluster}"
    assert client.put(f"{CUSTOMERS}/{user_id}", json={"preferences": preferences}).status_code == 200
    clusters, _ = homepage(client, user_id=user_id)
    assert clusters.count(cluster) >= 4
    sent = {"user_id": user_id, "product_id": "coffee-01", "interaction_type": "PURCHASE"}
    assert client.post(INTERACTIONS, json=sent).status_code == 201
    assert homepage(client, user_id=user_id)[0].count("coffee") > homepage(client, user_id=user_id)[0].count(cluster)


def test_recent_searches_come_first_and_favourites_only_where_nothing_is_known() -> None:
    old, new = Search("tea", NOW - 13 * HOUR), [Search(text, NOW) for text in ("Oats", "oats ", "jam", "milk", "rye")]
    favourites = tuple(f"f{number}" for number in range(30))
    assert asked_texts(Customer(searches=(*new, old)), now=NOW, hours=12.0) == ["oats", "jam", "milk"]
    assert len(asked_texts(Customer(searches=(*new, old)), now=NOW, hours=12.0)) == SEARCHES
    assert asked_texts(Customer(searches=(old,), favourites=favourites), now=NOW, hours=12.0) == list(
        favourites[:FAVOURITES]
    )
    assert asked_texts(Customer(SOMETHING, (old,), favourites), now=NOW, hours=12.0) == []
    assert asked_texts(STRANGER, now=NOW, hours=12.0) == []


def test_texts_are_encoded_once_and_kept_within_bounds(planted_shop: Shop, in_process: StageHandles) -> None:
    asked, batches = AskedVectors(size=2), list[str]()
    stages = ReleaseStages(in_process, planted_shop.release, lambda stage, size: batches.append(stage))
    mean = np.zeros(384, dtype=np.float32)

    async def scenario() -> None:
        first = await asked.of(["oats", "jam"], stages, mean, timeout=60.0)
        assert first.shape == (2, 384)
        assert len(batches) == 2
        again = await asked.of(["jam", "oats"], stages, mean, timeout=60.0)
        assert np.array_equal(again, first[::-1])
        assert len(batches) == 2
        await asked.of(["milk"], stages, mean, timeout=60.0)
        assert len(asked) == 2
        with pytest.raises(StageUnavailable):  # jam was asked longest ago, and there is no time to read it again
            await asked.of(["jam"], stages, mean, timeout=0.0)
        assert (await asked.of(["oats"], stages, mean, timeout=0.0)).shape == (1, 384)
        assert (await asked.of([], stages, mean, timeout=0.0)).shape == (0, 384)

    asyncio.run(scenario())
