"""Vectors of products that are newer than the release: read from the store, encoded where it has none, then stored."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import Engine

from models.release import ENCODER_GRAPH, Release
from recommender.catalog import ProductRow
from runners.stages import ReleaseStages
from store.embeddings import Embedding, Vector, read_embeddings, text_sha256, write_embeddings
from store.engine import reading, writing
from store.errors import StoreUnavailable

CHUNK: Final = 256
"""Products embedded at a time: each chunk is stored before the next, so an interruption costs one at most."""

Texts = Mapping[str, str]
"""What the encoder reads of products, by external id."""

log = logging.getLogger("shelfwise.embeddings")


class Embeddings:
    """One per process. Vectors are the encoder's own, not yet centred for the shop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = asyncio.Lock()

    async def of(self, release: Release, stages: ReleaseStages, texts: Texts) -> dict[str, Vector]:
        """The vector of each text. `StageUnavailable` where one has to be encoded and cannot."""
        vectors: dict[str, Vector] = {}
        for chunk in _chunks(texts):
            # One at a time: who waits finds stored what the one before encoded. New products take turns with bulks.
            async with self._turn:
                vectors |= await self._of_chunk(release, stages, chunk)
        return {text: vectors[text] for text in texts.values()}

    async def stored(self, release: Release, texts: Texts) -> dict[str, Vector]:
        """The vectors of those texts that were encoded before."""
        if not texts:
            return {}
        found = await asyncio.to_thread(self._read, release, texts)
        return {texts[external_id]: vector for external_id, vector in found.items()}

    async def _of_chunk(self, release: Release, stages: ReleaseStages, texts: Texts) -> dict[str, Vector]:
        vectors = await self.stored(release, texts)
        missing = [text for text in dict.fromkeys(texts.values()) if text not in vectors]
        if missing:
            vectors |= zip(missing, await stages.encode(missing), strict=True)
            fresh = {external_id: text for external_id, text in texts.items() if text in set(missing)}
            await asyncio.to_thread(self._write, release, fresh, vectors)
        return vectors

    def _read(self, release: Release, texts: Texts) -> dict[str, Vector]:
        encoder = _encoder(release)
        if encoder is None:
            return {}
        wanted = {external_id: text_sha256(text) for external_id, text in texts.items()}
        with reading(self._engine) as connection:
            return read_embeddings(connection, encoder, wanted, dimension=len(release.item_vectors.mean))

    def _write(self, release: Release, texts: Texts, vectors: Mapping[str, Vector]) -> None:
        encoder = _encoder(release)
        if encoder is None:
            return
        fresh = [Embedding(external_id, text_sha256(text), vectors[text]) for external_id, text in texts.items()]
        try:
            with writing(self._engine) as connection:
                write_embeddings(connection, encoder, fresh)
        except StoreUnavailable as error:  # costs another process the same work; the vectors are good all the same
            log.warning("vectors of %d new products could not be stored: %s", len(fresh), error)


def texts_of(products: Sequence[ProductRow]) -> dict[str, str]:
    """What the encoder reads of each product."""
    return {product.external_id: product.encoded_text for product in products}


def _encoder(release: Release) -> str | None:
    """Which encoder the release has; None where its manifest does not vouch for one, so nothing can be kept for it."""
    graph = release.manifest.files.get(ENCODER_GRAPH)
    return None if graph is None else graph.sha256


def _chunks(texts: Texts) -> Iterator[dict[str, str]]:
    listed = list(texts.items())
    return (dict(listed[start : start + CHUNK]) for start in range(0, len(listed), CHUNK))
