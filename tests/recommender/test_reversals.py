"""What is left of purchases, against cases that can be told by hand."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.events import EventType
from recommender.reversals import Line, reversed_rows

BUY, REFUND, CANCEL = EventType.PURCHASE, EventType.REFUND, EventType.CANCEL


def line(row: int, kind: EventType, product: str | None, at: float, **rest: object) -> Line:
    return replace(Line(row=row, customer="ann", product=product, type=kind, at=at), **rest)


CASES: dict[str, tuple[list[Line], set[int]]] = {
    "nothing taken back": ([line(1, BUY, "milk", 1)], set()),
    "the latest purchase": ([line(1, BUY, "milk", 1), line(2, BUY, "milk", 2), line(3, REFUND, "milk", 3)], {2}),
    "not a later one": ([line(1, BUY, "milk", 1), line(2, BUY, "milk", 5), line(3, REFUND, "milk", 3)], {1}),
    "twice": (
        [line(1, BUY, "milk", 1), line(2, BUY, "milk", 2), line(3, REFUND, "milk", 3), line(4, REFUND, "milk", 3)],
        {1, 2},
    ),
    "more than was bought": ([line(1, BUY, "milk", 1), line(2, REFUND, "milk", 2, quantity=9)], {1}),
    "another product": ([line(1, BUY, "milk", 1), line(2, REFUND, "tea", 2)], set()),
    "another customer": ([line(1, BUY, "milk", 1), line(2, REFUND, "milk", 2, customer="bob")], set()),
    "part of a line": ([line(1, BUY, "milk", 1, quantity=3), line(2, REFUND, "milk", 2, quantity=2)], set()),
    "all of a line in parts": (
        [
            line(1, BUY, "milk", 1, quantity=3),
            line(2, REFUND, "milk", 2, quantity=2),
            line(3, REFUND, "milk", 2, quantity=1),
        ],
        {1},
    ),
    "the rest of a line": (
        [line(1, BUY, "milk", 1, quantity=3), line(2, REFUND, "milk", 2, quantity=2), line(3, REFUND, "milk", 3)],
        {1},
    ),
    "on to earlier purchases": (
        [line(1, BUY, "milk", 1, quantity=2), line(2, BUY, "milk", 2), line(3, REFUND, "milk", 3, quantity=2)],
        {2},
    ),
    "a split basket": ([line(1, BUY, "milk", 1), line(2, BUY, "milk", 1), line(3, REFUND, "milk", 2)], {1, 2}),
    "of an order": (
        [
            line(1, BUY, "milk", 1, order="o1"),
            line(2, BUY, "milk", 2, order="o2"),
            line(3, REFUND, "milk", 3, order="o1"),
        ],
        {1},
    ),
    "of an order, at a time before it": (
        [line(1, BUY, "milk", 5, order="o1"), line(2, REFUND, "milk", 1, order="o1")],
        {1},
    ),
    "of an unknown order": ([line(1, BUY, "milk", 1), line(2, REFUND, "milk", 2, order="o1")], set()),
    "of an order, before one without": (
        [
            line(1, BUY, "milk", 1),
            line(2, BUY, "milk", 2, order="o1"),
            line(3, REFUND, "milk", 3),
            line(4, REFUND, "milk", 4, order="o1"),
        ],
        {1, 2},
    ),
    "a whole order": (
        [
            line(1, BUY, "milk", 1, order="o1"),
            line(2, BUY, "tea", 1, order="o1", quantity=7),
            line(3, BUY, "tea", 1, order="o2"),
            line(4, CANCEL, None, 2, order="o1"),
        ],
        {1, 2},
    ),
    "one product of an order": (
        [
            line(1, BUY, "milk", 1, order="o1"),
            line(2, BUY, "tea", 1, order="o1"),
            line(3, CANCEL, "tea", 2, order="o1", quantity=1),
        ],
        {2},
    ),
    "another customer's order": (
        [line(1, BUY, "milk", 1, order="o1"), line(2, CANCEL, None, 2, order="o1", customer="bob")],
        set(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_gone(name: str) -> None:
    lines, gone = CASES[name]
    assert set(reversed_rows(lines)) == gone
    assert reversed_rows(reversed(lines)) == reversed_rows(lines)


def test_views_are_never_taken_back() -> None:
    assert reversed_rows([line(1, EventType.VIEW, "milk", 1), line(2, REFUND, "milk", 2)]) == {}


def test_the_latest_that_took_from_it_says_when_it_was_gone() -> None:
    bought = line(1, BUY, "milk", 1, quantity=2)
    back = [line(2, REFUND, "milk", 9, quantity=1), line(3, REFUND, "milk", 5, quantity=1)]
    assert reversed_rows([bought, *back]) == reversed_rows([*reversed(back), bought]) == {1: 9}
    assert reversed_rows([bought, back[0]]) == {}


things = st.fixed_dictionaries(
    {
        "customer": st.sampled_from(["ann", "bob"]),
        "product": st.sampled_from(["milk", "tea"]),
        "at": st.integers(0, 5),
        "quantity": st.none() | st.integers(1, 3),
        "order": st.none() | st.sampled_from(["o1", "o2"]),
    }
)
bought_lines = st.lists(things, max_size=10)
any_lines = st.lists(st.tuples(things, st.sampled_from([BUY, BUY, REFUND, CANCEL])), max_size=14)


def lines_of(things: Sequence[dict[str, object]], kind: EventType, first: int = 0) -> list[Line]:
    return [Line(row=row, type=kind, **one) for row, one in zip(count(first), things, strict=False)]


@given(bought=bought_lines, kept=bought_lines, late=st.integers(0, 3), counted=st.booleans(), data=st.data())
def test_who_refunds_everything_bought_nothing(
    bought: list[dict[str, object]], kept: list[dict[str, object]], late: int, counted: bool, data: st.DataObject
) -> None:
    """One refund per purchase, all with their quantity or all without; what others bought stays."""
    mine = lines_of([one | {"customer": "ann"} for one in bought], BUY)
    others = lines_of([one | {"customer": "bob"} for one in kept], BUY, first=100)
    refunds = [
        replace(one, row=200 + one.row, type=REFUND, at=one.at + late, quantity=one.quantity or 1 if counted else None)
        for one in mine
    ]
    arrived = data.draw(st.permutations([*mine, *others, *refunds]))
    assert set(reversed_rows(arrived)) == {one.row for one in mine}


@given(lines=any_lines, data=st.data())
def test_the_order_of_arrival_does_not_matter(
    lines: list[tuple[dict[str, object], EventType]], data: st.DataObject
) -> None:
    """Lines that say the same are interchangeable, so what they say is compared."""
    known = [
        Line(row=row, type=kind, **one)
        for row, (one, kind) in enumerate(lines)
        if kind is not CANCEL or one["order"] is not None
    ]
    said: Callable[[set[int]], list[str]] = lambda gone: sorted(  # noqa: E731
        repr(replace(one, row=0, quantity=one.quantity or 1)) for one in known if one.row in gone
    )
    assert said(reversed_rows(data.draw(st.permutations(known)))) == said(reversed_rows(known))
