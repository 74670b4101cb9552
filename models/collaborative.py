"""Collaborative filtering: item factors with fold-in, co-purchase neighbours and popularity. No customer's row.

Factors come from implicit-feedback matrix factorisation (Hu, Koren & Volinsky 2008). A customer is folded in at
request time: the least-squares step for one user against fixed item factors, so new customers need no training.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.history import ItemWeights
from recommender.snapshot import Neighbours

TABLES: Final = ("co_purchase", "neighbours", "sequence")
"""Which products go together, in three senses."""


@dataclass(frozen=True)
class Collaborative:
    """Rows of all arrays are the release's items; ``factors`` covers the first of them only."""

    factors: NDArray[np.float32]
    """(n_factored, f): items with enough purchases to learn from come first in the release's order."""
    regularization: float
    co_purchase: Neighbours
    neighbours: Neighbours
    """The strongest entries of an item-item model over customers."""
    sequence: Neighbours
    """What is bought after what."""
    popularity: NDArray[np.float32]
    """(n,) decayed count of baskets."""

    @cached_property
    def _gram(self) -> NDArray[np.float64]:
        dense = self.factors.astype(np.float64)
        return dense.T @ dense + self.regularization * np.eye(dense.shape[1])

    def fold_in(self, customers: Sequence[ItemWeights]) -> NDArray[np.float32]:
        """Query vectors (len(customers), f): (YᵀY + Yᵀ(C−I)Y + λI)⁻¹ Yᵀ C 1 over each customer's own items."""
        width = self.factors.shape[1]
        left = np.empty((len(customers), width, width))
        right = np.empty((len(customers), width, 1))
        for number, customer in enumerate(customers):
            own = self.factors[customer.item].astype(np.float64)
            confidence = customer.weight.astype(np.float64)
            left[number] = self._gram + (own.T * (confidence - 1.0)) @ own
            right[number, :, 0] = confidence @ own
        return np.linalg.solve(left, right)[:, :, 0].astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write factors.npy, popularity.npy, config.json and one file for each of `TABLES`."""
        np.save(folder / "factors.npy", self.factors)
        np.save(folder / "popularity.npy", self.popularity)
        for name in TABLES:
            related: Neighbours = getattr(self, name)
            np.savez(folder / f"{name}.npz", indptr=related.indptr, item=related.item, weight=related.weight)
        (folder / "config.json").write_text(json.dumps({"regularization": self.regularization}))


def load_collaborative(folder: Path) -> Collaborative:
    """Read what `Collaborative.save` wrote; a table that there once was not relates nothing."""
    popularity = np.load(folder / "popularity.npy", allow_pickle=False)
    return Collaborative(
        factors=np.load(folder / "factors.npy", allow_pickle=False),
        regularization=json.loads((folder / "config.json").read_text())["regularization"],
        popularity=popularity,
        **{name: _load_table(folder / f"{name}.npz", len(popularity)) for name in TABLES},
    )


def nothing_related(size: int) -> Neighbours:
    """A table of ``size`` items without relatives."""
    return Neighbours(np.zeros(size + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))


def _load_table(path: Path, size: int) -> Neighbours:
    if not path.is_file():
        return nothing_related(size)
    with np.load(path, allow_pickle=False) as related:
        return Neighbours(related["indptr"], related["item"], related["weight"])
