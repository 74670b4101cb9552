"""What the learned blender looks at: one row per candidate. Training and serving call the same function.

Everything is counted back from the moment of the request, in days. Nothing is missing: a product that the customer
never bought has counts of 0 and was last bought `NEVER` days ago, a product newer than the release sold nothing yet.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.catalog import Catalog
from recommender.events import EVENT_CODES, EventType
from recommender.facts import ITEM_NAMES, NEVER, ItemFacts, codes_of
from recommender.history import DAY, History, once_per_basket
from recommender.types import SOURCES, Candidates, Query, Source

HALF_LIVES: Final = (7.0, 30.0, 90.0, 180.0)
"""Own purchases count Σ 2^(−days / half-life): what is bought weekly and what is bought yearly both show."""
PACE: Final = 60.0
"""Half-life of counts that are compared with the customer's largest one."""

SCORED: Final = tuple(source for source in SOURCES if source not in (Source.SESSION, Source.ARRIVALS))
"""Sources whose scaled scores are features: orders know no session, and nothing that was not bought."""

OWN_NAMES: Final = (
    *(f"own_{half_life:.0f}d" for half_life in HALF_LIVES),
    "own_pace",
    "own_count",
    "own_share",
    "own_last",
    "own_first",
    "own_gap",
    "own_due",
    "own_due_by_item",
)
GROUP_NAMES: Final = ("30d", "180d", "share", "last", "affinity")
NAMESAKE_NAMES: Final = ("namesake_60d", "namesake_last", "namesake_share")
PRICE_NAMES: Final = ("price", "price_to_own", "price_to_category")
CUSTOMER_NAMES: Final = ("baskets", "baskets_30d", "basket_size", "distinct_products", "loyalty", "away")
CART_NAMES: Final = ("cart_size", "cart_category", "cart_kind")
TREND_NAMES: Final = ("trend_7d", "trend_30d")

FEATURES: Final[tuple[str, ...]] = (
    *(f"score_{source}" for source in SCORED),
    *OWN_NAMES,
    *(f"category_{name}" for name in GROUP_NAMES),
    *(f"kind_{name}" for name in GROUP_NAMES),
    *NAMESAKE_NAMES,
    *ITEM_NAMES,
    *TREND_NAMES,
    *PRICE_NAMES,
    *CUSTOMER_NAMES,
    *CART_NAMES,
)
"""Order of the columns. A release that was trained on other names is refused."""

Floats = NDArray[np.float32]


def features(query: Query, candidates: Candidates, catalog: Catalog, facts: ItemFacts) -> NDArray[np.float32]:
    """(len(candidates), len(FEATURES)) float32."""
    bought = once_per_basket(query.history.where(query.history.kind == EVENT_CODES[EventType.PURCHASE]))
    ages = np.clip((query.at - bought.at) / DAY, 0.0, NEVER)
    items, own = candidates.item, bought.item.astype(np.int64)
    item_columns = facts.of(items)
    kinds, baskets = codes_of(facts.kinds, items), _baskets(bought)
    scores = candidates.scores[:, [SOURCES.index(source) for source in SCORED]]
    groups: list[NDArray[np.floating]] = [
        scores,
        _own(_Tally(own, ages), items, baskets, item_columns[:, ITEM_NAMES.index("usual_gap")]),
        _group(_Tally(catalog.category[own], ages), catalog.category[items], item_columns),
        _group(_Tally(codes_of(facts.kinds, own), ages), kinds, item_columns),
        _namesakes(_Tally(codes_of(facts.namesakes, own), ages), codes_of(facts.namesakes, items)),
        item_columns,
        _trends(item_columns),
        _prices(catalog, own, items),
        np.broadcast_to(_customer(ages, baskets, own), (len(items), len(CUSTOMER_NAMES))),
        _cart(query.anchors, catalog.category[items], catalog.category[query.anchors]),
        _cart(query.anchors, kinds, codes_of(facts.kinds, query.anchors))[:, 1:],
    ]
    return np.concatenate(groups, axis=1, dtype=np.float32)


