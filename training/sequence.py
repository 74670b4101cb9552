"""Counts what is bought after what: transitions between the baskets of one customer, near ones more than far ones."""

from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.snapshot import Neighbours
from training.dataset import Dataset
from training.neighbours import KEPT, MOST_ITEMS, strongest_entries

STEPS: Final = 4
"""A basket g steps later counts 1/g; further ones not at all."""
BACKWARDS: Final = 0.4
"""What was bought before counts so much of what was bought after: the two also simply belong together."""
BASKETS: Final = 50
"""Each customer's latest, so that those who buy daily do not decide alone."""
SHRINKAGE: Final = 2.0
"""Added to both counts of a pair, so that two rare products in a row by chance do not score 1."""


def fit_sequence(purchases: Dataset, factored: int) -> Neighbours:
    """For the first ``factored`` products, at most `MOST_ITEMS`: what follows them, strongest first.

    Weight: (Σ 1/g after + .4 · Σ 1/g before) / √((n_i + 2)(n_j + 2)) over baskets, like a cosine.
    """
    wide = min(factored, MOST_ITEMS)
    contents, owner = _latest_baskets(purchases, wide)
    total = sp.csr_array((wide, wide), dtype=np.float32)
    for step in range(1, STEPS + 1):
        earlier = np.flatnonzero(owner[:-step] == owner[step:])
        total = total + contents[earlier].T @ contents[earlier + step] / np.float32(step)
    total = (total + BACKWARDS * total.T).tocsr()
    root = 1.0 / np.sqrt(np.asarray(contents.sum(axis=0)).ravel() + SHRINKAGE)
    weighed = sp.diags_array(root) @ total @ sp.diags_array(root)
    return strongest_entries(weighed.tocsr(), len(purchases.catalog), KEPT)


def _latest_baskets(purchases: Dataset, wide: int) -> tuple[sp.csr_array, NDArray[np.int32]]:
    """(baskets, wide) what each holds, in order of customer and time, and whose it is; the latest of everyone."""
    keep = purchases.item < wide
    user, item, at = purchases.user[keep], purchases.item[keep], purchases.at[keep]
    first = np.ones(len(user), dtype=bool)
    first[1:] = (np.diff(user) != 0) | (np.diff(at) != 0)
    basket = np.cumsum(first) - 1
    owner = user[first]
    ends = np.searchsorted(owner, owner, side="right")
    latest = ends - np.arange(len(owner)) <= BASKETS
    place = np.cumsum(latest) - 1
    inside = latest[basket] if len(user) else np.zeros(0, dtype=bool)
    ones = np.ones(int(inside.sum()), dtype=np.float32)
    shape = (int(latest.sum()), wide)
    return sp.csr_array((ones, (place[basket[inside]], item[inside])), shape=shape), owner[latest]
