"""Collaborative stage: a customer's confidences → query vector."""

from typing import Any

import bentoml

from models.collaborative import Collaborative as Model
from models.collaborative import load_collaborative
from recommender.history import ItemWeights
from runners.guard import StageGuard
from runners.messages import FoldInCall
from runners.service_settings import BATCHING, STAGE
from runners.shelf import Shelf, release_store
from settings import read_settings


@bentoml.service(name="Collaborative", **STAGE)
class Collaborative:
    """Folds customers in against the item factors of a release."""

    def __init__(self) -> None:
        self._shelf = Shelf(release_store(read_settings()), lambda folder: load_collaborative(folder / "collaborative"))

    @bentoml.api(**BATCHING)
    def fold_in(self, calls: list[Any]) -> list[Any]:
        """`FoldInCall` → `Reply` with the query vector (f,)."""
        return self._shelf.answer([FoldInCall._make(call) for call in calls], _fold_in)


def _fold_in(model: Model, calls: list[FoldInCall]) -> Any:  # noqa: ANN401 - rows of one array
    return list(model.fold_in([ItemWeights(call.items, call.weights) for call in calls]))


Collaborative.add_asgi_middleware(StageGuard)  # type: ignore[attr-defined]
