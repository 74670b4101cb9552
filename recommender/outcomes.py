"""What became of a recommendation: it was dismissed, clicked, bought from, or nothing is known yet."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from recommender.events import EventType


class Outcome(StrEnum):
    """From the least to the furthest; an outcome only ever moves forward."""

    ACTIVE = "active"
    DISMISSED = "dismissed"
    CLICKED = "clicked"
    PURCHASED = "purchased"


OUTCOMES: Final[Mapping[str, Outcome]] = {
    EventType.RECOMMENDATION_DISMISS: Outcome.DISMISSED,
    EventType.RECOMMENDATION_CLICK: Outcome.CLICKED,
    EventType.VIEW: Outcome.CLICKED,
    EventType.CART_ADD: Outcome.CLICKED,
    EventType.PURCHASE: Outcome.PURCHASED,
}
"""What an event says of the list that it names by its request id; other types say nothing of it."""

_RANK: Final = {outcome: rank for rank, outcome in enumerate(Outcome)}


def furthest(one: Outcome, other: Outcome) -> Outcome:
    """The later of the two in the order of `Outcome`.

    A maximum, so outcomes do not depend on the order in which events arrive, nor on how often each does.
    """
    return max(one, other, key=_RANK.__getitem__)
