"""Seed 004's daily figures: what was answered, and what became of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from recommender.events import EventType


class Group(NamedTuple):
    """What figures are kept apart by."""

    context: str
    algorithm: str
    release_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One list that was given. ``status`` is seed 003's: active, clicked, purchased or dismissed."""

    group: Group
    request_id: str
    status: str
    shown: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An event that names the answer it came from; ``paid`` is 0 for all but purchases of a known price."""

    product: str | None
    type: EventType
    paid: float = 0.0


@dataclass(slots=True)
class Figures:
    """Sums of a group. ``shown`` counts products; ``clicked``, ``purchased`` and ``dismissed`` count answers."""

    answers: int = 0
    shown: int = 0
    clicked: int = 0
    purchased: int = 0
    dismissed: int = 0
    revenue: float = 0.0


def figures_by_group(answers: Iterable[Answer], outcomes: Mapping[str, Collection[Outcome]]) -> dict[Group, Figures]:
    """Sums of the answers; ``outcomes`` are by request id, of purchases that were not taken back.

    An outcome counts for the first answer of its request that showed its product, so a page that asks for several
    lists under one id counts each purchase once, and a product that was never shown counts for none. What was
    purchased was clicked, however the click was told.
    """
    groups: dict[Group, Figures] = {}
    credited: set[tuple[str, str]] = set()
    for answer in answers:
        figures = groups.setdefault(answer.group, Figures())
        products = {product for product in answer.shown if (answer.request_id, product) not in credited}
        own = [outcome for outcome in outcomes.get(answer.request_id, ()) if outcome.product in products]
        if own:
            credited.update((answer.request_id, product) for product in products)
        _add(figures, answer, own)
    return groups


def _add(figures: Figures, answer: Answer, outcomes: Sequence[Outcome]) -> None:
    types = {outcome.type for outcome in outcomes}
    purchased = answer.status == "purchased" or EventType.PURCHASE in types
    figures.answers += 1
    figures.shown += len(answer.shown)
    figures.purchased += purchased
    figures.clicked += purchased or answer.status == "clicked" or EventType.RECOMMENDATION_CLICK in types
    figures.dismissed += answer.status == "dismissed"
    figures.revenue += sum(outcome.paid for outcome in outcomes)
