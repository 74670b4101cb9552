"""The pipeline on one screen: evidence → candidates → score → rerank → slate."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.arrivals import arrival_scores
from recommender.candidates import generate
from recommender.customer_text import customer_text, items_text
from recommender.errors import StageUnavailable
from recommender.evidence import (
    Column,
    Evidence,
    affinity_scores,
    asked_scores,
    co_purchase_scores,
    collaborative_scores,
    content_scores,
    evenly,
    neighbour_scores,
    popularity_scores,
    sequence_scores,
    session_scores,
    strongest,
    weigh_evidence,
)
from recommender.features import features
from recommender.fusion import blend, rerank_terms
from recommender.history import (
    DAY,
    History,
    ItemWeights,
    bought_now,
    fold_in_confidences,
    latest_weights,
    repeat_counts,
    session_items,
    taste_weights,
)
from recommender.learned import learned_scores
from recommender.policy import Weights
from recommender.slate import fill_slate
from recommender.snapshot import Snapshot
from recommender.stages import Stages
from recommender.trace import Trace
from recommender.types import SOURCES, Candidates, Context, Query, Removal, Scored, Slate, Source

FINDERS: Final[Mapping[Context, tuple[Source, ...]]] = MappingProxyType(
    {
        Context.HOMEPAGE: (
            Source.CONTENT,
            Source.COLLABORATIVE,
            Source.POPULARITY,
            Source.REPEAT,
            Source.SESSION,
            Source.NEIGHBOURS,
            Source.AFFINITY,
            Source.SEQUENCE,
            Source.ARRIVALS,
        ),
        Context.PRODUCT_PAGE: (Source.CONTENT, Source.CO_PURCHASE),
        Context.CART: (
            Source.CONTENT,
            Source.CO_PURCHASE,
            Source.COLLABORATIVE,
            Source.POPULARITY,
            Source.REPEAT,
            Source.NEIGHBOURS,
            Source.AFFINITY,
        ),
        Context.BOUGHT_TOGETHER: (Source.CO_PURCHASE, Source.CONTENT),
    }
)
"""Which sources bring candidates in each context (seed 004); every available source scores all of them."""

ANCHOR_RULES: Final = MappingProxyType({Context.CART: "in_cart"})
"""Why an anchor itself is not recommended; elsewhere the anchor is the product on the page."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What stage 1 hands on."""

    allowed: NDArray[np.bool_]
    """(n,) every product that may be shown for this query."""
    evidence: Evidence
    candidates: Candidates
    refused: NDArray[np.int64]
    """Rows that would have been candidates but are not allowed."""
    degraded: tuple[str, ...]


async def recommend(query: Query, snapshot: Snapshot, stages: Stages, trace: Trace) -> Slate:
    """The slate for this query: full whenever the allowed catalog permits, every hard rule holding on every item."""
    pool = await collect(query, snapshot, stages, trace)
    return await choose(query, pool, snapshot, stages, trace)


async def collect(query: Query, snapshot: Snapshot, stages: Stages, trace: Trace) -> Pool:
    """Stage 1: what the sources say, and the candidates they bring."""
    degraded: list[str] = []
    with trace.stage("candidates"):
        columns = await _columns(query, snapshot, stages, trace, degraded)
        return pool_of(query, snapshot, columns, tuple(degraded))


def pool_of(query: Query, snapshot: Snapshot, columns: dict[Source, Column], degraded: tuple[str, ...] = ()) -> Pool:
    """Candidates from score columns that are there already."""
    allowed = allowed_rows(query, snapshot)
    evidence = weigh_evidence(columns, allowed)
    sizes = _sizes(query, snapshot)
    candidates, refused = generate(evidence, sizes, allowed, popular_rank=snapshot.popular_rank)
    return Pool(allowed, evidence, candidates, refused, degraded)


async def choose(query: Query, pool: Pool, snapshot: Snapshot, stages: Stages, trace: Trace) -> Slate:
    """Stages 2 to 4: score the pool, look at its best again, and pick the slate."""
    candidates, degraded = pool.candidates, list(pool.degraded)
    with trace.stage("score"):
        score, seen = _blend(query, candidates, snapshot, trace, degraded)
    with trace.stage("rerank"):
        terms = await _rerank(query, candidates, score, snapshot, stages, trace, degraded)
    with trace.stage("slate"):
        scored = Scored(candidates, score, terms, _boost(candidates.item, query, snapshot), seen)
        return _slate(query, snapshot, pool, scored, tuple(degraded))


def reads_history(query: Query) -> bool:
    """Whether the answer may depend on who asks. A product's page is about the product alone, and everybody's."""
    return query.context in (Context.HOMEPAGE, Context.CART)


