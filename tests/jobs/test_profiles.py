"""Profiles in the database: whose events count, and who has none."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event, insert, select

from jobs.profiles import profiles
from recommender.events import EventType
from store.catalog import Product, upsert_products
from store.engine import reading, writing
from store.erasures import note_erasure
from store.events import Event, event_row, insert_events
from store.tables import customers, sessions, user_interactions

TOKYO = ZoneInfo("Asia/Tokyo")
MONDAY = 1_748_790_000.0  # Monday, 2025-06-02 00:00 in Tokyo; in UTC it is still Sunday
DAY = 86_400.0


def did(user: str | None, kind: str, product: str | None, day: float, **fields: object) -> Event:
    at = MONDAY + day * DAY
    return Event(product_id=product, type=EventType(kind), user_id=user, occurred_at=at, **fields)  # type: ignore[arg-type]


def store(engine: Engine, *events: Event) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [Product(external_id=id, name=id, category=id.upper()) for id in ("tea", "pot")])
        insert_events(connection, [event_row(one, 1) for one in events])


def computed(engine: Engine) -> dict[str, dict[str, Any]]:
    with reading(engine) as connection:
        rows = connection.execute(select(customers.c.user_id, customers.c.computed).order_by(customers.c.user_id))
        return {row.user_id: row.computed for row in rows}


def add_customer(engine: Engine, user_id: str, **values: Any) -> None:
    row = {"user_id": user_id, "stated": {"age": 40}, "computed": {}, "created_at": 1, "updated_at": 1}
    with writing(engine) as connection:
        connection.execute(insert(customers), row | values)


def test_a_profile_has_seed_003_s_fields(engine: Engine) -> None:
    store(
        engine,
        did("ann", "PURCHASE", "tea", 0.4, price=2.0, quantity=2, order_id="o-1"),
        did("ann", "PURCHASE", "pot", 0.4, price=6.0, order_id="o-1"),
        did("ann", "PURCHASE", "tea", 7.4, price=2.0),
        did("ann", "PURCHASE", "pot", 7.5, price=99.0, order_id="o-2"),
        did("ann", "REFUND", "pot", 8, order_id="o-2"),
        did("ann", "SEARCH", None, 9, query="tea"),
    )
    assert profiles(engine, zone=TOKYO) == {"customers": 1, "written": 1}
    assert computed(engine) == {
        "ann": {
            "preferredShoppingTimes": ["weekday morning"],
            "averageOrderValue": 6.0,
            "shoppingFrequency": "weekly",
            "daysBetweenPurchases": 7.0,
            "seasonalPatterns": {"seasons": {"summer": 1.0}, "months": {"6": 1.0}},
            "topCategories": ["TEA", "POT"],
            "priceRange": {"min": 2.0, "max": 5.2},
            "interactionCount": 5,
            "lastSeen": "2025-06-10T15:00:00Z",
        }
    }
    assert profiles(engine, zone=TOKYO)["written"] == 0


def test_what_was_stated_stays_and_what_was_computed_follows(engine: Engine) -> None:
    add_customer(engine, "ann", personalization=True, computed={"interactionCount": 77})
    store(engine, did("ann", "VIEW", "tea", 0))
    assert profiles(engine, zone=TOKYO)["written"] == 1
    with reading(engine) as connection:
        row = connection.execute(select(customers)).one()
    assert (row.stated, row.computed["interactionCount"], row.created_at) == ({"age": 40}, 1, 1)


def test_pages_do_not_change_anything(engine: Engine) -> None:
    store(engine, *(did(f"u-{number}", "VIEW", "tea", number) for number in range(7)))
    profiles(engine, zone=TOKYO, at_once=3)
    assert len(computed(engine)) == 7
    assert profiles(engine, zone=TOKYO, at_once=100) == {"customers": 7, "written": 0}


def test_events_of_a_session_count_for_whose_it_is(engine: Engine) -> None:
    store(
        engine,
        did(None, "VIEW", "tea", 0, session_id="s-1"),
        did("bob", "VIEW", "pot", 0, session_id="s-1"),
        did(None, "VIEW", "pot", 0, session_id="s-2"),
    )
    with writing(engine) as connection:
        connection.execute(insert(sessions), {"session_id": "s-1", "user_id": "ann", "identified_at": 1})
    profiles(engine, zone=TOKYO)
    assert {user: one["topCategories"] for user, one in computed(engine).items()} == {"ann": ["TEA"], "bob": ["POT"]}


@pytest.mark.parametrize(
    ("said", "default", "has_one"),
    [(True, False, True), (False, True, False), (None, True, True), (None, False, False)],
)
def test_without_personalization_there_is_no_profile(
    engine: Engine, said: bool | None, default: bool, has_one: bool
) -> None:
    add_customer(engine, "ann", personalization=said, computed={"interactionCount": 77})
    store(engine, did("ann", "VIEW", "tea", 0), did("new", "VIEW", "tea", 0))
    profiles(engine, zone=TOKYO, personalized_by_default=default)
    assert bool(computed(engine)["ann"]) is has_one
    assert ("new" in computed(engine)) is default


def test_a_profile_without_events_is_emptied(engine: Engine) -> None:
    add_customer(engine, "ann", computed={"interactionCount": 77})
    profiles(engine, zone=TOKYO)
    assert computed(engine) == {"ann": {}}


def test_who_is_erased_meanwhile_does_not_come_back(engine: Engine) -> None:
    """The erasure comes between reading a page and writing it."""
    store(engine, did("ann", "VIEW", "tea", 0), did("bob", "VIEW", "tea", 0))

    commits = 0

    def on_commit(_: object) -> None:
        nonlocal commits
        commits += 1
        if commits == 3:  # the shop was read, customers were counted, then the page was read
            with writing(engine) as connection:
                connection.execute(user_interactions.delete().where(user_interactions.c.user_id == "ann"))
                note_erasure(connection, "ann", {"user_interactions": 1})

    event.listen(engine, "commit", on_commit)
    profiles(engine, zone=TOKYO)
    assert list(computed(engine)) == ["bob"]


def test_what_comes_back_with_a_file_after_an_erasure_makes_no_profile(engine: Engine) -> None:
    with writing(engine) as connection:
        note_erasure(connection, "ann", {"user_interactions": 1})
    store(engine, did("ann", "VIEW", "tea", 0), did("bob", "VIEW", "tea", 0))
    profiles(engine, zone=TOKYO)
    assert computed(engine).get("ann", {}) == {}
    assert computed(engine)["bob"] != {}
