"""Counts the item columns that the learned blender looks at."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.facts import ITEM_NAMES, NEVER, ItemFacts
from recommender.history import DAY
from training.dataset import Dataset

WINDOWS: Final = (3.0, 7.0, 14.0, 30.0, 90.0, 365.0)
NEW_BUYER_DAYS: Final = 14.0


def item_facts(purchases: Dataset, vector_row: NDArray[np.int32], kinds: NDArray[np.int32], *, cut: float) -> ItemFacts:
    """Facts of every product from the purchases before ``cut``; ages are counted back from there.

    ``kinds`` is the code of each distinct text, (texts,), and ``vector_row`` each product's text, (n,).
    """
    known = purchases.before(cut)
    size = len(known.catalog)
    age = (cut - known.at) / DAY
    order = np.lexsort((-age, known.item, known.user))  # purchases of one customer and product, oldest first
    user, item, age = known.user[order], known.item[order], age[order]
    again = np.zeros(len(order), dtype=bool)
    again[1:] = (user[1:] == user[:-1]) & (item[1:] == item[:-1])
    buyers = np.bincount(item[~again], minlength=size)
    sold = np.bincount(item, minlength=size)
    came_back = again & ~np.roll(again, 1)  # the second purchase of a pair
    columns = {
        **{f"sold_{days:.0f}d": np.bincount(item[age <= days], minlength=size) for days in WINDOWS},
        "new_buyers_14d": np.bincount(item[~again & (age <= NEW_BUYER_DAYS)], minlength=size),
        "buyers": buyers,
        "purchases_per_buyer": sold / np.maximum(buyers, 1),
        "repeat_rate": np.bincount(item[came_back], minlength=size) / np.maximum(buyers, 1),
        "usual_gap": _median(item[again], (np.roll(age, 1) - age)[again], size),
        "days_on_sale": _oldest(item, age, size),
    }
    table = np.column_stack([columns[name] for name in ITEM_NAMES]).astype(np.float32)
    _, namesakes = np.unique(known.catalog.name.astype(np.str_), return_inverse=True)
    return ItemFacts(table, namesakes.astype(np.int32), kinds[vector_row])


def _median(item: NDArray[np.int32], value: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Median per product; `NEVER` where it has no value."""
    order = np.lexsort((value, item))
    counts = np.bincount(item, minlength=size)
    starts = np.cumsum(counts) - counts
    middle = value[order][np.minimum(starts + counts // 2, max(len(value) - 1, 0))] if len(value) else np.zeros(size)
    return np.where(counts > 0, middle, NEVER)


def _oldest(item: NDArray[np.int32], age: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    oldest = np.zeros(size)
    np.maximum.at(oldest, item, age)
    return oldest
