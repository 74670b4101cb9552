"""Stages 2 and 3: one score from all sources, and the cross-encoder's opinion as one more input."""

import numpy as np
from numpy.typing import NDArray

from recommender.policy import Weights


def blend(scores: NDArray[np.float32], weights: Weights) -> NDArray[np.float32]:
    """Weighted sum of scaled source scores: (c, sources) → (c,)."""
    return scores @ weights.vector()


def rerank_terms(logits: NDArray[np.float32], weight: float) -> NDArray[np.float32]:
    """What the cross-encoder adds to each score it looked at: weight · (logits scaled to [0, 1] − their mean).

    The terms sum to 0, so being among the products looked at is neither a bonus nor a malus against the rest.
    A product that the cross-encoder does not know (NaN) gets 0.
    """
    terms = np.zeros(len(logits), dtype=np.float32)
    known = np.isfinite(logits)
    if known.any():
        values = logits[known]
        spread = float(values.max() - values.min())
        scaled = (values - values.min()) / spread if spread > 0 else np.zeros_like(values)
        terms[known] = weight * (scaled - scaled.mean())
    return terms
