"""The blender: the weights that were fitted for this shop, readable and changeable as JSON."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from recommender.policy import Weights


@dataclass(frozen=True, slots=True)
class Blender:
    """Weights of the homepage blend, and what the cross-encoder's score weighs beside it."""

    fitted: Weights
    rerank_weight: float

    def save(self, folder: Path) -> None:
        """Write weights.json."""
        (folder / "weights.json").write_text(json.dumps(asdict(self), indent=1))


def load_blender(folder: Path) -> Blender:
    """Read what `Blender.save` wrote."""
    stored = json.loads((folder / "weights.json").read_text())
    return Blender(Weights(**stored["fitted"]), float(stored["rerank_weight"]))
