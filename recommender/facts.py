"""What training counted of each product: columns for the learned blender, and which products are of one kind."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

ITEM_NAMES: Final = (
    "sold_3d",
    "sold_7d",
    "sold_14d",
    "sold_30d",
    "sold_90d",
    "sold_365d",
    "new_buyers_14d",
    "buyers",
    "purchases_per_buyer",
    "repeat_rate",
    "usual_gap",
    "days_on_sale",
)
"""Columns of `ItemFacts.columns`; `training.item_facts` counts them."""
NEVER: Final = 1_000.0
"""Days since something that did not happen; ages are cut off here."""
UNSOLD: Final = np.array([NEVER if name == "usual_gap" else 0.0 for name in ITEM_NAMES], dtype=np.float32)
"""Of a product that nobody has bought."""


@dataclass(frozen=True, slots=True)
class Sales:
    """What was sold in the last 14 days, of the products that were."""

    item: NDArray[np.int64]
    """(s,) their rows."""
    kind: NDArray[np.int32]
    """(s,) `ItemFacts.kinds` of each."""
    sold: NDArray[np.float32]
    """(s,) column ``sold_14d`` of each."""
    by_kind: NDArray[np.float64]
    """Sum over each kind, by its code."""


@dataclass(frozen=True)
class ItemFacts:
    """Facts of the products of a release, its first (n,) rows. Newer products have none."""

    columns: NDArray[np.float32]
    """(n, len(ITEM_NAMES))."""
    namesakes: NDArray[np.int32]
    """(n,) products of one name have one code: sizes and flavours of the same thing."""
    kinds: NDArray[np.int32]
    """(n,) products with like texts have one code: what a shop without categories has instead."""

    def of(self, items: NDArray[np.int64]) -> NDArray[np.float32]:
        """(len(items), len(ITEM_NAMES)); `UNSOLD` for products newer than the release."""
        if not len(self.columns):
            return np.broadcast_to(UNSOLD, (len(items), len(ITEM_NAMES)))
        known = (items < len(self.columns))[:, None]
        return np.where(known, self.columns[np.minimum(items, len(self.columns) - 1)], UNSOLD)

    @cached_property
    def sales(self) -> Sales:
        """Of every answer's affinity source: counted once."""
        sold = self.columns[:, ITEM_NAMES.index("sold_14d")]
        item = np.flatnonzero(sold)
        return Sales(item, self.kinds[item], sold[item], np.bincount(self.kinds, sold).astype(np.float64))


def codes_of(codes: NDArray[np.int32], items: NDArray[np.integer]) -> NDArray[np.int64]:
    """(len(items),) codes; a product newer than the release has one of its own, below 0."""
    rows = items.astype(np.int64)
    if not len(codes):
        return -1 - rows
    return np.where(rows < len(codes), codes[np.minimum(rows, len(codes) - 1)].astype(np.int64), -1 - rows)


def no_facts(size: int) -> ItemFacts:
    """Of products of which nothing was counted: each is of a kind of its own."""
    own = np.arange(size, dtype=np.int32)
    return ItemFacts(np.zeros((size, len(ITEM_NAMES)), dtype=np.float32), own, own)
