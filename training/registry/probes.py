"""What every text model is asked before it is taken, and how far two answers to the same question may lie apart."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.errors import InvalidInput

TEXTS: Final = (
    "farm 7 whole milk, 1 gal. dairy. price 2 to 5",
    "ethiopian whole coffee beans. coffee",
    "rosé wine",
    "organic cotton baby bodysuit, newborn, pack of five, white. baby clothing. price 10 to 20",
    "7",
    "größe 42, überzug für kissen – 100 % leinen",
)
"""Short and long, with digits and letters outside of ASCII."""
TOLERANCE: Final = 1e-3
"""Float32 in another order of summation differs by some 1e-6; weights quantised per batch differ by some 1e-2."""


def require_finite(values: NDArray[np.float32], model: str, texts: object) -> None:
    """`InvalidInput` where an answer holds NaN or infinity."""
    if not np.isfinite(values).all():
        worst = values[~np.isfinite(values)][0]
        raise InvalidInput(model, float(worst), f"is in the answer to {texts!r}: every number must be finite")


def require_same(alone: NDArray[np.float32], together: NDArray[np.float32], model: str, what: str) -> None:
    """`InvalidInput` where an answer depends on what else is in the batch, by more than `TOLERANCE` of its size."""
    apart = float(np.abs(alone - together).max() / max(1.0, float(np.abs(alone).max())))
    if apart > TOLERANCE:
        reason = f"is how far {what} alone and in a batch with padding differ; at most {TOLERANCE} is right"
        raise InvalidInput(model, round(apart, 4), reason)


def require_different(values: NDArray[np.float32], model: str, what: str) -> None:
    """`InvalidInput` where different questions all have the same answer."""
    spread = float(np.ptp(values, axis=0).max())
    if spread < 1e-6:
        raise InvalidInput(model, spread, f"is how far {what} lie apart: this model tells nothing apart")
