"""The gateway's side of a stage: a time limit, typed failures, and every call with its release."""

import asyncio
from typing import Any

import aiohttp
import numpy as np
import pytest
from bentoml.exceptions import BentoMLException

from recommender.errors import InvalidRelease, StageUnavailable
from recommender.history import ItemWeights
from runners.messages import Reply
from runners.stages import PREPARED_TOGETHER, ReleaseStages, StageHandles
from tests.planted_shop import Shop

SOMEONE = ItemWeights(np.array([3, 5], np.int32), np.array([1.0, 2.0], np.float32))


class Broken:
    """A stage that answers every call with an exception, or never."""

    def __init__(self, error: BaseException | None) -> None:
        self._error = error
        self.to_async = self

    def __getattr__(self, method: str) -> Any:
        async def call(calls: list[Any]) -> list[Any]:
            if self._error is None:
                await asyncio.sleep(3600)
            raise self._error or TimeoutError

        return call


def stages(handles: StageHandles, release: str, seen: list[tuple[str, int]] | None = None) -> ReleaseStages:
    observed = [] if seen is None else seen
    return ReleaseStages(handles, release, lambda stage, size: observed.append((stage, size)))


def broken(error: BaseException | None) -> ReleaseStages:
    return stages(StageHandles(*(Broken(error) for _ in range(3))), "any")


@pytest.mark.parametrize("handles", ["in_process", "over_the_wire"])
def test_each_stage_answers(handles: str, planted_shop: Shop, request: pytest.FixtureRequest) -> None:
    seen: list[tuple[str, int]] = []
    asked = stages(request.getfixturevalue(handles), planted_shop.release, seen)

    async def ask() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return (
            await asked.encode(["red wine", "white wine", "red wine"]),
            await asked.fold_in(SOMEONE, timeout=30.0),
            await asked.rerank("red wine", np.arange(20), timeout=30.0),
        )

    vectors, query, logits = asyncio.run(ask())
    assert vectors.shape == (3, 384)
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-6)
    assert query.ndim == 1
    assert logits.shape == (20,)
    assert seen == [("embedding", 3)] * 3 + [("collaborative", 1), ("rerank", 1)]


def test_a_stage_that_does_not_answer_in_time_is_unavailable() -> None:
    with pytest.raises(StageUnavailable, match=r"collaborative.*TimeoutError") as caught:
        asyncio.run(broken(None).fold_in(SOMEONE, timeout=0.02))
    assert caught.value.stage == "collaborative"


@pytest.mark.parametrize("timeout", [0.0, -0.5])
def test_no_stage_is_asked_after_the_deadline(timeout: float) -> None:
    with pytest.raises(StageUnavailable, match="no time left"):
        asyncio.run(broken(AssertionError("was asked")).rerank("x", np.arange(3), timeout=timeout))


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ClientConnectionError("refused"),
        aiohttp.ServerDisconnectedError(),
        BentoMLException("503"),
        TimeoutError(),
        ConnectionResetError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_goes_wrong_on_the_way_makes_a_stage_unavailable(error: Exception) -> None:
    with pytest.raises(StageUnavailable, match="rerank") as caught:
        asyncio.run(broken(error).rerank("x", np.arange(3), timeout=1.0))
    assert caught.value.__cause__ is error


def test_a_problem_is_an_unavailable_stage_that_says_why(in_process: StageHandles, planted_shop: Shop) -> None:
    beyond = np.array([10**6], np.int32)
    with pytest.raises(StageUnavailable, match=r"collaborative.*cannot answer: IndexError"):
        asyncio.run(
            stages(in_process, planted_shop.release).fold_in(ItemWeights(beyond, SOMEONE.weight[:1]), timeout=30.0)
        )


@pytest.mark.parametrize("stage", ["embedding", "collaborative", "rerank"])
def test_stages_are_prepared_when_they_hold_the_release(
    in_process: StageHandles, planted_shop: Shop, stage: str
) -> None:
    asyncio.run(stages(in_process, planted_shop.release).prepare(stage))
    with pytest.raises(InvalidRelease, match=rf"stage {stage}: release never-published is not in the release store"):
        asyncio.run(stages(in_process, "never-published").prepare(stage))


def test_a_stage_that_is_away_cannot_be_prepared() -> None:
    with pytest.raises(StageUnavailable, match="collaborative"):
        asyncio.run(broken(ConnectionResetError()).prepare("collaborative"))


def test_a_stage_is_asked_until_every_connection_leads_to_one_that_holds_the_release() -> None:
    """Two replicas of which one is still loading."""
    asked: list[int] = []

    class Replicas(Broken):
        def __getattr__(self, method: str) -> Any:
            async def call(calls: list[Any]) -> list[Any]:
                asked.append(len(asked))
                loading = len(asked) <= PREPARED_TOGETHER and len(asked) % 2
                return [Reply(None, "is being loaded", 0) if loading else Reply(np.zeros(3, np.float32), "", 1)]

            return call

    asyncio.run(stages(StageHandles(*(Replicas(None) for _ in range(3))), "any").prepare("embedding"))
    assert len(asked) == 2 * PREPARED_TOGETHER
