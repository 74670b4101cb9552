"""Models as somebody else might bring them: tiny, made here without a network, with one flaw on request."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
DIMENSION = 16


def words_of(texts: Sequence[str]) -> list[str]:
    """Distinct words, sorted: a vocabulary."""
    splitter = Whitespace()
    return sorted({word for text in texts for word, _ in splitter.pre_tokenize_str(text)})


def save_tokenizer(path: Path, words: Sequence[str], *, max_tokens: int | None = None) -> Path:
    """Whole words; [CLS] before, [SEP] after each text, segments 0 and 1 for pairs."""
    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *words])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    if max_tokens is not None:
        tokenizer.enable_truncation(max_tokens)
    tokenizer.save(str(path))
    return path


def save_model(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    tables: dict[str, np.ndarray],
    *,
    inputs: Sequence[str],
    output: tuple[str, int, Sequence[str | int]],
    axes: Sequence[str | int] = ("batch", "tokens"),
    kind: int = TensorProto.INT64,
) -> Path:
    """A graph over token ids; ``output`` is its name, type and axes."""
    given = [helper.make_tensor_value_info(name, kind, list(axes)) for name in inputs]
    found = helper.make_tensor_value_info(output[0], output[1], list(output[2]))
    stored = [numpy_helper.from_array(table, name) for name, table in tables.items()]
    graph = helper.make_graph(list(nodes), "foreign", given, [found], stored)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), str(path))
    return path


def save_encoder(
    folder: Path,
    words: Sequence[str],
    *,
    inputs: Sequence[str] = ("input_ids", "attention_mask"),
    axes: Sequence[str | int] = ("batch", "tokens"),
    kind: int = TensorProto.INT64,
    known: int | None = None,
    table: np.ndarray | None = None,
    positions: int | None = None,
    output: str = "last_hidden_state",
    shift: bool = False,
) -> Path:
    """A vector per word (batch, tokens, 16), the same wherever the word stands.

    ``known`` tokens have a row in its table, all where left out; with ``positions`` a longer text makes it fail;
    with ``shift`` a text's vectors depend on what else is in the batch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_tokenizer(folder / "tokenizer.json", words)
    rows = known or len(SPECIAL) + len(words)
    values = np.random.default_rng(3).normal(size=(rows, DIMENSION)).astype(np.float32) if table is None else table
    tables, nodes = {"table": values}, [helper.make_node("Gather", ["table", "input_ids"], ["words"])]
    last = "words"
    if positions is not None:
        tables["place"] = np.zeros((positions, DIMENSION), np.float32)
        tables |= {"zero": np.array(0), "one": np.array(1), "axis": np.array([0])}
        nodes += [
            helper.make_node("Shape", ["input_ids"], ["shape"]),
            helper.make_node("Gather", ["shape", "one"], ["length"]),
            helper.make_node("Range", ["zero", "length", "one"], ["places"]),
            helper.make_node("Gather", ["place", "places"], ["placed"]),
            helper.make_node("Add", [last, "placed"], ["positioned"]),
        ]
        last = "positioned"
    if shift:
        nodes += [
            helper.make_node("ReduceMean", [last], ["mean"], axes=[0, 1], keepdims=1),
            helper.make_node("Sub", [last, "mean"], ["shifted"]),
        ]
        last = "shifted"
    nodes.append(helper.make_node("Identity", [last], [output]))
    shape = (output, TensorProto.FLOAT, ("batch", "tokens", DIMENSION))
    return save_model(folder / "model.onnx", nodes, tables, inputs=inputs, output=shape, axes=axes, kind=kind)


def save_pair_model(
    folder: Path, words: Sequence[str], *, logits: int = 1, constant: bool = False, flat: bool = False
) -> Path:
    """The more words the two texts share, the higher the logit: the product of their summed word vectors."""
    folder.mkdir(parents=True, exist_ok=True)
    save_tokenizer(folder / "tokenizer.json", words)
    table = np.zeros((len(SPECIAL) + len(words), len(words)), np.float32)
    if not constant:
        table[len(SPECIAL) :] = np.eye(len(words), dtype=np.float32)
    tables = {
        "table": table,
        "one": np.array(1, np.float32),
        "by_word": np.array([0, -1, 1]),
        "axis": np.array([1, 2]),
        "ends": np.ones((1, logits), np.float32),
        "row": np.array([-1, 1]),
    }
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"]),
        helper.make_node("Cast", ["token_type_ids"], ["second"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["attention_mask"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["second", "real"], ["right"]),
        helper.make_node("Sub", ["real", "right"], ["left"]),
        helper.make_node("Reshape", ["right", "by_word"], ["right_words"]),
        helper.make_node("Reshape", ["left", "by_word"], ["left_words"]),
        helper.make_node("Transpose", ["words"], ["turned"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["turned", "left_words"], ["first_text"]),
        helper.make_node("MatMul", ["turned", "right_words"], ["second_text"]),
        helper.make_node("Mul", ["first_text", "second_text"], ["shared"]),
        helper.make_node("ReduceSum", ["shared", "axis"], ["count"], keepdims=0),
        helper.make_node("Reshape", ["count", "row"], ["column"]),
        helper.make_node("MatMul", ["column", "ends"], ["logits"]),
    ]
    if flat:
        tables["all"] = np.array([-1])
        nodes.append(helper.make_node("Reshape", ["logits", "all"], ["score"]))
    inputs = ("input_ids", "attention_mask", "token_type_ids")
    shape = ("score", TensorProto.FLOAT, ("batch",)) if flat else ("logits", TensorProto.FLOAT, ("batch", logits))
    return save_model(folder / "model.onnx", nodes, tables, inputs=inputs, output=shape)


def save_matrix(folder: Path, values: np.ndarray, ids: Sequence[str]) -> Path:
    """matrix.npy and items.json."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "matrix.npy", values)
    (folder / "items.json").write_text(json.dumps(list(ids)))
    return folder / "matrix.npy"
