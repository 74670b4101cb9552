"""Products that are newer than the release: each text is encoded once, whoever sees it and however often."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import aiohttp
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from sqlalchemy import select, update

from api.product_writes import patch_product, put_products, remove_product
from api.serving import Serving
from models.release import ENCODER_GRAPH
from recommender.rules.file import read_rules
from runners.shelf import release_store
from runners.stages import StageHandles
from store.catalog import Product, read_products, upsert_products
from store.deployments import record_deployment
from store.engine import reading, writing
from store.tables import product_embeddings
from tests.planted_shop import Shop, cluster_of, planted_products, published_variant
from tests.stage_services import InProcess, stages_of

NEW: Final = Product(external_id="garden-new", name="Heirloom tomato garden seeds", category="Seeds", price=4.5)
WITHIN_S: Final = 20.0


class Counted(InProcess):
    """A stage that can be unplugged, and that tells which texts it was asked to encode."""

    def __init__(self, stage: Any) -> None:
        super().__init__(stage.service)
        self.plugged = True
        self.encoded: list[str] = []

    def answer(self, method: str, calls: list[Any]) -> list[Any]:
        if not self.plugged:
            raise aiohttp.ClientConnectionError("connection refused")
        self.encoded += [call.text for call in calls if call.text != "ready?"]
        return super().answer(method, calls)


@pytest.fixture
def shop(planted_shop: Shop, tmp_path: Path) -> Shop:
    return planted_shop.copy(tmp_path / "shop")


@asynccontextmanager
async def served(shop: Shop, handles: StageHandles, stage: Counted | None = None) -> Any:
    """A ready `Serving` over the shop, with its embedding stage."""
    stage = stage or Counted(handles.embedding)
    serving = Serving(shop.settings, read_rules(), StageHandles(stage, handles.collaborative, handles.reranker))
    await serving.start()
    try:
        await until(lambda: not serving.problems)
        yield serving, stage
    finally:
        await serving.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not holds():
            await asyncio.sleep(0.02)


def play(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scenario())  # type: ignore[arg-type]


def vector_of(serving: Serving, product_id: str) -> NDArray[np.float32]:
    snapshot = serving.live.snapshot
    vector: NDArray[np.float32] = snapshot.vectors[snapshot.vector_row[snapshot.catalog.row_of[product_id]]]
    return vector


def nearest(serving: Serving, product_id: str, count: int = 8) -> list[str]:
    snapshot = serving.live.snapshot
    likeness = (snapshot.vectors @ vector_of(serving, product_id))[snapshot.vector_row]
    return [str(one) for one in snapshot.catalog.external_id[np.argsort(-likeness)[1 : count + 1]]]


def test_a_new_product_is_encoded_once_in_its_life(shop: Shop, in_process: StageHandles) -> None:
    async def scenario() -> None:
        async with served(shop, in_process) as (serving, stage), served(shop, in_process) as (other, idle):
            await put_products(serving, [NEW])
            vector = vector_of(serving, NEW.external_id)
            assert all(cluster_of(one) == "garden" for one in nearest(serving, NEW.external_id))
            await until(lambda: NEW.external_id in other.live.snapshot.catalog.row_of)
            assert np.allclose(vector_of(other, NEW.external_id), vector, atol=1e-6)
            await put_products(serving, [replace(NEW, stock=7, price=4.75)])  # another price of the same band
            assert (stage.encoded, idle.encoded) == ([NEW.text], [])
        async with served(shop, in_process) as (again, stage):
            assert stage.encoded == []
            assert np.allclose(vector_of(again, NEW.external_id), vector, atol=1e-6)

    play(scenario)


def test_another_text_is_encoded_again_and_its_vector_replaced(shop: Shop, in_process: StageHandles) -> None:
    turned = replace(NEW, name="Kitten pet treats", category="Pet treats")

    async def scenario() -> None:
        async with served(shop, in_process) as (serving, stage):
            await put_products(serving, [NEW])
            await put_products(serving, [turned])
            assert stage.encoded == [NEW.text, turned.text]
            assert all(cluster_of(one) == "pets" for one in nearest(serving, NEW.external_id))
            vector = vector_of(serving, NEW.external_id)
            await patch_product(serving, NEW.external_id, {"price": 45.0})  # another band is another text
            assert stage.encoded[2:] == [replace(turned, price=45.0).text]
            assert not np.allclose(vector_of(serving, NEW.external_id), vector, atol=1e-6)
        async with served(shop, in_process) as (_, stage):
            assert stage.encoded == []

    play(scenario)


@pytest.mark.parametrize("damaged", [b"", b"\0" * 7, b"\0" * 400])
def test_a_vector_of_the_wrong_length_is_encoded_again(shop: Shop, in_process: StageHandles, damaged: bytes) -> None:
    engine = shop.open()

    async def scenario() -> None:
        async with served(shop, in_process) as (serving, _):
            await put_products(serving, [NEW])
            vector = vector_of(serving, NEW.external_id)
        with reading(engine) as connection:
            kept = connection.execute(select(product_embeddings.c.vector)).scalar_one()
        with writing(engine) as connection:
            connection.execute(update(product_embeddings).values(vector=damaged))
        async with served(shop, in_process) as (again, stage):
            assert stage.encoded == [NEW.text]
            assert np.allclose(vector_of(again, NEW.external_id), vector, atol=1e-6)
        with reading(engine) as connection:
            assert connection.execute(select(product_embeddings.c.vector)).scalar_one() == kept

    play(scenario)
    engine.dispose()


def test_what_another_process_wrote_is_embedded_by_who_sees_it_first(shop: Shop, in_process: StageHandles) -> None:
    """An import writes products without vectors."""
    engine = shop.open()

    async def scenario() -> None:
        async with served(shop, in_process) as (serving, stage):
            with writing(engine) as connection:
                upsert_products(connection, [NEW])
            await until(lambda: NEW.external_id in serving.live.snapshot.catalog.row_of)
            assert stage.encoded == [NEW.text]
        async with served(shop, in_process) as (_, stage):
            assert stage.encoded == []

    play(scenario)
    engine.dispose()


def test_without_the_stage_products_are_kept_and_stock_counts_at_once(shop: Shop, in_process: StageHandles) -> None:
    known = next(one for one in planted_products() if one.external_id == "wine-00")
    engine = shop.open()

    async def scenario() -> None:
        async with served(shop, in_process) as (serving, stage):
            stage.plugged = False
            await put_products(serving, [NEW, replace(known, stock=0)])
            snapshot = serving.live.snapshot
            assert snapshot.compiled.violation(snapshot.catalog.row_of["wine-00"]) == ("in_stock", "stock=0")
            assert NEW.external_id not in snapshot.catalog.row_of
            with reading(engine) as connection:
                assert [row.external_id for row in read_products(connection, [NEW.external_id])] == ["garden-new"]
            stage.plugged = True
            await until(lambda: NEW.external_id in serving.live.snapshot.catalog.row_of)
            assert stage.encoded == [NEW.text]

    play(scenario)
    engine.dispose()


def test_a_new_product_that_was_deleted_is_not_encoded_at_a_start(shop: Shop, in_process: StageHandles) -> None:
    engine = shop.open()
    with writing(engine) as connection:
        upsert_products(connection, [NEW])
    engine.dispose()

    async def scenario() -> None:
        async with served(shop, in_process) as (serving, stage):
            assert stage.encoded == [NEW.text]
            await remove_product(serving, NEW.external_id)
            assert not serving.live.snapshot.allowed[serving.live.snapshot.catalog.row_of[NEW.external_id]]
            await put_products(serving, [replace(NEW, name="Rose garden seeds")])
            await remove_product(serving, NEW.external_id)
            await put_products(serving, [replace(NEW, name="Rose garden seeds")])  # back, with the vector it had
            assert len(stage.encoded) == 2
            await remove_product(serving, NEW.external_id)
        async with served(shop, in_process) as (serving, stage):
            assert NEW.external_id not in serving.live.snapshot.catalog.row_of
            assert stage.encoded == []

    play(scenario)


def test_products_written_during_a_swap_are_in_what_comes_after_it(shop: Shop, in_process: StageHandles) -> None:
    async def scenario() -> None:
        async with served(shop, in_process) as (serving, stage):
            since = serving.store.newest_change()
            completed = await serving.releases.completed(serving.live, serving.store.catalog())
            await put_products(serving, [NEW])
            await patch_product(serving, "wine-00", {"stock": 0})
            await serving.current.put(completed, since=since)
            snapshot = serving.live.snapshot
            assert snapshot.allowed[snapshot.catalog.row_of[NEW.external_id]]
            assert not snapshot.allowed[snapshot.catalog.row_of["wine-00"]]
            assert stage.encoded == [NEW.text]

    play(scenario)


class HeldUp(Counted):
    """Says nothing of ``other`` before it may, and then fails the first time that it reads `NEW` with it."""

    def __init__(self, stage: Any) -> None:
        super().__init__(stage)
        self.asked, self.may = asyncio.Event(), asyncio.Event()
        self.fails = True

    async def encode(self, calls: list[Any]) -> list[Any]:
        if calls[0].release == "other":
            self.asked.set()
            await self.may.wait()
            if self.fails and NEW.text in [call.text for call in calls]:
                self.fails = False
                raise aiohttp.ClientConnectionError("connection reset")
        return await asyncio.to_thread(self.answer, "encode", calls)


def with_another_encoder(shop: Shop) -> None:
    """Publish ``other``: its encoder is another file, so no vector of the first one's counts for it."""
    graph = onnx.load(release_store(shop.settings).fetch(shop.release) / ENCODER_GRAPH)
    graph.doc_string = "the same, differently spelled"
    published_variant(shop, "other", {ENCODER_GRAPH: graph.SerializeToString()})


