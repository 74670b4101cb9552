"""What answers come from at this moment: a release over the store's catalog under the shop's rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from api.customers import CustomerCache
from models.embedding import centred
from models.release import Release
from recommender.catalog import Catalog, ProductRow
from recommender.rules.file import Rules
from recommender.snapshot import Snapshot
from runners.stages import ReleaseStages


@dataclass(frozen=True, slots=True)
class Live:
    """One consistent state; replaced as a whole, so a request that holds it is not disturbed."""

    release: Release
    snapshot: Snapshot
    stages: ReleaseStages
    customers: CustomerCache = field(default_factory=CustomerCache)
    """Histories as rows of this snapshot's catalog: kept while rows keep their meaning."""


async def go_live(release: Release, catalog: Catalog, rules: Rules, stages: ReleaseStages) -> Live:
    """A release completed with every product that is newer than it, each embedded by the release's encoder."""
    aligned = catalog.aligned(release.items.tolist())
    known = len(release.items)
    snapshot = Snapshot(
        release=release.release_id,
        catalog=aligned.take(np.arange(known)),
        vectors=release.item_vectors.vectors,
        vector_row=release.item_vectors.row,
        factors=release.collaborative.factors,
        co_purchase=release.collaborative.co_purchase,
        popularity=release.collaborative.popularity,
        hard_rules=rules.hard,
        policy=rules.policy,
        fitted=release.blender.fitted,
        rerank_weight=release.blender.rerank_weight,
        rerank_helps=release.manifest.features.get("rerank", False),
    )
    live = Live(release, snapshot, stages)
    if len(aligned) == known:
        return live
    return replace(live, snapshot=await _with_new_rows(live, aligned))


async def with_products(live: Live, products: Sequence[ProductRow]) -> Live:
    """The same release over a catalog with these products changed or added."""
    catalog = live.snapshot.catalog.with_products(products)
    if len(catalog) == len(live.snapshot.catalog):
        return replace(live, snapshot=live.snapshot.with_catalog(catalog))
    # Histories may hold products that had no row until now, so they are read again.
    return replace(live, snapshot=await _with_new_rows(live, catalog), customers=CustomerCache())


async def _with_new_rows(live: Live, catalog: Catalog) -> Snapshot:
    """The snapshot over a catalog that has further products at its end; their texts are embedded first."""
    snapshot = live.snapshot
    new = catalog.text[len(snapshot.vector_row) :].astype(str).tolist()
    vectors = centred(await live.stages.encode(new), live.release.item_vectors.mean)
    rows = len(snapshot.vectors) + np.arange(len(new), dtype=np.int32)
    return replace(
        snapshot,
        catalog=catalog,
        vectors=np.concatenate([snapshot.vectors, vectors]),
        vector_row=np.concatenate([snapshot.vector_row, rows]),
    )
