"""What nobody has bought yet is found for those who buy its category and things like it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from recommender.arrivals import LATEST, arrival_scores
from recommender.catalog import Catalog
from recommender.events import EventType
from recommender.history import NO_HISTORY, History, fold_in_confidences
from recommender.policy import Policy
from recommender.snapshot import Snapshot
from recommender.types import Slate

HistoryOf = Callable[..., History]
Ask = Callable[..., Slate]

TEA, GREEN_TEA, NEW_GREEN_TEA, NEW_BLACK_TEA, WINE, NEW_WINE, LATER_TEA = range(7)
BUY = EventType.PURCHASE


@pytest.fixture(scope="module")
def shop(shelf: Callable[..., Catalog], snapshot_of: Callable[..., Snapshot]) -> Snapshot:
    """Two categories with new products in each; the last product is newer than the release."""
    directions = [[1.0, 0.0], [0.8, 0.6], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8], [0.6, 0.8], [1.0, 0.0]]
    return snapshot_of(
        shelf("tea", "tea", "tea", "tea", "wine", "wine", "tea"),
        vectors=np.array(directions, dtype=np.float32),
        vector_row=np.arange(7, dtype=np.int32),
        popularity=np.array([5, 4, 0, 0, 9, 0], dtype=np.float32),
    )


def scores(shop: Snapshot, history: History) -> list[float] | None:
    found = arrival_scores(shop, history, fold_in_confidences(history))
    return None if found is None else found.tolist()


def test_new_products_of_the_own_categories_come_by_likeness(shop: Snapshot, history_of: HistoryOf) -> None:
    found = scores(shop, history_of((GREEN_TEA, BUY, 3)))
    assert found is not None
    assert found[NEW_GREEN_TEA] > found[LATER_TEA] > found[NEW_BLACK_TEA] > 0
    assert [found[row] for row in (TEA, GREEN_TEA, WINE, NEW_WINE)] == [0, 0, 0, 0]


def test_a_category_of_which_little_is_sold_says_more(shop: Snapshot, history_of: HistoryOf) -> None:
    history = history_of((GREEN_TEA, BUY, 3), (WINE, BUY, 3))
    rarer = replace(shop, popularity=np.array([5, 4, 0, 0, 1, 0], dtype=np.float32))
    one, other = scores(shop, history), scores(rarer, history)
    assert one is not None
    assert other is not None
    assert other[NEW_WINE] == pytest.approx(3 * one[NEW_WINE])
    assert other[NEW_GREEN_TEA] == one[NEW_GREEN_TEA]


def test_what_the_customer_bought_since_the_release_is_not_new(shop: Snapshot, history_of: HistoryOf) -> None:
    found = scores(shop, history_of((GREEN_TEA, BUY, 3), (LATER_TEA, BUY, 1)))
    assert found is not None
    assert found[LATER_TEA] == 0 < found[NEW_GREEN_TEA]


def test_without_new_products_or_purchases_it_is_silent(shop: Snapshot, history_of: HistoryOf) -> None:
    sold = replace(shop, popularity=np.ones(7, dtype=np.float32))
    assert scores(sold, history_of((GREEN_TEA, BUY, 3))) is None
    assert scores(shop, NO_HISTORY) is None


def test_a_category_bought_too_long_ago_is_silent(shop: Snapshot, history_of: HistoryOf) -> None:
    views = [(WINE, EventType.VIEW, day) for day in range(LATEST)]
    history = history_of((GREEN_TEA, BUY, LATEST + 1), *views)
    only_tea = replace(shop, popularity=np.array([5, 4, 0, 0, 9, 1], dtype=np.float32))
    assert scores(only_tea, history) is None
    assert scores(shop, history) is not None


def test_sold_out_arrivals_do_not_come(shop: Snapshot, history_of: HistoryOf) -> None:
    catalog = shop.catalog
    gone = replace(catalog, stock=np.where(np.arange(7) == NEW_GREEN_TEA, 0, catalog.stock))
    found = scores(shop.with_catalog(gone), history_of((GREEN_TEA, BUY, 3)))
    assert found is not None
    assert found[NEW_GREEN_TEA] == 0


def test_a_weight_of_0_switches_them_off(shop: Snapshot, history_of: HistoryOf, ask: Ask) -> None:
    history = history_of((GREEN_TEA, BUY, 3))
    on, off = (
        ask(replace(shop, policy=replace(Policy(), new_arrival_weight=weight)), history=history, limit=7)
        for weight in (5.0, 0.0)
    )
    assert on.item[0] == NEW_GREEN_TEA
    assert off.item[0] != NEW_GREEN_TEA
