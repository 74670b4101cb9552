"""Which purchases still count after what was refunded and cancelled."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from recommender.events import EventType

REVERSALS: Final = (EventType.REFUND, EventType.CANCEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A purchase, a refund or a cancellation of one customer.

    ``at`` is any number that ascends in time. A purchase without a quantity is of 1; a refund without one is of
    everything. Only a cancellation may be of no one product.
    """

    row: int
    """The caller's number of the line, distinct among the lines of a call."""
    customer: str | None
    product: str | None
    type: EventType
    at: float
    quantity: int | None = None
    order: str | None = None


def reversed_rows(lines: Iterable[Line]) -> dict[int, float]:
    """The ``row`` of each purchase of which nothing is left, and the ``at`` of the latest line that took from it.

    It depends on what the lines say and not on their order, so a refund may arrive before its purchase:

    - A cancellation takes all lines of its order, or those of its product if it names one.
    - A refund with an order takes from that order's lines of its product, whenever they were bought.
    - A refund without an order takes from the customer's newest purchases of its product that are not later than
      itself. With a quantity it goes on to earlier ones until it has taken that many; without one it takes the
      newest purchase whole (all lines of that instant).

    Those that name an order go first: what is left is for those that do not. What finds no purchase does nothing.
    """
    open_lines: dict[tuple[str | None, str | None], list[_Open]] = defaultdict(list)
    backward: list[Line] = []
    for line in lines:
        if line.type is EventType.PURCHASE:
            open_lines[line.customer, line.product].append(_Open(line, line.quantity or 1))
        elif line.type in REVERSALS:
            backward.append(line)
    by_order = _by_order(open_lines)
    for bought in open_lines.values():
        bought.sort(key=_newest_first)
    for line in sorted(backward, key=_specific_first):
        if line.order is None:
            _take_newest(open_lines[line.customer, line.product], line)
        else:
            _take_of_order(by_order[line.customer, line.order], line)
    return {one.line.row: one.taken_at for bought in open_lines.values() for one in bought if one.left == 0}


@dataclass(slots=True)
class _Open:
    """A purchase, how many of it have not been taken back, and when the latest of the others were."""

    line: Line
    left: int
    taken_at: float = -inf


def _by_order(
    open_lines: dict[tuple[str | None, str | None], list[_Open]],
) -> dict[tuple[str | None, str], list[_Open]]:
    found: dict[tuple[str | None, str], list[_Open]] = defaultdict(list)
    for bought in open_lines.values():
        for one in bought:
            if one.line.order is not None:
                found[one.line.customer, one.line.order].append(one)
    for bought in found.values():
        bought.sort(key=_newest_first)
    return found


def _newest_first(one: _Open) -> tuple[float, int, str]:
    # Quantity and order say which of one instant goes first, for the order of arrival must not.
    return (-one.line.at, one.left, one.line.order or "")


def _specific_first(line: Line) -> tuple[bool, bool, float, bool, int]:
    return (line.order is None, line.type is not EventType.CANCEL, line.at, line.quantity is None, line.quantity or 0)


def _take_of_order(bought: Sequence[_Open], back: Line) -> None:
    lines = [one for one in bought if back.product in (None, one.line.product)]
    _take(lines, None if back.type is EventType.CANCEL else back.quantity, back.at)


def _take_newest(bought: Sequence[_Open], back: Line) -> None:
    lines = [one for one in bought if one.left and one.line.at <= back.at]
    if back.quantity is None:
        lines = [one for one in lines if one.line.at == lines[0].line.at]
    _take(lines, back.quantity, back.at)


def _take(lines: Iterable[_Open], quantity: int | None, at: float) -> None:
    """Take all of the lines, or as many of the first ones as ``quantity`` says."""
    for one in lines:
        taken = one.left if quantity is None else min(one.left, quantity)
        one.left -= taken
        if taken:
            one.taken_at = max(one.taken_at, at)
        if quantity is not None:
            quantity -= taken
