"""From everybody's lists to the figures of the JSON: means, intervals, and gains over the best single stage."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommender.metrics.bootstrap import bootstrap_intervals
from training.scores import Scores, per_customer

Row = dict[str, float | list[float]]
"""``{"ndcg@20": mean, "ndcg@20_ci": [low, high], …}``"""
Table = dict[str, Row]
"""By the name of the row."""

METRICS: Final = {
    "ndcg@10": ("ndcg", 10),
    "ndcg@20": ("ndcg", 20),
    "recall@20": ("recall", 20),
    "mrr@20": ("mrr", 20),
    "hr@10": ("hit_rate", 10),
    "hr@20": ("hit_rate", 20),
}
"""Recall divides by the number of relevant products, not by min(20, that number)."""
HEADLINES: Final = {"cart": ("recall@20",), "cold": ("recall@20",), "leave_one_out": ("hr@10", "ndcg@10")}
GAIN: Final = "_gain"
"""Ends the name of a paired difference to the best single stage of the same table."""
RERANK_GAIN: Final = "_rerank_gain"
"""Ends the name of a paired difference to the same recipe without the cross-encoder."""
WITH: Final = "hybrid_with_cross_encoder"
WITHOUT: Final = "hybrid_without_cross_encoder"


def headline_of(protocol: str) -> tuple[str, ...]:
    """Metrics on which the rows of a protocol are compared; of ``cold_2017-11-03`` those of ``cold``."""
    return HEADLINES.get(protocol, HEADLINES.get(protocol.partition("_")[0], ("ndcg@20",)))


def table(groups: Sequence[Scores], *, singles: Iterable[str], headline: Iterable[str]) -> Table:
    """One row per model, each the mean over the groups of the group's own mean; usually there is one group."""
    present = [single for single in singles if single in groups[0].lists]
    columns = dict(_columns(groups, present, headline))
    found = bootstrap_intervals(np.stack(list(columns.values()), axis=1))
    rows: Table = {}
    for (model, metric), interval in zip(columns, found, strict=True):
        row = rows.setdefault(model, {})
        row[metric] = round(interval.mean, 5)
        row[f"{metric}_ci"] = [round(interval.low, 5), round(interval.high, 5)]
    return rows


def best_single(scores: Scores, singles: Sequence[str], metric: str) -> str:
    """The single stage with the highest mean in this very table: chosen after the fact, which favours it."""
    return max(singles, key=lambda single: float(_values(scores, single, metric).mean()))


def _columns(
    groups: Sequence[Scores], singles: Sequence[str], headline: Iterable[str]
) -> Iterator[tuple[tuple[str, str], NDArray[np.float64]]]:
    """Everything that gets an interval, by row and name."""
    models = list(groups[0].lists)
    for model in models:
        for metric in METRICS:
            yield (model, metric), per_customer([(_values(one, model, metric), one.user) for one in groups])
    for metric in headline:
        best = [best_single(one, singles, metric) for one in groups] if singles else []
        for model in models if best else []:
            yield (model, f"{metric}{GAIN}"), _differences(groups, model, best, metric)
        if WITH in models:
            yield (WITH, f"{metric}{RERANK_GAIN}"), _differences(groups, WITH, [WITHOUT] * len(groups), metric)


def _differences(groups: Sequence[Scores], model: str, references: Sequence[str], metric: str) -> NDArray[np.float64]:
    """Paired, each group against a reference of its own."""
    pairs = zip(groups, references, strict=True)
    return per_customer([(_values(one, model, metric) - _values(one, other, metric), one.user) for one, other in pairs])


def _values(scores: Scores, model: str, metric: str) -> NDArray[np.float64]:
    name, cutoff = METRICS[metric]
    return scores.values(model, cutoff, name)
