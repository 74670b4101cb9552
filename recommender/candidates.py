"""Stage 1: from the whole catalog to a few hundred products, each allowed by the hard rules already."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.evidence import Column, Evidence
from recommender.types import Candidates, Source

FOLDS: Final = 64


def top_k(
    scores: Column, allowed: NDArray[np.bool_] | None, k: int, *, popular_rank: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Rows of the k best allowed products with a score above 0, best first; of equals the more popular first.

    ``allowed`` is None where every product is.
    """
    permitted = scores if allowed is None else np.where(allowed, scores, np.float32(0))
    floor = _at_most_kth(permitted, k)
    positive = np.flatnonzero(permitted >= floor if floor > 0 else permitted > 0)
    if len(positive) > k:
        values = scores[positive]
        kth = np.partition(values, len(values) - k)[len(values) - k]
        positive = positive[values >= kth]  # every tie at the border stays in, for the sort below to decide
    return positive[np.lexsort((popular_rank[positive], -scores[positive]))][:k]


def _at_most_kth(values: Column, k: int) -> float:
    """No more than the k-th largest value, and most often just below it: the k-th largest peak of disjoint groups.

    Each of k peaks is a value of its own, so k values are at least as large. Reading the groups is a fraction of the
    work of parting the whole column.
    """
    width = len(values) // FOLDS
    if width <= k:
        return 0.0
    peaks = values[: FOLDS * width].reshape(FOLDS, width).max(axis=0)
    return float(np.partition(peaks, width - k)[width - k])


def generate(
    evidence: Evidence,
    finders: Mapping[Source, int],
    allowed: NDArray[np.bool_],
    *,
    popular_rank: NDArray[np.int64],
) -> tuple[Candidates, NDArray[np.int64]]:
    """Union of the top-k of each finding source, and the rows that would have been in it but are not allowed.

    Candidates come in order of popularity, so that stable sorts by score break ties by it.
    """
    found: dict[Source, NDArray[np.int64]] = {}
    refused: list[NDArray[np.int64]] = []
    for source, k in finders.items():
        if source in evidence.columns:
            column = evidence.columns[source]
            wanted = top_k(column, None, k, popular_rank=popular_rank)
            permitted = allowed[wanted]
            refused.append(wanted[~permitted])
            found[source] = wanted if permitted.all() else top_k(column, allowed, k, popular_rank=popular_rank)
    items = _union(list(found.values()))
    items = items[np.argsort(popular_rank[items])]
    counts = {source: len(rows) for source, rows in found.items()}
    return Candidates(items, evidence.scaled(items), counts), _union(refused)


def _union(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)
