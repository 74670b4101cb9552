"""The recipe that `shelfwise train` would ship, fitted on the window before the cut."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.shop import THREADS, Shop
from models.blender import Blender
from models.cross_encoder import CrossEncoder, ProductStates, load_product_states
from models.in_process import InProcessStages
from recommender.evidence import Evidence
from recommender.history import DAY
from recommender.snapshot import Snapshot
from training.cross_encoder import Effort, train_cross_encoder
from training.evaluate import RERANK_WEIGHTS, Gathering, fit_rerank_weight, sample_customers
from training.replay import Arena, Case, Progress, Protocol, build_arena
from training.rows import piped
from training.source import Report
from training.weights import fit_weights

FITTING_CUSTOMERS: Final = 3000
"""The weights are fitted on at most so many customers, all of whose candidates are in memory at once."""


@dataclass(frozen=True, slots=True)
class Hybrid:
    """What was decided before the cut."""

    shop: Shop
    blender: Blender
    states: ProductStates | None
    """Of the fine-tuned cross-encoder, its products in the order of the shop's data; None where it was left out."""
    reranks: bool
    """Whether the cross-encoder is part of the recipe: it raised NDCG@20 before the cut, its interval above 0."""

    def stages(self, arena: Arena) -> InProcessStages:
        """The models behind the arena's answers."""
        cross_encoder = None if self.states is None else _cross_encoder(self.shop, self.states, arena)
        return InProcessStages(arena.collaborative, cross_encoder)

    def snapshots(self, arena: Arena) -> dict[str, Snapshot]:
        """By the name of the row: the recipe, its variants without and with the cross-encoder, its linear blend."""
        without, reranked = (arena.serving(self.blender, reranks=switch) for switch in (False, True))
        rows = {
            "fitted_blend": without,
            "hybrid_without_cross_encoder": without,
            "hybrid": reranked if self.reranks else without,
        }
        return rows if self.states is None else rows | {"hybrid_with_cross_encoder": reranked}


def fit_hybrid(
    shop: Shop, *, cut: float, protocol: Protocol, reranker: Effort | None, report: Report, seed: int = 0
) -> Hybrid:
    """Everything from purchases before ``cut`` alone: models one window earlier, weights on that window.

    ``reranker`` says how long the cross-encoder learns; None leaves it out.
    """
    fit_cut = cut - protocol.label_days * DAY
    fitting = build_arena(shop.data, shop.vectors, cut=fit_cut, seed=seed, protocol=protocol)
    customers = sampled(fitting.customers(), FITTING_CUSTOMERS, seed)
    told = _told(report, f"{shop.name}: replaying the window before")
    cases = [_light(case) for case in fitting.cases(customers, progress=told)]
    weights = fit_weights(cases, seed=seed, progress=_told(report, f"{shop.name}: fitting weights"))
    if reranker is None:
        return Hybrid(shop, Blender(weights, RERANK_WEIGHTS[0]), None, False)
    states = _train_cross_encoder(shop, fit_cut, reranker, seed, report)
    cross_encoder = _cross_encoder(shop, states, fitting)
    chosen, judged = _samples(fitting, seed)
    blender = Blender(weights, fit_rerank_weight(fitting, chosen, weights, cross_encoder))
    return Hybrid(shop, blender, states, _helps(fitting, judged, blender, cross_encoder))


def sampled(customers: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """At most so many of the customers, in order."""
    return np.sort(np.random.default_rng(seed).permutation(customers)[:most])


def _samples(arena: Arena, seed: int) -> tuple[Iterator[Case], Iterator[Case]]:
    """Other customers for choosing the cross-encoder's weight than for judging whether it helps."""
    customers = arena.customers()
    chosen = sample_customers(customers, seed=seed + 1)
    judged = sample_customers(np.setdiff1d(customers, chosen), seed=seed + 2)
    return arena.cases(chosen), arena.cases(judged)


def _helps(arena: Arena, cases: Iterator[Case], blender: Blender, cross_encoder: CrossEncoder) -> bool:
    stages = InProcessStages(arena.collaborative, cross_encoder)
    rows = {str(on): piped(arena.serving(blender, reranks=on), stages) for on in (False, True)}
    gathering = Gathering()
    for case in cases:
        gathering.add(0, case, rows)
    scores = gathering.scores(rows)
    return scores.customers > 0 and scores.gain("True", "False", 20).above_zero()


def _train_cross_encoder(shop: Shop, cut: float, effort: Effort, seed: int, report: Report) -> ProductStates:
    folder = shop.folder / "cross_encoder"
    train_cross_encoder(
        shop.data,
        folder,
        cut=cut,
        effort=effort,
        seed=seed,
        progress=lambda step, done, total: report(f"{shop.name}: cross-encoder: {step}", done, total),
    )
    return load_product_states(folder)


def _cross_encoder(shop: Shop, states: ProductStates, arena: Arena) -> CrossEncoder:
    """The trained cross-encoder with its products in the arena's order."""
    arranged = states.arranged(shop.data.order(arena.cut))
    return CrossEncoder(shop.folder / "cross_encoder", states=arranged, threads=THREADS)


def _light(case: Case) -> Case:
    """Without the columns over the whole catalog, of which a few thousand would fill the memory."""
    return replace(case, pool=replace(case.pool, evidence=Evidence({}, {})))


def _told(report: Report, step: str) -> Progress:
    return lambda done, total: report(step, done, total)
