"""What answers come from: a release over the store's catalog."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Final

import pytest
from sqlalchemy import Engine

from api.embeddings import Embeddings
from api.live import Live, go_live, with_products
from api.store_view import StoreView
from models.release import read_release
from recommender.catalog import Catalog, ProductRow
from recommender.rules.file import read_rules
from runners.shelf import release_store
from runners.stages import ReleaseStages, StageHandles
from tests.planted_shop import Shop

NOWHERE: Final = ReleaseStages(StageHandles(None, None, None), "planted", lambda stage, size: None)


@dataclass(frozen=True)
class Watched(Catalog):
    """Remembers where it was aligned."""

    def aligned(self, external_ids: Sequence[str]) -> Catalog:
        self.__dict__["aligned_in"] = threading.current_thread()
        return super().aligned(external_ids)


@pytest.fixture
def engine(planted_shop: Shop) -> Iterator[Engine]:
    engine = planted_shop.open()
    yield engine
    engine.dispose()


@pytest.fixture
def catalog(engine: Engine) -> Watched:
    read = StoreView(engine).catalog()
    return Watched(**{column.name: getattr(read, column.name) for column in fields(Catalog)})


@pytest.fixture
def live(planted_shop: Shop, engine: Engine, catalog: Watched) -> Live:
    release = read_release(release_store(planted_shop.settings).fetch(planted_shop.release))
    return asyncio.run(go_live(release, catalog, read_rules(), NOWHERE, Embeddings(engine)))


def test_the_catalog_is_aligned_beside_the_loop(live: Live, catalog: Watched) -> None:
    """The loop answers meanwhile; the index, which takes longest, must not be left to it either."""
    assert catalog.__dict__["aligned_in"] is not threading.current_thread()
    assert "row_of" in live.snapshot.catalog.__dict__


def test_where_no_product_changed_nothing_is_made_anew(live: Live) -> None:
    unknown = ProductRow(external_id="garden-new", name="Heirloom tomato garden seeds")
    assert with_products(live, [], {}) is live
    assert with_products(live, [unknown], {}) is live
