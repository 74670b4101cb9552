"""Carts that were left behind, for whoever reminds their customers (seeds 003 and 004)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from sqlalchemy import Engine

from jobs.gently import BATCH, gently
from jobs.run import Summary
from recommender.carts import LeftCart, left_carts, recovered_at
from recommender.errors import InvalidInput
from store.carts import (
    CartEvents,
    adopt_sessions,
    insert_abandonments,
    mark_recovered,
    read_cart_events,
    read_prices,
    read_unrecovered,
    stored_since,
)
from store.engine import reading
from store.instants import to_ms

IDLE_HOURS: Final = 1.0
"""Untouched for so long, a cart is left: reminders an hour later find customers who still remember."""
LOOK_BACK_DAYS: Final = 30
"""Older cart events are not looked at any more, and a purchase recovers a cart of this age at most."""

Left = tuple[str, LeftCart]


def cart_abandonment(engine: Engine, *, now: float, idle_hours: float = IDLE_HOURS) -> Summary:
    """Store each cart of the last `LOOK_BACK_DAYS` that was left, and when it was recovered.

    A row is never changed but for its recovery, so what the events say late (a price, a removal) comes too late.
    ``now`` is in epoch seconds. Raises InvalidInput unless ``idle_hours`` lies above 0 and within `LOOK_BACK_DAYS`.
    """
    if not 0 < idle_hours <= LOOK_BACK_DAYS * 24:
        raise InvalidInput("hours", idle_hours, f"must be above 0 and at most {LOOK_BACK_DAYS * 24}")
    since = to_ms(now - LOOK_BACK_DAYS * 86_400)
    with gently(engine) as connection:
        adopt_sessions(connection)
    with reading(engine) as connection:
        events, stored = read_cart_events(connection, since), stored_since(connection, since)
    found = [
        left for left in _left(events, to_ms(idle_hours * 3_600), to_ms(now)) if (left[0], left[1].at) not in stored
    ]
    _store(engine, found)
    recovered = _recover(engine, events, since)
    return {"customers": len(events), "carts": len(found), "recovered": recovered}


def _left(events: CartEvents, idle: int, now: int) -> Iterator[Left]:
    for key, own in events.items():
        for cart in left_carts(own, idle=idle, now=now):
            yield key, cart


def _store(engine: Engine, found: list[Left]) -> None:
    with reading(engine) as connection:
        prices = read_prices(connection, (id for _, cart in found for id in _unpriced(cart)))
    priced = [(key, _with_prices(cart, prices)) for key, cart in found]
    for start in range(0, len(priced), BATCH):
        with gently(engine) as connection:
            insert_abandonments(connection, priced[start : start + BATCH])


def _unpriced(cart: LeftCart) -> list[str]:
    return [id for id, line in cart.lines.items() if line.price is None]


def _with_prices(cart: LeftCart, prices: dict[str, float]) -> LeftCart:
    """Lines whose events told no price have the catalog's."""
    lines = {
        id: line if line.price is not None else replace(line, price=prices.get(id)) for id, line in cart.lines.items()
    }
    return LeftCart(cart.at, lines)


def _recover(engine: Engine, events: CartEvents, since: int) -> int:
    with reading(engine) as connection:
        open_rows = read_unrecovered(connection, since)
    back = [
        (row.id, recovered_at(row.abandoned_at, row.products, events.get(row.customer_key, ()))) for row in open_rows
    ]
    recovered = [(row_id, at) for row_id, at in back if at is not None]
    for start in range(0, len(recovered), BATCH):
        with gently(engine) as connection:
            for row_id, at in recovered[start : start + BATCH]:
                mark_recovered(connection, row_id, at)
    return len(recovered)
