"""A foreign text encoder: checked, and pooled and normalised inside of its own graph, so that it serves like ours."""

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from mlflow.models.signature import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec
from tokenizers import Tokenizer

from models.embedding import EncoderConfig, TextEncoder, save_encoder_config
from models.onnx_session import open_tokenizer, tokenize
from models.release import Stage
from recommender.errors import InvalidInput
from training.registry.graphs import GRAPH, IDS, MASK, Append, TokenGraph, adapted, chosen_output, open_graph
from training.registry.probes import TEXTS, require_different, require_finite, require_same
from training.registry.taken import Taken
from training.registry.tokens import (
    TOKENIZER,
    length_limit,
    open_foreign_tokenizer,
    require_length,
    require_vocabulary,
)


class Pooling(StrEnum):
    """How vectors of tokens become the vector of a text: their mean, or the first one."""

    MEAN = "mean"
    CLS = "cls"


OUTPUTS: Final = ("vector", "sentence_embedding", "last_hidden_state", "token_embeddings")
"""What exporters call it, the most finished first."""
USUAL_TOKENS: Final = 64
"""Product texts are far shorter; a longer one keeps its beginning, where the name is."""


def take_encoder(
    graph_file: Path,
    tokenizer_file: Path,
    folder: Path,
    *,
    name: str,
    pooling: Pooling = Pooling.MEAN,
    output: str | None = None,
    max_tokens: int | None = None,
) -> Taken:
    """Write model.onnx, tokenizer.json and config.json of the embedding stage into ``folder``.

    A graph that ends with one vector per token is pooled: the mean over a text's tokens, or its first token's.
    `InvalidInput` with the first condition of the contract that it breaks.
    """
    graph, tokenizer = open_graph(graph_file), open_foreign_tokenizer(tokenizer_file)
    limit = length_limit(tokenizer_file, max_tokens, USUAL_TOKENS)
    chosen = chosen_output(graph, output, OUTPUTS)
    rank, dimension = _shape(graph, chosen, tokenizer)
    require_length(graph, chosen, limit)
    require_vocabulary(graph, chosen, tokenizer)
    onnx.save(
        adapted(
            graph,
            chosen,
            inputs=(IDS, MASK),
            result="vector",
            axes=("batch", dimension),
            finish=lambda append, raw: _unit(append, _pooled(append, raw, pooling) if rank == 3 else raw),
        ),
        str(folder / GRAPH),
    )
    shutil.copyfile(tokenizer_file, folder / TOKENIZER)
    save_encoder_config(folder, EncoderConfig(name=name, dimension=dimension, max_tokens=limit))
    check_encoder(folder)
    return Taken(
        stage=Stage.EMBEDDING,
        folder=folder,
        signature=_signature(dimension),
        example={"text": list(TEXTS[:2])},
        facts={
            "dimension": dimension,
            "max_tokens": limit,
            "output": chosen,
            "pooling": pooling.value if rank == 3 else "none",
        },
    )


def check_encoder(folder: Path) -> None:
    """The contract of the embedding stage, through the class that serves. `InvalidInput` names what is broken."""
    encoder = TextEncoder(folder)
    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    require_finite(together, "vector", TEXTS)
    require_finite(encoder.encode([""]), "vector", "")
    for text, length in zip(TEXTS, np.linalg.norm(together, axis=1).tolist(), strict=True):
        if abs(length - 1.0) > 1e-3:
            raise InvalidInput("vector", round(length, 4), f"is the length for {text!r}: it cannot be brought to 1")
    require_same(alone, together, "vector", "vectors of one text")
    require_different(together, "vector", "the vectors of different texts")
    _check_length(folder, encoder)


def _check_length(folder: Path, encoder: TextEncoder) -> None:
    """A text that is too long is cut, and has the vector of its beginning."""
    limit = encoder.config.max_tokens
    long = " ".join([*TEXTS] * limit)
    ids, _ = tokenize(open_tokenizer(folder / TOKENIZER, max_tokens=limit), [long])
    if ids.shape[1] > limit:
        raise InvalidInput("max_tokens", limit, f"is not honoured: a long text has {ids.shape[1]} tokens")
    require_same(encoder.encode([long]), encoder.encode([long + " milk"]), "max_tokens", "the beginning of a text")


def _shape(graph: TokenGraph, output: str, tokenizer: Tokenizer) -> tuple[int, int]:
    """Rank of the output and its last axis, from two texts of different length."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    ids, mask = tokenize(tokenizer, ["milk", "whole coffee beans"])
    shape = graph.run(output, ids, mask, np.zeros_like(ids)).shape
    fits = (len(shape) == 2 and shape[0] == 2) or (len(shape) == 3 and shape[:2] == ids.shape)
    if not fits or shape[-1] < 2:
        reason = f"must be (batch, dimension) or (batch, tokens, dimension); for ids of shape {list(ids.shape)}"
        raise InvalidInput(f"{GRAPH} output {output}", list(shape), reason)
    return len(shape), int(shape[-1])


def _pooled(append: Append, tokens: str, pooling: Pooling) -> str:
    """(batch, tokens, d) → (batch, d). The sum has the direction of the mean, and only that is kept."""
    if pooling is Pooling.CLS:
        return append("Gather", [tokens, np.array(0, dtype=np.int64)], axis=1)
    mask = append("Cast", [MASK], to=onnx.TensorProto.FLOAT)
    weights = append("Reshape", [mask, np.array([0, 1, -1], dtype=np.int64)])
    return append("Reshape", [append("MatMul", [weights, tokens]), np.array([0, -1], dtype=np.int64)])


def _unit(append: Append, raw: str) -> str:
    return append("LpNormalization", [raw], axis=-1, p=2)


def _signature(dimension: int) -> Any:  # noqa: ANN401 - MLflow is untyped here
    vector = TensorSpec(np.dtype(np.float32), (-1, dimension), "vector")
    return ModelSignature(inputs=Schema([ColSpec("string", "text")]), outputs=Schema([vector]))
