"""What the text encoder reads of a product (seed 004: name, description, category and price range)."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

PRICE_BANDS: Final[tuple[float, ...]] = (2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Borders of the price bands, in the shop's currency: about equal steps of log price. Coarse on purpose, for each
band splits products of equal description into one more text to embed."""


BROADER_THAN_CATEGORY: Final = frozenset({"department"})
"""Attributes that say less than the category does: reading them costs time and tells nothing apart."""


def price_band(price: float | None) -> str:
    """``'2 to 5'`` for 3.99; empty where the price is unknown.

    >>> price_band(3.99), price_band(0.5), price_band(4000), price_band(None)
    ('2 to 5', 'under 2', 'over 1000', '')
    """
    if price is None or price != price:  # NaN is unknown too
        return ""
    band = bisect_right(PRICE_BANDS, price)
    if band == 0:
        return f"under {PRICE_BANDS[0]}"
    if band == len(PRICE_BANDS):
        return f"over {PRICE_BANDS[-1]}"
    return f"{PRICE_BANDS[band - 1]} to {PRICE_BANDS[band]}"


def product_text(
    *,
    name: str,
    category: str = "",
    brand: str = "",
    description: str = "",
    attributes: Mapping[str, str] | None = None,
    price: float | None = None,
) -> str:
    """One line of text that tells this product apart, in lower case; a part whose words all stand already is left out.

    >>> product_text(name="Farm 7 whole milk, 1 gal", category="Dairy", brand="Farm 7", price=3.99)
    'farm 7 whole milk, 1 gal. dairy. price 2 to 5'
    """
    band = price_band(price)
    telling = [value for key, value in (attributes or {}).items() if key not in BROADER_THAN_CATEGORY]
    parts = [name, category, brand, description, *telling, f"price {band}" if band else ""]
    said: set[str] = set()
    kept: list[str] = []
    for part in parts:
        words = part.lower().split()
        bare = {word.strip(".,;:&") for word in words}
        if not bare <= said:
            said |= bare
            kept.append(" ".join(words))
    return ". ".join(kept)
