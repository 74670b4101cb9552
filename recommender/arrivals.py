"""The source of new products: what nobody has bought yet, for those who buy its kind.

Orders say nothing of such a product, and its likeness to a whole profile says next to nothing: a profile lies between
all that a customer buys. What tells is how much of the little that its category sells goes to this customer, and
whether it is like single products that they bought. Products first sold in Complete Journey's December, ranked among
themselves: recall@20 of chance .0068, of the profile's likeness .0086, of this source .073 (docs/quality.md).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.history import History, ItemWeights
from recommender.snapshot import Snapshot

COMPARED: Final = 200
"""New products of the customer's likeliest categories that are compared with what they bought."""
LATEST: Final = 1_000
"""Events of the customer whose products they are compared with: the 200 strongest alone find a tenth fewer."""
MOST_ALIKE: Final = 3


def arrival_scores(snapshot: Snapshot, history: History, confidences: ItemWeights) -> NDArray[np.float32] | None:
    """(n,) share of the category that is the customer's · likeness to the three most similar products they looked at or
    bought.

    Above 0 for at most `COMPARED` products, none of which anybody has bought; None where there is none.
    ``confidences`` are `fold_in_confidences` of the history.
    """
    rows, liking = _of_own_categories(snapshot, confidences)
    own = _of_their_categories(snapshot, rows, history)
    if not (len(rows) and len(own)):
        return None
    cosines = _cosines(snapshot, rows, own)
    most = min(MOST_ALIKE, cosines.shape[1])
    alike = np.partition(cosines, -most, axis=1)[:, -most:].mean(axis=1)
    column = np.zeros(len(snapshot.catalog), dtype=np.float32)
    column[rows] = liking * np.maximum(alike, 0.0)
    return column if column.any() else None


def _of_own_categories(snapshot: Snapshot, confidences: ItemWeights) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    """New products and how much their category is the customer's: log1p of confidences / square root of its sales."""
    category, new = snapshot.catalog.category, snapshot.unsold_rows
    wanted = np.bincount(category[confidences.item] + 1, confidences.weight, minlength=len(snapshot.category_sales))
    liking = (np.log1p(wanted) / np.sqrt(np.maximum(snapshot.category_sales, 1.0)))[category[new] + 1]
    if len(new) > COMPARED:
        likeliest = np.argpartition(-liking, COMPARED)[:COMPARED]
        new, liking = new[likeliest], liking[likeliest]
    speaks = (liking > 0) & ~np.isin(new, confidences.item)  # a product may have been bought since the release was made
    return new[speaks], liking[speaks]


def _of_their_categories(snapshot: Snapshot, rows: NDArray[np.int64], history: History) -> NDArray[np.int32]:
    """What the customer looked at or bought of the categories of ``rows``: what is alike is most often there."""
    category, own = snapshot.catalog.category, np.unique(history.item[-LATEST:])
    wanted = np.zeros(len(snapshot.category_sales), dtype=bool)
    wanted[category[rows] + 1] = True
    return own[wanted[category[own] + 1]]


def _cosines(snapshot: Snapshot, rows: NDArray[np.int64], others: NDArray[np.int32]) -> NDArray[np.float32]:
    """(len(rows), len(others)) between the products' texts."""
    vectors, of = snapshot.vectors, snapshot.vector_row
    cosines: NDArray[np.float32] = vectors[of[rows]] @ vectors[of[others]].T
    return cosines
