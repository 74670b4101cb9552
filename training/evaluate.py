"""Scores variants of the pipeline on a time split: the same customers, paired intervals, new products apart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.cross_encoder import CrossEncoder
from models.in_process import InProcessStages, answer_now
from recommender.learned import LearnedBlend
from recommender.metrics.bootstrap import Interval, bootstrap_interval
from recommender.metrics.ranking import ndcg
from recommender.pipeline import choose
from recommender.policy import SEED_WEIGHTS, Policy, RerankMode, Weights
from recommender.snapshot import Snapshot
from recommender.trace import timeless
from training.replay import Arena, Case, Progress

CUTOFFS: Final = (10, 20)
RERANK_SAMPLE: Final = 300
"""Customers of the rerank rows; the other rows are repeated on them."""
RERANK_WEIGHTS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)

SINGLE_SOURCES: Final = {
    "popularity": Weights(popularity=1.0),
    "own_frequency": Weights(repeat=1.0),
    "content": Weights(content=1.0),
    "collaborative": Weights(collaborative=1.0),
}


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of the table: the snapshot to choose from."""

    snapshot: Snapshot


@dataclass(frozen=True)
class Scores:
    """NDCG per customer for every variant and cutoff, over the same customers in the same order."""

    ndcg: dict[tuple[str, int], NDArray[np.float64]] = field(default_factory=dict)
    customers: int = 0

    def interval(self, variant: str, cutoff: int) -> Interval:
        """Mean and 95 % interval."""
        return bootstrap_interval(self.ndcg[variant, cutoff])

    def gain(self, variant: str, reference: str, cutoff: int) -> Interval:
        """Paired difference to another variant."""
        return bootstrap_interval(self.ndcg[variant, cutoff] - self.ndcg[reference, cutoff])


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that one evaluation found."""

    all_products: Scores
    new_only: Scores
    """Candidates and relevance restricted to products the customer never bought before the cut."""
    rerank_sample: Scores | None
    rerank_helps: bool
    """The gain of reranking over the blend that serves, on the sample, lies above 0 with its whole interval."""
    learned_helps: bool = False
    """The learned blender's gain over the weights lies above 0 with its whole interval, on new products not below."""


def variants(arena: Arena, fitted: Weights, policy: Policy, learned: LearnedBlend | None) -> dict[str, Variant]:
    """The rows of the table besides reranking."""
    rows = SINGLE_SOURCES | {"seed_weights": SEED_WEIGHTS, "fitted_blend": fitted}
    table = {name: Variant(arena.with_weights(weights)) for name, weights in rows.items()}
    with_rules = replace(policy, rerank=RerankMode.OFF)  # the price of the caps alone
    table["fitted_blend_with_rules"] = Variant(replace(arena.with_weights(fitted), policy=with_rules))
    if learned is not None:
        snapshot = arena.with_weights(fitted, learned=learned)
        table["learned_blend"] = Variant(snapshot)
        table["learned_blend_with_rules"] = Variant(replace(snapshot, policy=with_rules))
    return table


class Scorer:
    """Asks every variant of the table for each case it is given."""

    def __init__(self, arena: Arena, table: Mapping[str, Variant], cross_encoder: CrossEncoder | None = None) -> None:
        self._table = table
        self._stages = InProcessStages(arena.collaborative, cross_encoder)
        self._values: dict[tuple[str, int], list[float]] = {(name, cutoff): [] for name in table for cutoff in CUTOFFS}
        self._customers = 0

    def add(self, case: Case) -> None:
        """Score one customer."""
        self._customers += 1
        for name, variant in self._table.items():
            slate = answer_now(choose(case.query, case.pool, variant.snapshot, self._stages, timeless()))
            ranked = slate.item.tolist()
            for cutoff in CUTOFFS:
                self._values[name, cutoff].append(ndcg(ranked, case.relevant, cutoff))

    def scores(self) -> Scores:
        """Everything so far."""
        return Scores({key: np.array(column) for key, column in self._values.items()}, self._customers)


def score(
    arena: Arena, cases: Iterable[Case], table: Mapping[str, Variant], cross_encoder: CrossEncoder | None = None
) -> Scores:
    """Scores of all the cases."""
    scorer = Scorer(arena, table, cross_encoder)
    for case in cases:
        scorer.add(case)
    return scorer.scores()


def sample_customers(customers: NDArray[np.int64], *, seed: int = 0) -> NDArray[np.int64]:
    """A fixed random sample for the variants that take long."""
    chosen = np.random.default_rng(seed).permutation(customers)[:RERANK_SAMPLE]
    return np.sort(chosen)


def fit_rerank_weight(arena: Arena, cases: Iterable[Case], fitted: Weights, cross_encoder: CrossEncoder) -> float:
    """The weight of the cross-encoder beside the blend with the best NDCG@20; the smallest one if none helps."""
    table = {str(weight): Variant(arena.with_weights(fitted, rerank_weight=weight)) for weight in RERANK_WEIGHTS}
    scores = score(arena, cases, table, cross_encoder)
    if not scores.customers:
        return RERANK_WEIGHTS[0]
    return max(RERANK_WEIGHTS, key=lambda weight: float(scores.ndcg[str(weight), 20].mean()))


def evaluate(
    arena: Arena,
    *,
    fitted: Weights,
    rerank_weight: float,
    policy: Policy,
    cross_encoder: CrossEncoder | None,
    learned: LearnedBlend | None = None,
    progress: Progress = lambda done, total: None,
) -> Evaluation:
    """The whole table on the arena's cut."""
    customers = arena.customers()
    table = variants(arena, fitted, policy, learned)
    total = len(customers) + RERANK_SAMPLE
    everything, new_only = Scorer(arena, table), Scorer(arena, table)
    for case in arena.cases(customers, progress=lambda done, _: progress(done, total)):
        everything.add(case)
        fresh = arena.new_only(case)
        if fresh is not None:
            new_only.add(fresh)
    learned_helps = learned is not None and _learned_helps(everything.scores(), new_only.scores())
    if cross_encoder is None or not len(customers):
        progress(total, total)
        return Evaluation(everything.scores(), new_only.scores(), None, False, learned_helps)
    serving = learned if learned_helps else None
    reranked = arena.with_weights(fitted, rerank_weight=rerank_weight, learned=serving)
    table["blend_with_rerank"] = Variant(reranked)
    sample = sample_customers(customers)
    cases = arena.cases(sample, progress=lambda done, _: progress(len(customers) + done, total))
    sampled = score(arena, cases, table, cross_encoder)
    helps = sampled.gain("blend_with_rerank", "learned_blend" if serving else "fitted_blend", 20).above_zero()
    progress(total, total)
    return Evaluation(everything.scores(), new_only.scores(), sampled, helps, learned_helps)


def _learned_helps(everything: Scores, new_only: Scores) -> bool:
    if not everything.customers:
        return False
    gain = everything.gain("learned_blend", "fitted_blend", 20)
    loses_new = new_only.customers > 0 and new_only.gain("learned_blend", "fitted_blend", 20).high < 0
    return gain.above_zero() and not loses_new
