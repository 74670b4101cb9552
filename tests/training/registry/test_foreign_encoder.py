"""A text encoder that somebody else made: taken when it keeps the contract, refused with what it breaks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from models.embedding import TextEncoder
from models.onnx_session import check_graph
from models.release import Stage
from recommender.errors import InvalidInput
from tests.foreign_models import DIMENSION, save_encoder, save_model, save_tokenizer, words_of
from training.registry.encoder import Pooling, take_encoder
from training.registry.probes import TEXTS
from training.registry.taken import Taken

WORDS = words_of(TEXTS)


def take(source: Path, tmp_path: Path, **options: object) -> Taken:
    folder = tmp_path / "taken"
    folder.mkdir()
    return take_encoder(
        source / "model.onnx",
        source / "tokenizer.json",
        folder,
        name="theirs",
        **options,  # type: ignore[arg-type]
    )


def test_word_vectors_become_the_unit_vector_of_their_mean(tmp_path: Path) -> None:
    save_encoder(tmp_path / "theirs", WORDS)
    taken = take(tmp_path / "theirs", tmp_path)
    assert taken.stage is Stage.EMBEDDING
    assert taken.facts == {
        "dimension": DIMENSION,
        "max_tokens": 64,
        "output": "last_hidden_state",
        "pooling": "mean",
    }
    check_graph(taken.folder / "model.onnx")
    encoder = TextEncoder(taken.folder)
    found = encoder.encode(["rosé wine", "7"])
    table = np.random.default_rng(3).normal(size=(4 + len(WORDS), DIMENSION)).astype(np.float32)
    row = {word: 4 + number for number, word in enumerate(WORDS)}
    expected = table[[2, row["rosé"], row["wine"], 3]].mean(axis=0)
    np.testing.assert_allclose(found[0], expected / np.linalg.norm(expected), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-6)


def test_the_first_tokens_vector_on_request(tmp_path: Path) -> None:
    save_encoder(tmp_path / "theirs", WORDS)
    with pytest.raises(InvalidInput, match="tells nothing apart"):  # every text starts with the same [CLS] here
        take(tmp_path / "theirs", tmp_path, pooling=Pooling.CLS)


@pytest.mark.parametrize("kind", [TensorProto.INT32, TensorProto.INT64])
def test_both_kinds_of_token_ids_and_segments_are_served_with_plain_ones(tmp_path: Path, kind: int) -> None:
    inputs = ("input_ids", "attention_mask", "token_type_ids")
    save_encoder(tmp_path / "theirs", WORDS, inputs=inputs, kind=kind)
    taken = take(tmp_path / "theirs", tmp_path)
    graph = onnx.load(str(taken.folder / "model.onnx")).graph
    assert [one.name for one in graph.input] == ["input_ids", "attention_mask"]
    assert [one.name for one in graph.output] == ["vector"]
    assert TextEncoder(taken.folder).encode(TEXTS).shape == (len(TEXTS), DIMENSION)


def test_the_same_model_taken_twice_is_the_same_file(tmp_path: Path) -> None:
    save_encoder(tmp_path / "theirs", WORDS)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one, two = (take(tmp_path / "theirs", tmp_path / name).folder / "model.onnx" for name in ("a", "b"))
    assert one.read_bytes() == two.read_bytes()


def test_texts_are_cut_to_the_length_that_the_tokenizer_or_the_caller_says(tmp_path: Path) -> None:
    save_encoder(tmp_path / "theirs", WORDS, positions=12)
    save_tokenizer(tmp_path / "theirs" / "tokenizer.json", WORDS, max_tokens=12)
    assert take(tmp_path / "theirs", tmp_path).facts["max_tokens"] == 12
    with pytest.raises(InvalidInput, match=r"max_tokens=13: is more than the graph can read"):
        take(tmp_path / "theirs", _fresh(tmp_path), max_tokens=13)


def _fresh(tmp_path: Path) -> Path:
    folder = tmp_path / "again"
    folder.mkdir()
    return folder


Maker = Callable[[Path], object]

FLAWS: dict[str, tuple[Maker, str]] = {
    "an input that nobody gives": (
        lambda folder: save_encoder(folder, WORDS, inputs=("input_ids", "attention_mask", "position_ids")),
        r"model\.onnx input='position_ids': is not known here",
    ),
    "no mask": (
        lambda folder: save_encoder(folder, WORDS, inputs=("input_ids",)),
        r"model\.onnx input='attention_mask': is missing",
    ),
    "a fixed batch": (
        lambda folder: save_encoder(folder, WORDS, axes=(1, "tokens")),
        r"model\.onnx input input_ids=\[1, 'tokens'\]: has a fixed batch size: export the graph with dynamic axes",
    ),
    "a fixed length": (
        lambda folder: save_encoder(folder, WORDS, axes=("batch", 128)),
        r"model\.onnx input input_ids=\['batch', 128\]: has a fixed number of tokens",
    ),
    "three axes": (
        lambda folder: save_encoder(folder, WORDS, axes=("batch", "tokens", "more")),
        r"input input_ids=\['batch', 'tokens', 'more'\]: must have two axes",
    ),
    "fewer rows than the tokenizer has tokens": (
        lambda folder: save_encoder(folder, WORDS, known=10),
        r"=\d+: is a token of the tokenizer that the graph does not know|fails on token ids",
    ),
    "no number": (
        lambda folder: save_encoder(folder, WORDS, table=np.full((4 + len(WORDS), DIMENSION), np.nan, np.float32)),
        r"vector=nan: is in the answer to .*every number must be finite",
    ),
    "nothing but zeros": (
        lambda folder: save_encoder(folder, WORDS, table=np.zeros((4 + len(WORDS), DIMENSION), np.float32)),
        r"vector=0\.0: is the length for 'farm 7 .*it cannot be brought to 1",
    ),
    "one answer to everything": (
        lambda folder: save_encoder(folder, WORDS, table=np.ones((4 + len(WORDS), DIMENSION), np.float32)),
        "tells nothing apart",
    ),
    "answers that depend on their neighbours": (
        lambda folder: save_encoder(folder, WORDS, shift=True),
        r"vector=\d\.\d+: is how far vectors of one text alone and in a batch with padding differ; at most 0\.001",
    ),
    "an output of whole numbers": (lambda folder: save_counts(folder), r"output count='int64': must be float32"),
    "one number a text": (
        lambda folder: save_encoder(folder, WORDS, table=np.ones((4 + len(WORDS), 1), np.float32)),
        r"output last_hidden_state=\[2, \d, 1\]: must be \(batch, dimension\)",
    ),
}


def save_counts(folder: Path) -> Path:
    folder.mkdir(parents=True)
    save_tokenizer(folder / "tokenizer.json", WORDS)
    node = onnx.helper.make_node("Add", ["input_ids", "attention_mask"], ["count"])
    output = ("count", TensorProto.INT64, ("batch", "tokens"))
    return save_model(folder / "model.onnx", [node], {}, inputs=("input_ids", "attention_mask"), output=output)


@pytest.mark.parametrize("flaw", FLAWS)
def test_every_broken_condition_is_one_line_with_the_value(tmp_path: Path, flaw: str) -> None:
    make, message = FLAWS[flaw]
    make(tmp_path / "theirs")
    with pytest.raises(InvalidInput, match=message) as refused:
        take(tmp_path / "theirs", tmp_path)
    assert "\n" not in str(refused.value)


def test_files_that_are_no_models_are_refused(tmp_path: Path) -> None:
    save_encoder(tmp_path / "theirs", WORDS)
    (tmp_path / "theirs" / "tokenizer.json").write_text("{}")
    with pytest.raises(InvalidInput, match=r"tokenizer=.*cannot be read"):
        take(tmp_path / "theirs", tmp_path)
    (tmp_path / "theirs" / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(InvalidInput, match=r"path=.*model\.onnx.*is not a valid ONNX graph"):
        take(tmp_path / "theirs", _fresh(tmp_path))
    (tmp_path / "theirs" / "model.onnx").unlink()
    with pytest.raises(InvalidInput, match=r"path="):
        take(tmp_path / "theirs", _fresh(tmp_path / "again"))


def test_an_output_is_chosen_by_its_name(tmp_path: Path) -> None:
    save_encoder(tmp_path / "theirs", WORDS, output="anything")
    with pytest.raises(InvalidInput, match=r"output='other': is not an output of the graph: anything"):
        take(tmp_path / "theirs", tmp_path, output="other")
    assert take(tmp_path / "theirs", _fresh(tmp_path), output="anything").facts["output"] == "anything"


def test_a_transformer_exported_as_everybody_does_is_taken(tmp_path: Path, tiny_encoder: object) -> None:
    """BERT with last_hidden_state and pooler_output, three inputs, tokenizer.json of the tokenizers library."""
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(tiny_encoder.source, attn_implementation="eager")  # type: ignore[attr-defined]
    ids = torch.randint(5, 100, (3, 12))
    source = tmp_path / "theirs"
    source.mkdir()
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens")}
    torch.onnx.export(
        model.eval(),
        (),
        str(source / "model.onnx"),
        kwargs={"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)},
        input_names=["input_ids", "attention_mask", "token_type_ids"],
        output_names=["last_hidden_state", "pooler_output"],
        dynamic_shapes={"input_ids": axes, "attention_mask": axes, "token_type_ids": axes},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    (source / "tokenizer.json").write_bytes((tiny_encoder.folder / "tokenizer.json").read_bytes())  # type: ignore[attr-defined]
    taken = take(source, tmp_path, max_tokens=48)
    ours = TextEncoder(tiny_encoder.folder).encode(TEXTS)  # type: ignore[attr-defined]
    np.testing.assert_allclose(TextEncoder(taken.folder).encode(TEXTS), ours, atol=1e-5)
    with pytest.raises(InvalidInput, match="max_tokens=64: is more than the graph can read"):
        take(source, _fresh(tmp_path))
