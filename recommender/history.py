"""What a customer did, as columns, and the three readings of it that the sources use.

Ages are counted from the customer's own newest event, not from the clock: a common factor exp(-Δ/τ) cancels
wherever a vector or a column is normalised afterwards, and without it a customer who comes back after ten
years would underflow to 0/0.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.events import EVENT_CODES, EVENT_TYPES, TASTE_WEIGHTS, EventType

DAY: Final = 86_400.0
TASTE_EVENTS: Final = 200
"""The taste vector reads the latest 200 events."""
TASTE_DECAY_DAYS: Final = 30.0
"""Seed 004: weight × exp(−days / 30)."""
REPEAT_HALF_LIFE_DAYS: Final = 90.0
"""Own purchase counts: the best single source on groceries at this half-life (NDCG@20 .312)."""
FOLD_IN_DECAY_DAYS: Final = 120.0
"""Collaborative input: log1p(Σ exp(−days / 120)), the same in training and at fold-in."""
PRODUCTS_PER_CUSTOMER: Final = 200
SESSION_EVENTS: Final = 20
LATEST_DECAY: Final = 0.6
LATEST_STEPS: Final = 10

_TASTE = np.array([TASTE_WEIGHTS[kind] for kind in EVENT_TYPES])
_PURCHASE = EVENT_CODES[EventType.PURCHASE]


@dataclass(frozen=True, slots=True)
class History:
    """Events of one customer, oldest first: item rows (int32), type codes (int8), epoch seconds (float64)."""

    item: NDArray[np.int32]
    kind: NDArray[np.int8]
    at: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.item)

    def where(self, keep: NDArray[np.bool_]) -> "History":
        """The events marked True, in order."""
        return History(self.item[keep], self.kind[keep], self.at[keep])

    def buys(self) -> bool:
        """Whether there is a purchase in it."""
        return bool((self.kind == _PURCHASE).any())

    def ages(self) -> NDArray[np.float64]:
        """Days before the newest event, ≥ 0."""
        return (self.at[-1] - self.at) / DAY if len(self) else np.zeros(0)


NO_HISTORY: Final = History(np.zeros(0, np.int32), np.zeros(0, np.int8), np.zeros(0))


@dataclass(frozen=True, slots=True)
class ItemWeights:
    """A sparse column: distinct item rows (int32) and a weight each (float32)."""

    item: NDArray[np.int32]
    weight: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.item)

    def dense(self, size: int) -> NDArray[np.float32]:
        """The same column with every other of the ``size`` items at 0."""
        column = np.zeros(size, dtype=np.float32)
        column[self.item] = self.weight
        return column

    def strongest(self, count: int) -> "ItemWeights":
        """The ``count`` largest weights, largest first."""
        order = np.argsort(-self.weight, kind="stable")[:count]
        return ItemWeights(self.item[order], self.weight[order])


def bought_now(history: History, items: NDArray[np.int64], at: float) -> History:
    """The history with a purchase of each of the items at its end."""
    count = len(items)
    return History(
        np.concatenate([history.item, items.astype(np.int32)]),
        np.concatenate([history.kind, np.full(count, _PURCHASE, dtype=np.int8)]),
        np.concatenate([history.at, np.full(count, max(at, float(history.at.max(initial=at))))]),
    )


def repeat_counts(history: History) -> ItemWeights:
    """Own purchases, Σ 2^(−days/90) per product, a product counted once per basket; at most 200 products."""
    bought = once_per_basket(history.where(history.kind == _PURCHASE))
    return _sums(bought.item, 2.0 ** (-bought.ages() / REPEAT_HALF_LIFE_DAYS)).strongest(PRODUCTS_PER_CUSTOMER)


def fold_in_confidences(history: History) -> ItemWeights:
    """Input of the collaborative model: log1p(Σ w/5 · exp(−days/120)) per product; at most 200 products.

    A purchase weighs 1 and every other event its share of a purchase (a view 1/5), so that a customer with
    views only has collaborative recommendations too. Products that net out at or below 0 are left out.
    """
    events = once_per_basket(history)
    weight = _TASTE[events.kind] / TASTE_WEIGHTS[EventType.PURCHASE]
    sums = _sums(events.item, weight * np.exp(-events.ages() / FOLD_IN_DECAY_DAYS))
    liked = sums.weight > 0
    return ItemWeights(sums.item[liked], np.log1p(sums.weight[liked])).strongest(PRODUCTS_PER_CUSTOMER)


def taste_weights(history: History) -> ItemWeights:
    """Weights of the content profile: Σ w(event) · exp(−days/30) over the latest 200 events (seed 004); may be < 0."""
    latest = History(history.item[-TASTE_EVENTS:], history.kind[-TASTE_EVENTS:], history.at[-TASTE_EVENTS:])
    return _sums(latest.item, _TASTE[latest.kind] * np.exp(-latest.ages() / TASTE_DECAY_DAYS))


def latest_weights(history: History) -> ItemWeights:
    """What came last: .6 to the power of the steps back, a step being a basket or a single event; at most 10 steps."""
    liked = history.where(_TASTE[history.kind] > 0)
    times, step = np.unique(-liked.at, return_inverse=True)
    near = step < min(LATEST_STEPS, len(times))
    return _sums(liked.item[near], np.power(LATEST_DECAY, step[near].astype(np.float64)))


def session_items(history: History, *, now: float, hours: float) -> NDArray[np.int64]:
    """Distinct products of the last ``hours`` before ``now``, of the latest 20 events; nothing that was put back."""
    says_something = _TASTE[history.kind] != 0
    current = history.where((history.at >= now - hours * 3600.0) & says_something)
    last_said = dict(zip(current.item[-SESSION_EVENTS:].tolist(), current.kind[-SESSION_EVENTS:].tolist(), strict=True))
    return np.array(sorted(item for item, kind in last_said.items() if _TASTE[kind] > 0), dtype=np.int64)


def once_per_basket(history: History) -> History:
    """Lines of one product with the same type and second are one event: baskets are split into lines."""
    if not len(history):
        return history
    order = np.lexsort((history.kind, history.item, history.at))  # stable: of equals the first comes first
    again = np.ones(len(history) - 1, dtype=bool)
    for column in (history.kind, history.item, history.at):
        again &= column[order[1:]] == column[order[:-1]]
    if not again.any():
        return history
    keep = np.ones(len(history), dtype=bool)
    keep[order[1:][again]] = False
    return history.where(keep)


def _sums(item: NDArray[np.int32], weight: NDArray[np.float64]) -> ItemWeights:
    distinct, position = np.unique(item, return_inverse=True)
    return ItemWeights(distinct, np.bincount(position, weight, minlength=len(distinct)).astype(np.float32))
