"""Paired bootstrap intervals over customers (Efron 1979, percentile method)."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

RESAMPLES: Final = 2000
LEVEL: Final = 0.95
_DRAWS_AT_ONCE: Final = 4_000_000
"""Customers times resamples in memory: 32 MB."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval over customers."""

    mean: float
    low: float
    high: float

    def above_zero(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.low > 0.0

    def below_zero(self) -> bool:
        """Whether the whole interval lies below 0."""
        return self.high < 0.0


def bootstrap_interval(values: NDArray[np.float64], *, seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """Interval of the mean of one value per customer; pass differences for a paired comparison."""
    return bootstrap_intervals(values[:, None], seed=seed, resamples=resamples)[0]


def bootstrap_intervals(values: NDArray[np.float64], *, seed: int = 0, resamples: int = RESAMPLES) -> list[Interval]:
    """Intervals of the means of many columns, (customers, columns), all on the same resamples."""
    customers, columns = values.shape
    if not customers:
        return [Interval(0.0, 0.0, 0.0)] * columns
    means = _means(values, seed, resamples)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return [
        Interval(float(mean), float(lowest), float(highest))
        for mean, lowest, highest in zip(values.mean(axis=0), low, high, strict=True)
    ]


def _means(values: NDArray[np.float64], seed: int, resamples: int) -> NDArray[np.float64]:
    """(resamples, columns) mean of each column in each resample."""
    customers = len(values)
    rows = max(_DRAWS_AT_ONCE // customers, 1)
    sizes = [min(rows, resamples - start) for start in range(0, resamples, rows)]
    return (
        np.concatenate([_counts(customers, size, seed, part) @ values for part, size in enumerate(sizes)]) / customers
    )


@lru_cache(maxsize=4)
def _counts(customers: int, resamples: int, seed: int, part: int) -> NDArray[np.float64]:
    """(resamples, customers) how often each resample holds each customer. Drawing them takes longer than using them."""
    rng = np.random.default_rng([seed, part])
    draws = (rng.integers(0, customers, size=customers) for _ in range(resamples))
    return np.stack([np.bincount(drawn, minlength=customers) for drawn in draws]).astype(np.float64)
