"""What the cross-encoder reads on the customer's side: the products that stand for this request, in words."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.catalog import Catalog
from recommender.history import History, fold_in_confidences

PRODUCTS_IN_TEXT: Final = 8
"""About 64 tokens of product names: as long as the customer's side of the cross-encoder reads."""


def customer_text(history: History, catalog: Catalog) -> str:
    """Names of the customer's most telling products, strongest first; empty for a customer without history."""
    return items_text(fold_in_confidences(history).strongest(PRODUCTS_IN_TEXT).item, catalog)


def items_text(items: NDArray[np.integer], catalog: Catalog) -> str:
    """Names of the given products in order, in lower case."""
    return "; ".join(str(name).lower() for name in catalog.name[items[:PRODUCTS_IN_TEXT]])
