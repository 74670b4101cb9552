"""The stages as plain calls."""

import asyncio

import numpy as np
import pytest

from models.collaborative import Collaborative
from models.in_process import InProcessStages, answer_now
from recommender.errors import StageUnavailable
from recommender.history import ItemWeights


def test_fold_in_is_the_models_own(collaborative: Collaborative) -> None:
    customer = ItemWeights(np.array([2], np.int32), np.array([1.5], np.float32))
    vector = answer_now(InProcessStages(collaborative).fold_in(customer, timeout=1.0))
    np.testing.assert_array_equal(vector, collaborative.fold_in([customer])[0])


def test_without_a_cross_encoder_reranking_is_unavailable(collaborative: Collaborative) -> None:
    with pytest.raises(StageUnavailable, match="rerank"):
        answer_now(InProcessStages(collaborative).rerank("milk", np.arange(2), timeout=1.0))


def test_a_coroutine_that_waits_is_not_answered_now() -> None:
    with pytest.raises(RuntimeError, match="event loop"):
        answer_now(asyncio.sleep(0))


def test_an_error_inside_comes_out_as_it_is() -> None:
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        answer_now(fail())
