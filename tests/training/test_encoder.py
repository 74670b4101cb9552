"""The exported text encoder gives the vectors of the original, one text or many."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import training.embedding as job
from models.embedding import BATCH, EncoderConfig, TextEncoder, centred, load_item_vectors
from models.onnx_session import check_graph
from recommender.catalog import Catalog, ProductRow, build_catalog
from recommender.errors import InvalidInput
from training.embedding import MAX_TOKENS, embed_catalog
from training.encoder_source import DEFAULT_ENCODER, open_sentence_encoder

TEXTS = [
    "whole milk, 1 gal. dairy. price 2 to 5",
    "aviator sunglasses. gold",
    "",
    "dry dog food with salmon, grain-free. pets. price 20 to 50",
    "žluťoučký kůň 日本酒 🍷",
    "coffee",
]


@pytest.fixture(scope="module")
def encoder(encoder_folder: Path) -> TextEncoder:
    return TextEncoder(encoder_folder)


def texts_of(*texts: str) -> Catalog:
    return build_catalog([ProductRow(external_id=str(row), name=text) for row, text in enumerate(texts)])


def test_the_graph_gives_the_vectors_of_the_torch_model(encoder: TextEncoder) -> None:
    original = open_sentence_encoder(DEFAULT_ENCODER).encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(encoder.encode(TEXTS), original, atol=1e-4)


def test_vectors_have_length_1(encoder: TextEncoder) -> None:
    np.testing.assert_allclose(np.linalg.norm(encoder.encode(TEXTS), axis=1), 1.0, atol=1e-5)


def test_a_batch_equals_one_at_a_time(encoder: TextEncoder) -> None:
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(encoder.encode(TEXTS), alone, atol=1e-5)


def test_more_texts_than_one_batch_come_in_the_order_given(encoder: TextEncoder) -> None:
    texts = [TEXTS[row % len(TEXTS)] for row in range(BATCH + 7)]
    told: list[tuple[int, int]] = []
    vectors = encoder.encode(texts, progress=lambda done, total: told.append((done, total)))
    np.testing.assert_allclose(vectors, encoder.encode(TEXTS)[np.arange(len(texts)) % len(TEXTS)], atol=1e-5)
    assert told[-1] == (len(texts), len(texts))


def test_no_texts_no_vectors(encoder: TextEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_likeness_follows_meaning(encoder: TextEncoder) -> None:
    puppy, dog, wine = encoder.encode(["puppy food", "dry dog food", "red wine from Bordeaux"])
    assert puppy @ dog > 0.5 > puppy @ wine


def test_a_long_text_keeps_its_beginning(encoder: TextEncoder) -> None:
    beginning = "milk " * (MAX_TOKENS + 10)
    cut, longer = encoder.encode([beginning, beginning + "wine " * 50])
    np.testing.assert_allclose(cut, longer, atol=1e-5)


def test_the_default_encoder_says_what_it_is(encoder: TextEncoder, encoder_folder: Path) -> None:
    assert encoder.config == EncoderConfig(name=DEFAULT_ENCODER, dimension=384, max_tokens=MAX_TOKENS)
    check_graph(encoder_folder / "model.onnx")


def test_dimension_and_length_of_another_encoder_are_read_from_it(tiny_encoder: object) -> None:
    config, folder = tiny_encoder.config, tiny_encoder.folder  # type: ignore[attr-defined]
    assert config == EncoderConfig(name=str(tiny_encoder.source), dimension=32, max_tokens=48)  # type: ignore[attr-defined]
    vectors = TextEncoder(folder).encode([*TEXTS, "milk " * 100])
    assert vectors.shape == (len(TEXTS) + 1, 32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_a_folder_without_a_model_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=tmp_path.name):
        open_sentence_encoder(str(tmp_path))


@pytest.fixture
def workspace(tiny_encoder: object, tmp_path: Path) -> Path:
    """A folder with the tiny encoder, as the embedding job finds it."""
    for path in tiny_encoder.folder.iterdir():  # type: ignore[attr-defined]
        (tmp_path / path.name).symlink_to(path)
    return tmp_path


def test_equal_texts_are_read_once_and_share_a_vector(workspace: Path) -> None:
    vectors = embed_catalog(texts_of("milk", "wine", "milk"), workspace, threads=1)
    assert vectors.vectors.shape == (2, 32)
    assert vectors.row[0] == vectors.row[2] != vectors.row[1]
    raw = TextEncoder(workspace).encode(["milk", "wine"])
    np.testing.assert_allclose(vectors.mean, raw.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(vectors.vectors[vectors.row[:2]], centred(raw, raw.mean(axis=0)), atol=1e-4)


def failing(done: int, total: int) -> None:
    raise AssertionError("the texts were read again")


def test_texts_that_were_read_before_are_not_read_again(workspace: Path) -> None:
    first = embed_catalog(texts_of("milk", "wine", "bread"), workspace, threads=1)
    again = embed_catalog(texts_of("wine", "bread", "milk", "milk"), workspace, threads=1, progress=failing)
    np.testing.assert_array_equal(again.vectors, first.vectors)
    assert again.row.tolist() == [first.row[1], first.row[2], first.row[0], first.row[0]]


def test_a_changed_text_is_read_and_kept(workspace: Path) -> None:
    embed_catalog(texts_of("milk", "wine"), workspace, threads=1)
    changed = embed_catalog(texts_of("milk", "cheese"), workspace, threads=1)
    np.testing.assert_array_equal(load_item_vectors(workspace).vectors, changed.vectors)
    raw = TextEncoder(workspace).encode(["cheese"])
    np.testing.assert_allclose(changed.vectors[changed.row[1]], centred(raw, changed.mean)[0], atol=1e-4)


def interrupt_after(count: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done > count:
            raise KeyboardInterrupt

    return progress


def test_an_interrupted_run_goes_on_where_it_stopped(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "BLOCK_TEXTS", 3)
    catalog = texts_of(*[f"product number {row}" for row in range(8)])
    with pytest.raises(KeyboardInterrupt):
        embed_catalog(catalog, workspace, threads=1, progress=interrupt_after(3))
    told: list[int] = []
    resumed = embed_catalog(catalog, workspace, threads=1, progress=lambda done, total: told.append(done))
    assert told == [6, 8]  # the first block of three was there already
    raw = TextEncoder(workspace).encode(sorted(catalog.text.tolist()))
    np.testing.assert_allclose(resumed.vectors, centred(raw, raw.mean(axis=0)), atol=1e-4)
