"""Scores rows on a time split: the same customers, paired intervals, repeat and explore apart, cold products apart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.blender import Blender
from models.cross_encoder import CrossEncoder
from models.in_process import InProcessStages
from recommender.metrics import beyond
from recommender.metrics.lists import Lists, as_lists, relevance_of
from recommender.policy import Policy, RerankMode, Weights
from training.recipe import Recipe, Recipes
from training.replay import LIST_LENGTH, Arena, Case, Progress
from training.rows import Ranker, permanent_rows, piped
from training.scores import Scores
from training.slices import sliced

RERANK_SAMPLE: Final = 300
"""Customers on whom it is decided whether reranking is worth its time."""
RERANK_WEIGHTS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)

BLEND: Final = "fitted_blend"
BLEND_WITH_RERANK: Final = "blend_with_rerank"
CHAMPION: Final = "champion"


@dataclass(frozen=True, slots=True)
class Beyond:
    """What accuracy does not see, of one row; see `recommender.metrics.beyond` for ranges."""

    coverage: float
    novelty: float
    diversity: float
    distinct_lists: float
    price_divergence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything that one evaluation found."""

    all_products: Scores
    new_only: Scores
    """Explore: candidates and relevance restricted to products the customer never bought before the cut."""
    cold: Scores
    """Candidates and relevance restricted to products that nobody bought before the cut."""
    repeat: Scores
    """The lists of ``all_products`` judged by the products that the customer had bought before."""
    slices: Mapping[str, Scores]
    """Of ``all_products``, by name."""
    beyond: Mapping[str, Beyond]
    """Of the lists of ``all_products``, by row."""
    rerank_sample: Scores | None
    rerank_helps: bool
    """The gain of reranking over the blend, on the sample, lies above 0 with its whole interval."""

    @property
    def candidate(self) -> str:
        """The row of the recipe that ships."""
        return BLEND_WITH_RERANK if self.rerank_helps else BLEND


