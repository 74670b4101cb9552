from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.events import EVENT_TYPES, EventType
from store.events import Event, EventRow, event_row
from store.imports.rejects import Reject
from store.imports.rows import Checked, check_events, check_products, newest_event_ms
from store.imports.source_files import RawChunk

VIEW = {"user_id": "ann", "product_id": "milk", "type": "VIEW", "occurred_at": 1_700_000_000}
BOUGHT = VIEW | {"type": "PURCHASE", "price": 3.5}
MILK = {"product_id": "milk", "name": "Milk"}


def chunk(*rows: Mapping[str, object], unreadable: tuple[Reject, ...] = (), first: int = 1) -> RawChunk:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    return RawChunk(range(first, first + len(rows)), columns, unreadable)


def events(*rows: Mapping[str, object], shift_ms: int = 0) -> Checked[EventRow]:
    return check_events(chunk(*rows), shift_ms=shift_ms, received_at=5)


def test_a_whole_event_becomes_a_row() -> None:
    whole = BOUGHT | {"session_id": "s1", "quantity": "2", "order_id": 77, "event_id": " e1 "}
    (row,) = events(whole).accepted
    expected = Event(
        product_id="milk",
        type=EventType.PURCHASE,
        user_id="ann",
        session_id="s1",
        occurred_at=1_700_000_000,
        quantity=2,
        price=3.5,
        order_id="77",
        event_id="e1",
    )
    assert row == event_row(expected, 5)


def test_a_bare_event_becomes_a_row() -> None:
    (row,) = events({"session_id": 9, "product_id": 12, "type": "VIEW", "occurred_at": "2024-01-02"}).accepted
    assert row == event_row(
        Event(product_id="12", type=EventType.VIEW, session_id="9", occurred_at=1_704_153_600), received_at=5
    )


@pytest.mark.parametrize(
    ("change", "field", "value", "reason"),
    [
        ({"product_id": None}, "product_id", None, "is missing"),
        ({"product_id": " "}, "product_id", " ", "is missing"),
        ({"product_id": "a\0"}, "product_id", "a\0", "NUL"),
        ({"user_id": None}, "user_id", None, "and so is session_id"),
        ({"type": None}, "type", None, "is missing"),
        ({"type": "CANCEL"}, "order_id", None, "is missing"),
        ({"type": "SEARCH", "product_id": None}, "query", None, "is missing"),
        ({"type": "SEARCH", "query": "milk"}, "product_id", "milk", "search"),
        ({"query": "milk"}, "query", "milk", "only be of a search"),
        ({"type": "refund", "product_id": None}, "product_id", None, "is missing"),
        ({"type": "bought"}, "type", "bought", ", ".join(EVENT_TYPES)),
        ({"type": "BUY"}, "type", "BUY", ", ".join(EVENT_TYPES)),
        ({"occurred_at": None}, "occurred_at", None, "is missing"),
        ({"occurred_at": "yesterday"}, "occurred_at", "yesterday", "ISO 8601"),
        ({"occurred_at": 1.7e12}, "occurred_at", 1.7e12, "ISO 8601"),
        ({"quantity": 0}, "quantity", 0, "whole number from 1"),
        ({"quantity": -1}, "quantity", -1, "whole number from 1"),
        ({"quantity": 1.5}, "quantity", 1.5, "whole number from 1"),
        ({"quantity": "two"}, "quantity", "two", "whole number from 1"),
        ({"price": -0.01}, "price", -0.01, "at least 0"),
        ({"price": "free"}, "price", "free", "at least 0"),
        ({"price": 0}, "price", 0, "above 0"),
        ({"price": float("inf")}, "price", "inf", "at least 0"),
    ],
)
def test_a_bad_event_is_rejected_with_line_field_and_value(
    change: dict[str, object], field: str, value: object, reason: str
) -> None:
    checked = events(VIEW, BOUGHT | change, VIEW)
    assert (len(checked.accepted), checked.lines) == (2, [1, 3])
    (reject,) = checked.rejects
    assert (reject.line, reject.field, reject.value) == (2, field, value)
    assert reason in reject.reason


@pytest.mark.parametrize(
    ("name", "kind"),
    [("purchase", "PURCHASE"), ("Order Completed", "PURCHASE"), ("VIEW_ITEM", "VIEW"), (" cart_add ", "CART_ADD")],
)
def test_names_of_others_are_stored_as_ours(name: str, kind: str) -> None:
    assert [row.type for row in events(VIEW | {"type": name}).accepted] == [kind]


def test_a_purchase_by_another_name_needs_a_price_too() -> None:
    assert [reject.field for reject in events(BOUGHT | {"type": "Order Completed", "price": 0}).rejects] == ["price"]


def test_a_cancellation_is_of_an_order_and_may_be_of_no_product() -> None:
    (row,) = events(VIEW | {"type": "Order Cancelled", "order_id": "o1", "product_id": None}).accepted
    assert (row.type, row.order_id, row.product_id) == ("CANCEL", "o1", None)


def test_a_search_is_of_a_query() -> None:
    (row,) = events(VIEW | {"type": "Products Searched", "product_id": None, "query": "oat milk"}).accepted
    assert (row.type, row.query, row.product_id) == ("SEARCH", "oat milk", None)


def test_a_price_of_nothing_or_none_is_fine() -> None:
    checked = events(VIEW | {"price": 0}, VIEW | {"price": None}, BOUGHT | {"price": None})
    assert [row.price for row in checked.accepted] == [0, None, None]


