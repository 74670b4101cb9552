import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, func, select

from recommender.errors import InvalidInput
from recommender.events import EVENT_CODES, EventType
from store.customer_history import HistoryRows, read_customer_events, read_history
from store.engine import reading, writing
from store.events import Event, EventResult, customer_keys, event_row, insert_events
from store.sessions import history_key
from store.tables import user_interactions

VIEW = Event(product_id="milk", type=EventType.VIEW, user_id="ann", occurred_at=100.0)
FULL = Event(
    product_id="milk",
    type=EventType.PURCHASE,
    user_id="ann",
    session_id="s1",
    occurred_at=1_700_000_000.125,
    event_id="e1",
    quantity=2,
    price=3.99,
    order_id="o1",
    metadata={"page": "home", "tags": ["a", None, 1.5]},
    request_id="r1",
    position=3,
)


def write(engine: Engine, *events: Event, received_at: int = 5_000) -> list[EventResult]:
    with writing(engine) as connection:
        return insert_events(connection, [event_row(event, received_at) for event in events])


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(user_interactions)).scalar_one()


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("product_id", {"product_id": ""}),
        ("product_id", {"product_id": "a\0"}),
        ("product_id", {"product_id": None}),
        ("product_id", {"product_id": None, "type": EventType.REFUND}),
        ("product_id", {"product_id": "", "type": EventType.CANCEL, "order_id": "o1"}),
        ("order_id", {"type": EventType.CANCEL}),
        ("query", {"type": EventType.SEARCH, "product_id": None}),
        ("product_id", {"type": EventType.SEARCH, "query": "milk"}),
        ("query", {"query": "milk"}),
        ("user_id", {"user_id": None}),
        ("user_id", {"user_id": ""}),
        ("session_id", {"session_id": ""}),
        ("event_id", {"event_id": ""}),
        ("order_id", {"order_id": "\ud800"}),
        ("occurred_at", {"occurred_at": math.nan}),
        ("occurred_at", {"occurred_at": 1.7e12}),
        ("quantity", {"quantity": 0}),
        ("quantity", {"quantity": 2**31}),
        ("position", {"position": -1}),
        ("price", {"price": -0.01}),
        ("price", {"price": 0.0, "type": EventType.PURCHASE}),
        ("metadata", {"metadata": {"at": object()}}),
        ("metadata", {"metadata": {"x": math.inf}}),
        ("metadata", {"metadata": {"x": 10**5000}}),
        ("metadata", {"metadata": {"x": "y" * 4089}}),
        ("metadata", {"metadata": {"x": "ä" * 2045}}),
    ],
)
def test_an_event_that_cannot_be_stored_cannot_be_made(field: str, values: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as refused:
        replace(VIEW, **values)
    assert refused.value.field == field


def test_a_price_of_nothing_is_fine_where_nothing_is_bought() -> None:
    assert replace(VIEW, price=0.0).price == 0.0
    assert replace(FULL, price=None).price is None


@pytest.mark.parametrize("text", ["y" * 4088, "ä" * 2044, "\ud800"])
def test_metadata_of_4_kib_is_kept(text: str) -> None:
    assert replace(VIEW, metadata={"x": text}).metadata == {"x": text}


def test_metadata_is_kept_as_its_json_says_it_and_apart_from_the_callers() -> None:
    mine = {"tags": ("a", "b"), 1: 2}
    event = replace(VIEW, metadata=mine)
    mine.clear()
    assert event.metadata == {"tags": ["a", "b"], "1": 2}


def test_an_event_reads_back_as_it_was_written(engine: Engine) -> None:
    write(engine, FULL, received_at=1_700_000_001_000)
    with reading(engine) as connection:
        row = connection.execute(select(user_interactions)).one()._asdict()
    details = ("query", "promotion_used", "rating", "review", "store_location")
    assert row == dict.fromkeys(details) | {
        "id": 1,
        "event_id": "e1",
        "user_id": "ann",
        "session_id": "s1",
        "product_id": "milk",
        "type": "PURCHASE",
        "occurred_at": 1_700_000_000_125,
        "received_at": 1_700_000_001_000,
        "quantity": 2,
        "price": 3.99,
        "order_id": "o1",
        "metadata": {"page": "home", "tags": ["a", None, 1.5]},
        "request_id": "r1",
        "position": 3,
    }


def test_without_a_time_an_event_happened_when_it_was_received(engine: Engine) -> None:
    write(engine, replace(VIEW, occurred_at=None), received_at=7_000)
    with reading(engine) as connection:
        assert read_history(connection, user_id="ann", session_id=None).occurred_at.tolist() == [7.0]


def test_an_event_without_id_is_stored_each_time(engine: Engine) -> None:
    assert write(engine, VIEW, VIEW) == ["accepted", "accepted"]
    assert write(engine, VIEW) == ["accepted"]


@pytest.mark.parametrize(
    "change",
    [
        {"product_id": "tea"},
        {"type": EventType.VIEW},
        {"user_id": "bob"},
        {"session_id": "s2"},
        {"occurred_at": 1_700_000_000.126},
        {"quantity": 3},
        {"price": 4.0},
        {"order_id": None},
        {"metadata": {"page": "cart"}},
        {"request_id": "r2"},
        {"position": None},
    ],
)
def test_an_id_with_other_content_is_a_conflict(engine: Engine, change: dict[str, object]) -> None:
    assert write(engine, FULL, replace(FULL, **change), FULL) == ["accepted", "conflict", "duplicate"]
    assert write(engine, replace(FULL, **change), FULL, received_at=9_000) == ["conflict", "duplicate"]
    with reading(engine) as connection:
        assert count(connection) == 1


def test_a_retry_without_a_time_is_a_duplicate(engine: Engine) -> None:
    timeless = replace(FULL, occurred_at=None)
    assert write(engine, timeless, received_at=1_000) == ["accepted"]
    assert write(engine, timeless, received_at=2_000) == ["duplicate"]
    assert write(engine, replace(timeless, quantity=9), received_at=2_000) == ["conflict"]
    assert write(engine, replace(timeless, occurred_at=1.0), received_at=2_000) == ["duplicate"]
    assert write(engine, replace(timeless, occurred_at=1.5), received_at=2_000) == ["conflict"]


def test_more_ids_than_one_query_can_ask_for(engine: Engine) -> None:
    many = [replace(VIEW, event_id=str(number)) for number in range(2_500)]
    assert set(write(engine, *many)) == {"accepted"}
    assert set(write(engine, *many)) == {"duplicate"}


small_events = st.builds(
    Event,
    event_id=st.sampled_from(["a", "b", "c", None]),
    product_id=st.sampled_from(["milk", "tea"]),
    type=st.sampled_from([EventType.VIEW, EventType.PURCHASE]),
    user_id=st.just("ann"),
    occurred_at=st.sampled_from([1.0, 2.0]),
    price=st.sampled_from([None, 1, 0.1]),
    metadata=st.sampled_from([None, {}, {"a": 1, "b": [2]}, {"b": [2], "a": 1.0}]),
)


@given(batches=st.lists(st.lists(small_events, max_size=5), max_size=5))
@settings(max_examples=60)
def test_each_id_is_stored_once_however_it_is_sent(lasting_engine: Engine, batches: Sequence[Sequence[Event]]) -> None:
    first: dict[str, Event] = {}
    stored = 0
    with writing(lasting_engine) as connection:
        connection.execute(delete(user_interactions))
        for batch in batches:
            expected = []
            for event in batch:
                known = event.event_id is not None and event.event_id in first
                same = known and first[str(event.event_id)] == event
                expected.append("duplicate" if same else "conflict" if known else "accepted")
                stored += not known
                if event.event_id is not None:
                    first.setdefault(event.event_id, event)
            assert insert_events(connection, [event_row(event, 5) for event in batch]) == expected
        assert count(connection) == stored


anything = st.fixed_dictionaries(
    {"product_id": st.text(max_size=8), "type": st.sampled_from(EventType)},
    optional={
        "user_id": st.none() | st.text(max_size=8),
        "session_id": st.none() | st.text(max_size=8),
        "occurred_at": st.none() | st.floats(),
        "event_id": st.none() | st.text(max_size=8),
        "quantity": st.none() | st.integers(),
        "price": st.none() | st.floats(),
        "order_id": st.none() | st.text(max_size=8),
        "metadata": st.none() | st.dictionaries(st.text(max_size=4), st.floats() | st.text(max_size=4) | st.integers()),
        "position": st.none() | st.integers(),
    },
)


@given(values=anything)
def test_every_event_that_can_be_made_can_be_stored_and_repeated(
    lasting_engine: Engine, values: dict[str, object]
) -> None:
    try:
        event = Event(**values)
    except InvalidInput:
        return
    with writing(lasting_engine) as connection:
        connection.execute(delete(user_interactions))
        assert insert_events(connection, [event_row(event, 5)]) == ["accepted"]
        again = insert_events(connection, [event_row(event, 6)])
        assert again == ["accepted" if event.event_id is None else "duplicate"]


def history(
    engine: Engine, *, user_id: str | None = None, session_id: str | None = None, limit: int = 5_000
) -> HistoryRows:
    with reading(engine) as connection:
        return read_history(connection, user_id=user_id, session_id=session_id, limit=limit)


def seen(product: str, at: float, *, user: str | None = None, session: str | None = None) -> Event:
    return Event(product_id=product, type=EventType.VIEW, user_id=user, session_id=session, occurred_at=at)


@pytest.fixture
def shared_device(engine: Engine) -> Engine:
    """Ann shops at home (s1), then Bob on the same device, then Ann anonymously, then she logs in elsewhere."""
    write(
        engine,
        seen("late", 6.0, user="ann", session="s2"),
        seen("first", 1.0, user="ann", session="s1"),
        seen("bobs", 2.0, user="bob", session="s1"),
        seen("anonymous", 3.0, session="s1"),
        replace(seen("bought", 4.0, user="ann"), type=EventType.PURCHASE),
        seen("other", 5.0, session="s9"),
    )
    return engine


def test_the_history_of_a_user_is_in_the_order_of_time(shared_device: Engine) -> None:
    rows = history(shared_device, user_id="ann")
    assert rows.product_ids == ("first", "bought", "late")
    assert rows.types.tolist() == [EVENT_CODES["VIEW"], EVENT_CODES["PURCHASE"], EVENT_CODES["VIEW"]]
    assert rows.occurred_at.tolist() == [1.0, 4.0, 6.0]
    assert (rows.types.dtype, rows.occurred_at.dtype, len(rows)) == (np.int8, np.float64, 3)


def test_the_history_of_a_session(shared_device: Engine) -> None:
    assert history(shared_device, session_id="s1").product_ids == ("first", "bobs", "anonymous")


def test_a_user_in_a_session_has_both_but_not_another_users(shared_device: Engine) -> None:
    rows = history(shared_device, user_id="ann", session_id="s1")
    assert rows.product_ids == ("first", "anonymous", "bought", "late")
    assert history(shared_device, user_id="new", session_id="s1").product_ids == ("anonymous",)


def test_nobody_has_no_history(shared_device: Engine) -> None:
    assert len(history(shared_device)) == 0
    empty = history(shared_device, user_id="nobody", session_id="nothing")
    assert (empty.product_ids, empty.types.dtype, empty.occurred_at.dtype) == ((), np.int8, np.float64)


def test_the_limit_keeps_the_latest(shared_device: Engine) -> None:
    assert history(shared_device, user_id="ann", limit=2).product_ids == ("bought", "late")
    assert history(shared_device, user_id="ann", session_id="s1", limit=3).product_ids == (
        "anonymous",
        "bought",
        "late",
    )


def test_events_of_one_instant_keep_the_order_of_arrival(engine: Engine) -> None:
    write(engine, *(seen(str(number), 1.0, user="ann") for number in range(5)))
    write(engine, *(seen(str(number), 1.0, session="s") for number in range(5, 9)))
    assert history(engine, user_id="ann", session_id="s").product_ids == tuple("012345678")


def test_a_history_depends_on_its_keys_alone() -> None:
    rows = [
        event_row(event, 0)
        for event in (
            seen("a", 1.0, user="ann"),
            seen("b", 1.0, user="ann", session="s1"),
            seen("c", 1.0, session="s1"),
            seen("d", 1.0, session="ann"),
        )
    ]
    assert customer_keys(rows) == [history_key("ann", None), history_key(None, "s1"), history_key(None, "ann")]
    assert history_key("ann", "s1") == history_key("ann", None) != history_key(None, "ann")
    assert history_key(None, None) == ""


def bought(product: str, at: float, *, quantity: int | None = None, order: str | None = None) -> Event:
    return Event(
        product_id=product,
        type=EventType.PURCHASE,
        user_id="ann",
        occurred_at=at,
        quantity=quantity,
        order_id=order,
    )


def test_what_was_refunded_or_cancelled_is_not_in_the_history_and_neither_is_its_refund(engine: Engine) -> None:
    write(
        engine,
        replace(bought("milk", 9.0), type=EventType.REFUND),  # arrives first
        bought("milk", 1.0),
        bought("milk", 2.0),
        bought("tea", 3.0, order="o1"),
        bought("jam", 3.0, order="o1"),
        bought("tea", 4.0, order="o2"),
        Event(type=EventType.CANCEL, user_id="ann", order_id="o1", occurred_at=5.0),
        bought("eggs", 6.0, quantity=3),
        replace(bought("eggs", 7.0, quantity=2), type=EventType.REFUND),
        replace(bought("tea", 8.0), type=EventType.REFUND, user_id="bob"),
    )
    rows = history(engine, user_id="ann")
    assert list(zip(rows.product_ids, rows.occurred_at.tolist(), strict=True)) == [
        ("milk", 1.0),
        ("tea", 4.0),
        ("eggs", 6.0),
    ]
    assert len(history(engine, user_id="bob")) == 0


def test_a_refund_of_the_user_reverses_what_the_user_s_session_bought(engine: Engine) -> None:
    write(engine, replace(bought("milk", 1.0), user_id=None, session_id="s1"))
    write(engine, replace(bought("milk", 2.0), type=EventType.REFUND))
    assert history(engine, user_id="ann", session_id="s1").product_ids == ()
    assert history(engine, session_id="s1").product_ids == ("milk",)


def test_in_a_shared_session_a_refund_is_of_who_asked_for_it(engine: Engine) -> None:
    write(engine, replace(bought("milk", 1.0), session_id="s1"))
    write(engine, replace(bought("milk", 2.0), type=EventType.REFUND, session_id="s1", user_id="bob"))
    assert history(engine, session_id="s1").product_ids == ("milk",)


def test_searches_are_read_back_and_are_no_history(engine: Engine) -> None:
    search = Event(type=EventType.SEARCH, user_id="ann", query="oat milk", occurred_at=200.0, event_id="q1")
    assert write(engine, VIEW, search, replace(search, query="tea"), search) == [
        "accepted",
        "accepted",
        "conflict",
        "duplicate",
    ]
    write(
        engine,
        replace(search, query="jam", event_id=None, occurred_at=300.0),
        replace(search, user_id="bob", event_id=None),
    )
    with reading(engine) as connection:
        known = read_customer_events(connection, user_id="ann", session_id=None)
        latest = read_customer_events(connection, user_id="ann", session_id=None, limit=1)
    assert [search.text for search in known.searches] == ["jam", "oat milk"]
    assert known.history.product_ids == ("milk",)
    assert ([search.text for search in latest.searches], latest.history.product_ids) == (["jam"], ())


def test_lines_of_an_order_that_were_sent_one_by_one_are_one_basket(engine: Engine) -> None:
    write(engine, bought("tea", 10.0, order="o1"), seen("mug", 11.0, user="ann"), bought("jam", 12.0, order="o1"))
    write(engine, bought("mug", 13.0), bought("tea", 100_000.0, order="o1"))
    found = history(engine, user_id="ann")
    assert found.product_ids == ("tea", "jam", "mug", "mug", "tea")
    assert found.occurred_at.tolist() == [10.0, 10.0, 11.0, 13.0, 100_000.0]
