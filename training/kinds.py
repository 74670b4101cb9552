"""Groups product texts by what they mean: kinds of products, for shops whose categories are coarse or missing."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

TEXTS_PER_KIND: Final = 15
MOST: Final = 1_000
ROUNDS: Final = 6
BLOCK: Final = 4_096


def text_kinds(vectors: NDArray[np.float32], *, seed: int = 0) -> NDArray[np.int32]:
    """(texts,) the kind of each unit vector, (texts, d), by spherical k-means: one kind per fifteen texts."""
    count = min(max(len(vectors) // TEXTS_PER_KIND, 1), MOST)
    centres = vectors[np.sort(np.random.default_rng(seed).permutation(len(vectors))[:count])]
    kinds = np.zeros(len(vectors), dtype=np.int32)
    for _ in range(ROUNDS):
        nearest = _nearest(vectors, centres)
        if np.array_equal(nearest, kinds):
            break
        kinds = nearest
        centres = _centres(vectors, kinds, centres)
    return kinds


def _nearest(vectors: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.int32]:
    blocks = [(vectors[start : start + BLOCK] @ centres.T).argmax(axis=1) for start in range(0, len(vectors), BLOCK)]
    return np.concatenate(blocks).astype(np.int32) if blocks else np.zeros(0, dtype=np.int32)


def _centres(
    vectors: NDArray[np.float32], kinds: NDArray[np.int32], before: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Mean direction of each kind; one that nobody belongs to any more stays where it was."""
    order = np.argsort(kinds, kind="stable")
    present, starts = np.unique(kinds[order], return_index=True)
    sums = np.add.reduceat(vectors[order], starts, axis=0)
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    centres = before.copy()
    centres[present] = np.where(length > 1e-6, sums / np.maximum(length, 1e-6), before[present])
    return centres
