"""One data set from its files to its tables."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np

from benchmarks.quality import carts
from benchmarks.quality.data_sets import Benchmark
from benchmarks.quality.hybrid import Hybrid, fit_hybrid, sampled
from benchmarks.quality.plain import NAMES as PLAIN
from benchmarks.quality.plain import plain_rows
from benchmarks.quality.shop import Shop
from benchmarks.quality.tables import Row, Table, headline_of, table
from training import cross_encoder
from training.evaluate import Gathering
from training.replay import LIST_LENGTH, Arena, Case, build_arena
from training.rows import SINGLE_SOURCES, Ranker, permanent_rows, piped
from training.scores import Scores
from training.source import Report
from training.tune import QUICK_PAST, THOROUGH_PAST, Past

RERANKED: Final = "hybrid_with_cross_encoder"
RERANKED_CUSTOMERS: Final = 5_000
"""Of larger data sets the row of a cross-encoder that was switched off is left out: see its gain before the cut."""
COLD: Final = "cold"
RANDOM: Final = "random"
SINGLES: Final = ("recent_popularity", *SINGLE_SOURCES, *PLAIN)
HOMEPAGE_ONLY: Final = "fitted_blend"
"""The row whose weights are of the homepage: carts have their own in the rules file."""
NAMES: Final = {"seed_weights": "fixed_blend"}
"""How rows of an evaluation are called here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much of everything."""

    customers: int
    """Asked at most in each window."""
    every_cut: bool
    past: Past
    """What the learned blender learns from."""
    reranker: cross_encoder.Effort | None
    """How long the cross-encoder learns; None leaves it out."""
    seed: int = 0


STEPS: Final = replace(cross_encoder.QUICK, seconds=float("inf"))
"""What `shelfwise train` does, and the same on any machine, however slow."""
FULL: Final = Effort(customers=1_000_000, every_cut=True, past=THOROUGH_PAST, reranker=STEPS)
QUICK: Final = Effort(customers=1000, every_cut=False, past=QUICK_PAST, reranker=None)


def run(benchmark: Benchmark, shop: Shop, effort: Effort, report: Report) -> dict[str, Table]:
    """Tables by the name of the protocol: the first cut's, then those of the rolling cuts and their mean."""
    cuts = benchmark.cuts if effort.every_cut else benchmark.cuts[:1]
    found: dict[str, list[Scores]] = {view: [] for view in benchmark.views}
    tables: dict[str, Table] = {}
    for number, cut in enumerate(cuts):
        arena, hybrid = _fit(benchmark, shop, cut, effort, report)
        for view, scores in _ask(benchmark, arena, hybrid, effort, report).items():
            found[view].append(scores)
            name = view if number == 0 else f"{view}_{cut:%Y-%m-%d}"
            tables[name] = table([scores], singles=SINGLES, headline=headline_of(view))
            if view == COLD:
                tables[name][RANDOM] = by_chance(int(arena.cold.sum()))
        if benchmark.carts and number == 0:
            tables["cart"] = _carts(benchmark, arena, hybrid, effort, report)
    if len(cuts) > 1:
        for view, every in found.items():
            tables[f"{view}_mean"] = table(every, singles=SINGLES, headline=headline_of(view))
    return tables


def by_chance(products: int) -> Row:
    """Recall of a list drawn at random among so many products: exact, where a measured one would be mostly 0."""
    recall = round(min(1.0, LIST_LENGTH / products), 5)
    return {"recall@20": recall, "recall@20_ci": [recall, recall]}


def rows(arena: Arena, hybrid: Hybrid, seed: int) -> dict[str, Ranker]:
    """Every row of a table: baselines, single stages, plain counts, the recipe and its variants."""
    single = {NAMES.get(name, name): rank for name, rank in permanent_rows(arena, seed=seed).items()}
    single |= plain_rows(arena)
    stages = hybrid.stages(arena)
    return single | {name: piped(snapshot, stages) for name, snapshot in hybrid.snapshots(arena).items()}


def _fit(benchmark: Benchmark, shop: Shop, cut: datetime, effort: Effort, report: Report) -> tuple[Arena, Hybrid]:
    at = cut.timestamp()
    named = Shop(f"{shop.name} {cut:%Y-%m-%d}", shop.data, shop.vectors, shop.folder)
    hybrid = fit_hybrid(
        named,
        cut=at,
        protocol=benchmark.protocol,
        past=effort.past,
        reranker=effort.reranker,
        report=report,
        seed=effort.seed,
    )
    arena = build_arena(shop.data, shop.vectors, cut=at, seed=effort.seed, protocol=benchmark.protocol)
    return arena, hybrid


def _ask(benchmark: Benchmark, arena: Arena, hybrid: Hybrid, effort: Effort, report: Report) -> dict[str, Scores]:
    """Every view's question for everyone."""
    customers = sampled(arena.customers(), effort.customers, effort.seed)
    rankers = rows(arena, hybrid, effort.seed)
    if len(customers) > RERANKED_CUSTOMERS and not hybrid.reranks:
        rankers.pop(RERANKED, None)  # a row that does not ship is not worth most of the time
    gathered = {view: Gathering() for view in benchmark.views}
    step = f"{hybrid.shop.name}: asking {len(rankers)} rows"
    cases = arena.cases(customers, progress=lambda done, total: report(step, done, total))
    for user, case in zip(customers.tolist(), cases, strict=True):
        for view, seen in _views(benchmark, arena, case):
            gathered[view].add(user, seen, rankers)
    return {view: one.scores(rankers) for view, one in gathered.items()}


def _views(benchmark: Benchmark, arena: Arena, case: Case) -> Iterator[tuple[str, Case]]:
    """The case as each view asks it; a customer of whom a view knows nothing relevant is left out of it."""
    restricted = {"new_only": arena.new_only, COLD: arena.cold_only}
    for view in benchmark.views:
        seen = restricted[view](case) if view in restricted else case
        if seen is not None:
            yield view, seen


def _carts(benchmark: Benchmark, arena: Arena, hybrid: Hybrid, effort: Effort, report: Report) -> Table:
    chosen = carts.baskets(arena, seed=effort.seed)
    if len(chosen) > effort.customers:
        kept = sampled(np.arange(len(chosen)), effort.customers, effort.seed)
        chosen = [chosen[row] for row in kept.tolist()]
    scores = carts.ask(
        arena,
        chosen,
        {name: snapshot for name, snapshot in hybrid.snapshots(arena).items() if name != HOMEPAGE_ONLY},
        hybrid.stages(arena),
        progress=lambda done, total: report(f"{hybrid.shop.name}: carts", done, total),
    )
    return table([scores], singles=carts.SINGLES, headline=headline_of("cart"))
