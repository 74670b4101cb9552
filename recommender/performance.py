"""Seed 004's daily figures: what was answered, and what became of it."""

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


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


@dataclass(slots=True)
class Figures:
    """Sums of a group. ``shown`` counts products; ``clicked``, ``purchased`` and ``dismissed`` count answers."""

    answers: int = 0
    shown: int = 0
    clicked: int = 0
    purchased: int = 0
    dismissed: int = 0
    revenue: float = 0.0


Sales = MutableMapping[tuple[str, str], float]
"""What was paid, by the request id that the purchase named and the product."""


def figures_by_group(answers: Iterable[Answer], sales: Sales) -> dict[Group, Figures]:
    """Sums of the answers. A list that was bought from was clicked too, however the click was told.

    A sale counts for the first answer of its request that showed the product, and is taken out of ``sales``: a page
    that asks for several lists under one id counts it once, and a product that was not shown counts nowhere.
    """
    groups: dict[Group, Figures] = {}
    for answer in answers:
        figures = groups.setdefault(answer.group, Figures())
        figures.answers += 1
        figures.shown += len(answer.shown)
        figures.clicked += answer.status in ("clicked", "purchased")
        figures.purchased += answer.status == "purchased"
        figures.dismissed += answer.status == "dismissed"
        figures.revenue += sum(sales.pop((answer.request_id, product), 0.0) for product in answer.shown)
    return groups
