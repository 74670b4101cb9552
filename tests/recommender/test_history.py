"""The three readings of a customer's events, against sums that can be done by hand."""

import math
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.events import EVENT_CODES, EVENT_TYPES, TASTE_WEIGHTS, EventType
from recommender.history import (
    DAY,
    NO_HISTORY,
    History,
    ItemWeights,
    bought_now,
    fold_in_confidences,
    latest_weights,
    repeat_counts,
    taste_weights,
)

HistoryOf = Callable[..., History]
READINGS = (repeat_counts, fold_in_confidences, taste_weights)
BUY, VIEW, ADD, REMOVE = EventType.PURCHASE, EventType.VIEW, EventType.CART_ADD, EventType.CART_REMOVE

lines = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from(EVENT_TYPES), st.integers(0, 4000)), min_size=1, max_size=40
)


def as_dict(weights: ItemWeights) -> dict[int, float]:
    return dict(zip(weights.item.tolist(), weights.weight.tolist(), strict=True))


def purchases(item: np.ndarray, days_ago: np.ndarray) -> History:
    order = np.argsort(-days_ago, kind="stable")
    kind = np.full(len(item), EVENT_CODES[BUY], dtype=np.int8)
    return History(item[order].astype(np.int32), kind, 1e9 - days_ago[order] * DAY)


def test_seed_004_weights_of_events() -> None:
    assert [TASTE_WEIGHTS[EventType(kind)] for kind in EVENT_CODES] == [1.0, 3.0, -1.0, 2.0, 5.0, 1.5] + [0.0] * 4


def test_a_product_counts_once_per_basket_however_many_lines_it_has(history_of: HistoryOf) -> None:
    split = history_of((3, BUY, 5), (3, BUY, 5), (3, BUY, 5), (4, BUY, 5))
    assert as_dict(repeat_counts(split)) == {3: 1.0, 4: 1.0}
    assert as_dict(fold_in_confidences(split)) == pytest.approx({3: math.log(2), 4: math.log(2)})


def test_two_baskets_count_twice(history_of: HistoryOf) -> None:
    assert as_dict(repeat_counts(history_of((3, BUY, 1e-4), (3, BUY, 0))))[3] == pytest.approx(2.0, abs=1e-4)


def test_a_purchase_halves_in_90_days_as_repeat(history_of: HistoryOf) -> None:
    assert as_dict(repeat_counts(history_of((1, BUY, 90), (2, BUY, 0)))) == pytest.approx({2: 1.0, 1: 0.5})


def test_views_are_no_repeat_purchases(history_of: HistoryOf) -> None:
    assert as_dict(repeat_counts(history_of((1, VIEW, 1), (2, ADD, 0)))) == {}


def test_confidence_is_the_logarithm_of_decayed_shares_of_a_purchase(history_of: HistoryOf) -> None:
    confidences = fold_in_confidences(history_of((1, BUY, 120), (1, BUY, 0), (2, ADD, 0)))
    assert as_dict(confidences) == pytest.approx({1: math.log1p(1 + math.exp(-1)), 2: math.log1p(0.6)})


def test_a_customer_with_views_only_has_confidences_and_a_taste(history_of: HistoryOf) -> None:
    viewer = history_of((1, VIEW, 0), (2, VIEW, 120))
    assert as_dict(fold_in_confidences(viewer)) == pytest.approx({1: math.log1p(0.2), 2: math.log1p(0.2 / math.e)})
    assert as_dict(taste_weights(viewer))[1] == 1.0


def test_taste_decays_by_e_in_30_days_and_weighs_events_as_seed_004(history_of: HistoryOf) -> None:
    taste = taste_weights(history_of((1, BUY, 30), (2, EventType.WISHLIST_ADD, 0)))
    assert as_dict(taste) == pytest.approx({1: 5 / math.e, 2: 2.0})


def test_taking_a_product_out_of_the_cart_speaks_against_it(history_of: HistoryOf) -> None:
    removed = history_of((1, REMOVE, 0), (2, VIEW, 0))
    assert as_dict(taste_weights(removed)) == {1: -1.0, 2: 1.0}
    assert as_dict(fold_in_confidences(removed)).keys() == {2}
    assert as_dict(fold_in_confidences(history_of((1, ADD, 1e-9), (1, REMOVE, 0))))[1] == pytest.approx(math.log1p(0.4))


def test_repeat_and_fold_in_keep_the_200_strongest_products() -> None:
    history = purchases(np.arange(250), np.arange(250).astype(float))  # item = days ago: low numbers are strongest
    for reading in (repeat_counts, fold_in_confidences):
        assert reading(history).item.tolist() == list(range(200))


def test_taste_reads_the_latest_200_events() -> None:
    history = purchases(np.arange(250), np.arange(250).astype(float))
    assert sorted(taste_weights(history).item.tolist()) == list(range(200))


