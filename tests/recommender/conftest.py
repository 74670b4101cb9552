"""Shops made by hand, small enough that the right answer is plain to see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

from models.collaborative import Collaborative
from models.in_process import InProcessStages, answer_now
from recommender.catalog import Catalog, ProductRow, build_catalog
from recommender.errors import StageUnavailable
from recommender.events import EVENT_CODES, EventType
from recommender.facts import no_facts
from recommender.history import DAY, NO_HISTORY, History, ItemWeights
from recommender.pipeline import recommend
from recommender.policy import Policy, Weights
from recommender.rules.file import read_rules
from recommender.snapshot import Neighbours, Snapshot
from recommender.trace import Trace, timeless
from recommender.types import Context, Query, Slate

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")  # a busy neighbour must not fail a property

NOW = 1_700_000_000.0
EVEN_BLEND = Weights(content=1.0, collaborative=1.0, popularity=0.01, repeat=1.0, co_purchase=1.0)

Event = tuple[int, EventType, float]
"""Item row, type, days before `NOW`."""


class ScriptedStages:
    """Real fold-in, a reranker that gives each item the logit it was told, and stages that can be down."""

    def __init__(
        self, snapshot: Snapshot, *, logits: Mapping[int, float] | None = None, down: Sequence[str] = ()
    ) -> None:
        model = Collaborative(
            snapshot.factors, 1.0, snapshot.co_purchase, snapshot.neighbours, snapshot.sequence, snapshot.popularity
        )
        self._fold_in = InProcessStages(model).fold_in
        self._logits = logits or {}
        self._down = down
        self.asked: list[tuple[str, list[int]]] = []
        """Text and items of every call to the reranker."""
        self.timeouts: list[float] = []

    async def similarities(self, vectors: NDArray[np.float32], profile: NDArray[np.float32]) -> NDArray[np.float32]:
        return vectors @ profile

    async def fold_in(self, confidences: ItemWeights, *, timeout: float) -> NDArray[np.float32]:
        self._check("collaborative", timeout)
        return await self._fold_in(confidences, timeout=timeout)

    async def rerank(self, text: str, items: NDArray[np.int64], *, timeout: float) -> NDArray[np.float32]:
        self._check("rerank", timeout)
        self.asked.append((text, items.tolist()))
        return np.array([self._logits.get(item, np.nan) for item in items.tolist()], dtype=np.float32)

    def _check(self, stage: str, timeout: float) -> None:
        self.timeouts.append(timeout)
        if stage in self._down:
            raise StageUnavailable(stage, "is down in this test")


@pytest.fixture(scope="session")
def scripted() -> type[ScriptedStages]:
    return ScriptedStages


@pytest.fixture(scope="session")
def now() -> float:
    return NOW


@pytest.fixture(scope="session")
def history_of() -> Callable[..., History]:
    """``history_of((3, EventType.VIEW, 2.0), …)``: a view of item 3 two days ago; sorted oldest first."""

    def build(*events: Event) -> History:
        if not events:
            return NO_HISTORY
        ordered = sorted(events, key=lambda event: -event[2])
        return History(
            np.array([item for item, _, _ in ordered], dtype=np.int32),
            np.array([EVENT_CODES[kind] for _, kind, _ in ordered], dtype=np.int8),
            np.array([NOW - days * DAY for _, _, days in ordered]),
        )

    return build


@pytest.fixture(scope="session")
def shelf() -> Callable[..., Catalog]:
    """``shelf("coffee", "coffee", "tea")``: one product per category named, with optional stock and creation times."""

    def build(
        *categories: str, stock: Mapping[int, int] | None = None, created: Mapping[int, float] | None = None
    ) -> Catalog:
        return build_catalog(
            [
                ProductRow(
                    external_id=f"p{row}",
                    name=f"{category or 'thing'} {row}",
                    category=category,
                    stock=(stock or {}).get(row),
                    created_at=(created or {}).get(row),
                )
                for row, category in enumerate(categories)
            ]
        )

    return build


@pytest.fixture(scope="session")
def neighbours_of() -> Callable[..., Neighbours]:
    """``neighbours_of(4, {0: {1: .5}})``: item 1 is related to item 0 of 4."""

    def build(size: int, related: Mapping[int, Mapping[int, float]]) -> Neighbours:
        rows = [sorted(related.get(row, {}).items(), key=lambda pair: -pair[1]) for row in range(size)]
        flat = [pair for row in rows for pair in row]
        return Neighbours(
            np.cumsum([0, *map(len, rows)]).astype(np.int64),
            np.array([item for item, _ in flat], dtype=np.int32),
            np.array([weight for _, weight in flat], dtype=np.float32),
        )

    return build


@pytest.fixture(scope="session")
def snapshot_of(neighbours_of: Callable[..., Neighbours]) -> Callable[..., Snapshot]:
    """A snapshot over a catalog in which no source knows anything, but for the arrays given."""

    rules = read_rules()

    def build(catalog: Catalog, **given: Any) -> Snapshot:
        n = len(catalog)
        silent: dict[str, Any] = {
            "release": "test",
            "catalog": catalog,
            "vectors": np.zeros((1, 2), dtype=np.float32),
            "vector_row": np.zeros(n, dtype=np.int32),
            "factors": np.zeros((n, 2), dtype=np.float32),
            "co_purchase": neighbours_of(n, {}),
            "neighbours": neighbours_of(n, {}),
            "sequence": neighbours_of(n, {}),
            "facts": no_facts(n),
            "popularity": np.zeros(n, dtype=np.float32),
            "hard_rules": rules.hard,
            "policy": Policy().without_soft_rules(),
            "fitted": EVEN_BLEND,
            "rerank_weight": 0.1,
            "rerank_helps": False,
        }
        return Snapshot(**silent | given)

    return build


@pytest.fixture(scope="session")
def two_aisles(
    shelf: Callable[..., Catalog], snapshot_of: Callable[..., Snapshot], neighbours_of: Callable[..., Neighbours]
) -> Snapshot:
    """Coffee in rows 0–19, tea in rows 20–39: alike within the aisle, never across; lower rows sell more.

    Products 0 and 21 are bought together, so are 0 and 1 (less often). No caps.
    """
    aisle = np.repeat([0, 1], 20)
    return snapshot_of(
        shelf(*["coffee"] * 20, *["tea"] * 20),
        vectors=np.eye(2, dtype=np.float32),
        vector_row=aisle.astype(np.int32),
        factors=np.eye(2, dtype=np.float32)[aisle],
        popularity=np.linspace(40, 1, 40, dtype=np.float32),
        co_purchase=neighbours_of(40, {0: {21: 0.9, 1: 0.3}, 21: {0: 0.9}, 1: {0: 0.3}}),
    )


@pytest.fixture(scope="session")
def changed() -> Callable[..., Snapshot]:
    """``changed(snapshot, stock={3: 0}, active={4: False}, policy=…)``: the same shop with columns or settings set."""

    def build(
        snapshot: Snapshot,
        *,
        stock: Mapping[int, int] | None = None,
        active: Mapping[int, bool] | None = None,
        **rest: Any,
    ) -> Snapshot:
        columns = {"stock": snapshot.catalog.stock.copy(), "active": snapshot.catalog.active.copy()}
        for name, values in {"stock": stock or {}, "active": active or {}}.items():
            for row, value in values.items():
                columns[name][row] = value
        return replace(snapshot, catalog=replace(snapshot.catalog, **columns), **rest)

    return build


@pytest.fixture(scope="session")
def ask() -> Callable[..., Slate]:
    """The slate for a query given as keywords, homepage and 10 products unless told otherwise."""

    def build(
        snapshot: Snapshot, *, stages: ScriptedStages | None = None, trace: Trace | None = None, **query: Any
    ) -> Slate:
        asked = {"context": Context.HOMEPAGE, "limit": 10, "at": NOW} | query
        for name in {"anchors", "exclude"} & asked.keys():
            asked[name] = np.array(asked[name], dtype=np.int64)
        stages = stages or ScriptedStages(snapshot)
        return answer_now(recommend(Query(**asked), snapshot, stages, trace or timeless()))

    return build
