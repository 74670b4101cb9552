"""Stage 2 where it proved itself: one score from a model of many features instead of a weight per source."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recommender.catalog import Catalog
from recommender.features import ItemFacts, features
from recommender.types import Candidates, Query


class Trees(Protocol):
    """A fitted model of the columns in `recommender.features.FEATURES`."""

    def predict(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        """(rows, len(FEATURES)) → (rows,) on any scale, larger is better."""


@dataclass(frozen=True, slots=True)
class LearnedBlend:
    """The model with what its features need to know of the products."""

    facts: ItemFacts
    trees: Trees

    def scores(self, query: Query, candidates: Candidates, catalog: Catalog) -> NDArray[np.float32]:
        """(len(candidates),) scaled to [0, 1] within the request, so that boosts weigh as they do beside weights."""
        if not len(candidates):
            return np.zeros(0, dtype=np.float32)
        raw = self.trees.predict(features(query, candidates, catalog, self.facts))
        spread = float(raw.max() - raw.min())
        return (raw - raw.min()) / np.float32(spread) if spread > 0 else np.zeros_like(raw)
