"""Fits the learned blender: LightGBM trees on replays of cuts before the test window, written as ONNX."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import lightgbm
import numpy as np
import onnxmltools
from numpy.typing import NDArray
from onnxmltools.convert.common.data_types import FloatTensorType

from models.learned_blend import COLUMNS, INPUT, OnnxTrees
from recommender.features import FEATURES, features
from training.replay import Arena, Case

NEGATIVES: Final = 0.2
"""Share of the candidates without a purchase that is learnt from."""
MIN_LISTS: Final = 300
"""With fewer lists to learn from the fitted weights serve."""
SETTINGS: Final[dict[str, Any]] = {
    "objective": "binary",  # bought or not: as good as LambdaMART here, better on new products, twice as fast
    "learning_rate": 0.05,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "use_missing": False,  # features have no gaps, and ONNX then decides exactly as LightGBM does
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # two of them stall each other for minutes where something else needs a core
    "verbose": -1,
}

SUMMED: Final = {"objective=binary sigmoid:1": "objective=regression", "[objective: binary]": "[objective: regression]"}
"""How a model's text says that its trees are summed up and nothing more; the same trees."""


@dataclass(frozen=True, slots=True)
class TreeSettings:
    """What `training.search` looks for another value of."""

    trees: int = 250
    leaves: int = 31
    """Of each tree, at most."""


DEFAULT: Final = TreeSettings()
"""From tables of Complete Journey that its test windows are in; `training.search` asks earlier ones."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates of many lists, one after the other: their features, and whether they were bought."""

    table: NDArray[np.float32]
    bought: NDArray[np.bool_]
    lists: int
    """How many lists they come from."""


def sampled_customers(arena: Arena, most: int, *, seed: int) -> NDArray[np.int64]:
    """At most so many of the arena's customers, drawn at random."""
    drawn = np.random.default_rng(seed).permutation(arena.customers())[:most]
    return np.sort(drawn)


class ExampleGatherer:
    """Takes from each case its purchases and a share of its other candidates; nothing where none was bought."""

    def __init__(self, arena: Arena, *, seed: int) -> None:
        self._arena = arena
        self._rng = np.random.default_rng(seed)
        self._tables: list[NDArray[np.float32]] = []
        self._labels: list[NDArray[np.bool_]] = []

    def add(self, case: Case) -> None:
        """One list."""
        candidates, snapshot = case.pool.candidates, self._arena.snapshot
        bought = np.isin(candidates.item, np.fromiter(case.relevant, dtype=np.int64))
        if bought.any():
            kept = bought | (self._rng.random(len(bought)) < NEGATIVES)
            self._tables.append(features(case.query, candidates, snapshot.catalog, snapshot.facts)[kept])
            self._labels.append(bought[kept])

    def examples(self) -> Examples:
        """Everything so far."""
        if not self._tables:
            return Examples(np.zeros((0, len(FEATURES)), np.float32), np.zeros(0, bool), 0)
        return Examples(np.concatenate(self._tables), np.concatenate(self._labels), len(self._labels))


def fit_trees(examples: Sequence[Examples], *, seed: int, settings: TreeSettings = DEFAULT) -> OnnxTrees | None:
    """Learn from the examples; None with fewer than `MIN_LISTS` lists."""
    if sum(part.lists for part in examples) < MIN_LISTS:
        return None
    learnt_from = lightgbm.Dataset(
        np.concatenate([part.table for part in examples]),
        np.concatenate([part.bought for part in examples]).astype(np.float32),
    )
    grown = SETTINGS | {"seed": seed, "num_leaves": settings.leaves}
    return as_onnx(lightgbm.train(grown, learnt_from, settings.trees))


def as_onnx(booster: lightgbm.Booster) -> OnnxTrees:
    """The model as a graph that names its columns. It gives log-odds: as a sum of trees, not a class."""
    shape = [(INPUT, FloatTensorType([None, len(FEATURES)]))]
    lines = [_served(line) for line in booster.model_to_string().splitlines() if not line.startswith("tree_sizes=")]
    served = lightgbm.Booster(model_str="\n".join(lines))  # without sizes, which no longer hold, it counts itself
    graph = onnxmltools.convert_lightgbm(served, name="learned_blend", initial_types=shape, zipmap=False)
    entry = graph.metadata_props.add()
    entry.key, entry.value = COLUMNS, ",".join(FEATURES)
    return OnnxTrees(graph.SerializeToString())


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
