"""The customer's side of the cross-encoder: product names, strongest first, eight at most."""

from collections.abc import Callable

import numpy as np

from recommender.catalog import Catalog, ProductRow, build_catalog
from recommender.customer_text import PRODUCTS_IN_TEXT, customer_text, items_text
from recommender.events import EventType
from recommender.history import History

HistoryOf = Callable[..., History]


def test_names_are_in_lower_case_and_strongest_first(history_of: HistoryOf) -> None:
    catalog = build_catalog([ProductRow(external_id=name, name=name) for name in ("Milk", "Dark BREAD", "Wine")])
    history = history_of((0, EventType.VIEW, 0), (1, EventType.PURCHASE, 1), (2, EventType.CART_ADD, 0))
    assert customer_text(history, catalog) == "dark bread; wine; milk"


def test_eight_products_at_most(shelf: Callable[..., Catalog], history_of: HistoryOf) -> None:
    history = history_of(*[(row, EventType.PURCHASE, float(row)) for row in range(20)])
    names = customer_text(history, shelf(*["x"] * 20)).split("; ")
    assert names == [f"x {row}" for row in range(PRODUCTS_IN_TEXT)]


def test_a_customer_without_history_or_with_dislikes_only_has_no_text(
    shelf: Callable[..., Catalog], history_of: HistoryOf
) -> None:
    assert customer_text(history_of(), shelf("x")) == ""
    assert customer_text(history_of((0, EventType.CART_REMOVE, 0)), shelf("x")) == ""


def test_items_keep_the_order_given(shelf: Callable[..., Catalog]) -> None:
    catalog = shelf("a", "b", "c")
    assert items_text(np.array([2, 0]), catalog) == "c 2; a 0"
    assert items_text(np.array([], dtype=np.int64), catalog) == ""
