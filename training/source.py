"""What training learns from: a shop's catalog and purchases, read from its store."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from recommender.errors import InvalidInput
from store.catalog import read_catalog
from store.engine import reading
from store.erasures import read_erased
from store.imports import recorded_shift, shifted_at
from store.interactions import Interactions, read_interactions
from store.purchases import Purchases, read_purchases
from training.dataset import Dataset, build_dataset
from training.histories import histories_of

Report = Callable[[str, int, int], None]
"""Progress of the step that is running: its name, what is done, the total."""


@dataclass(frozen=True, slots=True)
class Source:
    """The shop's data, and what it is called in MLflow."""

    data: Dataset
    data_hash: str
    shift: float
    """Seconds by which an import moved the events forward."""
    erasures_until: int | None
    """Who was erased up to then (epoch milliseconds) is not in it; None where nobody was."""
    shifted_at: float | None = None
    """When that import began; what came later is live, and up to a week may lie between the two."""

    @property
    def today(self) -> Dataset:
        """What ships learns from: without what was returned after the newest purchase."""
        return replace(self.data, returned=None)

    @property
    def end(self) -> float:
        """Just after the newest purchase."""
        return float(self.data.at.max()) + 1.0 if len(self.data) else 0.0

    def original(self, moment: float) -> str:
        """A moment of the store in the data's original time, as people know it."""
        return datetime.fromtimestamp(moment - self.shift, tz=UTC).isoformat(timespec="minutes")


def baskets(source: Source) -> NDArray[np.float64]:
    """Moments of all baskets in the data's original time, without live events after data that was moved."""
    data = source.data
    first = np.ones(len(data), dtype=bool)
    first[1:] = (np.diff(data.user) != 0) | (np.diff(data.at) != 0)
    at = data.at[first]
    return (at if source.shifted_at is None else at[at < source.shifted_at]) - source.shift


def read_source(engine: Engine, report: Report) -> Source:
    """The catalog, purchases and what else their customers did; a visit that nobody claimed is a customer too.

    `InvalidInput` where there is no catalog. Whether there are purchases is `training.continuity.require_whole`'s.
    """
    report("reading the store", 0, 1)
    with reading(engine) as connection:
        catalog, purchases = read_catalog(connection), read_purchases(connection, guests=True, taken_back=True)
        events = read_interactions(
            connection, purchases, progress=lambda done, total: report("reading events", done, total)
        )
        erased = read_erased(connection)
        shift, moved = recorded_shift(connection), shifted_at(connection)
    if not len(catalog):
        raise InvalidInput("catalog", "0 products", "import products first: shelfwise import products FILE")
    row = {str(external_id): number for number, external_id in enumerate(catalog.external_id)}
    rows = np.array([row.get(item_id, -1) for item_id in purchases.item_ids], dtype=np.int32)[purchases.item]
    listed = rows >= 0  # purchases of products that the catalog does not have are kept in the store, not learnt from
    data = build_dataset(
        catalog,
        purchases.user[listed],
        rows[listed],
        purchases.occurred_at[listed],
        gone_at=purchases.gone_at[listed],
        n_users=len(purchases.user_ids),
        events=histories_of(events, catalog),
    )
    report("reading the store", 1, 1)
    return Source(data, _hash_of(purchases, events), shift, erased.newest, moved)


def _hash_of(purchases: Purchases, events: Interactions) -> str:
    return hashlib.sha256(f"{purchases.data_hash} {events.data_hash}".encode()).hexdigest()
