"""The answer again, from nothing but its full record."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recommender.slate import fill_slate


def replay(record: Mapping[str, Any]) -> list[str]:
    """External ids of the slate, in order, as `recommender.pipeline` chose them.

    ``record`` is what `recommender.decision_record.full_record` says. Scores are computed from their parts again.
    """
    candidates, further = record["candidates"], record["further"]
    sources = np.array(record["sources"], dtype=np.float32).reshape(len(candidates), len(record["weights"]))
    learned = record.get("blend")  # the learned blender's trees are not in the record, what they said is
    blended = sources @ _column(record["weights"]) if learned is None else _column(learned)
    names = None if record["name"] is None else np.array(record["name"], dtype=object)
    known = len(candidates) + len(further)
    chosen = fill_slate(
        item=np.arange(len(candidates)),
        score=blended + _column(record["rerank"]) + _column(record["lift"]),
        category=np.array(record["category"], dtype=np.int32),
        reserve=lambda: np.arange(len(candidates), known),
        limit=record["limit"],
        max_per_category=record["max_per_category"],
        name=names,
        shown=np.arange(known, known + len(record["anchors"])),
    )
    return [(candidates + further)[row] for row in chosen.tolist()]


def _column(values: list[float]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)
