"""The names under which shops and their tools send events, and which of our types each of them is."""

from collections.abc import Mapping
from typing import Final

from recommender.events import EVENT_TYPES, EventType

ALIASES: Final[Mapping[str, EventType]] = {
    # seeds 002 and 003
    "view": EventType.VIEW,
    "add_to_cart": EventType.CART_ADD,
    "remove_from_cart": EventType.CART_REMOVE,
    "wishlist": EventType.WISHLIST_ADD,
    "purchase": EventType.PURCHASE,
    "search": EventType.SEARCH,  # Google Analytics 4 too
    # what shops' own pages call it: neither Google Analytics 4 nor Segment has a name for it
    "dismiss": EventType.RECOMMENDATION_DISMISS,
    "dismissed": EventType.RECOMMENDATION_DISMISS,
    # Google Analytics 4, where it has names of its own
    "view_item": EventType.VIEW,
    "select_item": EventType.VIEW,  # a click in any list: only the shop knows whether that list was a recommendation
    "add_to_wishlist": EventType.WISHLIST_ADD,
    "refund": EventType.REFUND,
    # Segment's e-commerce events
    "Product Viewed": EventType.VIEW,
    "Product Clicked": EventType.VIEW,  # as select_item
    "Product Added": EventType.CART_ADD,
    "Product Removed": EventType.CART_REMOVE,
    "Product Added to Wishlist": EventType.WISHLIST_ADD,
    "Order Completed": EventType.PURCHASE,
    "Order Refunded": EventType.REFUND,
    "Order Cancelled": EventType.CANCEL,
    "Products Searched": EventType.SEARCH,
}
"""Names of others, as their makers write them. They are compared as `known_type` says."""


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


_TYPES: Final[Mapping[str, EventType]] = {_plain(name): kind for name, kind in ALIASES.items()} | {
    _plain(kind): kind for kind in EVENT_TYPES
}


def known_type(name: str) -> EventType | None:
    """The type that a name means, None if unknown. Case counts for nothing, and a space is as good as ``_``."""
    return _TYPES.get(_plain(name))
