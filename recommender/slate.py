"""Stage 4: from scored candidates to the list that is shown.

With a cap per category the best slate is found exactly by taking products in order of score and skipping full
categories: the caps form a partition matroid, on which the greedy choice is optimal (Edmonds 1971).
"""

from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recommender.catalog import NO_CATEGORY


def fill_slate(
    *,
    item: NDArray[np.int64],
    score: NDArray[np.float32],
    category: NDArray[np.int32],
    reserve: Callable[[], NDArray[np.int64]],
    limit: int,
    max_per_category: int | None,
) -> NDArray[np.int64]:
    """Rows of the slate in order: the best candidates under the cap, then ``reserve`` until ``limit`` is reached.

    ``item`` and ``score`` are the candidates; ``category`` is the whole catalog's column; ``reserve`` gives further
    allowed products, best first, and is asked only where it is needed. The result is shorter than ``limit`` only
    when caps and catalog leave no other product.
    """
    ordered = item[np.argsort(-score, kind="stable")]
    cap = limit if max_per_category is None else max_per_category
    chosen = _take(ordered, category, limit, cap, taken=np.zeros(0, dtype=np.int64))
    if len(chosen) < limit:
        further = reserve()
        chosen = _take(further[~np.isin(further, item)], category, limit, cap, taken=chosen)
    return chosen


def _take(
    ordered: NDArray[np.int64], category: NDArray[np.int32], limit: int, cap: int, taken: NDArray[np.int64]
) -> NDArray[np.int64]:
    """``taken`` extended by the first products of ``ordered`` whose category has room."""
    chosen = taken.tolist()
    used = Counter(category[taken].tolist())
    for row, own in zip(ordered.tolist(), category[ordered].tolist(), strict=True):
        if len(chosen) == limit:
            break
        if own == NO_CATEGORY or used[own] < cap:
            used[own] += 1
            chosen.append(row)
    return np.array(chosen, dtype=np.int64)