def test_products_written_while_another_encoder_is_loaded_are_read_by_it(shop: Shop) -> None:
    """One is new, one has another text by now; the feed told of both before the release went live."""
    with_another_encoder(shop)
    pets = Product(external_id="garden-turned", name="Kitten pet treats", category="Pet treats", price=4.5)
    turned = replace(pets, name="Rose garden seeds", category="Seeds")
    embedding, *others = (InProcess(service) for service, _ in stages_of(shop))
    engine = shop.open()

    async def scenario() -> None:
        stage = HeldUp(embedding)
        async with served(shop, StageHandles(stage, *others), stage) as (serving, _):
            await put_products(serving, [pets])
            with writing(engine) as connection:
                record_deployment(connection, "other", action="promote", who="test", why="")
            await stage.asked.wait()
            await put_products(serving, [NEW, turned])
            newest = serving.store.newest_change()
            await until(lambda: serving.follower._cursor == newest)
            stage.may.set()
            await until(lambda: serving.live.snapshot.release == "other")
            await until(lambda: NEW.external_id in serving.live.snapshot.catalog.row_of)
            for product in (NEW, turned):
                assert all(cluster_of(one) == "garden" for one in nearest(serving, product.external_id))
            assert not stage.fails

    play(scenario)
    engine.dispose()
