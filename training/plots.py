"""An evaluation as pictures."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recommender.metrics.bootstrap import Interval
from training.evaluate import Evaluation
from training.report import REFERENCE
from training.scores import Scores

BLUE, DARK = "#4c72b0", "#333333"


def plot(evaluation: Evaluation, path: Path) -> None:
    """NDCG@20 by row with 95 % intervals as PNG: all products and new products side by side."""
    figure = Figure(figsize=(11, 5), layout="constrained")
    titles = {"all products": evaluation.all_products, "never bought before": evaluation.new_only}
    for panel, (title, scores) in zip(figure.subplots(1, 2, sharey=True), titles.items(), strict=True):
        intervals = [scores.intervals[row, "ndcg", 20] for row in scores.lists]
        _bars(panel, [row.replace("_", " ") for row in scores.lists], intervals)
        panel.set(title=f"{title} ({scores.customers} customers)", xlabel="NDCG@20")
    figure.savefig(path, dpi=110)


def plot_slices(evaluation: Evaluation, path: Path) -> None:
    """What the shipped recipe gains over own frequency in each slice, with 95 % intervals, as PNG."""
    figure = Figure(figsize=(9, 5.5), layout="constrained")
    panel = figure.subplots()
    names = [f"{name} ({scores.customers})" for name, scores in evaluation.slices.items()]
    _bars(panel, names, [_gain(scores, evaluation.candidate) for scores in evaluation.slices.values()])
    panel.axvline(0.0, color=DARK, linewidth=0.8)
    panel.set(title="gain over own frequency by slice (customers)", xlabel="difference of NDCG@10")
    figure.savefig(path, dpi=110)


def _gain(scores: Scores, row: str) -> Interval:
    return scores.gain(row, REFERENCE, 10)


def _bars(panel: Axes, names: Sequence[str], intervals: Sequence[Interval]) -> None:
    means = [interval.mean for interval in intervals]
    errors = [[max(i.mean - i.low, 0.0) for i in intervals], [max(i.high - i.mean, 0.0) for i in intervals]]
    panel.barh(names, means, xerr=errors, color=BLUE, ecolor=DARK, capsize=3)
    panel.invert_yaxis()
