"""The learned blender as files: its trees as ONNX, which name the columns they learnt from, and facts of products."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models.onnx_session import open_session
from recommender.errors import InvalidRelease
from recommender.facts import ITEM_NAMES, ItemFacts
from recommender.features import FEATURES

FACTS: Final = "item_facts.npz"
INPUT: Final = "features"
COLUMNS: Final = "columns"
"""Metadata of the graph: names of the columns, separated by commas."""


@dataclass(frozen=True)
class OnnxTrees:
    """`recommender.learned.Trees` in ONNX Runtime, on one thread: requests already run side by side."""

    graph: bytes

    def predict(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        """(rows, len(FEATURES)) → (rows,)."""
        found: NDArray[np.float32] = self._session.run(None, {INPUT: table})[0]
        return found.reshape(-1)

    def check(self, name: str) -> None:
        """`InvalidRelease` where the trees learnt from other features than this version computes."""
        try:
            columns = self._session.get_modelmeta().custom_metadata_map.get(COLUMNS, "")
        except Exception as error:  # ONNX Runtime's errors have no common base
            raise InvalidRelease(f"{name}: cannot be opened: {error}") from error
        if columns != ",".join(FEATURES):
            raise InvalidRelease(f"{name}: learnt from other features than this version has")

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return open_session(self.graph)


def save_facts(facts: ItemFacts, folder: Path) -> None:
    """Write item_facts.npz."""
    np.savez(folder / FACTS, columns=facts.columns, namesakes=facts.namesakes, kinds=facts.kinds)


def load_facts(folder: Path) -> ItemFacts:
    """Read what `save_facts` wrote; `InvalidRelease` where the columns are not those of this version."""
    with np.load(folder / FACTS, allow_pickle=False) as stored:
        facts = ItemFacts(stored["columns"], stored["namesakes"], stored["kinds"])
    if facts.columns.ndim != 2 or facts.columns.shape[1] != len(ITEM_NAMES):
        raise InvalidRelease(f"{FACTS}: has other columns than this version computes")
    return facts
