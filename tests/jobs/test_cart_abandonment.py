"""Carts left behind, from real events to rows."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, insert, select

from jobs.cart_abandonment import cart_abandonment
from recommender.errors import InvalidInput
from recommender.events import EventType
from store.catalog import Product, upsert_products
from store.engine import reading, writing
from store.events import Event, event_row, insert_events
from store.instants import now_ms
from store.tables import cart_abandonments, sessions

HOUR = 3_600.0
NOW = time.time()


def event(kind: str, product: str, hours_ago: float, who: str = "ann", **fields: object) -> Event:
    key = "session_id" if who.startswith("s-") else "user_id"
    at = NOW - hours_ago * HOUR
    return Event(product_id=product, type=EventType(kind), occurred_at=at, **{key: who}, **fields)  # type: ignore[arg-type]


def store(engine: Engine, *events: Event) -> None:
    with writing(engine) as connection:
        insert_events(connection, [event_row(one, now_ms()) for one in events])


def rows(engine: Engine) -> list[tuple[str, dict[str, tuple[int, float | None]], float | None, bool]]:
    def told() -> Iterator[tuple[str, dict[str, tuple[int, float | None]], float | None, bool]]:
        table = cart_abandonments.c
        for row in connection.execute(select(cart_abandonments).order_by(table.customer_key, table.abandoned_at)):
            lines = {line["product_id"]: (line["quantity"], line["price"]) for line in row.products}
            yield row.customer_key, lines, row.value, row.recovered_at is not None

    with reading(engine) as connection:
        return list(told())


def test_a_left_cart_is_stored_once_with_what_it_was_worth(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [Product(external_id="pot", name="pot", price=9.0)])
    store(
        engine,
        event("CART_ADD", "tea", 3, quantity=2, price=1.5),
        event("CART_ADD", "cup", 3),
        event("CART_ADD", "cap", 3),
        event("CART_REMOVE", "cup", 2.5),
        event("CART_ADD", "pot", 2),
        event("CART_ADD", "tea", 0.5, who="bob"),
        event("PURCHASE", "tea", 2, who="eve", price=1.0),
    )
    assert cart_abandonment(engine, now=NOW) == {"customers": 2, "carts": 1, "recovered": 0}
    expected = [("user:ann", {"tea": (2, 1.5), "cap": (1, None), "pot": (1, 9.0)}, 12.0, False)]
    assert rows(engine) == expected
    assert cart_abandonment(engine, now=NOW)["carts"] == 0
    assert rows(engine) == expected
    assert cart_abandonment(engine, now=NOW + HOUR)["carts"] == 1


def test_a_later_purchase_of_one_of_the_products_recovers_the_cart(engine: Engine) -> None:
    store(engine, event("CART_ADD", "tea", 9), event("CART_ADD", "pot", 9), event("CART_ADD", "tea", 9, who="bob"))
    cart_abandonment(engine, now=NOW - 5 * HOUR)
    store(engine, event("PURCHASE", "cup", 3), event("PURCHASE", "pot", 2, price=1.0), event("PURCHASE", "pot", 1))
    assert cart_abandonment(engine, now=NOW)["recovered"] == 1
    assert [(key, recovered) for key, _, _, recovered in rows(engine)] == [("user:ann", True), ("user:bob", False)]
    with reading(engine) as connection:
        first = connection.execute(select(cart_abandonments.c.recovered_at).order_by(cart_abandonments.c.id)).scalar()
    assert first == round((NOW - 2 * HOUR) * 1000)
    assert cart_abandonment(engine, now=NOW)["recovered"] == 0


def test_a_session_counts_for_the_user_that_it_turned_out_to_be(engine: Engine) -> None:
    store(engine, event("CART_ADD", "tea", 9, who="s-1"), event("CART_ADD", "pot", 8, who="s-2"))
    cart_abandonment(engine, now=NOW)
    assert [row[0] for row in rows(engine)] == ["session:s-1", "session:s-2"]
    with writing(engine) as connection:
        connection.execute(insert(sessions), {"session_id": "s-1", "user_id": "ann", "identified_at": 1})
    store(engine, event("PURCHASE", "tea", 1))
    assert cart_abandonment(engine, now=NOW) == {"customers": 2, "carts": 0, "recovered": 1}
    assert [(key, recovered) for key, _, _, recovered in rows(engine)] == [("session:s-2", False), ("user:ann", True)]


def test_a_user_s_row_stays_beside_the_same_of_a_session(engine: Engine) -> None:
    row = {"abandoned_at": 7, "products": [], "detected_at": 8}
    with writing(engine) as connection:
        for key in ("user:ann", "session:s-1"):
            connection.execute(insert(cart_abandonments), row | {"customer_key": key})
        connection.execute(insert(sessions), {"session_id": "s-1", "user_id": "ann", "identified_at": 1})
    cart_abandonment(engine, now=NOW)
    assert [key for key, *_ in rows(engine)] == ["user:ann"]


def test_old_carts_are_not_looked_for(engine: Engine) -> None:
    store(engine, event("CART_ADD", "tea", 31 * 24))
    assert cart_abandonment(engine, now=NOW)["carts"] == 0


@pytest.mark.parametrize("hours", [0.0, -1.0, 721.0, float("nan")])
def test_hours_that_make_no_sense_are_refused(sqlite_engine: Engine, hours: float) -> None:
    with pytest.raises(InvalidInput, match="hours"):
        cart_abandonment(sqlite_engine, now=NOW, idle_hours=hours)