class Gathering:
    """Asks every row for each case it is given."""

    def __init__(self) -> None:
        self._ranked: dict[str, list[NDArray[np.int64]]] = {}
        self._relevant: list[frozenset[int]] = []
        self._user: list[int] = []

    def add(self, user: int, case: Case, rows: Mapping[str, Ranker]) -> None:
        """One customer's lists."""
        self._user.append(user)
        self._relevant.append(case.relevant)
        for name, rank in rows.items():
            self._ranked.setdefault(name, []).append(rank(case))

    def scores(self, rows: Iterable[str]) -> Scores:
        """Everything so far, of rows that every customer was asked for."""
        lists: dict[str, Lists] = {name: as_lists(self._ranked.get(name, []), LIST_LENGTH) for name in rows}
        return Scores(lists, relevance_of(self._relevant), np.array(self._user, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Replayed:
    """The three questions that each customer stands for."""

    everything: Gathering
    new_only: Gathering
    cold: Gathering

    def ask(self, arena: Arena, customers: NDArray[np.int64], rows: Mapping[str, Ranker], progress: Progress) -> None:
        """Every row for each of the customers, once."""
        for user, case in zip(customers.tolist(), arena.cases(customers, progress=progress), strict=True):
            self.everything.add(user, case, rows)
            if (fresh := arena.new_only(case)) is not None:
                self.new_only.add(user, fresh, rows)
            if (cold := arena.cold_only(case)) is not None:
                self.cold.add(user, cold, rows)


def evaluate(
    arena: Arena,
    *,
    blender: Blender,
    policy: Policy,
    cross_encoder: CrossEncoder | None,
    champion: Recipe | None = None,
    progress: Progress = lambda done, total: None,
) -> Evaluation:
    """The whole table on the arena's cut. A champion that reranks needs the cross-encoder too.

    The sample for reranking is asked first, so that everyone else is reranked only where it helps.
    """
    customers = arena.customers()
    rows = _rows(arena, blender, policy, champion, cross_encoder)
    sample = sample_customers(customers) if cross_encoder else customers[:0]
    reranked = piped(arena.serving(blender, reranks=True), InProcessStages(arena.collaborative, cross_encoder))
    replayed = Replayed(Gathering(), Gathering(), Gathering())
    told = partial(_told, progress, total=len(customers))
    replayed.ask(arena, sample, rows | {BLEND_WITH_RERANK: reranked}, lambda done, _: told(done))
    sampled = replayed.everything.scores([*rows, BLEND_WITH_RERANK]) if len(sample) else None
    helps = sampled is not None and sampled.gain(BLEND_WITH_RERANK, BLEND, 20).above_zero()
    if helps:
        rows |= {BLEND_WITH_RERANK: reranked}
    rest = np.setdiff1d(customers, sample)
    replayed.ask(arena, rest, rows, lambda done, _: told(len(sample) + done))
    told(len(customers))
    return _evaluation(arena, replayed, rows, sampled, helps)


def compare(
    arena: Arena,
    recipes: Recipes,
    cross_encoder: CrossEncoder | None,
    progress: Progress = lambda done, total: None,
) -> Evaluation:
    """Only the two recipes, as rows ``champion`` and `Evaluation.candidate`."""
    champion, candidate = recipes.champion, recipes.candidate
    stages = InProcessStages(arena.collaborative, cross_encoder)
    name = BLEND_WITH_RERANK if candidate.reranks else BLEND
    rows = {
        CHAMPION: piped(arena.serving(champion.blender, reranks=champion.reranks), stages),
        name: piped(arena.serving(candidate.blender, reranks=candidate.reranks), stages),
    }
    replayed = Replayed(Gathering(), Gathering(), Gathering())
    replayed.ask(arena, arena.customers(), rows, progress)
    return _evaluation(arena, replayed, rows, None, candidate.reranks)


def sample_customers(customers: NDArray[np.int64], *, seed: int = 0) -> NDArray[np.int64]:
    """A fixed random sample for the rows that take long."""
    chosen = np.random.default_rng(seed).permutation(customers)[:RERANK_SAMPLE]
    return np.sort(chosen)


def fit_rerank_weight(arena: Arena, cases: Iterable[Case], fitted: Weights, cross_encoder: CrossEncoder) -> float:
    """The weight of the cross-encoder beside the blend with the best NDCG@20; the smallest one if none helps."""
    stages = InProcessStages(arena.collaborative, cross_encoder)
    rows = {str(one): piped(arena.with_weights(fitted, rerank_weight=one), stages) for one in RERANK_WEIGHTS}
    gathering = Gathering()
    for case in cases:
        gathering.add(0, case, rows)
    scores = gathering.scores(rows)
    if not scores.customers:
        return RERANK_WEIGHTS[0]
    return max(RERANK_WEIGHTS, key=lambda weight: float(scores.values(str(weight), 20).mean()))


def _rows(
    arena: Arena, blender: Blender, policy: Policy, champion: Recipe | None, cross_encoder: CrossEncoder | None
) -> dict[str, Ranker]:
    """The rows that everyone is asked for."""
    stages = InProcessStages(arena.collaborative, cross_encoder)
    blend = arena.serving(blender, reranks=False)
    with_rules = replace(blend, policy=replace(policy, rerank=RerankMode.OFF))  # the price of the caps alone
    rows = permanent_rows(arena) | {BLEND: piped(blend, stages), f"{BLEND}_with_rules": piped(with_rules, stages)}
    if champion is not None:
        rows[CHAMPION] = piped(arena.serving(champion.blender, reranks=champion.reranks), stages)
    return rows


def _evaluation(
    arena: Arena, replayed: Replayed, rows: Iterable[str], sampled: Scores | None, helps: bool
) -> Evaluation:
    names = list(rows)
    everything = replayed.everything.scores(names)
    return Evaluation(
        all_products=everything,
        new_only=replayed.new_only.scores(names),
        cold=replayed.cold.scores(names),
        repeat=_repeat(arena, everything),
        slices=sliced(arena, everything),
        beyond=_beyond(arena, everything),
        rerank_sample=sampled,
        rerank_helps=helps,
    )


def _repeat(arena: Arena, scores: Scores) -> Scores:
    """Judged by what each customer had bought before."""
    known = arena.data.before(arena.cut)
    width = len(known.catalog)
    relevance = scores.relevance
    bought = np.isin(
        scores.user[relevance.customer] * width + relevance.item, known.user.astype(np.int64) * width + known.item
    )
    kept = replace(relevance, customer=relevance.customer[bought], item=relevance.item[bought])
    return Scores(scores.lists, kept, scores.user).of_customers(kept.counts > 0)


def _beyond(arena: Arena, scores: Scores) -> dict[str, Beyond]:
    snapshot, known = arena.snapshot, arena.data.before(arena.cut)
    pairs = np.unique(known.user.astype(np.int64) * len(known.catalog) + known.item)
    buyers = np.bincount(pairs % len(known.catalog), minlength=len(known.catalog))
    place = np.full(known.n_users, -1)
    place[scores.user] = np.arange(scores.customers)
    asked = place[known.user] >= 0
    bought_by, bought = place[known.user[asked]], known.item[asked].astype(np.int64)
    return {
        row: Beyond(
            coverage=beyond.catalog_coverage(lists, snapshot.allowed),
            novelty=beyond.novelty(lists, buyers, len(known.customers)),
            diversity=beyond.intra_list_diversity(lists, snapshot.vectors, snapshot.vector_row),
            distinct_lists=beyond.distinct_lists(lists),
            price_divergence=beyond.price_divergence(lists, snapshot.catalog.price, bought_by, bought),
        )
        for row, lists in scores.lists.items()
    }


def _told(progress: Progress, done: int, *, total: int) -> None:
    progress(done, total)
