"""A whole cross-encoder that somebody else made: every (text, product text) pair is read in full, for every request.

Nothing can be computed ahead, so it costs a forward pass per pair: with six layers some 50 to 100 ms for 20 products
on two cores, where `models.cross_encoder` takes about one. The request's deadline decides whether it is waited for.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding

from models.cross_encoder import Pairs
from models.onnx_session import open_session, open_tokenizer, padded

GRAPH: Final = "model.onnx"
TEXTS: Final = "product_texts.json"
BATCH: Final = 32


@dataclass(frozen=True, slots=True)
class PairConfig:
    """``max_tokens`` of both texts together; the longer one is cut first."""

    name: str
    max_tokens: int


@dataclass(frozen=True, slots=True)
class ProductTexts:
    """What the cross-encoder reads of each product."""

    text: NDArray[np.object_]
    """(n,) in the release's order."""

    def arranged(self, order: NDArray[np.int64]) -> "ProductTexts":
        """The same texts for the items in another order."""
        return replace(self, text=self.text[order])

    def save(self, folder: Path) -> None:
        """Write product_texts.json."""
        (folder / TEXTS).write_text(json.dumps([str(one) for one in self.text], ensure_ascii=False), encoding="utf-8")


def load_product_texts(folder: Path) -> ProductTexts:
    """Read what `ProductTexts.save` wrote."""
    return ProductTexts(np.array(json.loads((folder / TEXTS).read_text(encoding="utf-8")), dtype=object))


class PairCrossEncoder:
    """(text, items) → one logit per item."""

    def __init__(self, folder: Path, *, texts: ProductTexts | None = None, threads: int = 1) -> None:
        self.config = PairConfig(**json.loads((folder / "config.json").read_text()))
        self._session = open_session(folder / GRAPH, threads=threads)
        self._tokenizer = open_tokenizer(folder / "tokenizer.json", max_tokens=self.config.max_tokens)
        self._texts = texts or load_product_texts(folder)

    def score(self, requests: Sequence[Pairs]) -> list[NDArray[np.float32]]:
        """Logits per request, (len(items),) each; NaN for items newer than the release."""
        found = [np.full(len(request.items), np.nan, dtype=np.float32) for request in requests]
        known = [request.items < len(self._texts.text) for request in requests]
        pairs = [
            (request.text, str(self._texts.text[item]))
            for request, here in zip(requests, known, strict=True)
            for item in request.items[here].tolist()
        ]
        logits = self.logits(pairs)
        start = 0
        for values, here in zip(found, known, strict=True):
            values[here] = logits[start : start + int(here.sum())]
            start += int(here.sum())
        return found

    def logits(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """(len(pairs),) in the order given."""
        logits = np.zeros(len(pairs), dtype=np.float32)
        for rows, inputs in self._batches(list(pairs)):
            logits[rows] = self._session.run(["logit"], inputs)[0]
        return logits

    def _batches(self, pairs: list[tuple[str, str]]) -> Iterator[tuple[NDArray[np.intp], dict[str, NDArray[np.int64]]]]:
        """Pairs of like length together, so that little is spent on padding."""
        encoded = self._tokenizer.encode_batch(pairs) if pairs else []
        order = np.argsort([len(one) for one in encoded], kind="stable")
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            yield rows, _inputs([encoded[row] for row in rows])


def _inputs(encoded: list[Encoding]) -> dict[str, NDArray[np.int64]]:
    ids, mask = padded([one.ids for one in encoded])
    segments, _ = padded([one.type_ids for one in encoded])
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": segments}


def save_pair_config(folder: Path, config: PairConfig) -> None:
    """Write config.json beside the graph."""
    (folder / "config.json").write_text(json.dumps(asdict(config), indent=1))
