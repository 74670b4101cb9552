"""The cross-encoder of a release, whichever kind it is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.cross_encoder import CrossEncoder, Pairs, ProductStates
from models.pair_cross_encoder import GRAPH, PairCrossEncoder, ProductTexts

Products = ProductStates | ProductTexts
"""What a cross-encoder keeps of the products: states computed ahead, or texts to read in full."""


class Reranker(Protocol):
    """Scores pairs of a text and a product."""

    def score(self, requests: Sequence[Pairs]) -> list[NDArray[np.float32]]:
        """Logits per request, (len(items),) each; NaN for items that it does not know."""


def open_reranker(folder: Path, *, products: Products | None = None, threads: int = 1) -> Reranker:
    """The cross-encoder in this folder, over its own products or over the given ones."""
    if (folder / GRAPH).is_file():
        return PairCrossEncoder(folder, texts=products if isinstance(products, ProductTexts) else None, threads=threads)
    return CrossEncoder(folder, states=products if isinstance(products, ProductStates) else None, threads=threads)
