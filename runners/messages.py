"""What travels between the gateway and a stage: row ids and small vectors, never a mask or a catalog-sized array.

The wire between BentoML services is pickle, so a stage is never exposed: it binds to loopback here and lies behind
a NetworkPolicy on Kubernetes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class EncodeCall:
    """One text to embed with the encoder of a release."""

    release: str
    text: str


@dataclass(frozen=True, slots=True)
class FoldInCall:
    """One customer to fold in: item rows of the release and a confidence each."""

    release: str
    items: NDArray[np.int32]
    weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RerankCall:
    """One text with the item rows to score for it."""

    release: str
    text: str
    items: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer to one call of a batch."""

    value: NDArray[np.float32] | None
    problem: str
    """Why there is no value; empty where there is one."""
    batch: int
    """Calls that were answered together with this one: what adaptive batching achieved."""
