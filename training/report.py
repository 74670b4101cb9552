"""What an evaluation says, for people: Markdown tables, and numbers for MLflow and the manifest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final

from recommender.metrics.bootstrap import Interval
from recommender.metrics.gate import METRIC, Check, Verdict
from recommender.metrics.lists import METRICS
from training.evaluate import BLEND, CHAMPION, LEARNED, Beyond, Evaluation
from training.scores import CUTOFFS, Scores

REFERENCE: Final = "own_frequency"
SLICE_ROWS: Final = ("popularity", REFERENCE, BLEND, LEARNED, CHAMPION)
METRIC_NAMES: Final = {"ndcg": "NDCG", "recall": "recall", "mrr": "MRR", "hit_rate": "hits"}


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """Nested plain values: {group: {row: {metric: [mean, low, high]}}}, slices, beyond, and whether reranking is on."""
    return {
        "rerank_helps": evaluation.rerank_helps,
        "learned": sorted(evaluation.learned),
        "groups": {name: _group(scores) for name, scores in groups(evaluation).items()},
        "slices": {name: _slice(scores) for name, scores in evaluation.slices.items()},
        "beyond": {row: _rounded(asdict(found)) for row, found in evaluation.beyond.items()},
    }


def flat_metrics(evaluation: Evaluation) -> dict[str, float]:
    """Means by name, e.g. ``all.fitted_blend.ndcg_20`` and ``beyond.fitted_blend.coverage``: MLflow's metrics."""
    means = {
        f"{group}.{row}.{metric}_{cutoff}": interval.mean
        for group, scores in groups(evaluation).items()
        for (row, metric, cutoff), interval in scores.intervals.items()
    }
    return means | {
        f"beyond.{row}.{name}": value for row, one in evaluation.beyond.items() for name, value in asdict(one).items()
    }


def markdown(evaluation: Evaluation, heading: str) -> str:
    """The report: tables per group, every row on the same customers, 95 % paired bootstrap intervals."""
    lines = [f"# {heading}", ""]
    for name, scores in groups(evaluation).items():
        lines += [f"## {name.replace('_', ' ')}: {scores.customers} customers", ""]
        lines += [*_gains(scores), "", *_metrics(scores), ""]
    lines += ["## slices: NDCG@10 in the lists of all products", "", *_slices(evaluation.slices), ""]
    lines += ["## beyond accuracy: lists of 20", "", *_beyond(evaluation.beyond), ""]
    verdict = "on" if evaluation.rerank_helps else "off"
    lines.append(f"Reranking is **{verdict}** in this release: it must raise NDCG@20 with its whole interval above 0.")
    where = ", ".join(sorted(evaluation.learned))
    lines.append(
        f"The learned blender scores: **{where or 'nowhere'}**. It must beat the weights in the same way, and on the "
        "homepage lose nothing on new products."
    )
    return "\n".join(lines) + "\n"


def verdict_markdown(verdict: Verdict, candidate: str, champion: str) -> str:
    """The gate's verdict with the numbers of every check."""
    kind = "the same kind of recipe, fitted anew" if verdict.like_for_like else "a new recipe"
    lines = [f"## gate: {candidate} against {champion}", ""]
    lines += [
        f"**{'Accepted' if verdict.accepted else 'Refused'}**: {kind}. {METRIC}, champion's recipe and candidate's",
        "",
    ]
    head = ("check", "verdict", "customers", "champion", "candidate", "difference (95 %)", "reason")
    return "\n".join([*lines, *_table(head, map(_check_cells, verdict.checks))]) + "\n"


def refusal(verdict: Verdict) -> str:
    """Why a candidate is refused, in one line."""
    return "; ".join(f"{check.name}: {_numbers(check)}: {check.reason}" for check in verdict.failed)


def groups(evaluation: Evaluation) -> dict[str, Scores]:
    """The evaluation's tables by name."""
    found = {
        "all": evaluation.all_products,
        "new_only": evaluation.new_only,
        "repeat": evaluation.repeat,
        "cold": evaluation.cold,
        "carts": evaluation.carts,
    }
    return found if evaluation.rerank_sample is None else found | {"rerank_sample": evaluation.rerank_sample}


