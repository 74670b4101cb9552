"""What answers come from at this moment: a release over the store's catalog under the shop's rules."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from api.asked import AskedVectors
from api.customers import CustomerCache
from api.embeddings import Embeddings, Texts
from models.embedding import centred
from models.release import Release
from recommender.catalog import Catalog, ProductRow
from recommender.rules.file import Rules
from recommender.snapshot import Snapshot
from runners.stages import ReleaseStages
from store.embeddings import Vector


@dataclass(frozen=True, slots=True)
class Live:
    """One consistent state; replaced as a whole, so a request that holds it is not disturbed."""

    release: Release
    snapshot: Snapshot
    stages: ReleaseStages
    embedded: NDArray[np.object_]
    """The text that each product newer than the release has its vector of, in the order of their rows."""
    customers: CustomerCache = field(default_factory=CustomerCache)
    """Histories as rows of this snapshot's catalog: kept while rows keep their meaning."""
    asked: AskedVectors = field(default_factory=AskedVectors)
    """What shoppers search for, as the release's encoder reads it."""

    @property
    def known(self) -> int:
        """How many products the release knows: the rows before this one."""
        return len(self.release.items)


async def go_live(
    release: Release, catalog: Catalog, rules: Rules, stages: ReleaseStages, embeddings: Embeddings
) -> Live:
    """A release completed with every product that is newer than it, each embedded by the release's encoder.

    What takes as long as the catalog is large is done in worker threads: the loop goes on answering.
    """
    live, completed = await asyncio.to_thread(_aligned, release, catalog, rules, stages)
    known = live.known
    new = dict(zip(completed.external_id[known:].tolist(), completed.text[known:].tolist(), strict=True))
    return await asyncio.to_thread(_over, live, completed, await embeddings.of(release, stages, new))


def _aligned(release: Release, catalog: Catalog, rules: Rules, stages: ReleaseStages) -> tuple[Live, Catalog]:
    """The release over its own products, and the catalog that it is to be completed to: these, then the newer ones."""
    aligned = catalog.aligned(release.items.tolist())
    known = len(release.items)
    snapshot = Snapshot(
        release=release.release_id,
        catalog=aligned.take(np.arange(known)),
        vectors=release.item_vectors.vectors,
        vector_row=release.item_vectors.row,
        factors=release.collaborative.factors,
        co_purchase=release.collaborative.co_purchase,
        neighbours=release.collaborative.neighbours,
        sequence=release.collaborative.sequence,
        facts=release.facts,
        popularity=release.collaborative.popularity,
        hard_rules=rules.hard,
        policy=rules.policy,
        fitted=release.blender.fitted,
        rerank_weight=release.blender.rerank_weight,
        rerank_helps=release.manifest.features.get("rerank", False),
        learned=release.blender.trees,
    )
    completed = aligned.take(np.flatnonzero((np.arange(len(aligned)) < known) | ~aligned.deleted))
    _ = completed.row_of  # made at the first use, which must not be one of the loop's
    return Live(release, snapshot, stages, np.zeros(0, dtype=object)), completed


def with_products(live: Live, products: Sequence[ProductRow], vectors: Mapping[str, Vector]) -> Live:
    """The same release over a catalog with these products changed or added.

    ``vectors`` are the encoder's own, by text. A new product is added where they hold its text's; what is `lacking`
    stays out, or keeps the vector of its former text.
    """
    catalog = live.snapshot.catalog
    taken = [one for one in products if one.external_id in catalog.row_of or one.encoded_text in vectors]
    if not taken:
        return live
    changed = _over(live, catalog.with_products(taken), vectors)
    # Histories may hold products that had no row until now, so they are read again.
    grown = len(changed.snapshot.catalog) > len(catalog)
    return replace(changed, customers=CustomerCache()) if grown else changed


def lacking(live: Live, products: Sequence[ProductRow]) -> Texts:
    """Texts without a vector, by external id: of these products, those newer than the release and not deleted."""
    row_of = live.snapshot.catalog.row_of
    texts: dict[str, str] = {}
    for product in products:
        row = row_of.get(product.external_id)
        if not product.deleted and (row is None or not is_embedded(live, row)):
            texts[product.external_id] = product.encoded_text
    return texts


def is_embedded(live: Live, row: int) -> bool:
    """Whether the product's vector is the release's own, or of the text that the product has now."""
    return row < live.known or bool(live.embedded[row - live.known] == live.snapshot.catalog.text[row])


def _over(live: Live, catalog: Catalog, vectors: Mapping[str, Vector]) -> Live:
    """The release over this catalog: its own products, then the newer ones, each with a vector of its own."""
    texts = catalog.text[live.known :]
    embedded = np.concatenate([live.embedded, np.full(len(texts) - len(live.embedded), None, dtype=object)])
    fresh = [place for place in np.flatnonzero(texts != embedded).tolist() if texts[place] in vectors]
    snapshot = live.snapshot.with_catalog(catalog)
    if not fresh:
        return replace(live, snapshot=snapshot)
    embedded[fresh] = texts[fresh]
    first = len(live.release.item_vectors.vectors)
    table = np.concatenate(
        [
            snapshot.vectors,
            np.zeros_like(snapshot.vectors, shape=(len(texts) - len(live.embedded), snapshot.vectors.shape[1])),
        ]
    )
    table[first + np.array(fresh)] = centred(
        np.stack([vectors[text] for text in texts[fresh]]), live.release.item_vectors.mean
    )
    rows = np.concatenate([live.release.item_vectors.row, first + np.arange(len(texts), dtype=np.int32)])
    return replace(live, snapshot=replace(snapshot, vectors=table, vector_row=rows), embedded=embedded)
