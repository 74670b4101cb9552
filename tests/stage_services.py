"""The real stage services in this process, and their messages as they arrive from another process."""

import asyncio
from collections.abc import Iterator
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

    def __init__(self, kind: Any) -> None:
        super().__init__(kind())
        self._kind = kind

    def answer(self, method: str, calls: list[Any]) -> list[Any]:
        api, serde = self._kind.apis[method], PickleSerde()
        sent = serde.serialize_model(api.input_spec.from_inputs(calls))
        received = serde.deserialize_model(sent, api.input_spec)
        replies = super().answer(method, received.calls)
        returned: list[Any] = serde.deserialize_value(serde.serialize_model(api.output_spec(replies)))
        return returned


@pytest.fixture(scope="session")
def stage_kinds(planted_shop: Shop) -> Iterator[tuple[Any, Any, Any]]:
    """The three BentoML services, made while the environment names the planted shop."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in planted_shop.variables().items():
            environment.setenv(name, value)
        from runners.collaborative import Collaborative
        from runners.embedding import Embedding
        from runners.reranker import Reranker

        yield Embedding, Collaborative, Reranker


@pytest.fixture(scope="session")
def in_process(stage_kinds: tuple[Any, Any, Any]) -> StageHandles:
    return StageHandles(*(InProcess(kind()) for kind in stage_kinds))


@pytest.fixture(scope="session")
def over_the_wire(stage_kinds: tuple[Any, Any, Any]) -> StageHandles:
    return StageHandles(*(OverTheWire(kind) for kind in stage_kinds))