def test_a_product_bought_daily_outlives_200_later_lines() -> None:
    item = np.concatenate([np.full(30, 999), np.arange(250)])
    days = np.concatenate([np.arange(30) + 10.0, np.linspace(0, 9, 250)])
    assert 999 in repeat_counts(purchases(item, days)).strongest(1).item


@pytest.mark.parametrize("reading", READINGS)
def test_events_ten_years_old_weigh_what_they_would_weigh_today(
    reading: Callable[[History], ItemWeights], history_of: HistoryOf
) -> None:
    today = reading(history_of((1, BUY, 3), (2, BUY, 0)))
    long_ago = reading(history_of((1, BUY, 3653), (2, BUY, 3650)))
    assert as_dict(long_ago) == pytest.approx(as_dict(today))


@pytest.mark.parametrize("reading", READINGS)
def test_one_event_after_ten_years_of_silence_gives_finite_weights_above_0(
    reading: Callable[[History], ItemWeights], history_of: HistoryOf
) -> None:
    weights = reading(history_of((1, BUY, 3650), (2, BUY, 0)))
    assert np.isfinite(weights.weight).all()
    assert np.linalg.norm(weights.weight) > 0.5


@pytest.mark.parametrize("reading", READINGS)
def test_no_history_reads_as_nothing(reading: Callable[[History], ItemWeights]) -> None:
    assert len(reading(NO_HISTORY)) == 0


@given(lines)
def test_readings_equal_sums_in_plain_python(history_of: HistoryOf, events: list[tuple[int, EventType, int]]) -> None:
    history = history_of(*events)
    newest = min(days for _, _, days in events)
    repeat: dict[int, float] = defaultdict(float)
    confidence: dict[int, float] = defaultdict(float)
    taste: dict[int, float] = defaultdict(float)
    bought = [days for _, kind, days in events if kind == BUY]
    for item, kind, days in set(events):
        confidence[item] += TASTE_WEIGHTS[kind] / 5 * math.exp(-(days - newest) / 120)
        if kind == BUY:
            repeat[item] += 2 ** (-(days - min(bought)) / 90)
    for item, kind, days in events:
        taste[item] += TASTE_WEIGHTS[kind] * math.exp(-(days - newest) / 30)
    liked = {item: math.log1p(value) for item, value in confidence.items() if value > 1e-12}
    assert as_dict(repeat_counts(history)) == pytest.approx(repeat, rel=1e-5, abs=1e-12)
    assert as_dict(taste_weights(history)) == pytest.approx(taste, rel=1e-5, abs=1e-6)
    found = {item: value for item, value in as_dict(fold_in_confidences(history)).items() if value > 1e-9}
    assert found == pytest.approx({item: value for item, value in liked.items() if value > 1e-9}, rel=1e-5)


@given(lines)
def test_repeat_and_fold_in_come_strongest_first_without_a_product_twice(
    history_of: HistoryOf, events: list[tuple[int, EventType, int]]
) -> None:
    for reading in (repeat_counts, fold_in_confidences):
        weights = reading(history_of(*events))
        assert (np.diff(weights.weight) <= 0).all()
        assert len(set(weights.item.tolist())) == len(weights)
        assert (weights.weight > 0).all()


def test_dense_puts_each_weight_in_its_row() -> None:
    column = ItemWeights(np.array([3, 1], np.int32), np.array([2.0, 5.0], np.float32)).dense(5)
    assert column.tolist() == [0, 5, 0, 2, 0]


def test_ages_are_days_before_the_newest_event(history_of: HistoryOf) -> None:
    assert history_of((1, BUY, 12), (2, VIEW, 2)).ages().tolist() == pytest.approx([10.0, 0.0])
    assert len(NO_HISTORY.ages()) == 0


def test_what_came_last_weighs_most_and_a_basket_is_one_step(history_of: Callable[..., History]) -> None:
    history = history_of((1, EventType.PURCHASE, 3), (2, EventType.PURCHASE, 2), (3, EventType.PURCHASE, 2))
    found = latest_weights(history)
    assert dict(zip(found.item.tolist(), found.weight.tolist(), strict=True)) == pytest.approx({1: 0.6, 2: 1.0, 3: 1.0})


def test_further_back_than_ten_steps_is_not_the_latest(history_of: Callable[..., History]) -> None:
    history = history_of(*((item, EventType.PURCHASE, 50 - item) for item in range(15)))
    assert latest_weights(history).item.tolist() == list(range(5, 15))
    assert len(latest_weights(NO_HISTORY)) == 0


def test_a_cart_is_bought_now(history_of: Callable[..., History]) -> None:
    history = history_of((1, EventType.PURCHASE, 3))
    held = bought_now(history, np.array([4, 5]), history.at[-1] + 1.0)
    assert held.item.tolist() == [1, 4, 5]
    assert (np.diff(held.at) >= 0).all()
    assert held.buys()