def allowed_rows(query: Query, snapshot: Snapshot) -> NDArray[np.bool_]:
    """(n,) every product that may be shown for this query."""
    if not (len(query.anchors) or len(query.exclude)):
        return snapshot.allowed
    allowed = snapshot.allowed.copy()
    allowed[query.anchors] = False
    allowed[query.exclude] = False
    return allowed


def _sizes(query: Query, snapshot: Snapshot) -> dict[Source, int]:
    """Candidates per finding source; they grow with the limit, so that caps have enough to choose from."""
    return {source: max(snapshot.policy.candidates[source], 3 * query.limit) for source in FINDERS[query.context]}


async def _columns(
    query: Query, snapshot: Snapshot, stages: Stages, trace: Trace, degraded: list[str]
) -> dict[Source, Column]:
    """Score columns of the sources that have something to say in this context."""
    found: dict[Source, Column | None] = {Source.POPULARITY: popularity_scores(snapshot)}
    taste = content_taste(query)
    if len(taste):
        found[Source.CONTENT] = await content_scores(snapshot, taste, stages)
    if len(query.anchors):
        found[Source.CO_PURCHASE] = co_purchase_scores(snapshot, query.anchors)
    if query.context is Context.HOMEPAGE:
        found[Source.SESSION] = await _session(query, snapshot, stages)
    if reads_history(query) and len(history := _held(query)):
        confidences = fold_in_confidences(history)
        found[Source.COLLABORATIVE] = await _collaborative(confidences, snapshot, stages, trace, degraded)
        found[Source.NEIGHBOURS] = neighbour_scores(snapshot, confidences)
        found[Source.AFFINITY] = affinity_scores(snapshot, confidences)
        found[Source.SEQUENCE] = sequence_scores(snapshot, latest_weights(history))
        if query.context is Context.HOMEPAGE and snapshot.policy.new_arrival_weight:
            found[Source.ARRIVALS] = arrival_scores(snapshot, history, confidences)
        repeat = repeat_counts(query.history)
        found[Source.REPEAT] = repeat.dense(len(snapshot.catalog)) if len(repeat) else None
    return {source: column for source, column in found.items() if column is not None}


async def _session(query: Query, snapshot: Snapshot, stages: Stages) -> Column | None:
    """What this visit is about: what goes with the products of its last hours, and what was searched for."""
    policy = snapshot.policy
    if not policy.session_weight:
        return None
    items = session_items(query.history, now=query.at, hours=policy.session_hours)
    together = await session_scores(snapshot, items, stages) if len(items) else None
    asked = await asked_scores(snapshot, query.asked, stages)
    if together is None or asked is None:
        return asked if together is None else together
    return strongest([together, asked])


def content_taste(query: Query) -> ItemWeights:
    """What the content source likens products to: those that the page is about, on the homepage the history."""
    return taste_weights(query.history) if query.context is Context.HOMEPAGE else evenly(query.anchors)


def _held(query: Query) -> History:
    """The customer's history with the cart as if it were bought now: it says what they want as nothing else does."""
    return bought_now(query.history, query.anchors, query.at) if len(query.anchors) else query.history


async def _collaborative(
    confidences: ItemWeights, snapshot: Snapshot, stages: Stages, trace: Trace, degraded: list[str]
) -> Column | None:
    known = confidences.item < len(snapshot.factors)
    if not known.any():
        return None
    confidences = ItemWeights(confidences.item[known], confidences.weight[known])
    try:
        return collaborative_scores(snapshot, await stages.fold_in(confidences, timeout=trace.remaining()))
    except StageUnavailable as unavailable:
        degraded.append(unavailable.stage)
        return None


