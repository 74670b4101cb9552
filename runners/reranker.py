"""Reranker stage: a text and products → one logit per product."""

from typing import Any

import bentoml

from models.cross_encoder import Pairs
from models.reranker import Reranker as Model
from models.reranker import open_reranker
from runners.guard import StageGuard
from runners.messages import RerankCall
from runners.service_settings import BATCHING, STAGE
from runners.shelf import Shelf, release_store
from settings import read_settings


@bentoml.service(name="Reranker", **STAGE)
class Reranker:
    """Scores pairs with the cross-encoder of a release."""

    def __init__(self) -> None:
        self._shelf = Shelf(release_store(read_settings()), lambda folder: open_reranker(folder / "cross_encoder"))

    @bentoml.api(**BATCHING)
    def rerank(self, calls: list[Any]) -> list[Any]:
        """`RerankCall` → `Reply` with the logits (len(items),), NaN for products that it does not know."""
        return self._shelf.answer([RerankCall._make(call) for call in calls], _score)


def _score(model: Model, calls: list[RerankCall]) -> Any:  # noqa: ANN401 - a list of ragged arrays
    return model.score([Pairs(call.text, call.items) for call in calls])


Reranker.add_asgi_middleware(StageGuard)  # type: ignore[attr-defined]
