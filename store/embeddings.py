"""Vectors of products that are newer than a release, so that a text is encoded once and not by every process.

A vector is what the encoder itself gives, not yet centred for the shop. It counts for one encoder, named by the
sha256 of its graph, and for one text.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from store.engine import upsert
from store.instants import now_ms
from store.tables import product_embeddings

_IDS_A_QUERY: Final = 1_000  # well below the 32,766 parameters that a statement of SQLite may have
_STORED: Final = np.dtype("<f4")

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Embedding:
    """The vector (d,) of one product's text."""

    external_id: str
    text_sha256: str
    vector: Vector


def text_sha256(text: str) -> str:
    """Hex digest of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_embeddings(
    connection: Connection, encoder: str, wanted: Mapping[str, str], *, dimension: int
) -> dict[str, Vector]:
    """Stored vectors of this encoder by external id, for the products of ``wanted`` (external id → `text_sha256`).

    Left out are products whose stored vector is of another text, and vectors that are not ``dimension`` finite numbers.
    """
    columns = product_embeddings.c
    query = select(columns.external_product_id, columns.text_sha256, columns.vector).where(columns.encoder == encoder)
    found: dict[str, Vector] = {}
    remaining = iter(wanted)
    while ids := list(islice(remaining, _IDS_A_QUERY)):
        for external_id, sha256, stored in connection.execute(query.where(columns.external_product_id.in_(ids))):
            vector = _vector(stored, dimension)
            if sha256 == wanted[external_id] and vector is not None:
                found[external_id] = vector
    return found


def write_embeddings(connection: Connection, encoder: str, embeddings: Iterable[Embedding]) -> None:
    """Store vectors, each in place of the one that this encoder gave for an earlier text of the product."""
    now = now_ms()
    latest = {one.external_id: one for one in embeddings}
    rows = [
        {
            "external_product_id": one.external_id,
            "encoder": encoder,
            "text_sha256": one.text_sha256,
            "vector": np.asarray(one.vector, dtype=_STORED).tobytes(),
            "created_at": now,
        }
        for one in latest.values()
    ]
    if rows:
        connection.execute(upsert(connection, product_embeddings, "external_product_id", "encoder"), rows)


def _vector(stored: bytes, dimension: int) -> Vector | None:
    if len(stored) != dimension * _STORED.itemsize:
        return None
    vector = np.frombuffer(stored, dtype=_STORED).astype(np.float32)
    return vector if np.isfinite(vector).all() else None
