"""Stage 4: from scored candidates to the list that is shown.

With a cap per category the best slate is found exactly by taking products in order of score and skipping full
categories: the caps form a partition matroid, on which the greedy choice is optimal (Edmonds 1971). One product per
name on top of it keeps that true as long as products of one name share their category: the caps are then nested. A
full list is worth more than distinct names, so namesakes come back where the list would stay short.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recommender.catalog import NO_CATEGORY

_NOTHING = np.zeros(0, dtype=np.int64)
AT_ONCE = 512
"""Of the whole catalog in reserve the first few are enough."""


def fill_slate(
    *,
    item: NDArray[np.int64],
    score: NDArray[np.float32],
    category: NDArray[np.int32],
    reserve: Callable[[], NDArray[np.int64]],
    limit: int,
    max_per_category: int | None,
    name: NDArray[np.object_] | None = None,
    shown: NDArray[np.int64] = _NOTHING,
) -> NDArray[np.int64]:
    """Rows of the slate in order: the best candidates under the caps, then ``reserve`` until ``limit`` is reached.

    ``item`` and ``score`` are the candidates; ``category`` is the whole catalog's column; ``reserve`` gives further
    allowed products, best first, and is asked only where it is needed. Where the catalog's column ``name`` is given,
    two products of one name, or one that is called like a row of ``shown``, are taken only when all else is used up.
    The result is shorter than ``limit`` only when caps and catalog leave no other product.
    """
    cap = limit if max_per_category is None else max_per_category
    slate = _Slate(category, name, limit, cap)
    if name is not None:
        slate.names.update(name[shown].tolist())
    ordered = item[np.argsort(-score, kind="stable")]
    slate.take(ordered)
    if not slate.full:
        further = reserve()
        further = further[~np.isin(further, item)]
        slate.take(further)
    if not slate.full and name is not None:
        namesakes = np.concatenate([ordered, further])
        slate.name = None
        slate.take(namesakes[~np.isin(namesakes, slate.chosen)])
    return np.array(slate.chosen, dtype=np.int64)


@dataclass(slots=True)
class _Slate:
    """A list that is being filled, and how much room its caps leave."""

    category: NDArray[np.int32]
    name: NDArray[np.object_] | None
    limit: int
    cap: int
    chosen: list[int] = field(default_factory=list)
    used: Counter[int] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)

    @property
    def full(self) -> bool:
        return len(self.chosen) == self.limit

    def take(self, ordered: NDArray[np.int64]) -> None:
        """The first products of ``ordered`` for which there is room."""
        for start in range(0, len(ordered), AT_ONCE):
            if self.full:
                return
            self._take(ordered[start : start + AT_ONCE])

    def _take(self, ordered: NDArray[np.int64]) -> None:
        for row, category in zip(ordered.tolist(), self.category[ordered].tolist(), strict=True):
            if self.full:
                break
            if (category == NO_CATEGORY or self.used[category] < self.cap) and self._is_new(row):
                self.used[category] += 1
                self.chosen.append(row)

    def _is_new(self, row: int) -> bool:
        if self.name is None:
            return True
        if (name := self.name[row]) in self.names:
            return False
        self.names.add(name)
        return True
