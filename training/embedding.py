"""Exports the sentence encoder to ONNX and embeds every distinct product text."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from models.embedding import EncoderConfig, ItemVectors, TextEncoder, centred, load_item_vectors, save_encoder_config
from recommender.catalog import Catalog
from training.encoder_source import open_sentence_encoder
from training.onnx_export import export_onnx

MAX_TOKENS: Final = 64
"""Product texts are far shorter; a longer one keeps its beginning, where the name is."""

BLOCK_TEXTS: Final = 4096
BLOCKS: Final = "blocks"

Progress = Callable[[int, int], None]


class PooledEncoder(torch.nn.Module):
    """Transformer, pooling and normalisation as one graph: token ids and mask in, unit vectors out."""

    def __init__(self, encoder: SentenceTransformer) -> None:
        super().__init__()
        self.transformer = encoder[0].model
        self.pooling = encoder[1]

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """(batch, tokens) twice → (batch, dimension)."""
        tokens = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        pooled = self.pooling({"token_embeddings": tokens, "attention_mask": attention_mask})["sentence_embedding"]
        return torch.nn.functional.normalize(pooled, dim=1)


def export_encoder(name: str, folder: Path) -> EncoderConfig:
    """Write model.onnx, tokenizer.json and config.json of the named encoder; its dimension is read from it."""
    encoder = open_sentence_encoder(name)
    folder.mkdir(parents=True, exist_ok=True)
    ids, mask = torch.randint(5, 100, (3, 12)), torch.ones(3, 12, dtype=torch.long)
    mask[1, 8:] = 0
    axes = {0: "batch", 1: "tokens"}
    export_onnx(
        PooledEncoder(encoder),
        (ids, mask),
        folder / "model.onnx",
        inputs=["input_ids", "attention_mask"],
        outputs=["vector"],
        dynamic={"input_ids": axes, "attention_mask": axes},
    )
    encoder.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    limit = min(MAX_TOKENS, int(encoder.get_max_seq_length() or MAX_TOKENS))
    config = EncoderConfig(name=name, dimension=int(encoder.get_embedding_dimension() or 0), max_tokens=limit)
    save_encoder_config(folder, config)
    return config


def embed_catalog(
    catalog: Catalog, folder: Path, *, threads: int, progress: Progress = lambda done, total: None
) -> ItemVectors:
    """Centred vectors of the catalog's distinct texts, by the encoder in ``folder``; equal texts are read once."""
    texts, row = np.unique(catalog.text.astype(str), return_inverse=True)
    digest = hashlib.sha256("\n".join(texts.tolist()).encode()).hexdigest()
    marker = folder / "texts.sha256"
    if marker.is_file() and marker.read_text() == digest:
        return replace(load_item_vectors(folder), row=row.astype(np.int32))
    raw = _encode_in_blocks(texts.tolist(), folder, digest, threads, progress)
    mean = raw.mean(axis=0)
    vectors = ItemVectors(centred(raw, mean), row.astype(np.int32), mean)
    vectors.save(folder)
    marker.write_text(digest)
    shutil.rmtree(folder / BLOCKS)
    return vectors


def _encode_in_blocks(
    texts: list[str], folder: Path, digest: str, threads: int, progress: Progress
) -> NDArray[np.float32]:
    """Encode, keeping each finished block on disk: an interrupted run goes on where it stopped."""
    encoder = TextEncoder(folder, threads=threads)
    blocks = []
    for start in range(0, len(texts), BLOCK_TEXTS):
        kept = folder / BLOCKS / f"{digest[:16]}-{start}.npy"
        if kept.is_file():
            blocks.append(np.load(kept, allow_pickle=False))
        else:
            block = texts[start : start + BLOCK_TEXTS]
            blocks.append(encoder.encode(block, progress=_later(progress, start, len(texts))))
            _save_whole(kept, blocks[-1])
    return np.concatenate(blocks)


def _later(progress: Progress, start: int, total: int) -> Progress:
    return lambda done, _: progress(start + done, total)


def _save_whole(path: Path, array: NDArray[np.float32]) -> None:
    """Under its name only when it is complete."""
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial.npy")
    np.save(partial, array)
    partial.rename(path)
