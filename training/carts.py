"""Replays carts: the first half of a basket is in the cart, the rest is what should have been shown."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.in_process import InProcessStages, answer_now
from recommender.history import NO_HISTORY
from recommender.pipeline import collect
from recommender.trace import timeless
from recommender.types import Context, Query
from training.replay import LIST_LENGTH, Arena, Case, Progress

CART_PRODUCTS: Final = 6
"""Distinct products that a basket needs to be halved."""


def cart_cases(
    arena: Arena,
    *,
    limit: int | None = None,
    strangers: float = 0.0,
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> Iterator[tuple[int, Case]]:
    """Baskets after the cut with their customer, at most ``limit`` drawn at random; halves are drawn at random too.

    The customer's history ends at the cut. A share of ``strangers`` is asked without one, as visitors who did not
    log in.
    """
    rng = np.random.default_rng(seed)
    baskets = cart_baskets(arena)
    chosen = np.sort(rng.permutation(len(baskets))[:limit])
    stages = InProcessStages(arena.collaborative)
    known = arena.data.before(arena.cut)
    for number, place in enumerate(chosen.tolist()):
        user, items = baskets[place]
        mixed = rng.permutation(items)
        held, rest = mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]
        history = NO_HISTORY if rng.random() < strangers else known.history(user)
        query = Query(context=Context.CART, limit=LIST_LENGTH, at=arena.cut, history=history, anchors=np.sort(held))
        pool = answer_now(collect(query, arena.snapshot, stages, timeless()))
        yield user, Case(query, pool, frozenset(rest.tolist()))
        progress(number + 1, len(chosen))


def cart_baskets(arena: Arena) -> list[tuple[int, NDArray[np.int64]]]:
    """Customer and distinct products of the universe of every basket after the cut that has enough of them.

    Of customers that were known before the cut, as the other protocols are.
    """
    later = arena.labels()
    first = np.ones(len(later), dtype=bool)
    first[1:] = (np.diff(later.user) != 0) | (np.diff(later.at) != 0)
    starts = np.flatnonzero(first)
    known = np.zeros(later.n_users, dtype=bool)
    known[arena.data.before(arena.cut).customers] = True
    found: list[tuple[int, NDArray[np.int64]]] = []
    if not len(later):
        return found
    for items, user in zip(np.split(later.item, starts[1:]), later.user[starts].tolist(), strict=True):
        if known[user] and len(items) >= CART_PRODUCTS:
            found.append((user, items.astype(np.int64)))
    return found
