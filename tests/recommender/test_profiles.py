"""Patterns of planted customers, whose answers are obvious."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.events import EVENT_CODES
from recommender.profiles import DAY_MS, Profile, ShopEvents, compute_profiles, quantiles

HOUR_MS = DAY_MS // 24
MONDAY = 4 * DAY_MS  # 1970-01-05
CATEGORIES = ("bread", "tea", "wine")


def row(
    kind: str = "PURCHASE",
    day: float = 0,
    hour: float = 10,
    category: int = 0,
    order: int = 0,
    quantity: float = 1,
    price: float = np.nan,
    customer: int = 0,
) -> tuple[float, ...]:
    at = MONDAY + day * DAY_MS + hour * HOUR_MS
    return (customer, EVENT_CODES[kind], at, category, order, quantity, price)


def profiles(*rows: tuple[float, ...], customers: int = 1) -> list[Profile]:
    columns = np.array(rows, dtype=np.float64).reshape(-1, 7).T
    whole = [column.astype(np.int64) for column in columns[:5]]
    events = ShopEvents(whole[0], whole[1].astype(np.int8), *whole[2:], columns[5], columns[6])
    return compute_profiles(events, customers, CATEGORIES)


def only(*rows: tuple[float, ...]) -> Profile:
    (profile,) = profiles(*rows)
    return profile


def test_who_did_nothing_has_nothing() -> None:
    assert only() == Profile(
        preferred_times=(),
        average_order_value=None,
        days_between_purchases=None,
        frequency=None,
        season_shares={},
        month_shares={},
        top_categories=(),
        price_range=None,
        interactions=0,
    )


def test_times_are_those_of_half_the_orders() -> None:
    hours = [(0, 9), (1, 11), (2, 8), (5, 19), (6, 20)]
    profile = only(*(row(day=day, hour=hour, order=number) for number, (day, hour) in enumerate(hours)))
    assert profile.preferred_times == ("weekday morning",)
    evenly = only(
        *(row(hour=3 + 6 * part, order=part) for part in range(4)), *(row(day=5, order=4 + n) for n in (0, 1))
    )
    assert evenly.preferred_times == ("weekend morning", "weekday night")


def test_an_order_is_worth_the_sum_of_its_priced_lines() -> None:
    lines = [row(order=0, price=2.0, quantity=3), row(order=0), row(order=1, price=4.0), row(order=2)]
    assert only(*lines).average_order_value == 5.0
    assert only(row()).average_order_value is None


@pytest.mark.parametrize(
    ("step", "word"),
    [
        *((1, "daily"), (3, "several times a week"), (7, "weekly"), (14, "every two weeks"), (30, "monthly")),
        *((91, "every few months"), (365, "rarely")),
    ],
)
def test_frequency_is_the_median_of_days_between_purchase_days(step: int, word: str) -> None:
    days = [0, step, 2 * step, 2 * step + 900, 3 * step + 900]
    profile = only(*(row(day=day, order=n) for n, day in enumerate(days)), row(day=0, hour=22, order=9))
    assert (profile.days_between_purchases, profile.frequency) == (float(step), word)


def test_one_purchase_day_has_no_frequency_yet() -> None:
    assert (only(row()).frequency, only(row()).days_between_purchases) == ("once", None)


def test_seasons_are_shares_of_the_orders() -> None:
    months = [0, 0, 31, 151]  # January 5th twice, in February, in June
    profile = only(*(row(day=day, order=n) for n, day in enumerate(months)), row(day=151, hour=11, order=3))
    assert profile.month_shares == {1: 0.5, 2: 0.25, 6: 0.25}
    assert profile.season_shares == {"winter": 0.75, "summer": 0.25}


def test_categories_are_weighed_by_what_was_done() -> None:
    viewed = [row("VIEW", category=1)] * 4
    removed = [row("CART_ADD", category=2), *[row("CART_REMOVE", category=2)] * 3]
    profile = only(row(category=0), *viewed, *removed, row("SEARCH", category=-1))
    assert profile.top_categories == ("bread", "tea")
    assert profile.interactions == 10


def test_prices_are_from_the_tenth_to_the_ninetieth_percentile() -> None:
    assert only(*(row(price=float(price), order=price) for price in range(1, 12))).price_range == (2.0, 10.0)


def test_customers_do_not_mix() -> None:
    first, second, third = profiles(
        row(customer=0, price=1.0, category=0, order=0), row(customer=2, price=9.0, category=2, order=1), customers=3
    )
    assert (first.top_categories, second.interactions, third.top_categories) == (("bread",), 0, ("wine",))
    assert (first.price_range, second.price_range, third.price_range) == ((1.0, 1.0), None, (9.0, 9.0))


GROUPED = st.lists(st.tuples(st.integers(0, 3), st.floats(-1e6, 1e6)), max_size=30)


@given(GROUPED, st.floats(0, 1))
def test_quantiles_are_numpy_s_group_by_group(pairs: list[tuple[int, float]], share: float) -> None:
    group = np.array([one for one, _ in pairs], dtype=np.int64)
    values = np.array([value for _, value in pairs], dtype=np.float64)
    found = quantiles(group, values, 4, share)
    for one in range(4):
        own = values[group == one]
        expected = np.quantile(own, share) if len(own) else np.nan
        np.testing.assert_allclose(found[one], expected, rtol=1e-9, atol=1e-6)
