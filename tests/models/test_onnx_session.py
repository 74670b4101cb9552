"""Graphs and tokens: what is not a plain ONNX graph is refused, and batches waste no text and little padding."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from models.onnx_session import check_graph, open_session, open_tokenizer, token_batches, tokenize
from recommender.errors import InvalidRelease


def save_graph(path: Path, *, operator: str = "Neg", domain: str = "") -> Path:
    """y = operator(x)."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xy")
    graph = helper.make_graph([helper.make_node(operator, ["x"], ["y"], domain=domain)], "test", [x], [y])
    opsets = [helper.make_opsetid("", 18), *([helper.make_opsetid(domain, 1)] if domain else [])]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), str(path))
    return path


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = {word: number for number, word in enumerate(["[UNK]", "milk", "bread", "wine"], start=1)}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.enable_padding(length=50)  # what the file says about padding must not matter
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def test_a_plain_graph_is_accepted_and_runs(tmp_path: Path) -> None:
    path = save_graph(tmp_path / "model.onnx")
    check_graph(path)
    values = np.array([1, -2], dtype=np.float32)
    assert open_session(path).run(["y"], {"x": values})[0].tolist() == [-1, 2]


@pytest.mark.parametrize("content", [b"", b"not a graph", bytes(100)])
def test_what_is_no_graph_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(InvalidRelease, match=r"model\.onnx"):
        check_graph(tmp_path / "model.onnx")


def test_operators_of_an_unknown_domain_are_refused_with_the_domain(tmp_path: Path) -> None:
    path = save_graph(tmp_path / "model.onnx", operator="Launch", domain="com.rockets")
    with pytest.raises(InvalidRelease, match=r"com\.rockets"):
        check_graph(path)


def test_a_graph_that_keeps_weights_in_another_file_is_refused(tmp_path: Path) -> None:
    graph = onnx.load(str(save_graph(tmp_path / "model.onnx")))
    graph.graph.initializer.append(onnx.numpy_helper.from_array(np.ones(2000, np.float32), "unused"))
    onnx.save(graph, str(tmp_path / "model.onnx"), save_as_external_data=True, location="weights.bin")
    with pytest.raises(InvalidRelease, match=r"model\.onnx"):
        check_graph(tmp_path / "model.onnx")


def test_tokens_are_padded_to_the_longest_text_of_the_batch_and_masked(tokenizer_file: Path) -> None:
    ids, mask = tokenize(open_tokenizer(tokenizer_file, max_tokens=10), ["milk", "bread wine milk"])
    assert ids.tolist() == [[2, 0, 0], [3, 4, 2]]
    assert mask.tolist() == [[1, 0, 0], [1, 1, 1]]
    assert ids.dtype == mask.dtype == np.int64


def test_a_long_text_keeps_its_beginning(tokenizer_file: Path) -> None:
    ids, _ = tokenize(open_tokenizer(tokenizer_file, max_tokens=2), ["bread wine milk"])
    assert ids.tolist() == [[3, 4]]


texts_of_words = st.lists(st.lists(st.sampled_from(["milk", "bread", "wine"]), max_size=6).map(" ".join), max_size=40)


@given(texts_of_words, st.integers(1, 9))
def test_every_text_is_in_one_batch_beside_texts_of_like_length(
    tokenizer_file: Path, texts: list[str], size: int
) -> None:
    tokenizer = open_tokenizer(tokenizer_file, max_tokens=5)
    batches = list(token_batches(tokenizer, texts, size))
    rows = [int(row) for batch, _, _ in batches for row in batch]
    assert sorted(rows) == list(range(len(texts)))
    assert all(len(batch) == size for batch, _, _ in batches[:-1])
    lengths = [min(len(texts[row].split()), 5) for row in rows]
    assert lengths == sorted(lengths)
    for batch, ids, mask in batches:
        expected_ids, expected_mask = tokenize(tokenizer, [texts[row] for row in batch])
        np.testing.assert_array_equal(ids, expected_ids)
        np.testing.assert_array_equal(mask, expected_mask)
