"""Who sees what: in the planted shop the right answer is plain."""

import numpy as np
import pytest

from tests.planted_shop import CLUSTERS, cluster_of
from tests.real_server import Server

OTHERS = {"coffee": "pets", "baby": "wine", "garden": "bakery", "wine": "baby", "pets": "coffee", "bakery": "garden"}


def share(products: list[str], cluster: str) -> float:
    return float(np.mean([cluster_of(product) == cluster for product in products]))


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_customers_mostly_see_what_they_buy(compact: Server, cluster: str) -> None:
    for number in (3, 11, 17):
        shown = compact.shown("homepage", user_id=f"{cluster}-customer-{number:02}")
        assert share(shown, cluster) >= 0.6
        assert share(shown, cluster) + share(shown, "staple") >= 0.9  # the rest is what everyone buys


@pytest.mark.parametrize(("one", "other"), OTHERS.items())
def test_customers_of_different_taste_share_only_what_everyone_buys(compact: Server, one: str, other: str) -> None:
    seen = set(compact.shown("homepage", user_id=f"{one}-customer-05"))
    also_seen = set(compact.shown("homepage", user_id=f"{other}-customer-05"))
    assert len(seen & also_seen) <= 4
    assert {cluster_of(product) for product in seen & also_seen} <= {"staple"}


def test_a_purchase_changes_the_very_next_homepage(compact: Server) -> None:
    """A customer of one taste for months buys something else: the list answers it, and forgets nothing."""
    user = {"user_id": "coffee-customer-15"}
    assert share(compact.shown("homepage", **user), "baby") == 0.0
    compact.post_event(**user, product_id="baby-05", interaction_type="PURCHASE", quantity=1)
    after = compact.shown("homepage", **user, limit=20)
    assert share(after, "baby") >= 0.1
    assert share(after, "coffee") >= 0.4


@pytest.mark.parametrize("cluster", ["garden", "wine", "pets"])
def test_the_first_purchase_makes_a_stranger_a_customer(compact: Server, cluster: str) -> None:
    user = {"user_id": f"new-to-{cluster}"}
    assert compact.recommend("homepage", **user)["strategy"] == "popular"
    compact.post_event(**user, product_id=f"{cluster}-07", interaction_type="PURCHASE")
    answer = compact.recommend("homepage", **user)
    assert answer["strategy"] == "hybrid"
    assert share([product["external_product_id"] for product in answer["recommendations"]], cluster) >= 0.6


def test_a_session_of_views_counts_as_a_taste(compact: Server) -> None:
    session = {"session_id": "window-shopper"}
    for number in (1, 10, 20):
        compact.post_event(**session, product_id=f"bakery-{number:02}", interaction_type="VIEW")
    assert share(compact.shown("homepage", **session), "bakery") >= 0.6


def test_a_session_counts_beside_its_user(compact: Server) -> None:
    user, session = {"user_id": "wine-customer-16"}, {"session_id": "shared-visit"}
    compact.post_event(**session, product_id="garden-03", interaction_type="PURCHASE")
    assert share(compact.shown("homepage", **user, limit=20), "garden") == 0.0
    assert share(compact.shown("homepage", **user, **session, limit=20), "garden") >= 0.1


def test_either_product_id_means_the_same_event(compact: Server) -> None:
    uuid = compact.recommend("product/pets-01")["recommendations"][0]
    for user, product_id in (("by-uuid", uuid["product_id"]), ("by-name", uuid["external_product_id"])):
        compact.post_event(user_id=user, product_id=product_id, interaction_type="PURCHASE")
    assert compact.shown("homepage", user_id="by-uuid") == compact.shown("homepage", user_id="by-name")


@pytest.mark.parametrize("shopper", [{}, {"user_id": "never-seen"}, {"session_id": "never-seen"}])
def test_strangers_get_a_full_list_of_what_is_popular(compact: Server, shopper: dict[str, str]) -> None:
    answer = compact.recommend("homepage", **shopper)
    shown = [product["external_product_id"] for product in answer["recommendations"]]
    assert answer["strategy"] == "popular"
    assert len(shown) == 12
    assert shown == compact.shown("homepage")
    assert sum(share(shown, cluster) > 0 for cluster in CLUSTERS) >= 3


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_product_pages_and_carts_stay_in_their_cluster(compact: Server, cluster: str) -> None:
    assert share(compact.shown(f"product/{cluster}-12"), cluster) >= 0.85
    assert share(compact.shown("cart", product_ids=f"{cluster}-12,{cluster}-27"), cluster) >= 0.6
    assert share(compact.shown(f"frequently-bought-together/{cluster}-12"), cluster) >= 0.75
    assert compact.recommend(f"frequently-bought-together/{cluster}-12")["strategy"] == "co_purchase"


def test_events_of_products_nobody_knows_are_kept_and_change_nothing(compact: Server) -> None:
    user = {"user_id": "buys-elsewhere"}
    compact.post_event(**user, product_id="from-another-shop", interaction_type="PURCHASE")
    assert compact.recommend("homepage", **user)["strategy"] == "popular"