class _Tally:
    """Own purchases grouped by a key: the product, its category or its name."""

    def __init__(self, keys: NDArray[np.integer], ages: NDArray[np.float64]) -> None:
        self.keys, self._place = np.unique(keys, return_inverse=True)
        self._ages = ages
        self.count = self.sums(np.ones(len(keys)))

    def decayed(self, half_life: float) -> NDArray[np.float64]:
        """Σ 2^(−days / half-life) per key."""
        return self.sums(2.0 ** (-self._ages / half_life))

    def sums(self, weight: NDArray[np.floating]) -> NDArray[np.float64]:
        """Σ weight of the purchases of each key."""
        return np.bincount(self._place, weight, minlength=len(self.keys)).astype(np.float64)

    def last(self) -> NDArray[np.float64]:
        """Days since the newest purchase per key."""
        newest = np.full(len(self.keys), NEVER)
        np.minimum.at(newest, self._place, self._ages)
        return newest

    def first(self) -> NDArray[np.float64]:
        """Days since the oldest purchase per key."""
        oldest = np.zeros(len(self.keys))
        np.maximum.at(oldest, self._place, self._ages)
        return oldest

    def at(self, wanted: NDArray[np.integer], columns: Sequence[tuple[NDArray[np.float64], float]]) -> Floats:
        """(len(wanted), len(columns)) values of the wanted keys, each column with what counts for all other keys."""
        table = np.empty((len(wanted), len(columns)), dtype=np.float32)
        place = np.minimum(np.searchsorted(self.keys, wanted), max(len(self.keys) - 1, 0))
        found = self.keys[place] == wanted if len(self.keys) else np.zeros(len(wanted), dtype=bool)
        for number, (values, otherwise) in enumerate(columns):
            table[:, number] = np.where(found, values[place], otherwise) if len(self.keys) else otherwise
        return table


def _own(tally: _Tally, items: NDArray[np.int64], baskets: int, usual_gap: Floats) -> Floats:
    last, first, count = tally.last(), tally.first(), tally.count
    gap = np.where(count > 1, (first - last) / np.maximum(count - 1, 1), NEVER)
    pace = tally.decayed(PACE)
    table = tally.at(
        items,
        [
            *((tally.decayed(half_life), 0.0) for half_life in HALF_LIVES),
            (pace / max(float(pace.max(initial=0.0)), 1e-9), 0.0),
            (count, 0.0),
            (count / max(baskets, 1), 0.0),
            (last, NEVER),
            (first, NEVER),
            (gap, NEVER),
            (last / np.maximum(gap, 1.0), -1.0),
        ],
    )
    waited = table[:, OWN_NAMES.index("own_last")] / np.maximum(usual_gap, 1.0)
    due_by_item = np.where(table[:, OWN_NAMES.index("own_count")] > 0, waited, -1.0)
    return np.column_stack([table, due_by_item.astype(np.float32)])


def _group(tally: _Tally, wanted: NDArray[np.integer], item_columns: Floats) -> Floats:
    total = max(float(tally.count.sum()), 1.0)
    decayed = tally.decayed(180.0)
    columns = [(tally.decayed(30.0), 0.0), (decayed, 0.0), (tally.count / total, 0.0), (tally.last(), NEVER)]
    table = tally.at(wanted, columns)
    affinity = np.log1p(table[:, 1]) * np.sqrt(item_columns[:, ITEM_NAMES.index("sold_14d")])
    return np.column_stack([table, affinity])


def _namesakes(tally: _Tally, wanted: NDArray[np.int64]) -> Floats:
    total = max(float(tally.count.sum()), 1.0)
    return tally.at(wanted, [(tally.decayed(60.0), 0.0), (tally.last(), NEVER), (tally.count / total, 0.0)])


def _trends(item_columns: Floats) -> Floats:
    week, month, year = (item_columns[:, ITEM_NAMES.index(name)] for name in ("sold_7d", "sold_30d", "sold_365d"))
    return np.column_stack([(week + 1.0) / (month * 7 / 30 + 1.0), (month + 1.0) / (year * 30 / 365 + 1.0)])


def _prices(catalog: Catalog, own: NDArray[np.int64], items: NDArray[np.int64]) -> Floats:
    """Price, and its ratio to the mean of what the customer bought at all and in the category; -1 where unknown."""
    price, paid = catalog.price[items], catalog.price[own]
    priced = np.isfinite(paid)
    usual = float(paid[priced].mean()) if priced.any() else np.nan
    tally = _Tally(catalog.category[own][priced], np.zeros(int(priced.sum())))
    in_category = tally.at(catalog.category[items], [(tally.sums(paid[priced]) / tally.count, np.nan)])[:, 0]
    ratios = np.column_stack([price, price / usual, price / in_category])
    return np.where(np.isfinite(ratios), ratios, -1.0).astype(np.float32)


def _customer(ages: NDArray[np.float64], baskets: int, own: NDArray[np.int64]) -> NDArray[np.float64]:
    distinct = len(np.unique(own))
    recent = len(np.unique(ages[ages <= 30.0]))
    loyalty = len(own) / distinct if distinct else 0.0
    return np.array([baskets, recent, len(own) / max(baskets, 1), distinct, loyalty, ages.min(initial=NEVER)])


def _cart(anchors: NDArray[np.int64], wanted: NDArray[np.integer], held: NDArray[np.integer]) -> NDArray[np.float64]:
    """How many products are in the cart, and the share of them that is of each candidate's group."""
    codes, counts = np.unique(held, return_counts=True)
    share = np.zeros(len(wanted))
    if len(codes):
        place = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
        share = np.where(codes[place] == wanted, counts[place] / len(held), 0.0)
    return np.column_stack([np.full(len(wanted), len(anchors)), share])


def _baskets(bought: History) -> int:
    return len(np.unique(bought.at))
