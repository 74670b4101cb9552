"""What a replay knows of a customer at a moment is what serving would have read at that moment, event by event."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest
from sqlalchemy import Engine

from api.customers import customer_of
from api.store_view import StoreView
from models.embedding import ItemVectors
from recommender.catalog import Catalog
from recommender.events import EVENT_TYPES, EventType
from recommender.history import History
from store.catalog import Product, read_catalog, upsert_products
from store.customer_history import HISTORY_EVENTS
from store.customers import record_consent
from store.engine import reading, writing
from store.events import Event, event_row, insert_events
from store.sessions import identify
from training.dataset import Dataset
from training.replay import build_arena, owned
from training.source import Source, read_source

PRODUCTS: Final = ("beans", "filter", "kettle", "mill", "mug", "old")
CUSTOMERS: Final = ("ann", "bob", "eve")
Told = list[tuple[str, EventType, float]]


def event(kind: EventType, product: str | None, user: str | None, at: float, **said: Any) -> Event:
    who = {"session_id": f"of-{user}"} | said
    return Event(product_id=product, type=kind, user_id=user, occurred_at=at, **who)


def write(engine: Engine, *events: Event) -> None:
    with writing(engine) as connection:
        insert_events(connection, [event_row(one, 0) for one in events])


def source_of(engine: Engine) -> Source:
    return read_source(engine, lambda step, done, total: None)


def told(history: History, catalog: Catalog) -> Told:
    names = catalog.external_id[history.item].tolist()
    return list(zip(names, [EVENT_TYPES[kind] for kind in history.kind], history.at.tolist(), strict=True))


def served(engine: Engine, user: str) -> Told:
    """What an answer to this customer would be made of now."""
    with reading(engine) as connection:
        catalog = read_catalog(connection)
    known = StoreView(engine).shopper(user, None, personal_by_default=True)
    return told(customer_of(known, catalog).history, catalog)


def served_guest(engine: Engine, visit: str) -> Told:
    with reading(engine) as connection:
        catalog = read_catalog(connection)
    known = StoreView(engine).shopper(None, visit, personal_by_default=True)
    return told(customer_of(known, catalog).history, catalog)


def replayed(data: Dataset, user: str, at: float) -> Told:
    return told(data.before(at).history(CUSTOMERS.index(user)), data.catalog)


@pytest.fixture
def shop(engine: Engine) -> Engine:
    with writing(engine) as connection:
        named = [Product(external_id=one, name=one, active=one != "old") for one in PRODUCTS]
        upsert_products(connection, named)
        identify(connection, session_id="visit", user_id="ann")
    write(engine, *(event(EventType.PURCHASE, "beans", user, 1.0) for user in CUSTOMERS))
    return engine


STEPS: Final[tuple[tuple[Event, ...], ...]] = (
    tuple(event(EventType.VIEW, product, "ann", 10.0 + place) for place, product in enumerate(PRODUCTS)),
    (
        event(EventType.VIEW, "mug", None, 20.0, session_id="visit"),
        event(EventType.CART_ADD, "mug", None, 21.0, session_id="visit"),
        event(EventType.VIEW, "mug", "bob", 21.0, session_id="visit"),  # another customer on the same device
        event(EventType.SEARCH, None, "ann", 22.0, query="kettle"),
        event(EventType.VIEW, "unheard of", "ann", 22.5),
    ),
    (
        event(EventType.PURCHASE, "mug", "ann", 30.0, order_id="o1", quantity=2),
        event(EventType.VIEW, "filter", "ann", 30.5),
        event(EventType.PURCHASE, "kettle", "ann", 31.0, order_id="o1"),
        event(EventType.PURCHASE, "kettle", "ann", 31.0, order_id="o1"),
        event(EventType.CART_REMOVE, "filter", "bob", 31.0),
        event(EventType.WISHLIST_ADD, "filter", "bob", 31.0),
        event(EventType.PURCHASE, "mill", "bob", 32.0),
    ),
    (
        event(EventType.REFUND, "mug", "ann", 40.0, order_id="o1", quantity=1),
        event(EventType.REFUND, "mill", "bob", 41.0),
        event(EventType.RECOMMENDATION_CLICK, "old", "eve", 42.0),
    ),
    (
        event(EventType.REFUND, "mug", "ann", 50.0, order_id="o1", quantity=1),
        event(EventType.CANCEL, None, "ann", 51.0, order_id="o1"),
        event(EventType.RECOMMENDATION_DISMISS, "mug", "eve", 52.0),
    ),
)


def growing(engine: Engine) -> Iterator[float]:
    """The shop step by step; a moment after each."""
    for number, step in enumerate(STEPS):
        write(engine, *step)
        yield 20.0 + 10.0 * number


def test_every_moment_is_replayed_as_it_was_served(shop: Engine) -> None:
    known = {(user, at): served(shop, user) for at in growing(shop) for user in CUSTOMERS}
    data = source_of(shop).data
    for (user, at), then in known.items():
        assert replayed(data, user, at) == then, (user, at)
        arranged = data.arranged(at)
        assert replayed(arranged, user, at) == then, (user, at)
    kinds = {kind for one in known.values() for _, kind, _ in one}
    assert kinds == set(EventType) - {EventType.REFUND, EventType.CANCEL, EventType.SEARCH}
    assert ("mug", EventType.PURCHASE, 30.0) in known["ann", 50.0]
    assert ("kettle", EventType.PURCHASE, 30.0) in known["ann", 50.0]  # of one order
    assert ("mug", EventType.PURCHASE, 30.0) not in known["ann", 60.0]


def test_the_replays_questions_hold_the_views(shop: Engine) -> None:
    known = [(at, served(shop, "ann")) for at in growing(shop)]
    data = source_of(shop).data
    vectors = ItemVectors(
        np.eye(len(PRODUCTS), dtype=np.float32), np.arange(len(PRODUCTS), dtype=np.int32), np.zeros(6)
    )
    for at, then in known:
        arena = build_arena(data, vectors, cut=at)
        (query,) = arena.queries(np.array([CUSTOMERS.index("ann")]))
        assert told(query.history, arena.data.catalog) == then
        assert query.at == at
        assert EventType.VIEW in {kind for _, kind, _ in then}


def test_as_many_events_are_read_as_in_serving(shop: Engine) -> None:
    """Searches are among them, and what a refund took back before the first of them is not known."""
    write(shop, event(EventType.PURCHASE, "mill", "ann", 2.0))
    rest = HISTORY_EVENTS - 3
    write(shop, *(event(EventType.VIEW, "mug", "ann", 10.0 + number) for number in range(rest)))
    write(shop, *(event(EventType.SEARCH, None, "ann", 9e4 + number, query="tea") for number in range(2)))
    for step in (event(EventType.VIEW, "beans", "ann", 1e5), event(EventType.REFUND, "mill", "ann", 1e5 + 1)):
        write(shop, step)
        then = served(shop, "ann")
        assert replayed(source_of(shop).data, "ann", 2e5) == then
    assert len(then) == HISTORY_EVENTS - 3


def test_labels_baskets_and_what_is_owned_are_purchases(shop: Engine) -> None:
    before = source_of(shop).data
    write(shop, *STEPS[0], *STEPS[1])
    data = source_of(shop).data
    assert (data.at.tolist(), data.item.tolist()) == (before.at.tolist(), before.item.tolist())
    assert data.baskets.tolist() == before.baskets.tolist()
    assert owned(data.history(0)).tolist() == data.bought(0).item.tolist() == [0]


def test_a_shop_with_purchases_alone_is_replayed_as_it_is_served(shop: Engine) -> None:
    """What is inactive today is in the history too. Lines of one moment are in no order that says anything."""
    line = event(EventType.PURCHASE, "old", "ann", 2.0, order_id="o1")
    write(shop, line, replace(line, product_id="mug", occurred_at=3.0), event(EventType.PURCHASE, "gone", "bob", 2.0))
    with writing(shop) as connection:
        record_consent(connection, "eve", False, source="account page")
    data = source_of(shop).data
    for user in CUSTOMERS:
        assert sorted(replayed(data, user, 10.0)) == sorted(served(shop, user)), user
    assert [name for name, _, _ in served(shop, "ann")] == ["beans", "old", "mug"]
    assert served(shop, "eve") == []


def test_the_hash_says_whether_events_are_the_same(shop: Engine) -> None:
    hashes = [source_of(shop).data_hash]
    for kind in (EventType.VIEW, EventType.PURCHASE, EventType.REFUND):
        write(shop, event(kind, "mug", "ann", 5.0))
        assert source_of(shop).data_hash == source_of(shop).data_hash
        hashes.append(source_of(shop).data_hash)
    assert len(set(hashes)) == 4


def test_who_wants_no_personal_answers_is_replayed_as_a_stranger(shop: Engine) -> None:
    write(shop, *STEPS[0])
    with writing(shop) as connection:
        record_consent(connection, "ann", False, source="account page")
    assert replayed(source_of(shop).data, "ann", 100.0) == served(shop, "ann") == []


def test_nothing_after_the_cut_is_in_a_history(shop: Engine) -> None:
    for step in STEPS:
        write(shop, *step)
    data: Dataset = source_of(shop).data
    moments: Sequence[float] = (5.0, 21.0, 30.0, 41.0)
    for at in moments:
        for user in range(len(CUSTOMERS)):
            assert (data.before(at).history(user).at < at).all()
            assert (data.before(at).before(1e9).history(user).at < at).all()


def test_the_lines_of_an_order_are_one_basket(shop: Engine) -> None:
    lines = [event(EventType.PURCHASE, one, "bob", 30.0 + at, order_id="o1") for at, one in enumerate(PRODUCTS[:4])]
    write(shop, *lines, event(EventType.PURCHASE, "mug", "bob", 32.0, order_id="o2"))
    bob = source_of(shop).data.bought(CUSTOMERS.index("bob"))
    assert bob.at.tolist() == [1.0, *[30.0] * 4, 32.0]


def test_guests_are_learnt_from_and_replayed_as_their_visits(shop: Engine) -> None:
    before = source_of(shop).data
    visit = {"session_id": "guest's"}
    write(
        shop, event(EventType.PURCHASE, "mug", None, 30.0, **visit), event(EventType.VIEW, "mill", None, 31.0, **visit)
    )
    write(shop, event(EventType.PURCHASE, "mill", None, 32.0, **visit))
    data = source_of(shop).data
    assert (data.n_users, data.baskets.sum()) == (before.n_users + 1, before.baskets.sum() + 2)
    guest = 0  # sorts before any user
    assert told(data.before(100.0).history(guest), data.catalog) == served_guest(shop, "guest's")
    assert data.bought(guest).at.tolist() == [30.0, 32.0]


def test_models_of_a_moment_know_what_was_taken_back_only_later(shop: Engine) -> None:
    """Else a cut's models would know who is going to be disappointed with what."""
    bought = event(EventType.PURCHASE, "mill", "bob", 10.0)
    write(shop, bought)
    mills = source_of(shop).data.before(20.0)
    write(shop, replace(bought, type=EventType.REFUND, occurred_at=30.0))
    data = source_of(shop).data
    row = data.catalog.row_of["mill"]
    assert row not in data.item
    assert data.window(5.0, 1.0).baskets[row] == 0  # as a label it is what is known today
    for one in (data, data.arranged(20.0), data.before(29.0), data.where_item(np.arange(len(PRODUCTS)) == row)):
        known = one.before(20.0)
        assert known.baskets.sum() == (1 if one.baskets.sum() == 0 else len(mills))
        assert "mill" in known.catalog.external_id[known.item]
    assert row not in data.before(31.0).item
    assert row not in data.before(31.0).before(30.5).item


def test_what_ships_learns_nothing_that_is_known_to_be_returned(shop: Engine) -> None:
    """Nor where that was after the newest purchase."""
    bought = event(EventType.PURCHASE, "mill", "bob", 10.0)
    write(shop, bought, event(EventType.PURCHASE, "mug", "ann", 20.0))
    write(shop, replace(bought, type=EventType.REFUND, occurred_at=90.0))
    source = source_of(shop)
    row = source.data.catalog.row_of["mill"]
    assert row in source.data.before(source.end).item
    assert row not in source.today.before(source.end).item
