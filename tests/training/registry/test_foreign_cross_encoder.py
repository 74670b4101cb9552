"""A cross-encoder that somebody else made: served pair by pair when it keeps the contract."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.cross_encoder import CrossEncoder, Pairs
from models.onnx_session import check_graph
from models.pair_cross_encoder import PairCrossEncoder, ProductTexts, load_product_texts
from models.release import Stage
from models.reranker import open_reranker
from recommender.errors import InvalidInput
from tests.foreign_models import save_encoder, save_pair_model, words_of
from training.registry.pair_model import take_pair_model
from training.registry.probes import TEXTS
from training.registry.taken import Taken

WORDS = words_of(TEXTS)
PRODUCTS = ProductTexts(np.array(["whole milk", "coffee beans", "rosé wine", "whole coffee beans"], dtype=object))


def take(source: Path, tmp_path: Path, **options: object) -> Taken:
    folder = tmp_path / "taken"
    folder.mkdir(parents=True)
    return take_pair_model(
        source / "model.onnx",
        source / "tokenizer.json",
        folder,
        name="theirs",
        **options,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PairCrossEncoder:
    """Counts the words that both texts have; over `PRODUCTS`."""
    folder = tmp_path_factory.mktemp("pairs")
    save_pair_model(folder / "theirs", WORDS)
    return PairCrossEncoder(take(folder / "theirs", folder).folder, texts=PRODUCTS)


@pytest.mark.parametrize("flat", [False, True])
def test_one_logit_per_pair_in_either_shape(tmp_path: Path, flat: bool) -> None:
    save_pair_model(tmp_path / "theirs", WORDS, flat=flat)
    taken = take(tmp_path / "theirs", tmp_path)
    assert taken.stage is Stage.CROSS_ENCODER
    assert taken.facts["output"] == ("score" if flat else "logits")
    assert float(taken.facts["milliseconds_for_20_pairs"]) > 0
    check_graph(taken.folder / "model.onnx")


def test_each_product_is_read_beside_the_text(model: PairCrossEncoder) -> None:
    (found,) = model.score([Pairs("whole coffee beans", np.arange(4))])
    assert found.tolist() == [1, 2, 0, 3]
    assert found.dtype == np.float32


def test_several_requests_keep_their_order_and_new_products_are_unknown(model: PairCrossEncoder) -> None:
    requests = [
        Pairs("rosé wine", np.array([2, 9, 0])),
        Pairs("milk", np.array([], dtype=np.int64)),
        Pairs("whole milk", np.array([3, 2, 1, 0])),
    ]
    found = model.score(requests)
    np.testing.assert_array_equal(found[0], np.array([2, np.nan, 0], np.float32))
    assert found[1].shape == (0,)
    assert found[2].tolist() == [1, 0, 0, 2]
    for request, values in zip(requests, found, strict=True):
        np.testing.assert_array_equal(model.score([request])[0], values)


def test_more_pairs_than_a_batch_holds(model: PairCrossEncoder) -> None:
    items = np.resize(np.arange(4), 150)
    (found,) = model.score([Pairs("whole coffee beans", items)])
    np.testing.assert_array_equal(found, np.array([1, 2, 0, 3])[items])


def test_product_texts_come_back_in_another_order(tmp_path: Path) -> None:
    PRODUCTS.arranged(np.array([2, 0])).save(tmp_path)
    assert load_product_texts(tmp_path).text.tolist() == ["rosé wine", "whole milk"]


def test_a_folder_is_opened_as_what_it_is(tmp_path: Path) -> None:
    save_pair_model(tmp_path / "theirs", WORDS)
    taken = take(tmp_path / "theirs", tmp_path)
    assert isinstance(open_reranker(taken.folder, products=PRODUCTS), PairCrossEncoder)


def test_our_own_is_opened_as_before(trained: object) -> None:
    assert isinstance(open_reranker(trained.folder), CrossEncoder)  # type: ignore[attr-defined]


Maker = Callable[[Path], object]
FLAWS: dict[str, tuple[Maker, str]] = {
    "two logits a pair": (
        lambda folder: save_pair_model(folder, WORDS, logits=2),
        r"model\.onnx output logits=\[3, 2\]: must be one logit per pair",
    ),
    "an encoder": (
        lambda folder: save_encoder(folder, WORDS),
        r"output last_hidden_state=\[3, \d+, 16\]: must be one logit per pair",
    ),
    "one answer to everything": (lambda folder: save_pair_model(folder, WORDS, constant=True), "tells nothing apart"),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_every_broken_condition_is_one_line_with_the_value(tmp_path: Path, flaw: str) -> None:
    make, message = FLAWS[flaw]
    make(tmp_path / "theirs")
    with pytest.raises(InvalidInput, match=message) as refused:
        take(tmp_path / "theirs", tmp_path)
    assert "\n" not in str(refused.value)
