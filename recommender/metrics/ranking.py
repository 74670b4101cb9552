"""Quality of one ranked list against the set of relevant items. Binary relevance, full ranking."""

from collections.abc import Collection, Sequence

import numpy as np


def ndcg(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """Normalised discounted cumulative gain at k, in [0, 1]; the ideal list holds min(k, len(relevant)) hits.

    Järvelin & Kekäläinen 2002 with binary gains and log2 discounts. 0.0 where nothing is relevant.
    """
    if not relevant:
        return 0.0
    hits = np.fromiter((item in relevant for item in ranked[:k]), dtype=bool)
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    return float(discounts[: len(hits)][hits].sum() / discounts[: min(k, len(relevant))].sum())


def recall(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """Share of the relevant items among the first k; divides by len(relevant), not by min(k, len(relevant))."""
    if not relevant:
        return 0.0
    return sum(item in relevant for item in ranked[:k]) / len(relevant)


def hit_rate(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """1.0 where any of the first k is relevant."""
    return float(any(item in relevant for item in ranked[:k]))


def reciprocal_rank(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """1 / the place of the first relevant item among the first k, in [0, 1]; 0.0 where there is none."""
    return next((1.0 / place for place, item in enumerate(ranked[:k], start=1) if item in relevant), 0.0)
