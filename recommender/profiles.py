"""Seed 003's shopping patterns and seed 004's top categories and price range, of many customers at once.

Time is the shop's own here: what its clocks showed, in milliseconds since 1970-01-01 00:00.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from recommender.events import EVENT_CODES, EVENT_TYPES, TASTE_WEIGHTS, EventType

DAY_MS: Final = 86_400_000
TIMES: Final = tuple(
    f"{day} {part}" for day in ("weekday", "weekend") for part in ("night", "morning", "afternoon", "evening")
)
"""Quarters of a day: night is from 0 to 6 o'clock, and so on."""
SEASONS: Final = ("winter", "spring", "summer", "autumn")
"""Of the northern hemisphere, by whole months: winter is December to February."""
TIMES_AT_MOST: Final = 3
TOP_CATEGORIES: Final = 5
PRICE_SHARES: Final = (0.1, 0.9)

_FREQUENCIES: Final = (
    (1.5, "daily"),
    (4.0, "several times a week"),
    (10.0, "weekly"),
    (20.0, "every two weeks"),
    (45.0, "monthly"),
    (120.0, "every few months"),
)
_PURCHASE: Final = EVENT_CODES[EventType.PURCHASE]
_TASTE: Final = np.array([TASTE_WEIGHTS[kind] for kind in EVENT_TYPES])

