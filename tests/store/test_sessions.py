"""A session that turns out to be a customer's: its events count for them, whenever each arrives."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from recommender.errors import InvalidInput
from recommender.events import EventType
from store.changes import read_changes
from store.customer_history import read_customer_events, read_history
from store.engine import reading, writing
from store.errors import Conflict
from store.event_writer import EventWriter
from store.events import Event, event_row, insert_events
from store.purchases import read_purchases
from store.sessions import identify
from store.tables import sessions, user_interactions

VISIT = Event(product_id="tea", type=EventType.PURCHASE, session_id="s1", occurred_at=10.0)


def write(engine: Engine, *events: Event) -> None:
    with writing(engine) as connection:
        insert_events(connection, [event_row(event, 5_000) for event in events])


def identified(engine: Engine, session_id: str, user_id: str) -> bool:
    with writing(engine) as connection:
        return identify(connection, session_id=session_id, user_id=user_id)


def history(engine: Engine, user_id: str | None = "ann", session_id: str | None = None, limit: int = 100) -> list[str]:
    with reading(engine) as connection:
        return list(read_history(connection, user_id=user_id, session_id=session_id, limit=limit).product_ids)


def announced(engine: Engine) -> list[str | None]:
    with reading(engine) as connection:
        return [change.key for change in read_changes(connection, 0)]


def bought(engine: Engine) -> list[tuple[str, str]]:
    with reading(engine) as connection:
        found = read_purchases(connection)
    return [(found.user_ids[user], found.item_ids[item]) for user, item in zip(found.user, found.item, strict=True)]


def test_events_before_and_after_count_for_the_customer(engine: Engine) -> None:
    own = replace(VISIT, product_id="jam", session_id=None, user_id="ann", occurred_at=15.0)
    write(engine, VISIT, own)
    assert (history(engine), bought(engine)) == (["jam"], [("ann", "jam")])
    assert identified(engine, "s1", "ann")
    write(engine, replace(VISIT, product_id="milk", occurred_at=20.0))
    assert history(engine) == ["tea", "jam", "milk"]
    assert history(engine, limit=2) == ["jam", "milk"]
    assert bought(engine) == [("ann", "tea"), ("ann", "jam"), ("ann", "milk")]
    assert history(engine, None, "s1") == ["tea", "milk"]


def test_what_another_customer_did_on_the_same_device_stays_theirs(engine: Engine) -> None:
    write(engine, VISIT, replace(VISIT, product_id="wine", user_id="bob"))
    identified(engine, "s1", "ann")
    assert (history(engine), history(engine, "bob")) == (["tea"], ["wine"])
    assert sorted(bought(engine)) == [("ann", "tea"), ("bob", "wine")]
    assert history(engine, "bob", "s1") == ["wine"]  # the session is known to be somebody else's


def test_a_session_named_beside_its_customer_is_not_counted_twice(engine: Engine) -> None:
    write(engine, VISIT)
    identified(engine, "s1", "ann")
    assert history(engine, "ann", "s1") == ["tea"]


def test_a_refund_in_one_session_takes_back_a_purchase_in_another(engine: Engine) -> None:
    write(engine, VISIT, replace(VISIT, type=EventType.REFUND, session_id="s2", occurred_at=30.0))
    for session_id in ("s1", "s2"):
        identified(engine, session_id, "ann")
    assert (history(engine), bought(engine)) == ([], [])


def test_searches_come_along(engine: Engine) -> None:
    write(engine, Event(type=EventType.SEARCH, query="espresso", session_id="s1", occurred_at=10.0))
    identified(engine, "s1", "ann")
    with reading(engine) as connection:
        for user_id, session_id in (("ann", None), (None, "s1")):
            found = read_customer_events(connection, user_id=user_id, session_id=session_id)
            assert found.searches == [("espresso", 10.0)]


def test_saying_it_again_changes_nothing_and_another_customer_is_a_conflict(engine: Engine) -> None:
    assert identified(engine, "s1", "ann")
    assert not identified(engine, "s1", "ann")
    with pytest.raises(Conflict) as caught:
        identified(engine, "s1", "bob")
    assert (caught.value.field, caught.value.value) == ("session_id", "s1")
    assert announced(engine) == ["user:ann", "session:s1"]


@pytest.mark.parametrize(("session_id", "user_id"), [("", "ann"), ("s1", ""), ("s\0", "ann")])
def test_ids_must_be_ids(engine: Engine, session_id: str, user_id: str) -> None:
    with pytest.raises(InvalidInput):
        identified(engine, session_id, user_id)


def test_later_events_of_the_session_announce_the_customer_too(engine: Engine) -> None:
    forgotten: list[list[str]] = []
    identified(engine, "s1", "ann")
    with EventWriter(engine, committed=forgotten.append) as writer:
        writer.submit([VISIT]).result()
        writer.submit([replace(VISIT, user_id="bob")]).result()
    assert announced(engine)[2:] == ["session:s1", "user:ann", "user:bob", "session:s1"]
    assert forgotten == [["session:s1", "user:ann"], ["user:bob", "session:s1"]]


_EVENTS = st.builds(
    lambda number, user, session: replace(
        VISIT, product_id=f"p{number}", user_id=user, session_id=session, occurred_at=float(number)
    ),
    number=st.integers(1, 9),
    user=st.sampled_from(["ann", "bob", None]),
    session=st.sampled_from(["s1", "s2"]),
)
_STEPS = st.lists(_EVENTS, max_size=8).flatmap(lambda events: st.permutations([*events, "s1", "s2"]))


@settings(max_examples=40, deadline=None)
@given(steps=_STEPS)
def test_the_order_in_which_events_and_identification_arrive_does_not_matter(
    lasting_engine: Engine, steps: Sequence[Event | str]
) -> None:
    """s1 is Ann's and s2 Bob's: each has what names them, and what names nobody in their session."""
    with writing(lasting_engine) as connection:
        connection.execute(delete(user_interactions))
        connection.execute(delete(sessions))
    owner = {"s1": "ann", "s2": "bob"}
    for step in steps:
        if isinstance(step, str):
            identified(lasting_engine, step, owner[step])
        else:
            write(lasting_engine, step)
    events = [step for step in steps if isinstance(step, Event)]
    for user in ("ann", "bob"):
        theirs = [event for event in events if (event.user_id or owner[str(event.session_id)]) == user]
        expected = sorted(str(event.product_id) for event in theirs)
        assert sorted(history(lasting_engine, user)) == expected
        assert sorted(item for who, item in bought(lasting_engine) if who == user) == expected
