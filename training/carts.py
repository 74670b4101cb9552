"""Replays carts: the first half of a basket is in the cart, the rest is what should have been shown."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.history import NO_HISTORY
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
    chosen = [baskets[place] for place in np.sort(rng.permutation(len(baskets))[:limit]).tolist()]
    known = arena.data.before(arena.cut)
    queries: list[Query] = []
    wanted: list[frozenset[int]] = []
    for user, items in chosen:
        mixed = rng.permutation(items)
        held, left = mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]
        history = NO_HISTORY if rng.random() < strangers else known.history(user)
        queries.append(
            Query(context=Context.CART, limit=LIST_LENGTH, at=arena.cut, history=history, anchors=np.sort(held))
        )
        wanted.append(frozenset(left.tolist()))
    for number, ((user, _), (query, pool), rest) in enumerate(zip(chosen, arena.pools(queries), wanted, strict=True)):
        yield user, Case(query, pool, rest)
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
