"""Groups of customers and of products for which a recipe could be good or bad on its own."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.catalog import NO_CATEGORY
from training.dataset import Dataset
from training.replay import Arena
from training.scores import Scores

LIGHT: Final = "light customers"
HEAVY: Final = "heavy customers"
NEW_CUSTOMER_BASKETS: Final = 5
"""Customers with at most so many baskets before the cut are new."""
HEAD_SHARE: Final = 0.2
"""The most bought fifth of the universe is its head; the rest is the tail."""
DEPARTMENTS: Final = 10
LEVELS: Final = ">"
"""Separates the levels of a category that is a path: ``Drinks > Coffee > Beans`` belongs to Drinks."""


def sliced(arena: Arena, scores: Scores) -> dict[str, Scores]:
    """Slices by name: new, light and heavy customers, tail products, the ten largest departments."""
    return _by_customer(arena, scores) | _by_product(arena, scores)


def _by_customer(arena: Arena, scores: Scores) -> dict[str, Scores]:
    """Light and heavy are the lower and the upper third of the customers by baskets."""
    baskets = baskets_of(arena.data.before(arena.cut))[scores.user]
    light, heavy = np.quantile(baskets, [1 / 3, 2 / 3]) if len(baskets) else (0.0, 0.0)
    masks = {
        "new customers": baskets <= NEW_CUSTOMER_BASKETS,
        LIGHT: baskets <= light,
        HEAVY: baskets >= heavy,
    }
    return {name: scores.of_customers(mask) for name, mask in masks.items()}


def _by_product(arena: Arena, scores: Scores) -> dict[str, Scores]:
    universe = np.flatnonzero(arena.snapshot.catalog.active)  # most bought first
    tail = np.zeros(len(arena.snapshot.catalog), dtype=bool)
    tail[universe[int(np.ceil(HEAD_SHARE * len(universe))) :]] = True
    masks = {"tail products": tail} | {f"department {name}": mask for name, mask in _departments(arena).items()}
    return {name: scores.of_items(mask) for name, mask in masks.items()}


def _departments(arena: Arena) -> dict[str, NDArray[np.bool_]]:
    """The ten with the most purchases before the cut, largest first: (n,) which products belong to each."""
    catalog = arena.snapshot.catalog
    top = [name.split(LEVELS)[0].strip() for name in catalog.category_names]
    names = sorted(set(top))
    code_of = np.array([names.index(name) for name in top] + [-1])  # the last one is for NO_CATEGORY
    department = code_of[np.where(catalog.category == NO_CATEGORY, len(top), catalog.category)]
    known = (department >= 0) & catalog.active
    baskets = arena.data.before(arena.cut).baskets
    bought = np.bincount(department[known], baskets[known], minlength=len(names))
    largest = [code for code in np.argsort(-bought, kind="stable")[:DEPARTMENTS].tolist() if bought[code] > 0]
    return {names[code]: department == code for code in largest}


def baskets_of(known: Dataset) -> NDArray[np.int64]:
    """(n_users,) baskets of each customer."""
    first = np.ones(len(known), dtype=bool)
    first[1:] = (np.diff(known.user) != 0) | (np.diff(known.at) != 0)
    return np.bincount(known.user[first], minlength=known.n_users)
