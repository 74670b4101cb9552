"""What becomes of a recommendation, whichever of it and its events is stored first."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from recommender.events import EventType
from recommender.outcomes import OUTCOMES, Outcome, furthest
from store.attribution import ANSWERS_A_REQUEST
from store.decisions import Decision, insert_decisions, read_decisions
from store.engine import reading, writing
from store.event_writer import EventWriter
from store.events import Event

ANSWER = Decision(
    request_id="r1",
    customer_key="user:ann",
    context="homepage",
    algorithm="hybrid",
    confidence=0.5,
    release_id="first",
    generated_at=1_700_000_000.0,
    record=json.dumps({"shown": ["milk", "tea"]}),
)
CLICK = Event(product_id="milk", type=EventType.RECOMMENDATION_CLICK, user_id="ann", request_id="r1")


def answer(engine: Engine, *answers: Decision) -> None:
    with writing(engine) as connection:
        insert_decisions(connection, answers)


def happen(engine: Engine, *events: Event) -> None:
    with EventWriter(engine) as writer:
        for event in events:
            writer.submit([event]).result()


def status(engine: Engine, request_id: str = "r1") -> list[str]:
    with reading(engine) as connection:
        return [str(one.status) for one in read_decisions(connection, request_id)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (EventType.RECOMMENDATION_CLICK, "clicked"),
        (EventType.VIEW, "clicked"),
        (EventType.CART_ADD, "clicked"),
        (EventType.PURCHASE, "purchased"),
        (EventType.RECOMMENDATION_DISMISS, "dismissed"),
        (EventType.WISHLIST_ADD, "active"),
        (EventType.REFUND, "active"),
    ],
)
def test_each_event_moves_its_list_whichever_comes_first(engine: Engine, kind: EventType, expected: str) -> None:
    answer(engine, ANSWER)
    happen(engine, replace(CLICK, type=kind), replace(CLICK, type=kind, request_id="r2"))
    answer(engine, replace(ANSWER, request_id="r2"))
    assert status(engine, "r1") == status(engine, "r2") == [expected]


@pytest.mark.parametrize(
    "other",
    [
        replace(CLICK, product_id="bread"),
        replace(CLICK, request_id="r2"),
        replace(CLICK, request_id=None),
        Event(type=EventType.CANCEL, user_id="ann", order_id="o", request_id="r1"),
    ],
)
def test_what_is_not_about_a_shown_product_of_the_request_moves_nothing(engine: Engine, other: Event) -> None:
    answer(engine, ANSWER)
    happen(engine, other)
    assert status(engine) == ["active"]
    answer(engine, ANSWER)
    assert status(engine) == ["active", "active"]


def test_of_lists_under_one_request_id_those_that_showed_the_product_are_credited(engine: Engine) -> None:
    answer(engine, ANSWER, replace(ANSWER, record=json.dumps({"shown": ["bread"]})), ANSWER)
    happen(engine, CLICK)
    assert status(engine) == ["clicked", "active", "clicked"]


def test_a_repeated_event_and_a_conflict_change_nothing(engine: Engine) -> None:
    answer(engine, ANSWER)
    named = replace(CLICK, event_id="once", occurred_at=100.0)
    happen(engine, named, named, replace(named, type=EventType.PURCHASE))
    assert status(engine) == ["clicked"]


def test_events_are_quick_even_where_a_shop_sends_one_request_id_for_everything(engine: Engine) -> None:
    answer(engine, *[ANSWER] * (ANSWERS_A_REQUEST + 10))
    happen(engine, CLICK)
    assert status(engine) == ["clicked"] * ANSWERS_A_REQUEST + ["active"] * 10


@pytest.mark.timeout(120)
@settings(max_examples=60, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(list(OUTCOMES)), max_size=5),
    order=st.randoms(use_true_random=False),
    answered=st.integers(0, 5),
)
def test_any_order_of_events_and_answer_ends_in_the_same_status(
    lasting_engine: Engine, kinds: Sequence[str], order: object, answered: int
) -> None:
    request_id = f"request-{next(NUMBERS)}"
    events = [replace(CLICK, type=EventType(kind), request_id=request_id) for kind in kinds]
    order.shuffle(events)  # type: ignore[attr-defined]
    happen(lasting_engine, *events[:answered])
    answer(lasting_engine, replace(ANSWER, request_id=request_id))
    happen(lasting_engine, *events[answered:], *events[:1])
    expected = Outcome.ACTIVE
    for kind in kinds:
        expected = furthest(expected, OUTCOMES[kind])
    assert status(lasting_engine, request_id) == [expected]


NUMBERS = count()


def test_the_index_is_used(sqlite_engine: Engine) -> None:
    """SQLite says how it looks events up by their request; PostgreSQL decides by the size of the table."""
    with reading(sqlite_engine) as connection:
        query = "SELECT product_id FROM user_interactions WHERE request_id IN ('a', 'b') AND type IN ('VIEW')"
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all())
    assert "ix_user_interactions_request_id" in plan
