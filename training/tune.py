"""Fits a recipe: the weights of the blend, the learned blender and the weight of reranking, all before a cut."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.blender import Blender
from models.embedding import ItemVectors
from models.learned_blend import OnnxTrees
from models.reranker import Reranker
from recommender.history import DAY
from recommender.policy import Weights
from recommender.types import Context
from training.carts import cart_cases
from training.dataset import Dataset
from training.evaluate import RERANK_WEIGHTS, fit_rerank_weight, sample_customers
from training.kinds import text_kinds
from training.learned_blend import DEFAULT, ExampleGatherer, Examples, TreeSettings, fit_trees, sampled_customers
from training.registry.matrix import FactorMatrix, ItemItemMatrix
from training.registry.use import with_matrix
from training.replay import PROTOCOL, Arena, Protocol, build_arena
from training.search import Tell, search_settings
from training.source import Report
from training.weights import UNFITTED_WEIGHTS, fit_weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How much of it the learned blender learns from. Of several windows one may be a holiday."""

    windows: int
    customers: int
    """Drawn from each window."""
    carts: int
    """Drawn from each window."""
    enough: int
    """With fewer customers than that in those windows, the newest one cannot be spared and is learnt from as well."""


QUICK_PAST: Final = Past(windows=1, customers=1_000, carts=700, enough=1_000)
THOROUGH_PAST: Final = Past(windows=3, customers=3_000, carts=2_000, enough=4_000)
WEIGHED_CUSTOMERS: Final = 100
"""So many choose the weight of reranking, each under every weight."""
STRANGERS: Final = 0.2
"""Share of the carts that are learnt from as if nobody knew the customer."""


@dataclass(frozen=True)
class Materials:
    """What a recipe is fitted from."""

    data: Dataset
    vectors: ItemVectors
    report: Report
    cross_encoder: Callable[[Arena], Reranker] | None = None
    """Opens the cross-encoder for an arena; None where there is none."""
    seed: int = 0
    protocol: Protocol = field(default=PROTOCOL)
    past: Past = THOROUGH_PAST
    called: Callable[[float], str] = str
    """What people call a moment of the data."""
    matrix: FactorMatrix | ItemItemMatrix | None = None
    """A registered matrix in place of the fitted one."""
    search: Tell | None = None
    """Told of every setting that is tried; None tries none."""

    @cached_property
    def kinds(self) -> NDArray[np.int32]:
        """(texts,) kinds of the product texts, fitted once."""
        return text_kinds(self.vectors.vectors, seed=self.seed)

    def arena(self, cut: float, *, until: float = inf) -> Arena:
        """Models fitted before the cut; its labels are what was known ``until`` then."""
        name = f"models as of {self.called(cut)}"
        self.report(name, 0, 1)
        data = self.data if until == inf else self.data.before(until)
        arena = build_arena(data, self.vectors, cut=cut, seed=self.seed, protocol=self.protocol, kinds=self.kinds)
        self.report(name, 1, 1)
        return _with_matrix(arena, self.matrix)


def _with_matrix(arena: Arena, matrix: FactorMatrix | ItemItemMatrix | None) -> Arena:
    collaborative = with_matrix(arena.collaborative, matrix, arena.snapshot.catalog.external_id)
    snapshot = replace(arena.snapshot, factors=collaborative.factors, neighbours=collaborative.neighbours)
    return replace(arena, collaborative=collaborative, snapshot=snapshot)


def fit_blender(materials: Materials, cut: float) -> Blender:
    """The learned blender from windows before the one at ``cut``; on that one the weights, and that of reranking.

    So what stands beside the trees is fitted on lists that the trees have not seen the answers of; in a small shop
    the trees need that window too (`Past.enough`).
    """
    test_cut = cut + materials.protocol.label_days * DAY
    arena = materials.arena(cut, until=test_cut)
    customers = arena.customers()
    if not len(customers):
        return Blender(UNFITTED_WEIGHTS, RERANK_WEIGHTS[0])
    report = materials.report
    chosen = sampled_customers(arena, materials.past.customers, seed=materials.seed)
    cases = arena.cases(chosen, progress=lambda done, total: report("replaying the past", done, total))
    shortlists = [case.shortlist() for case in cases]
    fitted = fit_weights(
        shortlists, seed=materials.seed, progress=lambda done, total: report("fitting weights", done, total)
    )
    trees = _fit_trees(materials, arena, fitted, test_cut)
    blender = Blender(fitted, RERANK_WEIGHTS[0], trees)
    if materials.cross_encoder is None:
        return blender
    return replace(blender, rerank_weight=_rerank_weight(materials, arena, blender))


