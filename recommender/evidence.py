"""The sources: each gives every product a score of how much speaks for it in this request. 0 or less means nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.history import ItemWeights
from recommender.snapshot import Snapshot
from recommender.stages import Stages
from recommender.types import SOURCES, Source

Column = NDArray[np.float32]
"""(n,) raw scores over the whole catalog."""

COSINE_STEPS: Final = 1e4
"""Between 0 and 1. Two products may differ by less only in how the sum was rounded."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Raw score columns of the sources that had something to say, and the scale of each.

    Scaling: score / (the best score of any allowed product), cut off below 0. So 1 is the product that this
    source likes best for this customer, 0 is no evidence, ratios within a source survive, and no source can
    outweigh another by its unit alone.
    """

    columns: dict[Source, Column]
    best: dict[Source, float]

    def scaled(self, items: NDArray[np.int64]) -> NDArray[np.float32]:
        """(len(items), len(SOURCES)) scores in [0, 1]; a silent source is a column of zeros."""
        table = np.zeros((len(items), len(SOURCES)), dtype=np.float32)
        for number, source in enumerate(SOURCES):
            if self.best.get(source, 0.0) > 0.0:
                table[:, number] = np.clip(self.columns[source][items] / self.best[source], 0.0, 1.0)
        return table


def weigh_evidence(columns: dict[Source, Column], allowed: NDArray[np.bool_]) -> Evidence:
    """Find each column's scale: its largest score among the allowed products."""
    return Evidence(columns, {source: _best(column, allowed) for source, column in columns.items()})


def _best(column: Column, allowed: NDArray[np.bool_]) -> float:
    """The largest score of an allowed product, at least 0. The largest of all is most often allowed."""
    top = int(column.argmax()) if len(column) else 0
    if len(column) and allowed[top]:
        return max(float(column[top]), 0.0)
    return float(np.max(column, where=allowed, initial=0.0))


async def content_scores(snapshot: Snapshot, taste: ItemWeights, stages: Stages) -> Column | None:
    """Cosine between each product and Σ weight · vector of the products in ``taste``; None where that sum is 0."""
    profile = taste_vector(taste, snapshot.vectors, snapshot.vector_row)
    if profile is None:
        return None
    per_text = await _cosines(snapshot, profile, stages)
    return per_text.take(snapshot.vector_row)


async def _cosines(snapshot: Snapshot, profile: NDArray[np.float32], stages: Stages) -> NDArray[np.float32]:
    """(texts,) to four decimals: the last bits depend on how many requests were batched.

    So equals stay equals, whoever asks at the same time; of two that lie a step apart, one may still be rounded away.
    """
    exact = await stages.similarities(snapshot.vectors, profile)
    rounded: NDArray[np.float32] = np.rint(exact * COSINE_STEPS)
    rounded /= COSINE_STEPS
    return rounded


def taste_vector(
    taste: ItemWeights, vectors: NDArray[np.float32], vector_row: NDArray[np.int32]
) -> NDArray[np.float32] | None:
    """Σ weight · vector of the products in ``taste``, of length 1; None where that sum is 0."""
    profile = taste.weight @ vectors[vector_row[taste.item]]
    length = float(np.linalg.norm(profile))
    return None if length < 1e-6 else (profile / length).astype(np.float32)


def collaborative_scores(snapshot: Snapshot, query_vector: NDArray[np.float32]) -> Column:
    """Dot product of each product's factors with the customer's query vector."""
    return _padded(snapshot.factors @ query_vector, len(snapshot.catalog))


def neighbour_scores(snapshot: Snapshot, confidences: ItemWeights) -> Column | None:
    """Σ confidence · item-item weight: what those buy who buy the same; None where nothing is known of them."""
    scores = snapshot.neighbours.scores(confidences, len(snapshot.catalog))
    return scores if scores.any() else None


def sequence_scores(snapshot: Snapshot, latest: ItemWeights) -> Column | None:
    """Σ weight of the latest products · how often it follows them; None where nothing is known of them."""
    scores = snapshot.sequence.scores(latest, len(snapshot.catalog))
    return scores if scores.any() else None


def affinity_scores(snapshot: Snapshot, confidences: ItemWeights) -> Column | None:
    """What sells now among the kinds of products that the customer buys: confidence of the kind · share within it.

    log1p of the sum, and the square root of the kind's sales: a big kind is not the better one for being big.
    """
    facts = snapshot.facts
    known = confidences.item < len(facts.kinds)
    if not known.any():
        return None
    sales = facts.sales
    wanted = np.bincount(facts.kinds[confidences.item[known]], confidences.weight[known], minlength=len(sales.by_kind))
    weight = np.log1p(wanted) / np.sqrt(np.maximum(sales.by_kind, 1.0))
    column = np.zeros(len(snapshot.catalog), dtype=np.float32)
    column[sales.item] = weight[sales.kind] * sales.sold
    return column


def popularity_scores(snapshot: Snapshot) -> Column:
    """Purchases of the last weeks."""
    return _padded(snapshot.popularity, len(snapshot.catalog))


def co_purchase_scores(snapshot: Snapshot, anchors: NDArray[np.int64]) -> Column | None:
    """How strongly each product is bought together with the anchors; None where nothing is known of them."""
    related = snapshot.co_purchase.of(anchors)
    return related.dense(len(snapshot.catalog)) if len(related) else None


async def session_scores(snapshot: Snapshot, items: NDArray[np.int64], stages: Stages) -> Column | None:
    """What goes with the products of this session: bought together with them, or like them where nobody bought them."""
    together = co_purchase_scores(snapshot, items)
    if together is not None:
        return together
    like = await content_scores(snapshot, evenly(items), stages)
    if like is not None:
        like[items] = 0.0  # what goes with the session, not the session itself
    return like


async def asked_scores(snapshot: Snapshot, asked: NDArray[np.float32], stages: Stages) -> Column | None:
    """How like each product is to the most fitting of these texts, (k, d) unit vectors; None where there are none."""
    if not len(asked):
        return None
    best = await _cosines(snapshot, asked[0], stages)
    for one in asked[1:]:
        best = np.maximum(best, await _cosines(snapshot, one, stages))
    return best.take(snapshot.vector_row)


def strongest(columns: Sequence[Column]) -> Column | None:
    """One column of several that have different units: each as a share of its own best, then the largest share."""
    shares = [column / best for column in columns if (best := float(column.max(initial=0.0))) > 0.0]
    return np.max(shares, axis=0).astype(np.float32) if shares else None


def evenly(items: NDArray[np.int64]) -> ItemWeights:
    """The same weight for each of the items."""
    return ItemWeights(items.astype(np.int32), np.ones(len(items), dtype=np.float32))


def _padded(scores: NDArray[np.float32], size: int) -> Column:
    if len(scores) == size:
        return scores
    column = np.zeros(size, dtype=np.float32)
    column[: len(scores)] = scores
    return column
