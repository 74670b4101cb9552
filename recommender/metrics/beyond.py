"""What accuracy does not see: how much of the catalog is shown, how surprising, varied and affordable the lists are."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.metrics.lists import NO_ITEM, Lists

PRICE_BINS: Final = 10
CALIBRATION_SMOOTHING: Final = 0.01
"""Steck's α: the list's distribution is mixed with so much of the history's, so that an empty bin stays finite."""
_CUSTOMERS_AT_ONCE: Final = 200


def catalog_coverage(lists: Lists, allowed: NDArray[np.bool_]) -> float:
    """Share of the ``allowed`` products, (n,), that stand in anybody's list; in [0, 1]."""
    shown = np.zeros(len(allowed), dtype=bool)
    shown[lists[lists != NO_ITEM]] = True
    return float((shown & allowed).sum() / max(int(allowed.sum()), 1))


def novelty(lists: Lists, buyers: NDArray[np.int64], customers: int) -> float:
    """Mean self-information of the shown products in bits: −log2(share of ``customers`` who bought it before).

    Zhou et al. 2010. ``buyers`` (n,) counts the distinct customers of each product; one that nobody bought counts as
    bought by one, so the value lies in [0, log2(customers)].
    """
    shown = lists[lists != NO_ITEM]
    if not len(shown):
        return 0.0
    return float(-np.log2(np.maximum(buyers[shown], 1) / customers).mean())


def intra_list_diversity(lists: Lists, vectors: NDArray[np.float32], vector_row: NDArray[np.int32]) -> float:
    """Mean over lists of the mean of 1 − cosine over all pairs of a list, in [0, 2]; 0.0 without any pair.

    Ziegler et al. 2005 with cosines of text vectors: ``vectors`` (m, d) of length 1 or 0, ``vector_row`` (n,).
    """
    sizes = (lists != NO_ITEM).sum(axis=1)
    told = [_summed_cosines(part, vectors, vector_row) for part in _parts(lists)]
    if not told or not (sizes > 1).any():
        return 0.0
    pairs = sizes * (sizes - 1) / 2
    cosines = np.concatenate(told)[sizes > 1] / pairs[sizes > 1]
    return float((1.0 - cosines).mean())


def distinct_lists(lists: Lists) -> float:
    """Distinct lists per customer: 1 where no two customers see the same, 1 / customers where all do."""
    return len(np.unique(lists, axis=0)) / max(len(lists), 1)


def price_divergence(
    lists: Lists,
    price: NDArray[np.float32],
    bought_by: NDArray[np.int64],
    bought: NDArray[np.int64],
) -> float:
    """Mean over customers of KL(prices bought before ‖ prices of the list), in nats, in [0, −ln 0.01 = 4.6].

    Steck 2018 with price in place of genre: prices fall into ten bins that hold equally many of all purchases, and the
    list's distribution is smoothed with 1 % of the history's. ``bought_by`` and ``bought`` are pairs of list row and
    item. Customers without a known price in history or list are left out; 0.0 where nobody is left.
    """
    known = np.isfinite(price)
    prices = price[bought[known[bought]]]
    if not len(prices):
        return 0.0
    edges = np.unique(np.quantile(prices, np.linspace(0, 1, PRICE_BINS + 1)[1:-1]))
    bin_of = np.digitize(price, edges)
    rows = np.repeat(np.arange(len(lists)), lists.shape[1])
    shown = lists.ravel()
    rows, shown = rows[shown != NO_ITEM], shown[shown != NO_ITEM]
    history = _distributions(bought_by, bought, known, bin_of, len(lists))
    listed = _distributions(rows, shown, known, bin_of, len(lists))
    both = (history.sum(axis=1) > 0) & (listed.sum(axis=1) > 0)
    if not both.any():
        return 0.0
    p, q = history[both], listed[both]
    smooth = (1 - CALIBRATION_SMOOTHING) * q + CALIBRATION_SMOOTHING * p
    ratio = np.divide(p, smooth, out=np.ones_like(p), where=p > 0)
    return float((p * np.log(ratio)).sum(axis=1).mean())


def _summed_cosines(lists: Lists, vectors: NDArray[np.float32], vector_row: NDArray[np.int32]) -> NDArray[np.float64]:
    """(customers,) Σ of cosines over pairs: (|Σv|² − Σ|v|²) / 2, without looking at any pair."""
    gathered = vectors[vector_row[lists]] * (lists != NO_ITEM)[..., None]
    total = gathered.sum(axis=1, dtype=np.float64)
    own = np.square(gathered, dtype=np.float64).sum(axis=(1, 2))
    cosines: NDArray[np.float64] = (np.square(total).sum(axis=1) - own) / 2
    return cosines


def _parts(lists: Lists) -> list[Lists]:
    return [lists[start : start + _CUSTOMERS_AT_ONCE] for start in range(0, len(lists), _CUSTOMERS_AT_ONCE)]


def _distributions(
    row: NDArray[np.int64],
    item: NDArray[np.integer],
    known: NDArray[np.bool_],
    bin_of: NDArray[np.int64],
    customers: int,
) -> NDArray[np.float64]:
    """(customers, PRICE_BINS) shares of each bin; a row of zeros where no price is known."""
    row, item = row[known[item]], item[known[item]]
    counts = np.bincount(row * PRICE_BINS + bin_of[item], minlength=customers * PRICE_BINS).astype(np.float64)
    counts = counts.reshape(customers, PRICE_BINS)
    shares: NDArray[np.float64] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    return shares
