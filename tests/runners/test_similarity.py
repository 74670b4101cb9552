"""Similarities for many requests at once are those of each alone."""

import asyncio

import numpy as np
import pytest

from runners.similarity import MAX_BATCH, SimilarityBatcher


def test_many_at_once_get_what_each_would_get_alone() -> None:
    rng = np.random.default_rng(0)
    tables = [rng.normal(size=(300, 16)).astype(np.float32) for _ in range(2)]
    asked = [(tables[n % 2], rng.normal(size=16).astype(np.float32)) for n in range(3 * MAX_BATCH)]

    async def ask() -> list[np.ndarray]:
        batcher = SimilarityBatcher()
        return await asyncio.gather(*(batcher.similarities(table, profile) for table, profile in asked))

    for (table, profile), answer in zip(asked, asyncio.run(ask()), strict=True):
        np.testing.assert_allclose(answer, table @ profile, rtol=1e-4, atol=1e-4)


def test_an_error_reaches_those_who_wait_and_nobody_else() -> None:
    table, profile = np.ones((4, 2), np.float32), np.ones(2, np.float32)

    async def ask() -> None:
        batcher = SimilarityBatcher()
        with pytest.raises(ValueError, match="mismatch"):
            await batcher.similarities(table, np.ones(3, np.float32))
        assert (await batcher.similarities(table, profile)).tolist() == [2.0] * 4

    asyncio.run(ask())
