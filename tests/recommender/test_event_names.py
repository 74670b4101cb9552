"""Names of others, against their makers' lists."""

import pytest

from recommender.event_names import ALIASES, known_type
from recommender.events import EVENT_CODES, EVENT_TYPES, EventType

SEED_003 = {
    "view": EventType.VIEW,
    "add_to_cart": EventType.CART_ADD,
    "remove_from_cart": EventType.CART_REMOVE,
    "wishlist": EventType.WISHLIST_ADD,
    "purchase": EventType.PURCHASE,
    "search": EventType.SEARCH,
}
GA4 = {
    "view_item": EventType.VIEW,
    "select_item": EventType.VIEW,
    "add_to_cart": EventType.CART_ADD,
    "remove_from_cart": EventType.CART_REMOVE,
    "add_to_wishlist": EventType.WISHLIST_ADD,
    "purchase": EventType.PURCHASE,
    "refund": EventType.REFUND,
    "search": EventType.SEARCH,
}
SEGMENT = {
    "Product Viewed": EventType.VIEW,
    "Product Clicked": EventType.VIEW,
    "Product Added": EventType.CART_ADD,
    "Product Removed": EventType.CART_REMOVE,
    "Product Added to Wishlist": EventType.WISHLIST_ADD,
    "Order Completed": EventType.PURCHASE,
    "Order Refunded": EventType.REFUND,
    "Order Cancelled": EventType.CANCEL,
    "Products Searched": EventType.SEARCH,
}


@pytest.mark.parametrize("names", [SEED_003, GA4, SEGMENT, {str(kind): kind for kind in EVENT_TYPES}])
def test_every_name_is_known_in_any_case(names: dict[str, EventType]) -> None:
    for spelled in (
        str,
        str.lower,
        str.upper,
        str.title,
        lambda name: f" {name}\n",
        lambda name: name.replace(" ", "_"),
    ):
        assert {name: known_type(spelled(name)) for name in names} == names


@pytest.mark.parametrize("name", ["", " ", "BUY", "viewed", "purchase!", "PURCHASE_", "é"])
def test_other_names_are_unknown(name: str) -> None:
    assert known_type(name) is None


def test_no_alias_says_otherwise_than_a_name_of_ours() -> None:
    for alias, kind in ALIASES.items():
        assert known_type(alias) is kind


def test_the_codes_of_the_first_types_never_change() -> None:
    names = [
        "VIEW",
        "CART_ADD",
        "CART_REMOVE",
        "WISHLIST_ADD",
        "PURCHASE",
        "RECOMMENDATION_CLICK",
        "REFUND",
        "CANCEL",
        "SEARCH",
        "RECOMMENDATION_DISMISS",
    ]
    assert [EVENT_CODES[name] for name in names] == list(range(10))
