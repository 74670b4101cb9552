"""The hand-overs between the stages of the pipeline. Items are rows of the snapshot's catalog everywhere inside."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.history import NO_HISTORY, History


class Context(StrEnum):
    """Where in the shop the answer is shown."""

    HOMEPAGE = "homepage"
    PRODUCT_PAGE = "product_page"
    CART = "cart"
    BOUGHT_TOGETHER = "frequently_bought_together"


class Source(StrEnum):
    """Where evidence for a product comes from. Order is the order of score columns."""

    CONTENT = "content"
    COLLABORATIVE = "collaborative"
    POPULARITY = "popularity"
    REPEAT = "repeat"
    CO_PURCHASE = "co_purchase"
    SESSION = "session"
    NEIGHBOURS = "neighbours"
    AFFINITY = "affinity"
    SEQUENCE = "sequence"
    ARRIVALS = "arrivals"


SOURCES: Final[tuple[Source, ...]] = tuple(Source)

NO_ROWS: Final = np.zeros(0, dtype=np.int64)
NOTHING_ASKED: Final = np.zeros((0, 0), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question. ``anchors`` are the products the page is about: the product shown, or those in the cart."""

    context: Context
    limit: int
    at: float
    """Epoch seconds of the request: ages of new arrivals are counted from here."""
    history: History = NO_HISTORY
    anchors: NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)
    exclude: NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)
    """Further products that this answer must not hold, e.g. those the customer owns."""
    asked: NDArray[np.float32] = field(default_factory=lambda: NOTHING_ASKED)
    """(k, d) unit vectors of what the shopper asked for in words: searches of this visit, or stated favourites."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A product that a source wanted to show and a hard rule did not allow."""

    item: int
    rule: str
    detail: str
    """The value that the rule saw, e.g. ``stock=0``."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Distinct items of all sources with every source's score, whichever source found them.

    ``item`` (c,) int64 rows; ``scores`` (c, len(SOURCES)) float32, each column scaled to [0, 1].
    """

    item: NDArray[np.int64]
    scores: NDArray[np.float32]
    found_by: dict[Source, int]
    """How many candidates each source contributed."""

    def __len__(self) -> int:
        return len(self.item)


@dataclass(frozen=True, slots=True)
class Scored:
    """Candidates with the parts of their score: the blend, what the cross-encoder added, the ``lift`` of soft rules."""

    candidates: Candidates
    blend: NDArray[np.float32]
    rerank: NDArray[np.float32]
    lift: NDArray[np.float32]
    features: NDArray[np.float32] | None = None
    """(c, features) what the learned blender saw; None where weights scored."""

    @property
    def score(self) -> NDArray[np.float32]:
        """Sum of the parts."""
        return self.blend + self.rerank + self.lift


@dataclass(frozen=True, slots=True)
class Slate:
    """The answer: items best first, with what led to them."""

    item: NDArray[np.int64]
    score: NDArray[np.float32]
    """Final score of each item: blend, plus rerank and boosts where they apply."""
    blend: NDArray[np.float32]
    """What the blender made of each item's evidence."""
    learned: bool
    """Whether the learned blender did, rather than weights."""
    evidence: NDArray[np.float32]
    """(len(item), len(SOURCES)): the scaled source scores behind the blend."""
    rerank: NDArray[np.float32]
    """What the reranker added to each item's score; 0 where it did not look."""
    strategy: str
    removals: tuple[Removal, ...]
    degraded: tuple[str, ...]
    found_by: dict[Source, int]
    scored: Scored | None = None
    """What it was chosen from; None where the slate was kept from an earlier answer."""

    def __len__(self) -> int:
        return len(self.item)
