"""What is written down of an answer: always the short record, for a share of answers the full one.

No customer is named in either. Products are external ids.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recommender.catalog import Catalog
from recommender.history import History, ItemWeights, fold_in_confidences, repeat_counts, taste_weights
from recommender.pipeline import reads_history
from recommender.snapshot import Snapshot
from recommender.types import Query, Scored, Slate

RECORD_BYTES: Final = 2_048
"""Of a short record. Only a list whose ids alone need more is longer: no id is ever left out."""

_ANCHOR_BYTES: Final = 600
_FRAME_BYTES: Final = 100
"""Names and brackets of the parts that are fitted in."""


@dataclass(frozen=True, slots=True)
class Versions:
    """What an answer was made from: the release, the rules by their hash, and the state of the catalog."""

    release: str
    rules: str
    catalog: str


def short_record(
    query: Query, slate: Slate, catalog: Catalog, versions: Versions, *, cached: bool, milliseconds: Mapping[str, float]
) -> str:
    """JSON in ASCII. What does not fit is left out from its tail: removals first, then sources, then scores.

    ``sources`` are in the order of `SOURCES`; ``removed`` says id, rule and the value that the rule saw.
    """
    record: dict[str, Any] = {
        **asdict(versions),
        "limit": query.limit,
        "strategy": slate.strategy,
        "degraded": list(slate.degraded),
        "cached": cached,
        "ms": {stage: round(spent, 1) for stage, spent in milliseconds.items()},
        "anchor_count": len(query.anchors),
        "removed_count": len(slate.removals),
        "shown": _ids(catalog, slate.item),
    }
    room = RECORD_BYTES - _FRAME_BYTES - len(_json(record))
    anchors = _ids(catalog, query.anchors)
    removed = ([str(catalog.external_id[one.item]), one.rule, one.detail] for one in slate.removals)
    record["anchors"], left = _as_many(anchors, min(room, _ANCHOR_BYTES))
    room -= min(room, _ANCHOR_BYTES) - left
    record["scores"], room = _as_many(_rounded(slate.score), room)
    record["sources"], room = _as_many(map(_rounded, slate.evidence), room)
    record["removed"], room = _as_many(removed, room)
    return _json(record)


def full_record(query: Query, slate: Slate, scored: Scored, snapshot: Snapshot, versions: Versions) -> str:
    """JSON with everything that the slate was chosen from, exact: `recommender.decision_replay` chooses it again.

    The customer's part are products with the weights that the sources read from the history.
    """
    catalog, policy = snapshot.catalog, snapshot.policy.contexts[query.context]
    weights = snapshot.weights(query.context)
    further = slate.item[~np.isin(slate.item, scored.candidates.item)]
    rows = np.concatenate([scored.candidates.item, further, query.anchors])
    record = {
        **asdict(versions),
        "context": query.context,
        "limit": query.limit,
        "at": query.at,
        "max_per_category": policy.max_per_category,
        "weights": _exact(weights.vector()),
        "shown": _ids(catalog, slate.item),
        "scores": _exact(slate.score),
        "candidates": _ids(catalog, scored.candidates.item),
        "sources": [_exact(row) for row in scored.candidates.scores],
        "blend": None if scored.features is None else _exact(scored.blend),
        "features": None if scored.features is None else _features(scored, slate),
        "rerank": _exact(scored.rerank),
        "lift": _exact(scored.lift),
        "further": _ids(catalog, further),
        "anchors": _ids(catalog, query.anchors),
        "exclude": _ids(catalog, query.exclude),
        "category": catalog.category[rows].tolist(),
        "name": _numbered(catalog.name[rows]) if policy.distinct_names else None,
        "history": _history(query.history, catalog) if reads_history(query) else {},
        "removed": [[str(catalog.external_id[one.item]), one.rule, one.detail] for one in slate.removals],
    }
    return _json(record)


def _features(scored: Scored, slate: Slate) -> dict[str, Any]:
    """What the learned blender saw of each product shown that was a candidate: later training can use it as it was."""
    assert scored.features is not None
    shown = np.flatnonzero(np.isin(scored.candidates.item, slate.item))
    return {"candidates": shown.tolist(), "values": [_exact(row) for row in scored.features[shown]]}


def _history(history: History, catalog: Catalog) -> dict[str, list[list[object]]]:
    readings = {"taste": taste_weights, "repeat": repeat_counts, "fold_in": fold_in_confidences}
    return {name: _weighted(read(history), catalog) for name, read in readings.items()} if len(history) else {}


def _weighted(items: ItemWeights, catalog: Catalog) -> list[list[object]]:
    pairs = zip(_ids(catalog, items.item), _exact(items.weight), strict=True)
    return [[external_id, weight] for external_id, weight in pairs]


def _ids(catalog: Catalog, rows: NDArray[np.integer]) -> list[str]:
    return [str(external_id) for external_id in catalog.external_id[rows]]


def _rounded(values: NDArray[np.float32]) -> list[float]:
    return [round(value, 3) for value in values.tolist()]


def _exact(values: NDArray[np.float32]) -> list[float]:
    """Nine digits tell every float32 from its neighbours."""
    return [float(f"{value:.9g}") for value in values.tolist()]


def _numbered(names: NDArray[np.object_]) -> list[int]:
    """The same number for the same name."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(name, len(numbers)) for name in names.tolist()]


def _as_many(values: Iterable[object], room: int) -> tuple[Sequence[object], int]:
    """The first values whose JSON fits, and the room that is left."""
    taken: list[object] = []
    for value in values:
        size = len(_json(value)) + 1
        if size > room:
            break
        taken.append(value)
        room -= size
    return taken, room


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
