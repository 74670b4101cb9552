"""The gateway's side: calls a stage, in this process or behind a hop, within a time limit."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import numpy as np
from bentoml.exceptions import BentoMLException
from numpy.typing import NDArray

from recommender.errors import StageUnavailable
from recommender.history import ItemWeights
from runners.messages import EncodeCall, FoldInCall, Reply, RerankCall
from runners.similarity import SimilarityBatcher

ENCODE_TIMEOUT_S: Final = 30.0
"""For new products, which no shopper waits for."""

OnBatch = Callable[[str, int], None]
"""Told the stage's name and the size of the batch that a call was answered in."""


@dataclass(frozen=True, slots=True)
class StageHandles:
    """BentoML dependencies of the gateway. Their type depends on the topology, so they are not annotated further."""

    embedding: Any
    collaborative: Any
    reranker: Any


class ReleaseStages:
    """`recommender.stages.Stages` for one release: every call names it, so an answer never mixes two."""

    def __init__(self, handles: StageHandles, release: str, on_batch: OnBatch) -> None:
        self._handles, self._release, self._on_batch = handles, release, on_batch
        self._similarity = SimilarityBatcher()

    async def similarities(self, vectors: NDArray[np.float32], profile: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `recommender.stages.Stages`; batched with whatever else waits."""
        return await self._similarity.similarities(vectors, profile)

    async def fold_in(self, confidences: ItemWeights, *, timeout: float) -> NDArray[np.float32]:
        """See `recommender.stages.Stages`."""
        call = FoldInCall(self._release, confidences.item, confidences.weight)
        fold_in = self._handles.collaborative.to_async.fold_in
        return (await self._ask("collaborative", fold_in, [call], timeout))[0]

    async def rerank(self, text: str, items: NDArray[np.int64], *, timeout: float) -> NDArray[np.float32]:
        """See `recommender.stages.Stages`."""
        call = RerankCall(self._release, text, items)
        return (await self._ask("rerank", self._handles.reranker.to_async.rerank, [call], timeout))[0]

    async def encode(self, texts: Sequence[str], *, timeout: float = ENCODE_TIMEOUT_S) -> NDArray[np.float32]:
        """(len(texts), d) vectors as the encoder gives them, not yet centred for the shop."""
        calls = [EncodeCall(self._release, text) for text in texts]
        return np.stack(await self._ask("embedding", self._handles.embedding.to_async.encode, calls, timeout))

    async def _ask(
        self, stage: str, method: Callable[[list[Any]], Awaitable[list[Reply]]], calls: list[Any], timeout: float
    ) -> list[NDArray[np.float32]]:
        if timeout <= 0:
            raise StageUnavailable(stage, "no time left before the deadline")
        try:
            replies = await asyncio.wait_for(method(calls), None if timeout == float("inf") else timeout)
        except (TimeoutError, aiohttp.ClientError, BentoMLException, OSError) as error:
            raise StageUnavailable(stage, f"{type(error).__name__}: {error}") from error
        return [self._value(stage, Reply._make(reply)) for reply in replies]

    def _value(self, stage: str, reply: Reply) -> NDArray[np.float32]:
        self._on_batch(stage, reply.batch)
        if reply.value is None:
            raise StageUnavailable(stage, reply.problem)
        return reply.value
