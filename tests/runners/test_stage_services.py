"""The three stage services: one call or many, the same answer, and errors as data."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pytest

from models.collaborative import load_collaborative
from models.embedding import TextEncoder
from recommender.history import ItemWeights
from runners.messages import EncodeCall, FoldInCall, Reply, RerankCall
from runners.stages import StageHandles
from tests.planted_shop import Shop

TEXTS: Final = ("garden seeds", "red wine", "a very much longer text about whole roasted coffee beans", "x", "")
STAGES: Final = ("encode", "fold_in", "rerank")


def calls_of(stage: str, release: str) -> list[Any]:
    """Five different calls, of different lengths."""
    match stage:
        case "encode":
            return [EncodeCall(release, text) for text in TEXTS]
        case "fold_in":
            sizes = (1, 2, 5, 20, 3)
            return [FoldInCall(release, _rows(size, np.int32), _weights(size)) for size in sizes]
    sizes = (20, 1, 7, 20, 2)
    return [RerankCall(release, text, _rows(size, np.int64)) for text, size in zip(TEXTS, sizes, strict=True)]


def _rows(size: int, kind: Any) -> np.ndarray:
    return np.random.default_rng(size).permutation(200)[:size].astype(kind)


def _weights(size: int) -> np.ndarray:
    return np.linspace(0.1, 2.0, size, dtype=np.float32)


def answer(handles: StageHandles, stage: str, calls: Sequence[Any]) -> list[Reply]:
    """The service's own method; over the wire what comes back may be a plain tuple, as the gateway reads it."""
    handle = {"encode": handles.embedding, "fold_in": handles.collaborative, "rerank": handles.reranker}[stage]
    return [one if isinstance(one, Reply) else Reply(*one) for one in handle.answer(stage, list(calls))]


def values(replies: list[Reply]) -> list[np.ndarray]:
    assert not [reply.problem for reply in replies if reply.problem]
    return [reply.value for reply in replies if reply.value is not None]


@pytest.mark.parametrize("stage", STAGES)
def test_a_batch_equals_its_single_calls_in_order(in_process: StageHandles, planted_shop: Shop, stage: str) -> None:
    calls = calls_of(stage, planted_shop.release)
    together = values(answer(in_process, stage, calls))
    alone = [values(answer(in_process, stage, [call]))[0] for call in calls]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


@pytest.mark.parametrize("stage", STAGES)
def test_the_wire_between_processes_changes_nothing(
    in_process: StageHandles, over_the_wire: StageHandles, planted_shop: Shop, stage: str
) -> None:
    calls = calls_of(stage, planted_shop.release)
    near, far = answer(in_process, stage, calls), answer(over_the_wire, stage, calls)
    for one, other in zip(values(near), values(far), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [reply.batch for reply in far] == [len(calls)] * len(calls)


@pytest.mark.parametrize("stage", STAGES)
def test_a_call_for_a_missing_release_does_not_spoil_the_batch(
    in_process: StageHandles, planted_shop: Shop, stage: str
) -> None:
    good, bad = calls_of(stage, planted_shop.release), calls_of(stage, "never-published")
    mixed = [call for pair in zip(good, bad, strict=True) for call in pair]
    replies = answer(in_process, stage, mixed)
    assert ["never-published" in reply.problem for reply in replies] == [False, True] * len(good)
    assert [reply.value is None for reply in replies] == [False, True] * len(good)


def test_the_embedding_stage_gives_the_encoder_s_vectors(in_process: StageHandles, planted_shop: Shop) -> None:
    folder = planted_shop.home / "releases" / planted_shop.release / "embedding"
    expected = TextEncoder(folder).encode(TEXTS)
    np.testing.assert_allclose(values(answer(in_process, "encode", calls_of("encode", planted_shop.release))), expected)


def test_the_collaborative_stage_folds_in(in_process: StageHandles, planted_shop: Shop) -> None:
    model = load_collaborative(planted_shop.home / "releases" / planted_shop.release / "collaborative")
    calls = calls_of("fold_in", planted_shop.release)
    expected = model.fold_in([ItemWeights(call.items, call.weights) for call in calls])
    np.testing.assert_allclose(values(answer(in_process, "fold_in", calls)), expected, atol=1e-6)


def test_the_reranker_answers_nan_for_products_newer_than_the_release(
    in_process: StageHandles, planted_shop: Shop
) -> None:
    call = RerankCall(planted_shop.release, "coffee", np.array([0, 10_000, 1], dtype=np.int64))
    (logits,) = values(answer(in_process, "rerank", [call]))
    assert np.isfinite(logits).tolist() == [True, False, True]
