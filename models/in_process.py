"""The stages as plain calls in this process: for training's replays and for tests."""

from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.collaborative import Collaborative
from models.cross_encoder import Pairs
from models.reranker import Reranker
from recommender.errors import StageUnavailable
from recommender.history import ItemWeights

T = TypeVar("T")


class InProcessStages:
    """Answers every call at once and never waits, so `answer_now` can drive a pipeline without an event loop."""

    def __init__(self, collaborative: Collaborative, cross_encoder: Reranker | None = None) -> None:
        self.collaborative = collaborative
        self.cross_encoder = cross_encoder
        self._asked: tuple[str, bytes] | None = None
        self._logits: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._ahead: dict[bytes, NDArray[np.float32]] = {}

    async def similarities(self, vectors: NDArray[np.float32], profile: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `recommender.stages.Stages`."""
        ahead = self._ahead.pop(profile.tobytes(), None)
        if ahead is not None:
            return ahead
        products: NDArray[np.float32] = vectors @ profile
        return products

    def look_ahead(self, vectors: NDArray[np.float32], profiles: Sequence[NDArray[np.float32]]) -> None:
        """Compute what `similarities` will be asked next: one product of matrices reads the vectors once for all."""
        if profiles:
            columns = np.ascontiguousarray((vectors @ np.stack(profiles, axis=1)).T)
            self._ahead = {profile.tobytes(): column for profile, column in zip(profiles, columns, strict=True)}

    async def fold_in(self, confidences: ItemWeights, *, timeout: float) -> NDArray[np.float32]:
        """See `recommender.stages.Stages`."""
        vector: NDArray[np.float32] = self.collaborative.fold_in([confidences])[0]
        return vector

    async def rerank(self, text: str, items: NDArray[np.int64], *, timeout: float) -> NDArray[np.float32]:
        """See `recommender.stages.Stages`; unavailable where no cross-encoder was given."""
        if self.cross_encoder is None:
            raise StageUnavailable("rerank", "no cross-encoder in this process")
        if self._asked != (text, items.tobytes()):  # variants of one evaluation ask for the same pairs in a row
            self._logits = self.cross_encoder.score([Pairs(text, items)])[0]
            self._asked = text, items.tobytes()
        return self._logits


def answer_now(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    coroutine.close()
    raise RuntimeError("the coroutine waits for something: it needs an event loop")
