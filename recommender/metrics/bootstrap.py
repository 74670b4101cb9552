"""Paired bootstrap intervals over customers (Efron 1979, percentile method)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval over customers."""

    mean: float
    low: float
    high: float

    def above_zero(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.low > 0.0


def bootstrap_interval(values: NDArray[np.float64], *, seed: int = 0, resamples: int = 2000) -> Interval:
    """Interval of the mean of one value per customer; pass differences for a paired comparison."""
    if not len(values):
        return Interval(0.0, 0.0, 0.0)
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(values), np.full(len(values), 1.0 / len(values)), size=resamples)
    means = counts @ values / len(values)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))
