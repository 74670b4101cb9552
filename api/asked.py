"""What a shopper asked for in words: their latest searches, or what they stated while nothing else is known."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from api.customers import Customer
from models.embedding import centred
from runners.stages import ReleaseStages

SEARCHES: Final = 3
"""Latest different searches of a visit that count."""
FAVOURITES: Final = 10
"""Stated categories and brands that count."""
SHARE_OF_TIME: Final = 0.5
"""Of what is left of a request's deadline: one stage that hangs must leave the others time to answer."""
TEXT_LENGTH: Final = 500
"""Characters of a text that are read: as many as a search may have."""
TEXTS_KEPT: Final = 2_048
"""Vectors in memory: 3 MB. Shoppers of a shop search for the same things."""


def asked_texts(customer: Customer, *, now: float, hours: float) -> list[str]:
    """The searches of the last ``hours``; where there are none and no events either, the stated favourites."""
    recent = [search.text for search in customer.searches if search.at >= now - hours * 3600.0]
    if recent:
        return _distinct(recent, SEARCHES)
    return [] if len(customer.history) else _distinct(customer.favourites, FAVOURITES)


def _distinct(texts: Sequence[str], count: int) -> list[str]:
    return list(dict.fromkeys(text[:TEXT_LENGTH].strip().casefold() for text in texts))[:count]


class AskedVectors:
    """Least recently asked texts as vectors of one release's encoder. Used from one event loop only."""

    def __init__(self, size: int = TEXTS_KEPT) -> None:
        self._size = size
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._vectors)

    async def of(
        self, texts: Sequence[str], stages: ReleaseStages, mean: NDArray[np.float32], *, timeout: float
    ) -> NDArray[np.float32]:
        """(len(texts), d) vectors, centred as the products' are. `StageUnavailable` where one takes too long."""
        missing = [text for text in texts if text not in self._vectors]
        fresh = dict(zip(missing, await self._encoded(missing, stages, mean, timeout), strict=True))
        self._vectors.update(fresh)
        found = [self._vectors[text] for text in texts]
        for text in texts:
            self._vectors.move_to_end(text)
        while len(self._vectors) > self._size:
            self._vectors.popitem(last=False)
        return np.stack(found) if found else np.zeros((0, len(mean)), dtype=np.float32)

    async def _encoded(
        self, texts: list[str], stages: ReleaseStages, mean: NDArray[np.float32], timeout: float
    ) -> Sequence[NDArray[np.float32]]:
        return list(centred(await stages.encode(texts, timeout=timeout), mean)) if texts else []