def _fit_trees(materials: Materials, newest: Arena, fitted: Weights, test_cut: float) -> dict[Context, OnnxTrees]:
    """The learned blender of each context, from windows before the newest where there are enough customers in them.

    Settings are searched, where that is asked for, on what those windows taught alone: the newest one judges.
    """
    examples: dict[Context, list[Examples]] = {Context.HOMEPAGE: [], Context.CART: []}
    customers = 0
    for arena in _earlier(materials, newest, test_cut):
        customers += min(len(arena.customers()), materials.past.customers)
        _learn_from(arena, materials, examples)
    settings = _settings(materials, newest, fitted, examples)
    if customers < materials.past.enough:
        _learn_from(newest, materials, examples)
    materials.report("fitting the learned blender", 0, 1)
    learned = {
        context: fit_trees(parts, seed=materials.seed, settings=settings.get(context, DEFAULT))
        for context, parts in examples.items()
    }
    materials.report("fitting the learned blender", 1, 1)
    return {context: trees for context, trees in learned.items() if trees is not None}


def _settings(
    materials: Materials, newest: Arena, fitted: Weights, examples: Mapping[Context, Sequence[Examples]]
) -> dict[Context, TreeSettings]:
    if materials.search is None:
        return {}
    return search_settings(
        examples, newest, fitted, seed=materials.seed, report=materials.report, tell=materials.search
    )


def _earlier(materials: Materials, newest: Arena, test_cut: float) -> Iterator[Arena]:
    """The windows before the newest, as far as the data reaches back."""
    for number in range(1, materials.past.windows + 1):
        arena = materials.arena(newest.cut - number * materials.protocol.stride_days * DAY, until=test_cut)
        if not len(arena.customers()):
            return
        yield arena


def _learn_from(arena: Arena, materials: Materials, examples: dict[Context, list[Examples]]) -> None:
    examples[Context.HOMEPAGE].append(_homepage(materials, arena))
    examples[Context.CART].append(_carts(materials, arena))


def _homepage(materials: Materials, arena: Arena) -> Examples:
    gatherer = ExampleGatherer(arena, seed=materials.seed)
    customers = sampled_customers(arena, materials.past.customers, seed=materials.seed)
    told = materials.report
    for case in arena.cases(customers, progress=lambda done, total: told("replaying an earlier past", done, total)):
        gatherer.add(case)
        if not materials.protocol.exclude_owned and (fresh := arena.new_only(case)) is not None:
            gatherer.add(fresh)  # what the customer never bought is asked for too, so it is learnt from
    return gatherer.examples()


def _carts(materials: Materials, arena: Arena) -> Examples:
    gatherer, told = ExampleGatherer(arena, seed=materials.seed), materials.report
    carts = cart_cases(
        arena,
        limit=materials.past.carts,
        strangers=STRANGERS,
        seed=materials.seed,
        progress=lambda done, total: told("replaying carts", done, total),
    )
    for _, case in carts:
        gatherer.add(case)
    return gatherer.examples()


def _rerank_weight(materials: Materials, arena: Arena, blender: Blender) -> float:
    assert materials.cross_encoder is not None
    materials.report("fitting the weight of reranking", 0, 1)
    chosen = sample_customers(arena.customers(), seed=materials.seed + 1)[:WEIGHED_CUSTOMERS]
    sampled = arena.cases(chosen)
    weight = fit_rerank_weight(arena, sampled, blender, materials.cross_encoder(arena))
    materials.report("fitting the weight of reranking", 1, 1)
    return weight
