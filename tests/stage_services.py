"""The real stage services in this process, and their messages as they arrive from another process."""

import asyncio
from typing import Any

import pytest
from _bentoml_impl.serde import PickleSerde

from runners.stages import StageHandles
from tests.planted_shop import Shop


class InProcess:
    """A BentoML dependency as the gateway sees it, over a service in this process."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self.to_async = self

    def __getattr__(self, method: str) -> Any:
        async def call(calls: list[Any]) -> list[Any]:
            return await asyncio.to_thread(self.answer, method, calls)

        return call

    def answer(self, method: str, calls: list[Any]) -> list[Any]:
        replies: list[Any] = getattr(self.service, method)(calls)
        return replies


class OverTheWire(InProcess):
    """The same, with calls and replies packed and unpacked as BentoML does between two processes."""

    def __init__(self, service: Any, kind: Any) -> None:
        super().__init__(service)
        self._kind = kind

    def answer(self, method: str, calls: list[Any]) -> list[Any]:
        api, serde = self._kind.apis[method], PickleSerde()
        sent = serde.serialize_model(api.input_spec.from_inputs(calls))
        received = serde.deserialize_model(sent, api.input_spec)
        replies = super().answer(method, received.calls)
        returned: list[Any] = serde.deserialize_value(serde.serialize_model(api.output_spec(replies)))
        return returned


def stages_of(shop: Shop) -> list[tuple[Any, Any]]:
    """The three services, ready to load the shop's releases, and their BentoML descriptions."""
    from runners.collaborative import Collaborative
    from runners.embedding import Embedding
    from runners.reranker import Reranker

    with pytest.MonkeyPatch.context() as environment:  # a service reads its settings when it is made
        for name, value in shop.variables().items():
            environment.setenv(name, value)
        return [(kind(), kind) for kind in (Embedding, Collaborative, Reranker)]


@pytest.fixture(scope="session")
def in_process(planted_shop: Shop) -> StageHandles:
    return StageHandles(*(InProcess(service) for service, _ in stages_of(planted_shop)))


@pytest.fixture(scope="session")
def over_the_wire(planted_shop: Shop) -> StageHandles:
    return StageHandles(*(OverTheWire(service, kind) for service, kind in stages_of(planted_shop)))
