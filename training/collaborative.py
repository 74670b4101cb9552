"""Fits item factors, co-purchase neighbours and popularity from purchases."""

from typing import Final

import numpy as np
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.collaborative import Collaborative
from recommender.history import DAY, ItemWeights, fold_in_confidences
from recommender.snapshot import Neighbours
from training.dataset import Dataset
from training.neighbours import fit_neighbours, strongest_entries
from training.sequence import fit_sequence

FACTORS: Final = 64
REGULARIZATION: Final = 10.0
ITERATIONS: Final = 15
MIN_BASKETS: Final = 5
"""Products in fewer baskets get no factors and no neighbours: content and popularity speak for them."""
POPULARITY_DECAY_DAYS: Final = 30.0
NEIGHBOURS: Final = 50
MIN_TOGETHER: Final = 3
SHRINKAGE: Final = 10.0
"""Added to both basket counts of a pair, so that two rare products bought together by chance do not score 1."""


def fit_collaborative(purchases: Dataset, *, cut: float, seed: int = 0) -> Collaborative:
    """Model of the purchases before ``cut``, whose catalog must be `Dataset.arranged` for the same cut."""
    known = purchases.before(cut)
    factored = int((known.baskets >= MIN_BASKETS).sum())
    return Collaborative(
        factors=fit_factors(known, factored, seed=seed),
        regularization=REGULARIZATION,
        co_purchase=fit_co_purchase(known, factored),
        neighbours=fit_neighbours(known, factored),
        sequence=fit_sequence(known, factored),
        popularity=fit_popularity(known, cut),
    )


def fit_factors(purchases: Dataset, factored: int, *, seed: int) -> NDArray[np.float32]:
    """(factored, FACTORS) item factors by implicit ALS on each customer's fold-in confidences."""
    if not factored or not len(purchases):
        return np.zeros((factored, FACTORS), dtype=np.float32)
    with threadpool_limits(1, "blas"):  # ALS has threads of its own; BLAS threads below them fight for the cores
        model = AlternatingLeastSquares(
            factors=FACTORS, regularization=REGULARIZATION, iterations=ITERATIONS, random_state=seed
        )
        model.fit(_confidence_matrix(purchases, factored), show_progress=False)
    return np.ascontiguousarray(model.item_factors, dtype=np.float32)


def fit_popularity(purchases: Dataset, cut: float) -> NDArray[np.float32]:
    """(n,) Σ exp(−days before the cut / 30) over baskets."""
    weight = np.exp(-(cut - purchases.at) / DAY / POPULARITY_DECAY_DAYS)
    return np.bincount(purchases.item, weight, minlength=len(purchases.catalog)).astype(np.float32)


def fit_co_purchase(purchases: Dataset, factored: int) -> Neighbours:
    """Up to 50 neighbours per product: together / √((baskets_i + 10)(baskets_j + 10)), at least 3 times together."""
    together = _together(purchases, factored)
    popular = purchases.baskets[:factored] + SHRINKAGE
    together.data = together.data / np.sqrt(popular[together.row] * popular[together.col])
    return strongest_entries(together.tocsr(), len(purchases.catalog), NEIGHBOURS)


def _together(purchases: Dataset, factored: int) -> sp.coo_array:
    """Baskets that hold both products of a pair, for factored products and pairs of at least `MIN_TOGETHER`."""
    keep = purchases.item < factored
    basket = np.concatenate([[0], np.cumsum((np.diff(purchases.user) != 0) | (np.diff(purchases.at) != 0))])
    if not keep.any():
        return sp.coo_array((factored, factored), dtype=np.float64)
    ones = np.ones(int(keep.sum()), dtype=np.float32)
    contents = sp.csr_array((ones, (basket[: len(purchases)][keep], purchases.item[keep])), dtype=np.float32)
    contents.resize((contents.shape[0], factored))
    pairs = (contents.T @ contents).tocoo()
    often = (pairs.data >= MIN_TOGETHER) & (pairs.row != pairs.col)
    return sp.coo_array((pairs.data[often].astype(np.float64), (pairs.row[often], pairs.col[often])), shape=pairs.shape)


def _confidence_matrix(purchases: Dataset, factored: int) -> sp.csr_matrix:
    """Customers × factored products: the very confidences that serving folds in, so the two cannot drift apart."""
    rows: list[ItemWeights] = [fold_in_confidences(purchases.bought(int(user))) for user in purchases.customers]
    kept = [row.item < factored for row in rows]
    items = np.concatenate([row.item[keep] for row, keep in zip(rows, kept, strict=True)])
    weights = np.concatenate([row.weight[keep] for row, keep in zip(rows, kept, strict=True)])
    indptr = np.concatenate([[0], np.cumsum([int(keep.sum()) for keep in kept])])
    return sp.csr_matrix((weights, items, indptr), shape=(len(rows), factored))
