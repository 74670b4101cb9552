"""A few steps on the planted shop, and the exported graphs against the torch model they come from."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

import models.cross_encoder as serving
from models.blender import Blender
from models.cross_encoder import STATE_OUTPUTS, CrossEncoder, Pairs, ProductStates, load_product_states
from models.embedding import ItemVectors
from models.in_process import InProcessStages, answer_now
from models.onnx_session import check_graph, open_session, open_tokenizer, tokenize
from recommender.policy import Policy, Weights
from training.collaborative import fit_collaborative
from training.cross_encoder import (
    CUSTOMER_TOKENS,
    NEGATIVES,
    Example,
    draw_list,
    gather_examples,
    read_products,
)
from training.dataset import Dataset
from training.encoder_source import DEFAULT_ENCODER
from training.evaluate import RERANK_WEIGHTS, evaluate, fit_rerank_weight
from training.replay import build_arena
from training.report import markdown
from training.split_attention import Folded, SplitCrossEncoder

RARE, SWITCHED_OFF, NEWER = 24, 25, 26
COFFEE, DOG = np.arange(0, 24, 2), np.arange(1, 24, 2)
TEXTS = ["dark coffee beans; light coffee beans", "mini dog food", "x " * 200]

Shuffled = Callable[..., Dataset]


@pytest.fixture(scope="module")
def folder(trained: object) -> Path:
    return trained.folder  # type: ignore[attr-defined, no-any-return]


@pytest.fixture(scope="module")
def model(trained: object) -> SplitCrossEncoder:
    return trained.model  # type: ignore[attr-defined, no-any-return]


@pytest.fixture(scope="module")
def states(folder: Path) -> ProductStates:
    return load_product_states(folder)


@pytest.fixture(scope="module")
def cross_encoder(folder: Path) -> CrossEncoder:
    return CrossEncoder(folder)


def folded_by_torch(model: SplitCrossEncoder, folder: Path, texts: list[str]) -> Folded:
    tokenizer = open_tokenizer(folder / "tokenizer.json", max_tokens=CUSTOMER_TOKENS)
    ids, mask = (torch.from_numpy(part) for part in tokenize(tokenizer, texts))
    with torch.no_grad():
        return model.fold(model.read(ids, mask), mask)


def scores_of_torch(
    model: SplitCrossEncoder, folder: Path, states: ProductStates, text: str, items: np.ndarray
) -> np.ndarray:
    hidden, mask = (torch.from_numpy(part) for part in states.of(items))
    with torch.no_grad():
        return model.score(folded_by_torch(model, folder, [text]), hidden[None], mask[None])[0].numpy()


def test_training_lowers_the_loss_on_the_planted_pattern(trained: object) -> None:
    report = trained.report  # type: ignore[attr-defined]
    assert len(report.losses) == 40
    assert not report.stopped_early
    assert np.mean(report.losses[-10:]) < np.mean(report.losses[:5]) - 0.1
    assert np.mean(report.losses[-10:]) < np.log(1 + NEGATIVES) - 0.3  # what chance would lose


def test_a_trained_model_prefers_the_customers_taste(cross_encoder: CrossEncoder) -> None:
    items = np.arange(24)
    coffee, dog = cross_encoder.score([Pairs(TEXTS[0], items), Pairs(TEXTS[1], items)])
    assert coffee[COFFEE].mean() > coffee[DOG].mean()
    assert dog[DOG].mean() > dog[COFFEE].mean()


def test_the_customer_graph_folds_as_torch_does(model: SplitCrossEncoder, folder: Path) -> None:
    tokenizer = open_tokenizer(folder / "tokenizer.json", max_tokens=CUSTOMER_TOKENS)
    ids, mask = tokenize(tokenizer, TEXTS)
    outputs = open_session(folder / "customer.onnx").run(
        list(STATE_OUTPUTS), {"input_ids": ids, "attention_mask": mask}
    )
    for name, output, expected in zip(STATE_OUTPUTS, outputs, folded_by_torch(model, folder, TEXTS), strict=True):
        np.testing.assert_allclose(output, expected.numpy(), atol=1e-4, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("items", [np.arange(24), np.array([5]), np.array([3, 3, 8])], ids=["all", "one", "repeated"])
def test_the_score_graph_scores_as_torch_does(
    model: SplitCrossEncoder,
    folder: Path,
    states: ProductStates,
    cross_encoder: CrossEncoder,
    text: str,
    items: np.ndarray,
) -> None:
    expected = scores_of_torch(model, folder, states, text, items)
    np.testing.assert_allclose(cross_encoder.score([Pairs(text, items)])[0], expected, atol=1e-4)


def test_product_states_are_the_frozen_layers_reading_of_each_name(
    shop: Dataset, model: SplitCrossEncoder, folder: Path, states: ProductStates
) -> None:
    tokenizer = open_tokenizer(folder / "tokenizer.json", max_tokens=24)
    for item in (0, 7, 23):
        ids, mask = (torch.from_numpy(part) for part in tokenize(tokenizer, [shop.catalog.name[item].lower()]))
        with torch.no_grad():
            expected = model.read(ids, mask)[0].numpy()
        found, _ = states.of(np.array([item]))
        step = np.abs(expected).max(axis=1, keepdims=True) / 127
        assert (np.abs(found[0] - expected) <= step * 0.51).all()


def test_items_without_states_score_nan_and_leave_the_others_alone(cross_encoder: CrossEncoder) -> None:
    mixed = cross_encoder.score([Pairs(TEXTS[0], np.array([2, RARE, NEWER, SWITCHED_OFF, 5]))])[0]
    assert np.isnan(mixed).tolist() == [False, True, True, True, False]
    np.testing.assert_allclose(mixed[[0, 4]], cross_encoder.score([Pairs(TEXTS[0], np.array([2, 5]))])[0], atol=1e-5)
    assert np.isnan(cross_encoder.score([Pairs(TEXTS[0], np.array([RARE]))])[0]).all()
    assert cross_encoder.score([Pairs(TEXTS[0], np.array([], dtype=np.int64))])[0].shape == (0,)


def test_a_batch_equals_one_at_a_time(folder: Path) -> None:
    requests = [Pairs(text, np.arange(row, 24, row + 1)) for row, text in enumerate([*TEXTS, TEXTS[0]])]
    together = CrossEncoder(folder).score(requests)
    one_at_a_time = CrossEncoder(folder)
    for request, found in zip(requests, together, strict=True):
        np.testing.assert_allclose(one_at_a_time.score([request])[0], found, atol=1e-4)
    assert one_at_a_time.score([]) == []


def test_a_customer_who_was_forgotten_is_folded_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "CUSTOMERS_KEPT", 2)
    encoder, items = CrossEncoder(folder), np.arange(5)
    first = encoder.score([Pairs("coffee", items)])[0]
    many = encoder.score([Pairs(f"dog food {number}", items) for number in range(6)])  # more than are kept
    assert len(many) == 6
    np.testing.assert_allclose(encoder.score([Pairs("coffee", items)])[0], first, atol=1e-5)


def test_the_stage_in_this_process_answers_each_question_anew(
    cross_encoder: CrossEncoder, shop: Dataset, cut: float
) -> None:
    stages = InProcessStages(fit_collaborative(shop.arranged(cut), cut=cut), cross_encoder)
    questions = [
        (TEXTS[0], np.arange(4)),
        (TEXTS[0], np.arange(4)),
        (TEXTS[0], np.arange(2, 6)),
        (TEXTS[1], np.arange(4)),
    ]
    for text, items in questions:
        found = answer_now(stages.rerank(text, items, timeout=1.0))
        np.testing.assert_allclose(found, cross_encoder.score([Pairs(text, items)])[0], atol=1e-5)


def test_threads_share_one_encoder(cross_encoder: CrossEncoder) -> None:
    texts = [f"customer {number % 5}" for number in range(40)]
    expected = {text: cross_encoder.score([Pairs(text, np.arange(4))])[0] for text in set(texts)}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: cross_encoder.score([Pairs(text, np.arange(4))])[0], texts))
    for text, logits in zip(texts, found, strict=True):
        np.testing.assert_allclose(logits, expected[text], atol=1e-5)


def test_the_artifact_says_what_it_is_and_its_graphs_are_plain_onnx(cross_encoder: CrossEncoder, folder: Path) -> None:
    assert cross_encoder.config.base == DEFAULT_ENCODER
    assert cross_encoder.config.customer_tokens == CUSTOMER_TOKENS
    for graph in ("customer.onnx", "score.onnx"):
        check_graph(folder / graph)


def test_examples_are_bought_next_and_negatives_of_the_own_past_are_not(shop: Dataset, cut: float) -> None:
    known = np.arange(len(shop.catalog)) < 24
    texts, examples = gather_examples(shop, cut, known, 1000, np.random.default_rng(0))
    assert len(texts) == len(examples) == 60
    for example in examples:
        assert set(example.positives.tolist()) <= set(range(24))
        assert not set(example.positives.tolist()) & set(example.own.tolist())
        assert len({int(item) % 2 for item in [*example.positives, *example.own]}) == 1
        assert ("coffee" if example.positives[0] % 2 == 0 else "dog food") in texts[example.text]
    assert len(gather_examples(shop, cut, known, 7, np.random.default_rng(0))[1]) == 7


def test_nothing_after_the_cut_reaches_the_examples(shop: Dataset, cut: float, shuffled: Shuffled) -> None:
    known = np.ones(len(shop.catalog), dtype=bool)

    def examples(data: Dataset) -> list[object]:
        texts, found = gather_examples(data, cut, known, 100, np.random.default_rng(0))
        return [texts, [(one.text, one.positives.tolist(), one.own.tolist()) for one in found]]

    assert examples(shuffled(shop, shop.at >= cut, seed=1)) == examples(shop)
    assert examples(shuffled(shop, shop.at < cut, seed=1)) != examples(shop)


@pytest.mark.parametrize("own", [[], [4], [4, 5, 6, 7, 8, 9]])
def test_a_list_is_one_bought_product_and_seven_that_were_not(own: list[int]) -> None:
    example = Example(0, np.array([1, 2]), np.array(own, dtype=np.int64))
    draw = np.full(20, 1 / 20)
    for seed in range(50):
        items = draw_list(example, draw, np.random.default_rng(seed))
        assert len(items) == 1 + NEGATIVES
        assert items[0] in (1, 2)
        assert not {1, 2} & set(items[1:].tolist())
        assert len(set(items[1:].tolist()) & set(own)) >= min(len(own), NEGATIVES // 2)


def test_a_shop_with_rare_products_only_has_no_states_and_no_examples(
    shop: Dataset, model: SplitCrossEncoder, folder: Path, cut: float
) -> None:
    nothing_known = np.zeros(len(shop.catalog), dtype=bool)
    states = read_products(model, shop.catalog.name, nothing_known, folder, lambda name, done, total: None)
    assert not states.knows(np.arange(len(shop.catalog))).any()
    assert np.isnan(CrossEncoder(folder, states=states).score([Pairs("milk", np.arange(2))])[0]).all()
    assert gather_examples(shop, cut, nothing_known, 10, np.random.default_rng(0)) == ([], [])


def test_reranking_is_evaluated_on_the_same_customers(
    shop: Dataset, vectors: ItemVectors, folder: Path, states: ProductStates, cut: float
) -> None:
    arena = build_arena(shop, vectors, cut=cut)
    encoder = CrossEncoder(folder, states=states.arranged(shop.order(cut)))
    fitted = Weights(repeat=0.7, collaborative=0.3)
    evaluation = evaluate(arena, blender=Blender(fitted, 0.1), policy=Policy(), cross_encoder=encoder)
    sample = evaluation.rerank_sample
    assert sample is not None
    assert sample.customers == evaluation.all_products.customers  # fewer than the sample's size: everyone is in it
    blend = sample.values("fitted_blend", 20)
    np.testing.assert_array_equal(blend, evaluation.all_products.values("fitted_blend", 20))
    assert not np.array_equal(sample.values("blend_with_rerank", 20), blend)
    assert evaluation.rerank_helps == sample.gain("blend_with_rerank", "fitted_blend", 20).above_zero()
    assert "## rerank sample: 60 customers" in markdown(evaluation, "x")
    assert fit_rerank_weight(arena, arena.cases(arena.customers()[:5]), Blender(fitted, 0.0), encoder) in RERANK_WEIGHTS
