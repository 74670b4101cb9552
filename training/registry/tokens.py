"""The tokenizer of a foreign model: how long a text may be, and whether the graph knows every token."""

import json
from pathlib import Path
from typing import Final

import numpy as np
from tokenizers import Tokenizer

from recommender.errors import InvalidInput
from training.registry.graphs import TokenGraph, first_line

TOKENIZER: Final = "tokenizer.json"


def open_foreign_tokenizer(path: Path) -> Tokenizer:
    """`InvalidInput` where the file is missing or is no tokenizer of the `tokenizers` library."""
    if not path.is_file():
        raise InvalidInput("tokenizer", str(path), "there is no such file; a text model needs its tokenizer.json")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises Exception itself
        raise InvalidInput("tokenizer", str(path), f"cannot be read: {first_line(error)}") from error


def length_limit(path: Path, asked: int | None, usual: int) -> int:
    """Tokens that a text is cut to: what was asked for, or ``usual`` unless the tokenizer's file says less."""
    if asked is not None:
        return asked
    truncation = json.loads(path.read_text(encoding="utf-8")).get("truncation") or {}
    return min(usual, int(truncation.get("max_length", usual)))


def require_length(graph: TokenGraph, output: str, tokens: int) -> None:
    """`InvalidInput` where the graph cannot read a text of that many tokens."""
    shape = np.ones((1, tokens), dtype=np.int64)
    try:
        graph.run(output, shape, shape, np.zeros_like(shape))
    except InvalidInput as error:
        raise InvalidInput("max_tokens", tokens, f"is more than the graph can read: {error.reason}") from error


def require_vocabulary(graph: TokenGraph, output: str, tokenizer: Tokenizer) -> None:
    """`InvalidInput` where the tokenizer has a token that the graph's table does not."""
    highest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
    ids = np.full((1, 2), highest, dtype=np.int64)
    try:
        graph.run(output, ids, np.ones_like(ids), np.zeros_like(ids))
    except InvalidInput as error:
        reason = f"is a token of the tokenizer that the graph does not know: {error.reason}"
        raise InvalidInput("token id", highest, reason) from error