T = TypeVar("T")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ShopEvents:
    """Events as columns of equal length, in any order; purchases that were taken back are left out.

    ``customer`` and ``order`` are codes from 0 on (an order is one customer's), ``category`` is −1 where unknown,
    ``kind`` a code of `EVENT_CODES`, ``price`` that of one and NaN where unknown. Only purchases' orders are looked at.
    """

    customer: Ints
    kind: NDArray[np.int8]
    shown_at: Ints
    category: Ints
    order: Ints
    quantity: Floats
    price: Floats

    def where(self, keep: NDArray[np.bool_]) -> "ShopEvents":
        """The events marked True."""
        return ShopEvents(
            self.customer[keep],
            self.kind[keep],
            self.shown_at[keep],
            self.category[keep],
            self.order[keep],
            self.quantity[keep],
            self.price[keep],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One customer's patterns. None, or empty, where nothing was bought that would tell."""

    preferred_times: tuple[str, ...]
    """Of `TIMES`, the most used first: as few as hold half of the orders, at most `TIMES_AT_MOST`."""
    average_order_value: float | None
    """Of the orders with a known price."""
    days_between_purchases: float | None
    """Median of the days from one purchase day to the next."""
    frequency: str | None
    season_shares: dict[str, float]
    month_shares: dict[int, float]
    """Shares of the orders, by month from 1 to 12; months without one are left out."""
    top_categories: tuple[str, ...]
    """By the sum of `TASTE_WEIGHTS`, at most `TOP_CATEGORIES`; those that sum to nothing are left out."""
    price_range: tuple[float, float] | None
    """10th and 90th percentile of what one unit cost, over the lines bought."""
    interactions: int


def compute_profiles(events: ShopEvents, customers: int, categories: Sequence[str]) -> list[Profile]:
    """The profile of each customer code below ``customers``; ``categories`` are the names by code."""
    bought = events.where(events.kind == _PURCHASE)
    orders = _orders(bought)
    times = _counts(orders.customer, _time_of_week(orders.shown_at), (customers, len(TIMES)))
    months = _counts(orders.customer, _month(orders.shown_at), (customers, 12))
    priced = bought.where(~np.isnan(bought.price))
    low, high = (quantiles(priced.customer, priced.price, customers, share) for share in PRICE_SHARES)
    between, days = _days_between(bought, customers)
    value = _mean(orders.customer, orders.value, customers)
    top = _top_categories(events, customers, categories)
    interactions = np.bincount(events.customer, minlength=customers)
    return [
        Profile(
            preferred_times=_preferred(times[one]),
            average_order_value=_rounded(value[one]),
            days_between_purchases=_rounded(between[one]),
            frequency=_frequency(between[one], int(days[one])),
            season_shares=dict(_shares(SEASONS, np.roll(months[one], 1).reshape(4, 3).sum(axis=1))),
            month_shares=dict(_shares(range(1, 13), months[one])),
            top_categories=top[one],
            price_range=None if np.isnan(low[one]) else (round(float(low[one]), 2), round(float(high[one]), 2)),
            interactions=int(interactions[one]),
        )
        for one in range(customers)
    ]


@dataclass(frozen=True, slots=True)
class _Orders:
    customer: Ints
    shown_at: Ints
    value: Floats
    """NaN where no line has a price."""


def _orders(bought: ShopEvents) -> _Orders:
    _, first, of_line = np.unique(bought.order, return_index=True, return_inverse=True)
    known = ~np.isnan(bought.price)
    paid = np.bincount(of_line, np.where(known, bought.price, 0.0) * bought.quantity, minlength=len(first))
    priced = np.bincount(of_line, known, minlength=len(first)) > 0
    return _Orders(bought.customer[first], bought.shown_at[first], np.where(priced, paid, np.nan))


def _time_of_week(shown_at: Ints) -> Ints:
    weekend = (shown_at // DAY_MS + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    return weekend * 4 + shown_at % DAY_MS // (DAY_MS // 4)


def _month(shown_at: Ints) -> Ints:
    months: Ints = shown_at.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64) % 12
    return months


def _counts(customer: Ints, what: Ints, shape: tuple[int, int]) -> Ints:
    return np.bincount(customer * shape[1] + what, minlength=shape[0] * shape[1]).reshape(shape)


def _mean(customer: Ints, values: Floats, customers: int) -> Floats:
    known = ~np.isnan(values)
    count = np.bincount(customer[known], minlength=customers)
    total = np.bincount(customer[known], values[known], minlength=customers)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def quantiles(group: Ints, values: Floats, groups: int, share: float) -> Floats:
    """The quantile of each group's values, between two of them in proportion; NaN for a group without values."""
    order = np.lexsort((values, group))
    count = np.bincount(group, minlength=groups)
    place = (np.cumsum(count) - count) + share * np.maximum(count - 1, 0)
    below = np.floor(place).astype(np.int64)
    ordered = np.append(values[order], [np.nan, np.nan])
    upper = ordered[np.ceil(place).astype(np.int64)]
    return np.where(count > 0, ordered[below] + (place - below) * (upper - ordered[below]), np.nan)


def _days_between(bought: ShopEvents, customers: int) -> tuple[Floats, Ints]:
    """Median days between purchase days (NaN for fewer than two), and how many purchase days there are."""
    days = np.unique(np.stack([bought.customer, bought.shown_at // DAY_MS], axis=1), axis=0)
    same = days[1:, 0] == days[:-1, 0]
    steps = (days[1:, 1] - days[:-1, 1])[same].astype(np.float64)
    return quantiles(days[1:, 0][same], steps, customers, 0.5), np.bincount(days[:, 0], minlength=customers)


def _frequency(between: float, days: int) -> str | None:
    if days < 2:
        return "once" if days else None
    return next((word for most, word in _FREQUENCIES if between <= most), "rarely")


def _preferred(times: Ints) -> tuple[str, ...]:
    order = np.argsort(-times, kind="stable")
    enough = int(np.searchsorted(np.cumsum(times[order]), times.sum() / 2)) + 1
    return tuple(TIMES[place] for place in order[: min(enough, TIMES_AT_MOST)] if times[place])


def _shares(names: Sequence[T], counts: Ints) -> Iterator[tuple[T, float]]:
    total = counts.sum()
    return ((name, round(float(count / total), 3)) for name, count in zip(names, counts, strict=True) if count)


def _top_categories(events: ShopEvents, customers: int, categories: Sequence[str]) -> list[tuple[str, ...]]:
    known = events.category >= 0
    pairs, of_event = np.unique(events.customer[known] * len(categories) + events.category[known], return_inverse=True)
    weight = np.bincount(of_event, _TASTE[events.kind[known]], minlength=len(pairs))
    customer, category = np.divmod(pairs, max(len(categories), 1))
    order = np.lexsort((category, -weight, customer))
    order = order[weight[order] > 0]
    starts = np.searchsorted(customer[order], np.arange(customers + 1))
    return [
        tuple(categories[code] for code in category[order[begin : min(begin + TOP_CATEGORIES, end)]])
        for begin, end in pairwise(starts)
    ]


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 2)
