"""The learned blender as files: its trees as ONNX, the columns they were trained on, and the facts of each product."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.onnx_session import open_session
from recommender.errors import InvalidRelease
from recommender.features import FEATURES, ITEM_NAMES, ItemFacts
from recommender.learned import LearnedBlend

TREES: Final = "trees.onnx"
COLUMNS: Final = "features.json"
FACTS: Final = "item_facts.npz"
INPUT: Final = "features"


class OnnxTrees:
    """`recommender.learned.Trees` in ONNX Runtime, on one thread: requests already run side by side."""

    def __init__(self, path: Path) -> None:
        self._session = open_session(path)

    def predict(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        """(rows, len(FEATURES)) → (rows,)."""
        found: NDArray[np.float32] = self._session.run(None, {INPUT: table})[0]
        return found.reshape(-1)


@dataclass(frozen=True, slots=True)
class TreeFiles:
    """A trained model that has been written to a folder: `TREES` and `COLUMNS`."""

    folder: Path

    def trees(self) -> OnnxTrees:
        """The model; `InvalidRelease` where it was trained on other features than this version computes."""
        named = json.loads((self.folder / COLUMNS).read_text())
        if tuple(named) != FEATURES:
            raise InvalidRelease(f"{COLUMNS}: the blender was trained on other features than this version has")
        return OnnxTrees(self.folder / TREES)


def save_facts(facts: ItemFacts, folder: Path) -> None:
    """Write item_facts.npz."""
    np.savez(folder / FACTS, columns=facts.columns, namesakes=facts.namesakes)


def load_learned_blend(folder: Path) -> LearnedBlend:
    """Trees and facts from one folder of a release."""
    with np.load(folder / FACTS, allow_pickle=False) as stored:
        facts = ItemFacts(stored["columns"], stored["namesakes"])
    if facts.columns.ndim != 2 or facts.columns.shape[1] != len(ITEM_NAMES):
        raise InvalidRelease(f"{FACTS}: has other columns than this version computes")
    return LearnedBlend(facts, TreeFiles(folder).trees())
