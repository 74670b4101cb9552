"""When an order was placed: its lines may have been sent one by one."""

import numpy as np
from numpy.typing import NDArray

from recommender.history import DAY


def order_moments(
    customer: NDArray[np.integer], order: NDArray[np.integer], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n,) the moments ``at`` (epoch seconds) of lines of purchases, those of one order at its first line's.

    What stands at one moment is one basket. ``order`` is a code, -1 where none is named: then the line's own moment
    counts. An order is one customer's, and what comes more than a day after its first line keeps its moment: it was
    delivered again under the same number, or shops count their orders anew every year.
    """
    named = np.flatnonzero(order >= 0)
    if not len(named) or _at_once(order[named], at[named]):
        return at
    place = named[np.lexsort((at[named], order[named], customer[named]))]
    first = np.ones(len(place), dtype=bool)
    first[1:] = (np.diff(customer[place]) != 0) | (np.diff(order[place]) != 0)
    began = at[place[np.flatnonzero(first)[np.cumsum(first) - 1]]]
    moments = at.copy()
    moments[place] = np.where(at[place] - began <= DAY, began, at[place])
    return moments


def _at_once(order: NDArray[np.integer], at: NDArray[np.float64]) -> bool:
    """Whether every order has one moment: in most shops, and known without sorting."""
    first = np.full(int(order.max()) + 1, np.inf)
    np.minimum.at(first, order, at)
    return bool((first[order] == at).all())
