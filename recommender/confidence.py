"""How much of a list rests on something known of this shopper or this page."""

from recommender.policy import Weights
from recommender.types import SOURCES, Slate, Source


def confidence(slate: Slate, weights: Weights) -> float:
    """The share of the slate's blended score that does not come from popularity, in [0, 1].

    Σ weight · evidence of every source but popularity / Σ weight · evidence of all, over the products shown. 0 is a
    list that everybody would see, 1 one that owes popularity nothing. It is not a probability of anything.
    """
    parts = (slate.evidence * weights.vector()).sum(axis=0)
    total = float(parts.sum())
    if total <= 0.0:
        return 0.0
    return min(max(1.0 - float(parts[SOURCES.index(Source.POPULARITY)]) / total, 0.0), 1.0)
