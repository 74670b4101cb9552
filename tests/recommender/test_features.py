"""The learned blender's features say what happened, and never fail or leave gaps."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.catalog import Catalog, ProductRow, build_catalog
from recommender.events import EventType
from recommender.facts import ITEM_NAMES, NEVER, ItemFacts
from recommender.features import FEATURES, features
from recommender.history import DAY, History
from recommender.types import SOURCES, Candidates, Context, Query

NOW = 1_700_000_000.0
BUY = EventType.PURCHASE

SHOP = build_catalog(
    [
        ProductRow(external_id="milk", name="milk", category="dairy", price=1.0),
        ProductRow(external_id="milk-2l", name="milk", category="dairy", price=2.0),
        ProductRow(external_id="wine", name="wine", category="drinks", price=9.0),
        ProductRow(external_id="soap", name="soap", category="", price=None),
        ProductRow(external_id="new", name="brand new", category="drinks", price=3.0),
    ]
)
MILK, LARGE_MILK, WINE, SOAP, NEW = range(5)
KNOWN = 4
"""The release knows all but the last product."""


def facts_of(**columns: list[float]) -> ItemFacts:
    table = np.zeros((KNOWN, len(ITEM_NAMES)), dtype=np.float32)
    for name, values in columns.items():
        table[:, ITEM_NAMES.index(name)] = values
    return ItemFacts(table, np.array([0, 0, 1, 2], dtype=np.int32), np.array([0, 0, 1, 1], dtype=np.int32))


def table_of(history: History, *, catalog: Catalog = SHOP, facts: ItemFacts | None = None) -> dict[str, list[float]]:
    """Every product of the shop as a candidate: feature name → one value per product."""
    query = Query(context=Context.HOMEPAGE, limit=5, at=NOW, history=history)
    items = np.arange(len(catalog))
    scores = np.tile(np.linspace(0, 1, len(SOURCES), dtype=np.float32), (len(items), 1))
    table = features(query, Candidates(items, scores, {}), catalog, facts or facts_of())
    assert table.dtype == np.float32
    assert table.shape == (len(items), len(FEATURES))
    return dict(zip(FEATURES, table.T.tolist(), strict=True))


def test_own_purchases_are_counted_back_from_the_request(history_of: Callable[..., History]) -> None:
    found = table_of(history_of((MILK, BUY, 30), (MILK, BUY, 20), (MILK, BUY, 10), (WINE, BUY, 10)))
    assert found["own_count"] == [3, 0, 1, 0, 0]
    assert found["own_last"] == [10, NEVER, 10, NEVER, NEVER]
    assert found["own_first"] == [30, NEVER, 10, NEVER, NEVER]
    assert found["own_gap"] == [10, NEVER, NEVER, NEVER, NEVER]
    assert found["own_due"] == pytest.approx([1.0, -1, 0.01, -1, -1])
    assert found["own_share"] == pytest.approx([1.0, 0, 1 / 3, 0, 0])
    assert found["own_30d"][MILK] == pytest.approx(2**-1 + 2 ** (-2 / 3) + 2 ** (-1 / 3), rel=1e-6)
    assert found["own_pace"][MILK] == 1.0
    assert found["baskets"] == [3] * 5
    assert found["away"] == [10] * 5
    assert found["distinct_products"] == [2] * 5
    assert found["loyalty"] == [2] * 5


def test_a_category_and_a_name_speak_for_what_was_never_bought(history_of: Callable[..., History]) -> None:
    found = table_of(history_of((MILK, BUY, 180), (WINE, BUY, 1)), facts=facts_of(sold_14d=[4, 9, 0, 0]))
    assert found["category_last"] == pytest.approx([180, 180, 1, NEVER, 1])
    assert found["category_share"] == pytest.approx([0.5, 0.5, 0.5, 0, 0.5])
    assert found["category_affinity"][:2] == pytest.approx([np.log1p(0.5) * 2, np.log1p(0.5) * 3])
    assert found["namesake_last"] == pytest.approx([180, 180, 1, NEVER, NEVER])
    assert found["namesake_share"] == pytest.approx([0.5, 0.5, 0.5, 0, 0])


def test_prices_are_compared_with_what_the_customer_pays(history_of: Callable[..., History]) -> None:
    found = table_of(history_of((MILK, BUY, 1), (WINE, BUY, 2), (SOAP, BUY, 2)))
    assert found["price"] == [1, 2, 9, -1, 3]
    assert found["price_to_own"] == pytest.approx([0.2, 0.4, 1.8, -1, 0.6])
    assert found["price_to_category"] == pytest.approx([1, 2, 1, -1, 1 / 3])


def test_only_purchases_count_and_a_basket_counts_once(history_of: Callable[..., History]) -> None:
    plain = table_of(history_of((MILK, BUY, 3)))
    noisy = history_of((MILK, BUY, 3), (MILK, BUY, 3), (WINE, EventType.VIEW, 2), (SOAP, EventType.CART_ADD, 1))
    assert table_of(noisy) == plain


def test_a_product_newer_than_the_release_sold_nothing_and_is_unlike_any_other(
    history_of: Callable[..., History],
) -> None:
    everything = facts_of(**{name: [7.0] * KNOWN for name in ITEM_NAMES})
    found = table_of(history_of((MILK, BUY, 1)), facts=everything)
    for name in ITEM_NAMES:
        assert found[name] == [7, 7, 7, 7, NEVER if name == "usual_gap" else 0]
    assert found["namesake_share"][NEW] == 0
    assert table_of(history_of((NEW, BUY, 1)), facts=everything)["namesake_last"][NEW] == 1


@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(EventType), st.floats(-10, 5_000)), max_size=30),
    st.integers(0, 5),
)
def test_no_history_gives_a_gap_or_an_infinity(events: list[tuple[int, EventType, float]], candidates: int) -> None:
    ordered = sorted(events, key=lambda event: -event[2])
    history = History(
        np.array([item for item, _, _ in ordered], dtype=np.int32),
        np.array([list(EventType).index(kind) for _, kind, _ in ordered], dtype=np.int8),
        np.array([NOW - days * DAY for _, _, days in ordered]),
    )
    query = Query(context=Context.HOMEPAGE, limit=5, at=NOW, history=history)
    items = np.arange(candidates)
    table = features(query, Candidates(items, np.zeros((candidates, len(SOURCES)), np.float32), {}), SHOP, facts_of())
    assert table.shape == (candidates, len(FEATURES))
    assert np.isfinite(table).all()
