"""Scores rows on a time split: the same customers, paired intervals, repeat and explore apart, cold products apart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.blender import Blender
from models.in_process import InProcessStages
from models.reranker import Reranker
from recommender.metrics import beyond
from recommender.metrics.lists import Lists, as_lists, relevance_of
from recommender.policy import Policy, RerankMode
from recommender.types import Context
from training.carts import cart_cases
from training.recipe import Recipe, Recipes
from training.replay import LIST_LENGTH, Arena, Case, Progress
from training.rows import CART_SOURCES, Ranker, permanent_rows, piped, weighted
from training.scores import Scores
from training.sides import side_row
from training.slices import sliced

RERANK_SAMPLE: Final = 300
"""Customers on whom it is decided whether reranking is worth its time."""
EVALUATED_CARTS: Final = 600
RERANK_WEIGHTS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)

BLEND: Final = "fitted_blend"
LEARNED: Final = "learned_blend"
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
    """Candidates and relevance restricted to products that nobody bought before the cut, and somebody after it."""
    repeat: Scores
    """The lists of ``all_products`` judged by the products that the customer had bought before."""
    slices: Mapping[str, Scores]
    """Of ``all_products``, by name."""
    beyond: Mapping[str, Beyond]
    """Of the lists of ``all_products``, by row."""
    rerank_sample: Scores | None
    rerank_helps: bool
    """The gain of reranking over the blend that serves, on the sample, lies above 0 with its whole interval."""
    carts: Scores
    """The rest of baskets whose first half is in the cart."""
    learned: frozenset[Context] = frozenset()
    """Where the learned blender beats the weights with its whole interval above 0, and loses no new products."""

    @property
    def candidate(self) -> str:
        """The row of the recipe that ships."""
        return BLEND_WITH_RERANK if self.rerank_helps else self.blend

    @property
    def blend(self) -> str:
        """The row of the blend that ships, before reranking."""
        return LEARNED if Context.HOMEPAGE in self.learned else BLEND

    @property
    def cart_blend(self) -> str:
        """The row of what ships for carts."""
        return LEARNED if Context.CART in self.learned else BLEND


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

    def also(self, other: "Gathering") -> None:
        """Further rows of the same cases in the same order."""
        self._ranked |= other._ranked

    def scores(self, rows: Iterable[str] | None = None) -> Scores:
        """Everything so far, of rows that every customer was asked for."""
        names = list(self._ranked if rows is None else rows)
        lists: dict[str, Lists] = {name: as_lists(self._ranked.get(name, []), LIST_LENGTH) for name in names}
        return Scores(lists, relevance_of(self._relevant), np.array(self._user, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Replayed:
    """The three questions that each customer stands for."""

    everything: Gathering = field(default_factory=Gathering)
    new_only: Gathering = field(default_factory=Gathering)
    cold: Gathering = field(default_factory=Gathering)

    def also(self, other: "Replayed") -> None:
        """Further rows of the same customers."""
        self.everything.also(other.everything)
        self.new_only.also(other.new_only)
        self.cold.also(other.cold)


def replay(arena: Arena, customers: NDArray[np.int64], rows: Mapping[str, Ranker], progress: Progress) -> Replayed:
    """Every row for each of the customers, once."""
    found = Replayed()
    for user, case in zip(customers.tolist(), arena.cases(customers, progress=progress), strict=True):
        found.everything.add(user, case, rows)
        if (fresh := arena.new_only(case)) is not None:
            found.new_only.add(user, fresh, rows)
        if (cold := arena.cold_only(case)) is not None:
            found.cold.add(user, cold, rows)
    return found


def replay_carts(arena: Arena, rows: Mapping[str, Ranker], *, limit: int | None = EVALUATED_CARTS) -> Scores:
    """Every row for each of the carts."""
    found = Gathering()
    for user, case in cart_cases(arena, limit=limit):
        found.add(user, case, rows)
    return found.scores(rows)


def evaluate(
    arena: Arena,
    *,
    blender: Blender,
    policy: Policy,
    cross_encoder: Reranker | None,
    champion: Recipe | None = None,
    progress: Progress = lambda done, total: None,
) -> Evaluation:
    """The whole table on the arena's cut. A champion that reranks needs the cross-encoder too.

    Whether reranking helps is asked of a sample; only where it does, everyone is asked again.
    """
    customers = arena.customers()
    rows = _rows(arena, blender, policy, champion, cross_encoder)
    carts = replay_carts(arena, cart_rows(arena, blender, champion))
    replayed = replay(arena, customers, rows, progress)
    learned = _learned_helps(replayed, carts, blender)
    shipped = blender.only(learned)
    reranked = {
        BLEND_WITH_RERANK: piped(
            arena.serving(shipped, reranks=True), InProcessStages(arena.collaborative, cross_encoder)
        )
    }
    sample = sample_customers(customers) if cross_encoder else customers[:0]
    blend = LEARNED if Context.HOMEPAGE in learned else BLEND
    sampled = (
        replay(arena, sample, {blend: rows[blend]} | reranked, _unheard).everything.scores() if len(sample) else None
    )
    helps = sampled is not None and sampled.gain(BLEND_WITH_RERANK, blend, 20).above_zero()
    if helps:
        replayed.also(replay(arena, customers, reranked, _unheard))
        rows |= reranked
    return _evaluation(arena, replayed, rows, carts, sampled, helps, learned)


def compare(
    arena: Arena,
    recipes: Recipes,
    cross_encoder: Reranker | None,
    progress: Progress = lambda done, total: None,
) -> Evaluation:
    """Only the two recipes, as rows ``champion`` and `Evaluation.candidate`."""
    champion, candidate = recipes.champion, recipes.candidate
    stages = InProcessStages(arena.collaborative, cross_encoder)
    learned = frozenset(candidate.blender.trees)
    blend = LEARNED if Context.HOMEPAGE in learned else BLEND
    rows = {
        CHAMPION: side_row(champion, arena, cross_encoder),
        BLEND_WITH_RERANK if candidate.reranks else blend: piped(
            arena.serving(candidate.blender, reranks=candidate.reranks), stages
        ),
    }
    carts = replay_carts(arena, cart_rows(arena, candidate.blender, champion))
    replayed = replay(arena, arena.customers(), rows, progress)
    return _evaluation(arena, replayed, rows, carts, None, candidate.reranks, learned)


def sample_customers(customers: NDArray[np.int64], *, seed: int = 0) -> NDArray[np.int64]:
    """A fixed random sample for the rows that take long."""
    chosen = np.random.default_rng(seed).permutation(customers)[:RERANK_SAMPLE]
    return np.sort(chosen)


def fit_rerank_weight(arena: Arena, cases: Iterable[Case], blender: Blender, cross_encoder: Reranker) -> float:
    """The weight of the cross-encoder beside the blend with the best NDCG@20; the smallest one if none helps."""
    stages = InProcessStages(arena.collaborative, cross_encoder)
    rows = {
        str(one): piped(arena.serving(replace(blender, rerank_weight=one), reranks=True), stages)
        for one in RERANK_WEIGHTS
    }
    gathering = Gathering()
    for case in cases:
        gathering.add(0, case, rows)
    scores = gathering.scores(rows)
    if not scores.customers:
        return RERANK_WEIGHTS[0]
    return max(RERANK_WEIGHTS, key=lambda weight: float(scores.values(str(weight), 20).mean()))


def _rows(
    arena: Arena, blender: Blender, policy: Policy, champion: Recipe | None, cross_encoder: Reranker | None
) -> dict[str, Ranker]:
    """The rows that everyone is asked for."""
    stages = InProcessStages(arena.collaborative, cross_encoder)
    blends = {BLEND: blender.only(frozenset())} | ({LEARNED: blender} if Context.HOMEPAGE in blender.trees else {})
    rows = permanent_rows(arena)
    for name, one in blends.items():
        bare = arena.serving(one, reranks=False)
        rows[name] = piped(bare, stages)
    with_rules = replace(bare, policy=replace(policy, rerank=RerankMode.OFF))  # the price of the caps alone
    rows[f"{name}_with_rules"] = piped(with_rules, stages)
    if champion is not None:
        rows[CHAMPION] = side_row(champion, arena, cross_encoder)
    return rows


def cart_rows(arena: Arena, blender: Blender, champion: Recipe | None = None) -> dict[str, Ranker]:
    """What carts are judged by, all of it before reranking."""
    stages = InProcessStages(arena.collaborative)
    blends = {BLEND: blender.only(frozenset())} | ({LEARNED: blender} if Context.CART in blender.trees else {})
    rows = {name: weighted(weights) for name, weights in CART_SOURCES.items()} | {
        name: piped(arena.serving(one, reranks=False), stages) for name, one in blends.items()
    }
    return rows if champion is None else rows | {CHAMPION: side_row(replace(champion, reranks=False), arena, None)}


def _learned_helps(replayed: Replayed, carts: Scores, blender: Blender) -> frozenset[Context]:
    """Contexts in which the learned blender is better than weights, on the homepage without a loss on new products."""
    helps = set()
    if Context.HOMEPAGE in blender.trees and replayed.everything.scores().customers:
        loses_new = replayed.new_only.scores()
        worse = loses_new.customers > 0 and loses_new.gain(LEARNED, BLEND, 20).high < 0
        if replayed.everything.scores().gain(LEARNED, BLEND, 20).above_zero() and not worse:
            helps.add(Context.HOMEPAGE)
    if Context.CART in blender.trees and carts.customers and carts.gain(LEARNED, BLEND, 20).above_zero():
        helps.add(Context.CART)
    return frozenset(helps)


def _evaluation(
    arena: Arena,
    replayed: Replayed,
    rows: Iterable[str],
    carts: Scores,
    sampled: Scores | None,
    helps: bool,
    learned: frozenset[Context],
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
        carts=carts,
        learned=learned,
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


def _unheard(done: int, total: int) -> None:
    """A replay of some hundred customers is over before anyone would read its progress."""
