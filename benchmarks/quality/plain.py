"""Plain counts as rows beside the pipeline's sources, which decay: what others report under the same names."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.history import DAY
from training.replay import LIST_LENGTH, Arena, Case
from training.rows import Ranker, ordered

MONTH_DAYS: Final = 30.0
NAMES: Final = ("popularity_30_days", "popularity_ever", "own_count")


def plain_rows(arena: Arena) -> dict[str, Ranker]:
    """Baskets of the last 30 days, all baskets, and how many of the customer's own baskets hold a product."""
    known = arena.data.before(arena.cut)
    month, ever = known.window(arena.cut - MONTH_DAYS * DAY, MONTH_DAYS).baskets, known.baskets
    recent = np.argsort(-month, kind="stable")
    return {
        "popularity_30_days": ordered(recent),
        "popularity_ever": ordered(np.argsort(-ever, kind="stable")),
        "own_count": own_count(recent),
    }


def own_count(order: NDArray[np.int64]) -> Ranker:
    """The customer's products by number of baskets, equal ones and all others in ``order``, (n,)."""

    def rank(case: Case) -> NDArray[np.int64]:
        counts = np.bincount(case.query.history.item, minlength=len(order))
        allowed = order[case.pool.allowed[order]]
        return allowed[np.argsort(-counts[allowed], kind="stable")][:LIST_LENGTH]

    return rank