def _group(scores: Scores) -> dict[str, Any]:
    found: dict[str, Any] = {"customers": scores.customers}
    for row in scores.lists:
        found[row] = {
            f"{metric}_{cutoff}": _values(scores.intervals[row, metric, cutoff])
            for metric in METRICS
            for cutoff in CUTOFFS
        }
        if REFERENCE in scores.lists:
            found[row][f"gain_over_{REFERENCE}_20"] = _values(scores.gain(row, REFERENCE, 20))
    return found


def _slice(scores: Scores) -> dict[str, Any]:
    rows = [row for row in SLICE_ROWS if row in scores.lists]
    return {"customers": scores.customers} | {row: {"ndcg_10": _values(scores.interval(row, 10))} for row in rows}


def _values(interval: Interval) -> list[float]:
    return [round(value, 5) for value in (interval.mean, interval.low, interval.high)]


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in values.items()}


def _gains(scores: Scores) -> list[str]:
    references = [row for row in (REFERENCE, BLEND) if row in scores.lists]
    head = ["row", "NDCG@10", "NDCG@20 (95 %)", *(f"against {_words(row)} (95 %)" for row in references)]
    rows = []
    for row in scores.lists:
        twenty = scores.intervals[row, "ndcg", 20]
        cells = [_words(row), f"{scores.intervals[row, 'ndcg', 10].mean:.4f}", _plain(twenty)]
        rows.append(cells + [_signed(scores.gain(row, reference, 20)) for reference in references])
    return _table(head, rows)


def _metrics(scores: Scores) -> list[str]:
    columns = [(metric, cutoff) for metric in METRICS for cutoff in CUTOFFS]
    head = ["row", *(f"{METRIC_NAMES[metric]}@{cutoff}" for metric, cutoff in columns)]
    rows = (
        [_words(row), *(f"{scores.intervals[row, metric, cutoff].mean:.4f}" for metric, cutoff in columns)]
        for row in scores.lists
    )
    return _table(head, rows)


def _slices(slices: Mapping[str, Scores]) -> list[str]:
    present = [row for row in SLICE_ROWS if any(row in scores.lists for scores in slices.values())]
    head = ["slice", "customers", *map(_words, present), "blend against own frequency (95 %)"]
    rows = []
    for name, scores in slices.items():
        cells = [name, str(scores.customers), *(_plain(scores.interval(row, 10)) for row in present)]
        both = BLEND in scores.lists and REFERENCE in scores.lists
        rows.append([*cells, _signed(scores.gain(BLEND, REFERENCE, 10)) if both else "-"])
    return _table(head, rows)


def _beyond(found: Mapping[str, Beyond]) -> list[str]:
    head = ["row", *(_words(field.name) for field in fields(Beyond))]
    return _table(
        head, ([_words(row), *(f"{value:.4f}" for value in asdict(one).values())] for row, one in found.items())
    )


def _check_cells(check: Check) -> list[str]:
    said = ("passed" if check.passed else "**failed**") if check.judged else "reported"
    difference = "-" if check.difference is None else _signed(check.difference)
    customers = "-" if check.customers is None else str(check.customers)
    return [check.name, said, customers, f"{check.champion:.4f}", f"{check.candidate:.4f}", difference, check.reason]


def _numbers(check: Check) -> str:
    if check.difference is None:
        return f"{check.champion:.4f} → {check.candidate:.4f}"
    both = f"{METRIC} {check.champion:.4f} → {check.candidate:.4f}"
    return f"{both}, {_signed(check.difference)} on {check.customers} customers"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _plain(interval: Interval) -> str:
    return f"{interval.mean:.4f} ({interval.low:.4f}, {interval.high:.4f})"


def _signed(interval: Interval) -> str:
    return f"{interval.mean:+.4f} ({interval.low:+.4f}, {interval.high:+.4f})"
