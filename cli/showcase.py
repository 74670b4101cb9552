"""Picks a few real customers whose tastes differ visibly."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from settings import Settings
from store.catalog import read_catalog
from store.engine import open_engine, reading
from store.purchases import read_purchases

SHOWN: Final = 3
MIN_PURCHASES: Final = 300
RECENT_DAYS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Shopper:
    """A customer and the categories that they buy far more of than others do."""

    user_id: str
    categories: tuple[str, ...]


def showcase(settings: Settings) -> list[Shopper]:
    """Three customers with many recent purchases, each the most marked one of a different top category."""
    engine = open_engine(settings.database_url)
    with reading(engine) as connection:
        catalog, purchases = read_catalog(connection), read_purchases(connection)
    engine.dispose()
    if not len(purchases):
        return []
    row_of = {str(external_id): row for row, external_id in enumerate(catalog.external_id)}
    category = np.array([_category(catalog.category, row_of.get(item, -1)) for item in purchases.item_ids])
    recent = purchases.occurred_at > purchases.occurred_at.max() - RECENT_DAYS * 86_400
    kept = recent & (category[purchases.item] >= 0)
    shape = (len(purchases.user_ids), len(catalog.category_names))
    counts = np.zeros(shape)
    np.add.at(counts, (purchases.user[kept], category[purchases.item[kept]]), 1.0)
    return _pick(counts, purchases.user_ids, catalog.category_names)


def _category(codes: NDArray[np.int32], row: int) -> int:
    return -1 if row < 0 else int(codes[row])


def _pick(counts: NDArray[np.float64], user_ids: tuple[str, ...], names: tuple[str, ...]) -> list[Shopper]:
    """Taste of a customer: share of a category × log of how far it lies above the shop's share."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    usual = counts.sum(axis=0) / counts.sum()
    marked = shares * np.log((shares + 1e-6) / (usual + 1e-3))
    marked[counts.sum(axis=1) < min(MIN_PURCHASES, np.quantile(counts.sum(axis=1), 0.8))] = -np.inf
    chosen: list[Shopper] = []
    taken: set[int] = set()
    for user in np.argsort(-marked.max(axis=1)):
        top = np.argsort(-marked[user])[:3]
        if int(top[0]) not in taken:
            taken.update(int(code) for code in top)
            chosen.append(Shopper(user_ids[user], tuple(names[code].lower() for code in top)))
        if len(chosen) == SHOWN:
            break
    return chosen
