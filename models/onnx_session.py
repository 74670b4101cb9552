"""ONNX Runtime sessions and tokenizers, opened the same way everywhere."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from tokenizers import Tokenizer

# Since 1.29 the official builds report sessions and models to their maker; this is read once, at import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

from recommender.errors import InvalidRelease

Tokens = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Token ids and attention mask, both (batch, tokens)."""

ONNX_DOMAINS: Final = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})


def open_session(model: Path | bytes, *, threads: int = 1) -> onnxruntime.InferenceSession:
    """A CPU session of a file or a graph in memory.

    One of ``threads`` is right where requests already run side by side, more for jobs.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin while they wait starve a server on two cores; a job that has the machine gains by it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if threads > 1 else "0")
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def check_graph(path: Path) -> None:
    """`InvalidRelease` unless the file is a well-formed graph of standard operators without external data."""
    try:
        graph = onnx.load(str(path), load_external_data=False)
        onnx.checker.check_model(graph)
    except Exception as error:  # protobuf and the checker raise unrelated types for damaged files
        raise InvalidRelease(f"{path.name}: is not a valid ONNX graph: {error}") from error
    unknown = {node.domain for node in graph.graph.node} - ONNX_DOMAINS - {f.domain for f in graph.functions}
    if unknown:
        raise InvalidRelease(f"{path.name}: uses operators of unknown domains: {sorted(unknown)}")


def open_tokenizer(path: Path, *, max_tokens: int) -> Tokenizer:
    """A tokenizer that truncates; padding is added per batch by `tokenize`."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=max_tokens)
    return tokenizer


def tokenize(tokenizer: Tokenizer, texts: list[str]) -> Tokens:
    """Token ids, padded with 0 to the longest text of the batch, and the mask that tells padding apart."""
    return padded([encoding.ids for encoding in tokenizer.encode_batch(texts)])


def token_batches(
    tokenizer: Tokenizer, texts: list[str], size: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]]:
    """(rows of ``texts``, ids, mask) in batches of equal length where possible, so that little is spent on padding."""
    encoded = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    order = np.argsort([len(ids) for ids in encoded], kind="stable")
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        yield rows, *padded([encoded[row] for row in rows])


def padded(encoded: list[list[int]]) -> Tokens:
    """Lists of numbers as one table, filled up with 0, and the mask that tells them from what was filled."""
    width = max(map(len, encoded))
    ids = np.zeros((len(encoded), width), dtype=np.int64)
    mask = np.zeros((len(encoded), width), dtype=np.int64)
    for row, tokens in enumerate(encoded):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask
