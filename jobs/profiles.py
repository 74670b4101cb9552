"""Profiles of customers, worked out from what they did (seeds 003 and 004)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from jobs.customer_pages import customer_pages
from jobs.run import Report, Summary, say_nothing
from recommender.profiles import DAY_MS, Profile, ShopEvents, compute_profiles
from store.computed_profiles import write_computed
from store.customer_events import CustomerEvents, read_categories, read_customer_events
from store.engine import reading
from store.local_days import local_ms
from store.purchases import reversed_purchases

CUSTOMERS_AT_ONCE: Final = 200
"""Complete Journey's have 590 events each, so that is some 120,000 rows in memory."""


def profiles(
    engine: Engine,
    *,
    zone: ZoneInfo,
    personalized_by_default: bool = True,
    at_once: int = CUSTOMERS_AT_ONCE,
    report: Report = say_nothing,
) -> Summary:
    """Work out every customer's profile from all their events, and store those that changed.

    What customers state is never touched. Who has personalization switched off has no computed profile.
    """
    with reading(engine) as connection:
        shop = _read_shop(connection, zone)

    def work(connection: Connection, user_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        return _computed(read_customer_events(connection, user_ids), shop)

    write = partial(write_computed, personalized_by_default=personalized_by_default)
    customers, written = customer_pages(engine, at_once, work, write, report)
    return {"customers": customers, "written": written}


@dataclass(frozen=True, slots=True)
class _Shop:
    zone: ZoneInfo
    category_of: Mapping[str | None, int]
    """Code of a product's category."""
    categories: tuple[str, ...]
    gone: NDArray[np.int64]
    """Row ids of purchases that were taken back."""


def _read_shop(connection: Connection, zone: ZoneInfo) -> _Shop:
    category = read_categories(connection)
    names = tuple(sorted(set(category.values())))
    code = {name: number for number, name in enumerate(names)}
    gone = np.array(sorted(reversed_purchases(connection)), dtype=np.int64)
    return _Shop(zone, {product: code[name] for product, name in category.items()}, names, gone)


def _computed(events: CustomerEvents, shop: _Shop) -> dict[str, dict[str, Any]]:
    """Seed 003's names; empty for who did nothing."""
    columns = _shop_events(events, shop)
    found = compute_profiles(columns, len(events.user_ids), shop.categories)
    last = np.zeros(len(events.user_ids), dtype=np.int64)
    np.maximum.at(last, events.customer, events.at)
    pairs = zip(events.user_ids, found, last.tolist(), strict=True)
    return {user_id: _as_json(profile, at) if profile.interactions else {} for user_id, profile, at in pairs}


def _shop_events(events: CustomerEvents, shop: _Shop) -> ShopEvents:
    shown_at = local_ms(events.at, shop.zone)
    category = np.array([shop.category_of.get(product, -1) for product in events.product_id], dtype=np.int64)
    columns = ShopEvents(
        customer=events.customer,
        kind=events.kind,
        shown_at=shown_at,
        category=category,
        order=_orders(events, shown_at),
        quantity=events.quantity,
        price=events.price,
    )
    return columns.where(~np.isin(events.id, shop.gone))


def _orders(events: CustomerEvents, shown_at: NDArray[np.int64]) -> NDArray[np.int64]:
    """A code per order; purchases that name none are one order a day."""
    codes: dict[tuple[int, str | int], int] = {}
    keys = zip(events.customer.tolist(), events.order_id, (shown_at // DAY_MS).tolist(), strict=True)
    named = ((customer, day if order is None else order) for customer, order, day in keys)
    return np.array([codes.setdefault(key, len(codes)) for key in named], dtype=np.int64)


def _as_json(profile: Profile, last_seen: int) -> dict[str, Any]:
    return {
        "preferredShoppingTimes": list(profile.preferred_times),
        "averageOrderValue": profile.average_order_value,
        "shoppingFrequency": profile.frequency,
        "daysBetweenPurchases": profile.days_between_purchases,
        "seasonalPatterns": {
            "seasons": profile.season_shares,
            "months": {str(month): share for month, share in profile.month_shares.items()},
        },
        "topCategories": list(profile.top_categories),
        "priceRange": dict(zip(("min", "max"), profile.price_range or (None, None), strict=True)),
        "interactionCount": profile.interactions,
        "lastSeen": f"{datetime.fromtimestamp(last_seen / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
