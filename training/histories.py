"""What customers had done at a past moment, as serving would have read it then: views, carts and all."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.catalog import Catalog
from recommender.history import NO_HISTORY, History
from store.interactions import Interactions


@dataclass(frozen=True)
class Histories:
    """Events of a shop's customers as rows of its catalog. Cuts and arrangements share the events themselves."""

    events: Interactions
    row: NDArray[np.int32]
    """(products + 1,) the catalog's row of each product code, -1 where it has none; the last is for no product."""

    def of(self, user: int, until: float) -> History:
        """The customer's history earlier than ``until`` (epoch seconds), without products the catalog lacks."""
        places, at = self.events.history(user, until)
        if not len(places):
            return NO_HISTORY
        history = History(self.row[self.events.product[places]], self.events.type[places], at)
        return history.where(history.item >= 0)

    def arranged(self, row: NDArray[np.int32]) -> "Histories":
        """The same with each product of the catalog at its new ``row``, (n,)."""
        return replace(self, row=np.append(row, np.int32(-1))[self.row])


def histories_of(events: Interactions, catalog: Catalog) -> Histories:
    """The events over this catalog, by either id of its products as in serving."""
    row_of = catalog.row_of
    return Histories(events, np.array([*(row_of.get(one, -1) for one in events.product_ids), -1], dtype=np.int32))