def test_a_row_is_rejected_for_the_first_rule_it_breaks() -> None:
    assert [reject.field for reject in events({"type": "BUY", "price": -1, "user_id": 1}).rejects] == ["product_id"]


def test_the_shift_moves_events_and_not_their_arrival() -> None:
    (row,) = events(VIEW, shift_ms=1_000).accepted
    assert (row.occurred_at, row.received_at) == (1_700_000_001_000, 5)


def test_the_newest_event_is_one_that_is_accepted() -> None:
    rows = (VIEW, VIEW | {"occurred_at": 1_600_000_000}, VIEW | {"occurred_at": 1_800_000_000, "type": "BUY"})
    assert newest_event_ms(chunk(*rows)) == 1_700_000_000_000
    assert newest_event_ms(chunk(rows[-1])) is None


def test_unreadable_rows_are_rejected_in_the_order_of_the_file() -> None:
    unreadable = Reject(5, "row", "{", "is not JSON")
    rows = chunk(VIEW | {"type": "a"}, VIEW, VIEW | {"type": "b"}, unreadable=(unreadable,), first=4)
    checked = check_events(RawChunk((4, 6, 7), rows.columns, rows.unreadable), shift_ms=0, received_at=5)
    assert [reject.line for reject in checked.rejects] == [4, 5, 7]
    assert checked.lines == [6]


def test_a_chunk_without_a_readable_row() -> None:
    unreadable = (Reject(1, "row", "{", "is not JSON"),)
    assert check_events(chunk(unreadable=unreadable), shift_ms=0, received_at=5).rejects == list(unreadable)
    assert check_products(chunk(unreadable=unreadable)).rejects == list(unreadable)
    assert newest_event_ms(chunk(unreadable=unreadable)) is None


def test_a_whole_product() -> None:
    (product,) = check_products(
        chunk(
            MILK
            | {
                "category": "Dairy",
                "brand": 7,
                "description": "One gallon",
                "price": "3.99",
                "image_url": "https://shop.example/milk.jpg",
                "stock": 4.0,
                "active": "no",
                "created_at": "2024-01-02T00:00:00.5Z",
                "size": 1.5,
                "organic": True,
                "colour": None,
            }
        )
    ).accepted
    assert (product.external_id, product.name, product.category, product.brand) == ("milk", "Milk", "Dairy", "7")
    assert (product.description, product.price, product.stock) == ("One gallon", 3.99, 4)
    assert (product.image_url, product.active) == ("https://shop.example/milk.jpg", False)
    assert product.created_at == 1_704_153_600.5
    assert product.attributes == {"size": "1.5", "organic": "true"}


def test_a_bare_product() -> None:
    (product,) = check_products(chunk(MILK)).accepted
    assert (product.category, product.brand, product.description, product.attributes) == ("", "", "", {})
    assert (product.price, product.stock, product.image_url, product.created_at) == (None, None, None, None)
    assert product.active


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"product_id": None}, "product_id", None),
        ({"name": "  "}, "name", "  "),
        ({"price": -1}, "price", -1),
        ({"price": "cheap"}, "price", "cheap"),
        ({"stock": -1}, "stock", -1),
        ({"stock": 1.5}, "stock", 1.5),
        ({"active": "maybe"}, "active", "maybe"),
        ({"created_at": "soon"}, "created_at", "soon"),
        ({"colour": "a\0b"}, "colour", "a\0b"),
    ],
)
def test_a_bad_product_is_rejected_with_line_field_and_value(
    change: dict[str, object], field: str, value: object
) -> None:
    checked = check_products(chunk(MILK, MILK | change))
    assert len(checked.accepted) == 1
    assert [(reject.line, reject.field, reject.value) for reject in checked.rejects] == [(2, field, value)]


values = st.none() | st.text(max_size=3) | st.integers(-2, 3) | st.floats() | st.booleans()
any_event = st.fixed_dictionaries(
    {"product_id": values, "type": st.sampled_from([*EVENT_TYPES, "BUY", None]), "user_id": values},
    optional={"occurred_at": values | st.just(1.7e9), "price": values, "quantity": values, "event_id": values},
)


@given(rows=st.lists(any_event, max_size=6))
@settings(max_examples=50)
def test_files_and_calls_obey_the_same_rules(rows: list[dict[str, object]]) -> None:
    """What a file's row becomes can be made as an `Event` too; and every row is accepted or rejected."""
    checked = events(*rows)
    assert sorted([*checked.lines, *(reject.line for reject in checked.rejects)]) == list(range(1, len(rows) + 1))
    for row in checked.accepted:
        event = Event(
            product_id=row.product_id,
            type=EventType(row.type),
            user_id=row.user_id,
            occurred_at=row.occurred_at / 1000,
            price=row.price,
            quantity=row.quantity,
            event_id=row.event_id,
        )
        assert event_row(event, 5) == row


any_product = st.fixed_dictionaries(
    {"product_id": values, "name": values},
    optional={"price": values, "stock": values, "active": values, "created_at": values, "colour": values},
)


@given(rows=st.lists(any_product, max_size=6))
@settings(max_examples=50)
def test_every_product_row_is_accepted_or_rejected(rows: list[dict[str, object]]) -> None:
    checked = check_products(chunk(*rows))  # raises where a row passes that `Product` refuses
    assert sorted([*checked.lines, *(reject.line for reject in checked.rejects)]) == list(range(1, len(rows) + 1))
