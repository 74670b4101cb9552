"""Stage 2 where it proved itself: one score from a model of many features instead of a weight per source."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Trees(Protocol):
    """A fitted model of the columns in `recommender.features.FEATURES`."""

    def predict(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        """(rows, len(FEATURES)) → (rows,) on any scale, larger is better."""


def learned_scores(trees: Trees, table: NDArray[np.float32]) -> NDArray[np.float32]:
    """(len(table),) scaled to [0, 1] within the request, so that boosts weigh as they do beside weights."""
    if not len(table):
        return np.zeros(0, dtype=np.float32)
    raw = trees.predict(table)
    spread = float(raw.max() - raw.min())
    return (raw - raw.min()) / np.float32(spread) if spread > 0 else np.zeros_like(raw)
