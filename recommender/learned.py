"""Stage 2 where it proved itself: one score from a model of many features instead of a weight per source."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Trees(Protocol):
    """A fitted model of the columns in `recommender.features.FEATURES`."""

    def predict(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        """(rows, len(FEATURES)) → (rows,) on any scale, larger is better."""


def learned_scores(trees: Trees, table: NDArray[np.float32], *, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(len(table),) scaled to [0, 1] within the request, so that boosts weigh as they do beside weights.

    0 for rows that are not ``known``: of what nobody bought the trees have learnt nothing.
    """
    scores = np.zeros(len(table), dtype=np.float32)
    if known.any():
        raw = trees.predict(table[known])
        spread = float(raw.max() - raw.min())
        scores[known] = (raw - raw.min()) / np.float32(spread) if spread > 0 else 0.0
    return scores
