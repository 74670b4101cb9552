"""The blender: the weights that were fitted for this shop, readable and changeable as JSON, and the learned models."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from models.learned_blend import OnnxTrees
from recommender.policy import Weights
from recommender.types import Context


@dataclass(frozen=True, slots=True)
class Blender:
    """Weights of the homepage blend, and what the cross-encoder's score weighs beside it."""

    fitted: Weights
    rerank_weight: float
    trees: Mapping[Context, OnnxTrees] = field(default_factory=dict)
    """The learned blender, for each context in which it scores in place of weights."""

    def only(self, contexts: frozenset[Context]) -> "Blender":
        """Trees in these contexts alone."""
        return replace(self, trees={context: trees for context, trees in self.trees.items() if context in contexts})

    def save(self, folder: Path) -> None:
        """Write weights.json, and one graph for each context that has trees."""
        stored = {"fitted": asdict(self.fitted), "rerank_weight": self.rerank_weight}
        (folder / "weights.json").write_text(json.dumps(stored, indent=1))
        for context, trees in self.trees.items():
            (folder / trees_file(context)).write_bytes(trees.graph)


def load_blender(folder: Path) -> Blender:
    """Read what `Blender.save` wrote; `InvalidRelease` where trees learnt from other features than there are now."""
    stored = json.loads((folder / "weights.json").read_text())
    trees = {context: OnnxTrees(path.read_bytes()) for context in Context if (path := tree_path(folder, context))}
    for context, one in trees.items():
        one.check(trees_file(context))
    return Blender(Weights(**stored["fitted"]), float(stored["rerank_weight"]), trees)


def trees_file(context: Context) -> str:
    """Name of the graph for a context."""
    return f"{context}.onnx"


def tree_path(folder: Path, context: Context) -> Path | None:
    """The graph for a context; None where the weights score there."""
    path = folder / trees_file(context)
    return path if path.is_file() else None
