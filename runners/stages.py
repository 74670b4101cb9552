"""The gateway's side: calls a stage, in this process or behind a hop, within a time limit."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import numpy as np
from bentoml.exceptions import BentoMLException
from numpy.typing import NDArray

from recommender.errors import InvalidRelease, StageUnavailable
from recommender.history import ItemWeights
from runners.messages import EncodeCall, FoldInCall, Reply, RerankCall
from runners.similarity import SimilarityBatcher

ENCODE_TIMEOUT_S: Final = 30.0
"""For new products, which no shopper waits for."""

PREPARE_TIMEOUT_S: Final = 60.0
"""For loading a release; no shopper waits for that either."""
PREPARE_PAUSE_S: Final = 0.1
PREPARED_TOGETHER: Final = 16
"""Calls at a time until a stage holds a release. Each opens a connection of its own, so behind a load balancer all
replicas hear of the release, and the connections that requests use afterwards lead to those that hold it."""

OnBatch = Callable[[str, int], None]
"""Told the stage's name and the size of the batch that a call was answered in."""

Method = Callable[[list[Any]], Awaitable[list[Reply]]]
"""Of a stage, in this process or another: one reply per call."""

_NO_ITEMS: Final = np.zeros(0, dtype=np.int64)
_NOTHING: Final = (_NO_ITEMS.astype(np.int32), np.zeros(0, dtype=np.float32))


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

    async def prepare(self, *stages: str, together: int = PREPARED_TOGETHER) -> None:
        """Return when these stages hold the release: of ``embedding``, ``collaborative`` and ``rerank``.

        Each is asked over ``together`` connections. `InvalidRelease` where one cannot load it or answer with it,
        `StageUnavailable` where one does not answer.
        """
        calls = {
            "embedding": (self._handles.embedding.to_async.encode, EncodeCall(self._release, "ready?")),
            "collaborative": (self._handles.collaborative.to_async.fold_in, FoldInCall(self._release, *_NOTHING)),
            "rerank": (self._handles.reranker.to_async.rerank, RerankCall(self._release, "ready?", _NO_ITEMS)),
        }
        ends = time.monotonic() + PREPARE_TIMEOUT_S
        await asyncio.gather(*(self._prepare(stage, *calls[stage], ends, together) for stage in stages))

    async def _prepare(
        self,
        stage: str,
        method: Method,
        call: Any,  # noqa: ANN401 - a message of any stage
        ends: float,
        together: int,
    ) -> None:
        while True:
            asked = (self._replies(stage, method, [call], ends - time.monotonic()) for _ in range(together))
            replies = [reply for replies in await asyncio.gather(*asked) for reply in replies]
            for reply in replies:
                if reply.value is None and not reply.loading:
                    raise InvalidRelease(f"stage {stage}: {reply.problem}")
            if not any(reply.loading for reply in replies):
                return
            await asyncio.sleep(PREPARE_PAUSE_S)

    async def _ask(self, stage: str, method: Method, calls: list[Any], timeout: float) -> list[NDArray[np.float32]]:
        return [self._value(stage, reply) for reply in await self._replies(stage, method, calls, timeout)]

    async def _replies(self, stage: str, method: Method, calls: list[Any], timeout: float) -> list[Reply]:
        if timeout <= 0:
            raise StageUnavailable(stage, "no time left before the deadline")
        try:
            replies = await asyncio.wait_for(method(calls), None if timeout == float("inf") else timeout)
        except (TimeoutError, aiohttp.ClientError, BentoMLException, OSError) as error:
            raise StageUnavailable(stage, f"{type(error).__name__}: {error}") from error
        return [Reply(*reply) for reply in replies]

    def _value(self, stage: str, reply: Reply) -> NDArray[np.float32]:
        if not reply.loading:
            self._on_batch(stage, reply.batch)
        if reply.value is None:
            raise StageUnavailable(stage, reply.problem)
        return reply.value
