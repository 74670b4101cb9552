"""What an evaluation says, for people: a Markdown table, a plot, and numbers for MLflow and the manifest."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from recommender.metrics.bootstrap import Interval
from training.evaluate import CUTOFFS, Evaluation, Scores

REFERENCE = "own_frequency"


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """Nested plain values: {group: {variant: {metric: [mean, low, high]}}}, and whether reranking is on."""
    groups = {name: _group(scores) for name, scores in _groups(evaluation).items()}
    return {"rerank_helps": evaluation.rerank_helps, "learned_helps": evaluation.learned_helps, "groups": groups}


def flat_metrics(evaluation: Evaluation) -> dict[str, float]:
    """Means by name, e.g. ``all.fitted_blend.ndcg_20``: MLflow's metrics."""
    return {
        f"{group}.{variant}.ndcg_{cutoff}": float(values.mean()) if len(values) else 0.0
        for group, scores in _groups(evaluation).items()
        for (variant, cutoff), values in scores.ndcg.items()
    }


def markdown(evaluation: Evaluation, heading: str) -> str:
    """The report: one table per group, every row on the same customers, 95 % paired bootstrap intervals."""
    lines = [f"# {heading}", ""]
    for name, scores in _groups(evaluation).items():
        lines += [f"## {name.replace('_', ' ')}: {scores.customers} customers", "", *_table(scores), ""]
    verdict = "on" if evaluation.rerank_helps else "off"
    lines.append(f"Reranking is **{verdict}** in this release: it must raise NDCG@20 with its whole interval above 0.")
    chosen = "the learned blender" if evaluation.learned_helps else "the fitted weights"
    lines.append(f"Scores come from **{chosen}**: the learned blender must beat the weights in the same way.")
    return "\n".join(lines) + "\n"


def plot(evaluation: Evaluation, path: Path) -> None:
    """NDCG@20 per variant with intervals, all products and new products side by side, as PNG."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for panel, (name, scores) in zip(panels, list(_groups(evaluation).items())[:2], strict=True):
        names = [variant for variant, cutoff in scores.ndcg if cutoff == 20]
        intervals = [scores.interval(variant, 20) for variant in names]
        means = [interval.mean for interval in intervals]
        errors = [
            [max(i.mean - i.low, 0.0) for i in intervals],
            [max(i.high - i.mean, 0.0) for i in intervals],
        ]
        panel.barh(names, means, xerr=errors, color="#4c72b0", ecolor="#333333", capsize=3)
        panel.set(title=f"{name.replace('_', ' ')} ({scores.customers} customers)", xlabel="NDCG@20")
        panel.invert_yaxis()
    figure.savefig(path, dpi=110)


def _groups(evaluation: Evaluation) -> dict[str, Scores]:
    groups = {"all": evaluation.all_products, "new_only": evaluation.new_only}
    if evaluation.rerank_sample is not None:
        groups["rerank_sample"] = evaluation.rerank_sample
    return groups


def _group(scores: Scores) -> dict[str, Any]:
    variants = dict.fromkeys(variant for variant, _ in scores.ndcg)
    return {"customers": scores.customers} | {
        variant: {f"ndcg_{cutoff}": _values(scores.interval(variant, cutoff)) for cutoff in CUTOFFS}
        | {f"gain_over_{REFERENCE}_20": _values(scores.gain(variant, REFERENCE, 20))}
        for variant in variants
    }


def _values(interval: Interval) -> list[float]:
    return [round(value, 5) for value in (interval.mean, interval.low, interval.high)]


def _table(scores: Scores) -> list[str]:
    lines = [
        "| variant | NDCG@10 | NDCG@20 (95 %) | against own frequency (95 %) | against the blend (95 %) |",
        "|---|---|---|---|---|",
    ]
    for variant in dict.fromkeys(variant for variant, _ in scores.ndcg):
        ten, twenty = scores.interval(variant, 10), scores.interval(variant, 20)
        gains = [scores.gain(variant, reference, 20) for reference in (REFERENCE, "fitted_blend")]
        cells = [
            variant.replace("_", " "),
            f"{ten.mean:.4f}",
            f"{twenty.mean:.4f} ({twenty.low:.4f}, {twenty.high:.4f})",
        ]
        cells += [f"{gain.mean:+.4f} ({gain.low:+.4f}, {gain.high:+.4f})" for gain in gains]
        lines.append(f"| {' | '.join(cells)} |")
    return lines
