"""Purchases as columns: counted once per basket, cut in time, and arranged with the most bought products first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.catalog import ProductRow, build_catalog
from recommender.events import EVENT_CODES, EventType
from recommender.history import DAY, NO_HISTORY
from training.dataset import Dataset, build_dataset

CATALOG = build_catalog([ProductRow(external_id=e, name=e, active=e != "off") for e in ("a", "b", "c", "off")])
OFF = 3

Line = tuple[int, int, float]
lines_of_a_shop = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 5).map(lambda day: day * DAY)), max_size=30
)


def dataset(lines: list[Line]) -> Dataset:
    """(customer, product row, second) in any order."""
    user, item, at = (np.array(column) for column in (zip(*lines, strict=True) if lines else ([], [], [])))
    return build_dataset(CATALOG, user.astype(np.int32), item.astype(np.int32), at.astype(np.float64), n_users=4)


def lines_in(data: Dataset) -> list[Line]:
    return list(zip(data.user.tolist(), data.item.tolist(), data.at.tolist(), strict=True))


def test_lines_of_one_basket_are_counted_once_per_product() -> None:
    assert lines_in(dataset([(1, 0, 5.0), (1, 0, 5.0), (1, 1, 5.0), (1, 0, 6.0)])) == [
        (1, 0, 5.0),
        (1, 1, 5.0),
        (1, 0, 6.0),
    ]


@given(lines_of_a_shop)
def test_what_is_kept_is_sorted_active_and_distinct(lines: list[Line]) -> None:
    data = dataset(lines)
    expected = sorted({line for line in lines if line[1] != OFF}, key=lambda line: (line[0], line[2], line[1]))
    assert lines_in(data) == expected
    assert len(data) == len(expected)


@given(lines_of_a_shop, st.integers(0, 6))
def test_before_and_window_part_the_purchases_at_the_cut(lines: list[Line], day: int) -> None:
    data = dataset(lines)
    cut = day * DAY
    assert lines_in(data.before(cut)) == [line for line in lines_in(data) if line[2] < cut]
    assert lines_in(data.window(cut, 2)) == [line for line in lines_in(data) if cut <= line[2] < cut + 2 * DAY]
    assert sorted(lines_in(data.before(cut)) + lines_in(data.window(cut, 100))) == sorted(lines_in(data))


@given(lines_of_a_shop)
def test_a_history_is_the_customers_own_purchases_oldest_first(lines: list[Line]) -> None:
    data = dataset(lines)
    for user in range(4):
        history = data.history(user)
        own = [(item, at) for who, item, at in lines_in(data) if who == user]
        assert list(zip(history.item.tolist(), history.at.tolist(), strict=True)) == own
        assert set(history.kind.tolist()) <= {EVENT_CODES[EventType.PURCHASE]}
        assert data.items_of(user) == {item for item, _ in own}
        assert (history is NO_HISTORY) == (not own)
    assert data.customers.tolist() == sorted({line[0] for line in lines_in(data)})


@given(lines_of_a_shop, st.integers(0, 6))
def test_arranged_puts_the_most_bought_before_the_cut_first_and_says_the_same(lines: list[Line], day: int) -> None:
    data = dataset(lines)
    arranged = data.arranged(day * DAY)
    bought = arranged.before(day * DAY).baskets
    assert (np.diff(bought) <= 0).all()
    assert sorted(arranged.catalog.external_id) == sorted(CATALOG.external_id)

    def named(one: Dataset) -> list[tuple[int, str, float]]:
        return sorted((user, str(one.catalog.external_id[item]), at) for user, item, at in lines_in(one))

    assert named(arranged) == named(data)
    assert arranged.catalog.external_id.tolist() == CATALOG.external_id[data.order(day * DAY)].tolist()


def test_equally_bought_products_keep_the_order_of_the_catalog() -> None:
    arranged = dataset([(0, 2, 0.0), (1, 2, 0.0), (0, 1, 0.0)]).arranged(DAY)
    assert arranged.catalog.external_id.tolist() == ["c", "b", "a", "off"]


def test_purchases_after_the_cut_do_not_move_products() -> None:
    data = dataset([(0, 1, 0.0), (0, 2, 5 * DAY), (1, 2, 5 * DAY)])
    assert data.order(DAY).tolist() == [1, 0, 2, 3]


@given(lines_of_a_shop)
def test_baskets_count_customers_and_moments(lines: list[Line]) -> None:
    data = dataset(lines)
    expected = [len({line for line in lines if line[1] == item and item != OFF}) for item in range(4)]
    assert data.baskets.tolist() == expected


def test_where_item_keeps_the_marked_products() -> None:
    data = dataset([(0, 0, 0.0), (0, 1, 0.0), (1, 1, 0.0)])
    assert data.where_item(np.array([False, True, True, True])).item.tolist() == [1, 1]


@pytest.mark.parametrize("lines", [[], [(0, OFF, 0.0)]], ids=["no purchases", "only of what is switched off"])
def test_a_shop_without_purchases_is_a_dataset_too(lines: list[Line]) -> None:
    data = dataset(lines)
    assert len(data) == 0
    assert data.baskets.tolist() == [0, 0, 0, 0]
    assert data.customers.tolist() == []
    assert data.arranged(1.0).catalog.external_id.tolist() == CATALOG.external_id.tolist()


taken_back = st.one_of(st.just(np.inf), st.integers(0, 6).map(lambda day: day * DAY))


@given(st.lists(st.tuples(lines_of_a_shop.map(lambda lines: lines[:1]), taken_back), max_size=20), st.data())
def test_before_a_moment_stands_what_is_taken_back_later(
    drawn: list[tuple[list[Line], float]], data: st.DataObject
) -> None:
    bought = [(*line, gone) for lines, gone in drawn for line in lines]
    user, item, at, gone = (np.array(column) for column in (zip(*bought, strict=True) if bought else ([], [], [], [])))
    whole = build_dataset(
        CATALOG, user.astype(np.int32), item.astype(np.int32), at.astype(np.float64), n_users=4, gone_at=gone
    )
    assert lines_in(whole) == lines_in(dataset([one[:3] for one in bought if one[3] == np.inf]))
    seen = whole
    for cut in sorted(data.draw(st.lists(st.integers(0, 6).map(lambda day: day * DAY), max_size=3)), reverse=True):
        seen = seen.before(cut)
        assert lines_in(seen) == lines_in(dataset([one[:3] for one in bought if one[2] < cut <= one[3]]))
