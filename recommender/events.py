"""The kinds of event a shop sends, and how much each says about a customer's taste."""

from enum import StrEnum
from typing import Final


class EventType(StrEnum):
    """Interaction types of seed 004, and after them what takes a purchase back, searches, and "not this one".

    New types go to the end: the position is the code in columns. See `recommender.event_names` for others' names.
    """

    VIEW = "VIEW"
    CART_ADD = "CART_ADD"
    CART_REMOVE = "CART_REMOVE"
    WISHLIST_ADD = "WISHLIST_ADD"
    PURCHASE = "PURCHASE"
    RECOMMENDATION_CLICK = "RECOMMENDATION_CLICK"
    REFUND = "REFUND"
    CANCEL = "CANCEL"
    SEARCH = "SEARCH"
    RECOMMENDATION_DISMISS = "RECOMMENDATION_DISMISS"


EVENT_TYPES: Final[tuple[EventType, ...]] = tuple(EventType)
"""Position in this tuple is the event's code in numpy columns."""

EVENT_CODES: Final[dict[str, int]] = {str(kind): code for code, kind in enumerate(EVENT_TYPES)}

TASTE_WEIGHTS: Final[dict[EventType, float]] = {
    EventType.PURCHASE: 5.0,
    EventType.CART_ADD: 3.0,
    EventType.WISHLIST_ADD: 2.0,
    EventType.RECOMMENDATION_CLICK: 1.5,
    EventType.VIEW: 1.0,
    EventType.CART_REMOVE: -1.0,
    EventType.REFUND: 0.0,
    EventType.CANCEL: 0.0,
    EventType.SEARCH: 0.0,
    EventType.RECOMMENDATION_DISMISS: 0.0,
}
"""Seed 004: how strongly one event of each type counts in the customer's taste.

What takes a purchase back says nothing of its own: the purchase no longer counts. A search names no product.
Who waves a recommendation away may own the product already: that is counted of the list, and not of the taste.
"""