def _blend(
    query: Query, candidates: Candidates, snapshot: Snapshot, trace: Trace, degraded: list[str]
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """One score per candidate, and what the learned blender saw; None where weights scored."""
    trees = snapshot.trees_for(query)
    if trees is not None and trace.remaining() <= 0:
        degraded.append("learned_blend")
        trees = None
    if trees is None:
        return blend(candidates.scores, snapshot.weights(query.context)), None
    seen = features(query, candidates, snapshot.catalog, snapshot.facts)
    score = learned_scores(trees, seen, known=_sold(query, candidates, snapshot))
    # Orders know no session and nothing new, so what speaks for these weighs as it does beside the weights.
    weights = Weights(session=snapshot.policy.session_weight, arrivals=snapshot.policy.new_arrival_weight)
    return score + blend(candidates.scores, weights), seen


def _sold(query: Query, candidates: Candidates, snapshot: Snapshot) -> NDArray[np.bool_]:
    """(len(candidates),) whether anybody bought it: what the trees learnt from was."""
    return ~snapshot.unsold[candidates.item] | np.isin(candidates.item, query.history.item)


async def _rerank(
    query: Query,
    candidates: Candidates,
    score: NDArray[np.float32],
    snapshot: Snapshot,
    stages: Stages,
    trace: Trace,
    degraded: list[str],
) -> NDArray[np.float32]:
    """What the cross-encoder adds to each candidate's score: non-zero for the best ``rerank_depth`` only."""
    terms = np.zeros(len(candidates), dtype=np.float32)
    text = _request_text(query, snapshot) if snapshot.reranks() else ""
    if not (text and len(candidates)):
        return terms
    best = np.argsort(-score, kind="stable")[: snapshot.policy.rerank_depth]
    try:
        logits = await stages.rerank(text, candidates.item[best], timeout=trace.remaining())
        terms[best] = rerank_terms(logits, snapshot.rerank_weight)
    except StageUnavailable as unavailable:
        degraded.append(unavailable.stage)
    return terms


def _request_text(query: Query, snapshot: Snapshot) -> str:
    if query.context is Context.HOMEPAGE:
        return customer_text(query.history, snapshot.catalog)
    return items_text(query.anchors, snapshot.catalog)


def _boost(items: NDArray[np.int64], query: Query, snapshot: Snapshot) -> NDArray[np.float32]:
    """Lift of new arrivals: a soft rule."""
    age_days = (query.at - snapshot.catalog.created_at[items]) / DAY
    fresh = age_days <= snapshot.policy.new_arrival_days  # unknown age (NaN) is not fresh
    return np.where(fresh, np.float32(snapshot.policy.new_arrival_boost), np.float32(0.0))


def _slate(query: Query, snapshot: Snapshot, pool: Pool, scored: Scored, degraded: tuple[str, ...]) -> Slate:
    policy = snapshot.policy.contexts[query.context]
    chosen = fill_slate(
        item=scored.candidates.item,
        score=scored.score,
        category=snapshot.catalog.category,
        reserve=lambda: snapshot.popular_first[pool.allowed[snapshot.popular_first]],
        limit=query.limit,
        max_per_category=policy.max_per_category,
        name=snapshot.catalog.name if policy.distinct_names else None,
        shown=query.anchors,
    )
    held = pool.allowed[chosen]  # cannot fail by construction; checked because a shop relies on it
    items, refused = chosen[held], np.concatenate([pool.refused, chosen[~held]])
    table = pool.evidence.scaled(items)
    blended, terms = _parts(items, table, scored, snapshot.weights(query.context))
    return Slate(
        item=items,
        score=(blended + terms + _boost(items, query, snapshot)).astype(np.float32),
        blend=blended,
        learned=scored.features is not None,
        evidence=table,
        rerank=terms,
        strategy=_strategy(query, pool.evidence, table),
        removals=tuple(_removal(int(row), query, snapshot) for row in refused),
        degraded=degraded,
        found_by=scored.candidates.found_by,
        scored=scored,
    )


def _parts(
    items: NDArray[np.int64], table: NDArray[np.float32], scored: Scored, weights: Weights
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Blend and rerank of the chosen items, also of those that came from the reserve and were never candidates."""
    place = {row: number for number, row in enumerate(scored.candidates.item.tolist())}
    blended = np.zeros(len(items), dtype=np.float32) if scored.features is not None else blend(table, weights)
    terms = np.zeros(len(items), dtype=np.float32)
    for number, row in enumerate(items.tolist()):
        if row in place:
            blended[number], terms[number] = scored.blend[place[row]], scored.rerank[place[row]]
    return blended, terms


def _removal(row: int, query: Query, snapshot: Snapshot) -> Removal:
    violation = snapshot.compiled.violation(row)
    if violation is not None:
        return Removal(row, *violation)
    if row in query.anchors:
        return Removal(row, ANCHOR_RULES.get(query.context, "shown_product"), "the request is about this product")
    return Removal(row, "excluded", "the request leaves this product out")


def _strategy(query: Query, evidence: Evidence, table: NDArray[np.float32]) -> str:
    """How this list came about, in the words of the API."""
    if query.context is Context.BOUGHT_TOGETHER:
        return _bought_together_strategy(table)
    personal = set(Source) - {Source.POPULARITY} & evidence.columns.keys()
    return "hybrid" if personal else "popular"


def _bought_together_strategy(table: NDArray[np.float32]) -> str:
    together = table[:, SOURCES.index(Source.CO_PURCHASE)] > 0
    if together.all() and len(together):
        return "co_purchase"
    return "co_purchase+similarity" if together.any() else "similarity"
