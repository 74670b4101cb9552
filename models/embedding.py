"""Text embedding: a sentence encoder in ONNX, and one normalised vector per distinct product text."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.onnx_session import open_session, open_tokenizer, token_batches

BATCH: Final = 64


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """What a reader needs to know about ``model.onnx``: inputs input_ids, attention_mask; output ``vector``."""

    name: str
    dimension: int
    max_tokens: int


class TextEncoder:
    """Text → unit vector. The graph pools and normalises, so any sentence encoder looks the same from here."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self.config = EncoderConfig(**json.loads((folder / "config.json").read_text()))
        self._session = open_session(folder / "model.onnx", threads=threads)
        self._tokenizer = open_tokenizer(folder / "tokenizer.json", max_tokens=self.config.max_tokens)

    def encode(
        self, texts: Sequence[str], *, progress: Callable[[int, int], None] = lambda done, total: None
    ) -> NDArray[np.float32]:
        """(len(texts), dimension) float32 vectors of length 1, in the order given."""
        listed = list(texts)
        vectors = np.zeros((len(listed), self.config.dimension), dtype=np.float32)
        done = 0
        for rows, batch in self._batches(listed):
            vectors[rows] = batch
            done += len(rows)
            progress(done, len(listed))
        return vectors

    def _batches(self, texts: list[str]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
        for rows, ids, mask in token_batches(self._tokenizer, texts, BATCH):
            yield rows, self._session.run(["vector"], {"input_ids": ids, "attention_mask": mask})[0]


@dataclass(frozen=True, slots=True)
class ItemVectors:
    """Vectors (m, d) of the distinct product texts, and the row of each of the n items in them."""

    vectors: NDArray[np.float32]
    row: NDArray[np.int32]
    mean: NDArray[np.float32]
    """(d,) mean of the encoder's own vectors over the shop's texts, subtracted from every vector."""

    def save(self, folder: Path) -> None:
        """Write vectors.npy, vector_row.npy and mean.npy."""
        np.save(folder / "vectors.npy", self.vectors)
        np.save(folder / "vector_row.npy", self.row)
        np.save(folder / "mean.npy", self.mean)


def load_item_vectors(folder: Path) -> ItemVectors:
    """Read what `ItemVectors.save` wrote."""
    arrays = [np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("vectors", "vector_row", "mean")]
    return ItemVectors(*arrays)


def centred(raw: NDArray[np.float32], mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vectors of raw − mean; a text exactly at the mean becomes a zero vector.

    Centring removes what all products of a shop share, so that cosines spread around 0 and "no evidence" is not
    mistaken for likeness.
    """
    moved = raw - mean
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    vectors: NDArray[np.float32] = np.divide(moved, length, out=np.zeros_like(moved), where=length > 1e-6)
    return vectors


def save_encoder_config(folder: Path, config: EncoderConfig) -> None:
    """Write config.json beside the graph."""
    (folder / "config.json").write_text(json.dumps(asdict(config), indent=1))
