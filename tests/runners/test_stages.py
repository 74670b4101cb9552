"""The gateway's side of a stage: a time limit, typed failures, and every call with its release."""

import asyncio
from typing import Any

import aiohttp
import numpy as np
import pytest
from bentoml.exceptions import BentoMLException

from recommender.errors import StageUnavailable
from recommender.history import ItemWeights
from runners.stages import ReleaseStages, StageHandles
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


def test_a_problem_is_an_unavailable_stage_that_says_why(in_process: StageHandles) -> None:
    with pytest.raises(StageUnavailable, match="never-published is not in the release store"):
        asyncio.run(stages(in_process, "never-published").encode(["x"]))
