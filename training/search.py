"""Searches a grid for the learned blender's settings before the test window; the default yields to evidence alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.blender import Blender
from models.in_process import InProcessStages
from recommender.metrics.bootstrap import Interval
from recommender.policy import Weights
from recommender.types import Context
from training.carts import cart_cases
from training.evaluate import Gathering
from training.learned_blend import DEFAULT, Examples, TreeSettings, fit_trees, sampled_customers
from training.replay import LIST_LENGTH, Arena, Case
from training.rows import piped
from training.scores import Scores
from training.source import Report
from training.tracking import job

GRID: Final = tuple(TreeSettings(trees=trees, leaves=leaves) for leaves, trees in product((7, 15, 31, 63), (100, 250)))
"""Beside the default: smaller trees for shops with little to learn from, larger ones for those with much."""
SEARCHED_CUSTOMERS: Final = 1_000
"""At most so many judge, and so many carts."""
MIN_CUSTOMERS: Final = 100
"""With fewer nobody can say what is better."""


@dataclass(frozen=True, slots=True)
class Try:
    """One setting in one context, judged on the window between what it learnt from and the test."""

    context: Context
    settings: TreeSettings
    ndcg: Interval
    """Of the half of the customers that choose."""
    gain: Interval
    """Over the default, paired, of the other half."""
    chosen: bool


Tell = Callable[[Try], None]


def recorded(data_hash: str, report: Report) -> Tell:
    """Makes each try a run of its own below the open one, and says what was chosen."""

    def tell(one: Try) -> None:
        params = {"context": str(one.context), **asdict(one.settings)}
        with job("try", params=params, data_hash=data_hash) as run:
            run.metrics(
                {
                    "ndcg_20": one.ndcg.mean,
                    "gain": one.gain.mean,
                    "gain_low": one.gain.low,
                    "gain_high": one.gain.high,
                    "chosen": float(one.chosen),
                }
            )
        if one.chosen:
            report(f"chosen for {one.context}: {one.settings.trees} trees of {one.settings.leaves} leaves", 1, 1)

    return tell


def search_settings(
    examples: Mapping[Context, Sequence[Examples]],
    arena: Arena,
    fitted: Weights,
    *,
    seed: int,
    report: Report,
    tell: Tell,
    grid: Sequence[TreeSettings] = GRID,
    default: TreeSettings = DEFAULT,
) -> dict[Context, TreeSettings]:
    """The settings of each context. ``examples`` are of windows before the arena's cut; it judges what they taught.

    Half of the customers choose the setting with the best NDCG@20, the other half confirm it: it takes the default's
    place where its gain lies above 0 with the whole interval. So a wide grid does not win by chance. The default is
    in the grid.
    """
    found: dict[Context, TreeSettings] = {}
    for context, parts in examples.items():
        step = f"searching settings: {context}"
        blenders: dict[TreeSettings, Blender] = {}
        for number, settings in enumerate(grid):
            report(step, number, len(grid))
            trees = fit_trees(parts, seed=seed, settings=settings)
            if trees is not None:
                blenders[settings] = Blender(fitted, 0.0, {context: trees})
        scores = _judged(context, blenders, arena, seed)
        report(step, len(grid), len(grid))
        found[context] = _confirmed(context, scores, list(blenders), default, seed, tell)
    return found


def _judged(context: Context, blenders: Mapping[TreeSettings, Blender], arena: Arena, seed: int) -> Scores:
    """Everybody's lists under each setting, by the pipeline that serves."""
    stages = InProcessStages(arena.collaborative)
    rows = {str(one): piped(arena.serving(blender, reranks=False), stages) for one, blender in blenders.items()}
    gathering = Gathering()
    for user, case in _cases(context, arena, seed):
        gathering.add(user, case, rows)
    return gathering.scores(rows)


def _cases(context: Context, arena: Arena, seed: int) -> Iterator[tuple[int, Case]]:
    if context is Context.CART:
        return cart_cases(arena, limit=SEARCHED_CUSTOMERS, seed=seed)
    customers = sampled_customers(arena, SEARCHED_CUSTOMERS, seed=seed)
    return zip(customers.tolist(), arena.cases(customers), strict=True)


def _halves(users: NDArray[np.int64], seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which questions are of one half of the customers, and which of the other."""
    mixed = np.random.default_rng(seed).permutation(np.unique(users))
    choosing: NDArray[np.bool_] = np.isin(users, mixed[: len(mixed) // 2])
    return choosing, ~choosing


def _confirmed(
    context: Context, scores: Scores, grid: Sequence[TreeSettings], default: TreeSettings, seed: int, tell: Tell
) -> TreeSettings:
    """What half of the customers choose, where the other half confirms it; the default where nobody can say."""
    if default not in grid or len(np.unique(scores.user)) < MIN_CUSTOMERS:
        return default
    choosing, confirming = (scores.of_customers(half) for half in _halves(scores.user, seed))
    ndcg = {one: choosing.interval(str(one), LIST_LENGTH) for one in grid}
    gain = {one: confirming.gain(str(one), str(default), LIST_LENGTH) for one in grid}
    best = max(grid, key=lambda one: ndcg[one].mean)
    chosen = best if gain[best].above_zero() else default
    for one in grid:
        tell(Try(context, one, ndcg[one], gain[one], chosen=one == chosen))
    return chosen
