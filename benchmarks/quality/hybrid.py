"""The recipe that `shelfwise train` would ship, fitted on windows before the cut."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.shop import THREADS, Shop
from models.blender import Blender
from models.cross_encoder import CrossEncoder, ProductStates, load_product_states
from models.in_process import InProcessStages
from recommender.history import DAY
from recommender.snapshot import Snapshot
from training.cross_encoder import Effort, train_cross_encoder
from training.evaluate import Gathering, sample_customers
from training.replay import Arena, Protocol
from training.rows import piped
from training.source import Report
from training.tune import Materials, Past, fit_blender


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
        linear = arena.serving(self.blender.only(frozenset()), reranks=False)
        without, reranked = (arena.serving(self.blender, reranks=switch) for switch in (False, True))
        rows = {
            "fitted_blend": linear,
            "hybrid_without_cross_encoder": without,
            "hybrid": reranked if self.reranks else without,
        }
        return rows if self.states is None else rows | {"hybrid_with_cross_encoder": reranked}


def fit_hybrid(
    shop: Shop,
    *,
    cut: float,
    protocol: Protocol,
    past: Past,
    reranker: Effort | None,
    report: Report,
    seed: int = 0,
) -> Hybrid:
    """Everything from purchases before ``cut`` alone, by the functions that `training.train` calls.

    ``past`` says what the learned blender learns from, ``reranker`` how long the cross-encoder
    learns; None leaves it out.
    """
    fit_cut = cut - protocol.label_days * DAY
    states = None if reranker is None else _train_cross_encoder(shop, fit_cut, reranker, seed, report)
    materials = Materials(
        shop.data,
        shop.vectors,
        lambda step, done, total: report(f"{shop.name}: {step}", done, total),
        cross_encoder=None if states is None else lambda arena: _cross_encoder(shop, states, arena),
        seed=seed,
        protocol=protocol,
        past=past,
        called=lambda moment: f"{datetime.fromtimestamp(moment, tz=UTC):%Y-%m-%d}",
    )
    blender = fit_blender(materials, fit_cut)
    if states is None:
        return Hybrid(shop, blender, None, False)
    fitting = materials.arena(fit_cut, until=cut)
    return Hybrid(shop, blender, states, _helps(fitting, seed, blender, _cross_encoder(shop, states, fitting)))


def sampled(customers: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """At most so many of the customers, in order."""
    return np.sort(np.random.default_rng(seed).permutation(customers)[:most])


def _helps(arena: Arena, seed: int, blender: Blender, cross_encoder: CrossEncoder) -> bool:
    """Judged by other customers than those by whom its weight was chosen."""
    customers = arena.customers()
    chosen = sample_customers(customers, seed=seed + 1)
    judged = sample_customers(np.setdiff1d(customers, chosen), seed=seed + 2)
    stages = InProcessStages(arena.collaborative, cross_encoder)
    rows = {str(on): piped(arena.serving(blender, reranks=on), stages) for on in (False, True)}
    gathering = Gathering()
    for user, case in zip(judged.tolist(), arena.cases(judged), strict=True):
        gathering.add(user, case, rows)
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
