"""Only products that the shop offers at all."""

import numpy as np
from numpy.typing import NDArray

from recommender.catalog import Catalog


class Active:
    """Applies to every product; the flag is never unknown (a product is active unless the shop says otherwise)."""

    name = "active"

    def allows(self, catalog: Catalog) -> NDArray[np.bool_]:
        """True where the product is active."""
        return catalog.active

    def seen(self, catalog: Catalog, item: int) -> str:
        """The flag."""
        return f"active={str(bool(catalog.active[item])).lower()}"
