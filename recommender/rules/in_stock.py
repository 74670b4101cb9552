"""Only products that can be bought now."""

import numpy as np
from numpy.typing import NDArray

from recommender.catalog import UNKNOWN_STOCK, Catalog


class InStock:
    """Applies to every product; unknown stock means sellable, for many shops do not report stock at all."""

    name = "in_stock"

    def allows(self, catalog: Catalog) -> NDArray[np.bool_]:
        """True where stock is positive or unknown."""
        in_stock: NDArray[np.bool_] = (catalog.stock > 0) | (catalog.stock == UNKNOWN_STOCK)
        return in_stock

    def seen(self, catalog: Catalog, item: int) -> str:
        """The number in stock."""
        return f"stock={catalog.stock[item]}"
