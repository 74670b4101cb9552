"""What a shop decides about its lists: weights, caps and sizes. Read from the rules file, frozen from then on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.types import SOURCES, Context, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """score = α·content + β·collaborative + γ·popularity + δ·repeat (seed 004), and so on for every other source."""

    content: float = 0.0
    collaborative: float = 0.0
    popularity: float = 0.0
    repeat: float = 0.0
    co_purchase: float = 0.0
    session: float = 0.0
    neighbours: float = 0.0
    affinity: float = 0.0
    sequence: float = 0.0
    arrivals: float = 0.0

    def vector(self) -> NDArray[np.float32]:
        """One weight per source, in the order of `SOURCES`."""
        return np.array([getattr(self, source) for source in SOURCES], dtype=np.float32)


SEED_WEIGHTS: Final = Weights(content=0.5, collaborative=0.3, popularity=0.2)
"""The fixed weights of seed 004."""

CART_WEIGHTS: Final = Weights(content=0.2, co_purchase=0.7, popularity=0.1)
"""What a cart is scored with where no trees were learnt for carts."""


class WeightChoice(StrEnum):
    """Named weights that a context can ask for instead of listing its own."""

    FITTED = "fitted"
    SEED = "seed"


class RerankMode(StrEnum):
    """Whether the cross-encoder runs: as the release's evaluation decided, or always, or never."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextPolicy:
    """What is particular to one context."""

    weights: Weights | WeightChoice
    max_per_category: int | None = None
    distinct_names: bool = False
    """No two products of one name, and none called like the product on the page: shoppers cannot tell them apart."""


def _default_contexts() -> Mapping[Context, ContextPolicy]:
    return MappingProxyType(
        {
            Context.HOMEPAGE: ContextPolicy(weights=WeightChoice.FITTED, max_per_category=3),
            Context.PRODUCT_PAGE: ContextPolicy(
                weights=Weights(content=0.6, co_purchase=0.3, popularity=0.1), distinct_names=True
            ),
            Context.CART: ContextPolicy(weights=WeightChoice.FITTED, max_per_category=3, distinct_names=True),
            Context.BOUGHT_TOGETHER: ContextPolicy(
                weights=Weights(content=0.05, co_purchase=0.95), distinct_names=True
            ),
        }
    )


def _default_candidates() -> Mapping[Source, int]:
    return MappingProxyType(
        {
            Source.CONTENT: 50,
            Source.COLLABORATIVE: 50,
            Source.POPULARITY: 50,
            Source.REPEAT: 100,
            Source.CO_PURCHASE: 50,
            Source.SESSION: 20,
            Source.NEIGHBOURS: 100,
            Source.AFFINITY: 60,
            Source.SEQUENCE: 60,
            Source.ARRIVALS: 20,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything of the rules file except the hard rules themselves."""

    contexts: Mapping[Context, ContextPolicy] = field(default_factory=_default_contexts)
    candidates: Mapping[Source, int] = field(default_factory=_default_candidates)
    """Top-k of each source at the default limits; larger limits take more."""
    rerank: RerankMode = RerankMode.AUTO
    rerank_depth: int = 20
    session_weight: float = 0.5
    """Weight on the homepage of what goes with the shopper's last hours. Offline data of orders cannot fit it."""
    session_hours: float = 12.0
    new_arrival_weight: float = 0.1
    """Weight on the homepage of what nobody has bought yet, by how it fits the customer. Orders cannot fit it."""
    new_arrival_boost: float = 0.0
    """Added to the score of products created within `new_arrival_days`; scores of the blend lie around 0 to 1."""
    new_arrival_days: float = 30.0
    deadline_seconds: float = 0.150

    def without_soft_rules(self) -> "Policy":
        """No caps, no boosts and no session: the protocol under which models are compared."""
        bare = {
            context: replace(own, max_per_category=None, distinct_names=False) for context, own in self.contexts.items()
        }
        return replace(self, contexts=MappingProxyType(bare), session_weight=0.0, new_arrival_boost=0.0)
