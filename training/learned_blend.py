"""Fits the learned blender: LightGBM trees on replays of cuts before the test window, written as ONNX."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import lightgbm
import numpy as np
import onnxmltools
from numpy.typing import NDArray
from onnxmltools.convert.common.data_types import FloatTensorType

from models.learned_blend import COLUMNS, INPUT, TREES, TreeFiles
from recommender.features import FEATURES, ItemFacts, features
from training.replay import Arena, Case

TREE_COUNT: Final = 100
NEGATIVES: Final = 0.2
"""Share of the candidates without a purchase that is learnt from."""
CUSTOMERS_PER_CUT: Final = 3_000
MIN_LISTS: Final = 300
"""With fewer lists to learn from the fitted weights serve."""
SETTINGS: Final[dict[str, Any]] = {
    "objective": "binary",  # bought or not: as good as LambdaMART here, better on new products, twice as fast
    "learning_rate": 0.1,
    "num_leaves": 31,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "use_missing": False,  # features have no gaps, and ONNX then decides exactly as LightGBM does
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 2,
    "verbose": -1,
}

SUMMED: Final = {"objective=binary sigmoid:1": "objective=regression", "[objective: binary]": "[objective: regression]"}
"""How a model's text says that its trees are summed up and nothing more; the same trees."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates of many lists, one after the other: their features, and whether they were bought."""

    table: NDArray[np.float32]
    bought: NDArray[np.bool_]
    lists: int
    """How many lists they come from."""


def sampled_customers(arena: Arena, *, seed: int) -> NDArray[np.int64]:
    """At most `CUSTOMERS_PER_CUT` of the arena's customers, drawn at random."""
    drawn = np.random.default_rng(seed).permutation(arena.customers())[:CUSTOMERS_PER_CUT]
    return np.sort(drawn)


def collect_examples(arena: Arena, cases: Iterable[Case], facts: ItemFacts, *, seed: int) -> Examples:
    """Two lists of each case: everything, and what the customer never bought; none where nothing of it was bought."""
    rng = np.random.default_rng(seed)
    tables: list[NDArray[np.float32]] = []
    labels: list[NDArray[np.bool_]] = []
    for case in cases:
        for asked in (case, arena.new_only(case)):
            if asked is None:
                continue
            candidates = asked.pool.candidates
            bought = np.isin(candidates.item, np.fromiter(asked.relevant, dtype=np.int64))
            if bought.any():
                kept = bought | (rng.random(len(bought)) < NEGATIVES)
                tables.append(features(asked.query, candidates, arena.snapshot.catalog, facts)[kept])
                labels.append(bought[kept])
    if not tables:
        return Examples(np.zeros((0, len(FEATURES)), np.float32), np.zeros(0, bool), 0)
    return Examples(np.concatenate(tables), np.concatenate(labels), len(labels))


def fit_trees(examples: Sequence[Examples], folder: Path, *, seed: int) -> TreeFiles | None:
    """Learn from the examples and write the model to ``folder``; None with fewer than `MIN_LISTS` lists."""
    if sum(part.lists for part in examples) < MIN_LISTS:
        return None
    learnt_from = lightgbm.Dataset(
        np.concatenate([part.table for part in examples]),
        np.concatenate([part.bought for part in examples]).astype(np.float32),
    )
    booster = lightgbm.train(SETTINGS | {"seed": seed}, learnt_from, TREE_COUNT)
    return write_trees(booster, folder)


def write_trees(booster: lightgbm.Booster, folder: Path) -> TreeFiles:
    """The model as ONNX, with the names of its columns. It gives log-odds: as a sum of trees, not a class."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = [(INPUT, FloatTensorType([None, len(FEATURES)]))]
    lines = [_served(line) for line in booster.model_to_string().splitlines() if not line.startswith("tree_sizes=")]
    served = lightgbm.Booster(model_str="\n".join(lines))  # without sizes, which no longer hold, it counts itself
    graph = onnxmltools.convert_lightgbm(served, name="learned_blend", initial_types=shape, zipmap=False)
    (folder / TREES).write_bytes(graph.SerializeToString())
    (folder / COLUMNS).write_text(json.dumps(FEATURES, indent=1))
    return TreeFiles(folder)


def _served(line: str) -> str:
    """A line of a model's text as it has to be for ONNX, which compares in float32.

    Features are float32, so "at most t" means the same as "at most the float32 below t"; rounded to the nearest,
    t could come to lie above or below a value that it was to part from another.
    """
    if not line.startswith("threshold="):
        return SUMMED.get(line, line)
    exact = np.array(line.removeprefix("threshold=").split(), dtype=np.float64)
    near = exact.astype(np.float32)
    below = np.where(near > exact, np.nextafter(near, np.float32(-np.inf)), near)
    return "threshold=" + " ".join(repr(float(value)) for value in below)
