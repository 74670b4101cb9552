"""The page about the figures, from the JSON alone."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.quality.reference import BARS, CART_BAR, COLD_BAR, KNOWN, RECIPE, Known
from benchmarks.quality.tables import GAIN, RERANK_GAIN, Row, Table, headline_of

Results = Mapping[str, Mapping[str, Table]]

TITLES: Final = {
    "complete_journey": "Complete Journey",
    "online_retail": "Online Retail",
    "beauty": "Amazon Beauty",
}
BESIDE: Final = ("ndcg@10", "recall@20", "mrr@20", "hr@10")

ABOUT: Final = {
    "complete_journey": (
        "What 2,469 households bought in 2017 (dunnhumby, the demo's data). Products in at least 10 baskets before the "
        "cut, labels of 14 days, households with a purchase before the cut and one of the universe after it. Test from "
        "2017-12-01; the same from 11-03 and 11-17, and the mean of the three. The recipe is fitted anew for each cut: "
        "its weights on the 14 days before it, the learned blender on the three windows before those."
    ),
    "online_retail": (
        "A British gift shop's invoices (Chen 2015, CC BY 4.0). Products in at least 5 invoices before 2011-11-01, "
        "labels until 12-09. The text is the title with the band of the median price; categories are not known. With "
        "so few customers the learned blender learns from the newest window too."
    ),
    "beauty": (
        "Amazon Beauty 5-core, 2014 (research use only). Leave-one-out: the last item of each customer among all "
        "items, what they bought before left out, the item before it in the history. The data has an order and no "
        "time: histories are aligned at their ends, 14 days a step, so that a cut in time is leave-one-out and windows "
        "of popularity are everybody's own last steps. The text is the title."
    ),
}
CART: Final = (
    "Carts: baskets of at least 6 distinct products of the universe after the cut. The file has no order within a "
    "basket, so one is drawn with a fixed seed; the first half is in the cart, and the rest is to be found among all "
    "products that are not. Recall@20 divides by the size of the rest. Single sources see the cart where they can "
    "(bought together, content) and the customer's purchases before the cut otherwise."
)
COLD: Final = (
    "Cold: products first bought after the cut, ranked among themselves for the customers who bought one of them in "
    "the window. Only their text and category speak for them. *Random* is the exact recall of a list drawn by chance."
)
PROTOCOLS: Final = {"cart": CART, "cold": COLD}

LIMITS: Final = (
    "Titles and prices are those of the whole data set: the files do not say when they changed. Everything else is "
    "known at the cut.",
    "The best single stage is chosen on the very customers that it is judged by, which favours it; plain counts, which "
    "the pipeline does not have, are among the single stages.",
    "Single stages are judged by the pipeline's own models: where those differ from the ones measured apart, the table "
    "of known figures says how.",
    "Carts: the history ends at the cut, so an earlier basket of the same window is not in it.",
    "The recipe's constants (number and size of trees, windows, how item-item models are regularised and cut down, the "
    "source of new products) come from tables in which these very windows of Complete Journey were looked at, and "
    "Online Retail's when it was decided what small shops learn from: the figures flatter it by what such a choice is "
    "worth. Nothing is set for one data set alone.",
)
"""What a reader has to know before comparing these figures with others."""


def document(results: Results, meta: Mapping[str, Any]) -> str:
    """Everything: how it was measured, the bars, known figures, and every table."""
    parts = [_opening(meta), _bars(results), _known(results)]
    parts += [_data_set(name, tables) for name, tables in results.items()]
    return "\n\n".join(part for part in parts if part) + "\n"


def _opening(meta: Mapping[str, Any]) -> str:
    lines = [
        "# Quality",
        "",
        f"`{meta['command']}` measured this on {meta['date']} in {meta['minutes']:.0f} minutes: {meta['machine']}, "
        f"Python {meta['python']}, commit `{meta['commit']}`. It is written by the command; do not edit it.",
        "",
        "Every row goes through the pipeline that serves, with soft rules off and the protocol's products as the "
        "allowed ones: full ranking, no sampled negatives. Intervals are 95 %, paired bootstrap over customers, 2,000 "
        "resamples; they cover the choice of customers, not of the window. *Gain* is the paired difference to the best "
        "single stage of the same table, chosen after the fact. `hybrid` is the recipe of `shelfwise train --thorough` "
        "fitted before the cut on the protocol's products, its cross-encoder trained as `shelfwise train` does; it "
        "reranks where that raised NDCG@20 before the cut.",
    ]
    if meta["quick"]:
        lines += ["", "A quick run: at most 1,000 customers, the first cut only, no cross-encoder."]
    lines += [f"\nLeft out: {TITLES[name]}: {reason}." for name, reason in meta["skipped"].items()]
    lines += ["", *(f"- {limit}" for limit in LIMITS)]
    return "\n".join(lines)


def _bars(results: Results) -> str:
    rows: list[tuple[str, ...]] = []
    for bar in BARS:
        row = results.get(bar.data_set, {}).get(bar.protocol, {}).get(RECIPE)
        if row is not None and bar.metric in row:
            name = f"{TITLES[bar.data_set]}, {_words(bar.protocol)}"
            signed = bar.metric.endswith(GAIN)
            at_least, goal = _number(bar.least, signed), _number(bar.goal, signed)
            said = _verdict(float(_mean(row, bar.metric)), bar.least, bar.goal)
            rows.append((name, _words(bar.metric), _cell(row, bar.metric), at_least, goal, said))
    rows += [*_cart_bar(results), *_cold_bar(results)]
    if not rows:
        return ""
    head = ("protocol", "metric", "hybrid (95 %)", "at least", "goal", "")
    return "\n".join(["## Bars", "", *_table(head, rows)])


def _cart_bar(results: Results) -> Iterator[tuple[str, ...]]:
    row = results.get("complete_journey", {}).get("cart", {}).get(RECIPE)
    if row is not None:
        gain, recall = _mean(row, f"recall@20{GAIN}"), _mean(row, "recall@20")
        best = recall - gain
        relative = gain / best if best > 0 else 0.0
        low, high = CART_BAR
        said = _verdict(relative, low, high)
        yield (
            "Complete Journey, cart",
            "recall@20 gain",
            f"{_cell(row, f'recall@20{GAIN}')}: {relative:+.1%}",
            f"{low:+.0%}",
            f"{high:+.0%}",
            said,
        )


def _cold_bar(results: Results) -> Iterator[tuple[str, ...]]:
    table = results.get("complete_journey", {}).get("cold", {})
    if RECIPE in table and "random" in table:
        times = _mean(table[RECIPE], "recall@20") / _mean(table["random"], "recall@20")
        said = _verdict(times, COLD_BAR, math.inf)
        least, found = f"{COLD_BAR:.0f} × chance", f"{_cell(table[RECIPE], 'recall@20')}: {times:.0f} × chance"
        yield "Complete Journey, cold", "recall@20", found, least, "-", said


def _verdict(value: float, least: float, goal: float) -> str:
    if value >= goal:
        return "goal reached"
    return "reached" if value >= least else "**not reached**"


def _known(results: Results) -> str:
    rows = [cells for known in KNOWN if (cells := _known_cells(results, known))]
    if not rows:
        return ""
    head = ("protocol", "row", "metric", "measured apart", "here (95 %)", "difference", "within", "settings")
    intro = "The same protocols measured before this code was written, with plain models, and the same rows here."
    return "\n".join(["## Single stages against figures measured apart", "", intro, "", *_table(head, rows)])


def _known_cells(results: Results, known: Known) -> tuple[str, ...] | None:
    row = results.get(known.data_set, {}).get(known.protocol, {}).get(known.model)
    if row is None:
        return None
    low, high = _interval(row, known.metric)
    within = "yes" if low <= known.value <= high else "**no**"
    settings = f"{known.settings}; here {known.ours}" if known.ours else known.settings
    difference = f"{_mean(row, known.metric) - known.value:+.4f}"
    name = f"{TITLES[known.data_set]}, {_words(known.protocol)}"
    here = _cell(row, known.metric)
    return name, _words(known.model), _words(known.metric), f"{known.value:.4f}", here, difference, within, settings


def _data_set(name: str, tables: Mapping[str, Table]) -> str:
    lines = [f"## {TITLES[name]}", "", ABOUT[name]]
    for protocol, table in tables.items():
        lines += ["", f"### {TITLES[name]}: {_words(protocol)}", ""]
        if about := PROTOCOLS.get(protocol.partition("_")[0]):
            lines += [about, ""]
        lines += _rows(protocol, table)
    return "\n".join(lines)


def _rows(protocol: str, table: Table) -> list[str]:
    compared = headline_of(protocol)
    beside = [metric for metric in BESIDE if metric not in compared]
    head = ["row"]
    for metric in compared:
        head += [f"{_words(metric)} (95 %)", "gain (95 %)"]
    rows = []
    for model, row in table.items():
        cells = [_words(model)]
        for metric in compared:
            cells += [_cell(row, metric), _cell(row, f"{metric}{GAIN}")]
        rows.append([*cells, *(_number(_mean(row, one), False) if one in row else "-" for one in beside)])
    lines = _table([*head, *map(_words, beside)], rows)
    return lines + [line for model, row in table.items() for line in _rerank(row, compared)]


def _rerank(row: Row, compared: Sequence[str]) -> Iterator[str]:
    """What the cross-encoder is worth."""
    for metric in compared:
        name = f"{metric}{RERANK_GAIN}"
        if name in row:
            yield ""
            yield f"The cross-encoder changes {_words(metric)} by {_cell(row, name)}."


def _cell(row: Row, name: str) -> str:
    if name not in row:
        return "-"
    signed = name.endswith((GAIN, RERANK_GAIN))
    low, high = _interval(row, name)
    return f"{_number(_mean(row, name), signed)} ({_number(low, signed)}, {_number(high, signed)})"


def _mean(row: Row, name: str) -> float:
    value = row[name]
    assert isinstance(value, float | int)
    return float(value)


def _interval(row: Row, name: str) -> tuple[float, float]:
    value = row[f"{name}_ci"]
    assert isinstance(value, list)
    return value[0], value[1]


def _number(value: float, signed: bool) -> str:
    return f"{value:+.4f}" if signed else f"{value:.4f}"


def _words(name: str) -> str:
    return name.replace("ndcg", "NDCG").replace("hr@", "HR@").replace("_", " ")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
