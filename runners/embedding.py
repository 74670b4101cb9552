"""Embedding stage: text → vector."""

from typing import Any

import bentoml

from models.embedding import TextEncoder
from runners.guard import StageGuard
from runners.messages import EncodeCall
from runners.service_settings import BATCHING, STAGE
from runners.shelf import Shelf, release_store
from settings import read_settings


@bentoml.service(name="Embedding", **STAGE)
class Embedding:
    """Encodes new products and texts with the encoder of a release."""

    def __init__(self) -> None:
        self._shelf = Shelf(release_store(read_settings()), lambda folder: TextEncoder(folder / "embedding"))

    @bentoml.api(**BATCHING)
    def encode(self, calls: list[Any]) -> list[Any]:
        """`EncodeCall` → `Reply` with the encoder's own vector (d,), not yet centred for the shop."""
        return self._shelf.answer([EncodeCall._make(call) for call in calls], _encode)


def _encode(encoder: TextEncoder, calls: list[EncodeCall]) -> Any:  # noqa: ANN401 - rows of one array
    return list(encoder.encode([call.text for call in calls]))


Embedding.add_asgi_middleware(StageGuard)  # type: ignore[attr-defined]
