"""What travels between the gateway and a stage: row ids and small vectors, never a mask or a catalog-sized array.

The wire between BentoML services is pickle, so a stage is never exposed: it binds to loopback here and lies behind
a NetworkPolicy on Kubernetes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class EncodeCall(NamedTuple):
    """One text to embed with the encoder of a release."""

    release: str
    text: str


class FoldInCall(NamedTuple):
    """One customer to fold in: item rows of the release and a confidence each."""

    release: str
    items: NDArray[np.int32]
    weights: NDArray[np.float32]


class RerankCall(NamedTuple):
    """One text with the item rows to score for it."""

    release: str
    text: str
    items: NDArray[np.int64]


class Reply(NamedTuple):
    """Answer to one call of a batch."""

    value: NDArray[np.float32] | None
    problem: str
    """Why there is no value; empty where there is one."""
    batch: int
    """Calls that were answered together with this one: what adaptive batching achieved. 0 while the release is being
    loaded beside the one that serves: then there is no value yet."""

    @property
    def loading(self) -> bool:
        """Whether it is worth asking again."""
        return self.batch == 0
