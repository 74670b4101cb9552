"""The forward passes that the pipeline asks for. In process or behind a network hop: the pipeline cannot tell."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recommender.history import ItemWeights


class Stages(Protocol):
    """Methods with a ``timeout`` raise `StageUnavailable` when they cannot answer within so many seconds."""

    async def similarities(self, vectors: NDArray[np.float32], profile: NDArray[np.float32]) -> NDArray[np.float32]:
        """(m,) dot products of the vectors (m, d) with a profile (d,): in this process, on the snapshot's columns."""

    async def fold_in(self, confidences: ItemWeights, *, timeout: float) -> NDArray[np.float32]:
        """Query vector (f,) of a customer with these item confidences, for dot products with the item factors."""

    async def rerank(self, text: str, items: NDArray[np.int64], *, timeout: float) -> NDArray[np.float32]:
        """Cross-encoder score of each item for the text, (len(items),); NaN for an item it does not know."""
