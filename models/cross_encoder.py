"""A cross-encoder whose lower layers are computed apart, so that reranking 20 products costs about a millisecond.

Layers 1 to 5 of MiniLM read the customer's text and each product's text separately; products are read once, when
the release is built. Only the last layer sees both: the customer's [CLS] attends over the customer's and the
product's tokens together. The customer's half of that attention does not depend on the product, so it is folded
into a small state (absorbed query, softmax maximum, denominator, numerator) and kept for the next request.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.onnx_session import open_session, open_tokenizer, tokenize

STATE_OUTPUTS: Final = ("query", "query_bias", "peak", "denominator", "numerator", "residual", "profile")
CUSTOMERS_KEPT: Final = 10_000
"""Folded customers held in memory, about 24 KB each: the least recently used one goes first."""


@dataclass(frozen=True, slots=True)
class CrossEncoderConfig:
    """What a reader needs to know about the graphs."""

    base: str
    customer_tokens: int
    product_tokens: int


@dataclass(frozen=True, slots=True)
class ProductStates:
    """Hidden states after layer 5 of every distinct product text, ragged: text t owns tokens offset[t]:offset[t+1]."""

    tokens: NDArray[np.int8]
    """(total tokens, 384), quantised per token."""
    scale: NDArray[np.float32]
    """(total tokens,): state ≈ tokens · scale."""
    offset: NDArray[np.int64]
    row: NDArray[np.int32]
    """(n,) text of each item; −1 for items without states: those bought too rarely to be worth the memory."""

    def knows(self, items: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of the items have states; items newer than the release have none."""
        inside = items < len(self.row)
        inside[inside] = self.row[items[inside]] >= 0
        return inside

    def arranged(self, order: NDArray[np.int64]) -> "ProductStates":
        """The same states for the items in another order."""
        return replace(self, row=self.row[order])

    def of(self, items: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """States (len(items), tokens, 384) padded to the longest, and the mask (len(items), tokens)."""
        texts = self.row[items]
        lengths = self.offset[texts + 1] - self.offset[texts]
        place = np.arange(int(lengths.max()))
        mask = place < lengths[:, None]
        index = np.where(mask, self.offset[texts][:, None] + place, 0)
        states = self.tokens[index].astype(np.float32) * self.scale[index][..., None]
        return states, mask.astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write the four arrays as state_*.npy."""
        for name in ("tokens", "scale", "offset", "row"):
            np.save(folder / f"state_{name}.npy", getattr(self, name))


def quantise(states: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(t, d) → int8 and one scale per token; the error is at most half a step of 1/127 of the token's peak."""
    scale = np.maximum(np.abs(states).max(axis=1), 1e-9).astype(np.float32) / 127.0
    return np.rint(states / scale[:, None]).astype(np.int8), scale


def load_product_states(folder: Path) -> ProductStates:
    """Memory-mapped: only the states of products that are reranked come into memory."""
    mapped = np.load(folder / "state_tokens.npy", mmap_mode="r", allow_pickle=False)
    rest = [np.load(folder / f"state_{name}.npy", allow_pickle=False) for name in ("scale", "offset", "row")]
    return ProductStates(mapped, *rest)


@dataclass(frozen=True, slots=True)
class Pairs:
    """One request to the reranker: a customer's text and the items to score for it."""

    text: str
    items: NDArray[np.int64]


class CrossEncoder:
    """(text, items) → one logit per item."""

    def __init__(self, folder: Path, *, states: ProductStates | None = None, threads: int = 1) -> None:
        self.config = CrossEncoderConfig(**json.loads((folder / "config.json").read_text()))
        self._fold = open_session(folder / "customer.onnx", threads=threads)
        self._score = open_session(folder / "score.onnx", threads=threads)
        self._tokenizer = open_tokenizer(folder / "tokenizer.json", max_tokens=self.config.customer_tokens)
        self._states = states or load_product_states(folder)
        self._folded: OrderedDict[str, list[NDArray[np.float32]]] = OrderedDict()
        self._lock = threading.Lock()

    def score(self, requests: Sequence[Pairs]) -> list[NDArray[np.float32]]:
        """Logits per request, (len(items),) each; NaN for items without product states."""
        with self._lock:  # calls come from several threads where the stage runs inside the gateway
            folded = self._fold_in([request.text for request in requests])
        return [self._logits(state, request.items) for state, request in zip(folded, requests, strict=True)]

    def _fold_in(self, texts: list[str]) -> list[list[NDArray[np.float32]]]:
        missing = sorted({text for text in texts if text not in self._folded})
        if missing:
            ids, mask = tokenize(self._tokenizer, missing)
            outputs = self._fold.run(list(STATE_OUTPUTS), {"input_ids": ids, "attention_mask": mask})
            for row, text in enumerate(missing):
                self._folded[text] = [output[row] for output in outputs]
        for text in texts:
            self._folded.move_to_end(text)
        while len(self._folded) > max(CUSTOMERS_KEPT, len(texts)):
            self._folded.popitem(last=False)
        return [self._folded[text] for text in texts]

    def _logits(self, folded: list[NDArray[np.float32]], items: NDArray[np.int64]) -> NDArray[np.float32]:
        logits = np.full(len(items), np.nan, dtype=np.float32)
        known = self._states.knows(items)
        if known.any():
            states, mask = self._states.of(items[known])
            inputs = dict(zip(STATE_OUTPUTS, folded, strict=True)) | {"states": states, "mask": mask}
            logits[known] = self._score.run(["logit"], inputs)[0]
        return logits


def save_cross_encoder_config(folder: Path, config: CrossEncoderConfig) -> None:
    """Write config.json beside the graphs."""
    (folder / "config.json").write_text(json.dumps(asdict(config), indent=1))
