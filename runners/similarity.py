"""Products most like a profile, for all requests that wait at the same time in one matrix product.

Reading the vectors from memory is what costs here, and it costs the same for sixteen profiles as for one. So it is
batched as a stage is: a batch is what queued while the last one ran. It runs in a worker thread of the gateway,
for its result is as large as the catalog.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_BATCH: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    vectors: NDArray[np.float32]
    profile: NDArray[np.float32]
    answer: asyncio.Future[NDArray[np.float32]]


class SimilarityBatcher:
    """Used from one event loop."""

    def __init__(self) -> None:
        self._queue: list[_Waiting] = []
        self._worker: asyncio.Task[None] | None = None

    async def similarities(self, vectors: NDArray[np.float32], profile: NDArray[np.float32]) -> NDArray[np.float32]:
        """(m,) dot products of the vectors (m, d) with the profile (d,)."""
        waiting = _Waiting(vectors, profile, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await waiting.answer

    async def _work(self) -> None:
        while self._queue:
            vectors = self._queue[0].vectors
            batch = [one for one in self._queue if one.vectors is vectors][:MAX_BATCH]
            self._queue = [one for one in self._queue if one not in batch]
            try:
                table = await asyncio.to_thread(products, vectors, np.stack([one.profile for one in batch]))
            except Exception as error:  # whoever waits must hear of it, whatever it was
                _fail(batch, error)
                continue
            for one, scores in zip(batch, table, strict=True):
                if not one.answer.done():
                    one.answer.set_result(scores)


def products(vectors: NDArray[np.float32], profiles: NDArray[np.float32]) -> NDArray[np.float32]:
    """(profiles, m) dot products of the vectors (m, d) with the profiles (profiles, d)."""
    return profiles @ vectors.T


def _fail(batch: list[_Waiting], error: Exception) -> None:
    for one in batch:
        if not one.answer.done():
            one.answer.set_exception(error)
