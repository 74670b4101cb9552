"""Fits the blend's weights for a shop by a small search on a cut before the test cut."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.policy import Weights
from recommender.types import SOURCES
from training.replay import LIST_LENGTH, Case, Progress

LEVELS: Final = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
SCREENED_CUSTOMERS: Final = 600
"""The whole grid is scored on this many customers, the best of it on everyone."""
FINALISTS: Final = 12

UNFITTED_WEIGHTS: Final = Weights(content=0.05, collaborative=0.15, popularity=0.05, repeat=0.75)
"""For a shop with too few purchases to fit its own: near what fitting finds on groceries and on gifts."""


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """Candidates of many customers side by side, so that one set of weights is scored by one matrix product."""

    scores: NDArray[np.float32]
    """(customers, candidates, sources); rows of padding are 0."""
    present: NDArray[np.bool_]
    relevant: NDArray[np.bool_]
    ideal: NDArray[np.float64]
    """(customers,) DCG of a perfect list."""

    def ndcg(self, weights: Weights, k: int = LIST_LENGTH) -> NDArray[np.float64]:
        """NDCG@k per customer, equal to the pipeline's own list under the same weights without caps."""
        score = self.scores @ weights.vector()
        score[~self.present] = -np.inf
        top = np.argsort(-score, axis=1, kind="stable")[:, :k]
        hits = np.take_along_axis(self.relevant, top, axis=1)
        return (hits @ (1.0 / np.log2(np.arange(2, top.shape[1] + 2)))) / self.ideal

    def head(self, customers: int) -> "ScoreTable":
        """The first customers only."""
        kept = slice(customers)
        return ScoreTable(self.scores[kept], self.present[kept], self.relevant[kept], self.ideal[kept])


def score_table(cases: Sequence[Case], k: int = LIST_LENGTH) -> ScoreTable:
    """Pad the cases' candidates to one table; candidates keep their order, in which ties are broken."""
    width = max(len(case.pool.candidates) for case in cases)
    scores = np.zeros((len(cases), width, len(SOURCES)), dtype=np.float32)
    present = np.zeros((len(cases), width), dtype=bool)
    relevant = np.zeros((len(cases), width), dtype=bool)
    for row, case in enumerate(cases):
        items = case.pool.candidates.item
        scores[row, : len(items)] = case.pool.candidates.scores
        present[row, : len(items)] = True
        relevant[row, : len(items)] = [item in case.relevant for item in items.tolist()]
    discounts = np.cumsum(1.0 / np.log2(np.arange(2, k + 2)))
    ideal = discounts[[min(k, len(case.relevant)) - 1 for case in cases]]
    return ScoreTable(scores, present, relevant, ideal)


def fit_weights(cases: Sequence[Case], *, seed: int = 0, progress: Progress = lambda done, total: None) -> Weights:
    """The weights with the best mean NDCG@20 over the cases, scaled to sum 1; `UNFITTED_WEIGHTS` without cases."""
    if not cases:
        return UNFITTED_WEIGHTS
    order = np.random.default_rng(seed).permutation(len(cases))
    table = score_table([cases[row] for row in order])
    grid = list(_grid())
    screened: list[tuple[float, int]] = []
    screen = table.head(SCREENED_CUSTOMERS)
    for number, weights in enumerate(grid):
        screened.append((float(screen.ndcg(weights).mean()), number))
        progress(number + 1, len(grid))
    finalists = [grid[number] for _, number in sorted(screened, reverse=True)[:FINALISTS]]
    return _scaled(max(finalists, key=lambda weights: float(table.ndcg(weights).mean())))


def _grid() -> Iterator[Weights]:
    """Every mix of the levels beside repeat purchase, and a coarser grid without it, for shops where nobody returns."""
    for content, collaborative, popularity in product(LEVELS, repeat=3):
        yield Weights(content=content, collaborative=collaborative, popularity=popularity, repeat=1.0)
    for content, collaborative, popularity in product((0.0, 0.1, 0.5, 1.0), repeat=3):
        if content or collaborative or popularity:
            yield Weights(content=content, collaborative=collaborative, popularity=popularity)


def _scaled(weights: Weights) -> Weights:
    vector = weights.vector().astype(float)
    return Weights(**dict(zip(SOURCES, (vector / vector.sum()).round(6).tolist(), strict=True)))
