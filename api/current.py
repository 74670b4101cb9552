"""The live state of this process, and how it follows the shop's products."""

import asyncio
from collections.abc import Mapping, Sequence

from api.catalog_version import CatalogVersion
from api.embeddings import Embeddings, Texts, texts_of
from api.live import Live, lacking, with_products
from api.store_view import StoreView
from models.release import Release
from store.changes import Change, ChangeKind
from store.embeddings import Vector


class Current:
    """One reference that is replaced as a whole. Used from one event loop."""

    def __init__(self, store: StoreView, embeddings: Embeddings) -> None:
        self.live: Live | None = None
        """None before the first release is loaded."""
        self.catalog_version = CatalogVersion()
        self._store, self._embeddings = store, embeddings
        self._changing = asyncio.Lock()
        """Held from reading products until they are in the live state, so that the newest reading wins."""

    async def refresh(self, external_ids: Sequence[str], *, encode: bool = True) -> None:
        """Read these products from the store again: afterwards they count as they are there in the next answer.

        A new one without a vector is encoded, or left for the change feed. `StageUnavailable` where that cannot be
        done; the others count all the same.
        """
        # Stock and prices first: they must count even while a new product waits for its stage to embed it.
        live, texts = await self._take_in(external_ids, {}, None)
        if live is not None and texts and encode:
            vectors = await self._embeddings.of(live.release, live.stages, texts)
            await self._take_in(list(texts), vectors, live.release)

    async def _take_in(
        self, external_ids: Sequence[str], vectors: Mapping[str, Vector], release: Release | None
    ) -> tuple[Live | None, Texts]:
        """The state with these products as they are stored, and the texts that need a vector.

        Vectors of another ``release`` than the live one are not used: what is live by now has been completed since.
        """
        async with self._changing:
            products = await asyncio.to_thread(self._store.products, external_ids)
            if self.live is None:
                return None, {}
            stored = await self._embeddings.stored(self.live.release, lacking(self.live, products))
            given = vectors if self.live.release is release else {}
            self.live = with_products(self.live, products, {**given, **stored})
            self.catalog_version.moved()
            return self.live, lacking(self.live, products)

    async def put(self, live: Live, *, since: int) -> list[str]:
        """Make it live, with the products that changed after ``since``: while it was being completed.

        Returns their external ids. What its encoder has not read yet of them is left to `refresh`: it takes a stage.
        """
        async with self._changing:
            changed = await asyncio.to_thread(self._changed_products, since)
            products = await asyncio.to_thread(self._store.products, changed)
            vectors = await self._embeddings.stored(live.release, texts_of(products))
            self.live = with_products(live, products, vectors)
            self.catalog_version.moved()
            self.catalog_version.own_write()  # it may hold more than the feed has told of so far
            return changed

    def _changed_products(self, since: int) -> list[str]:
        found: dict[str, None] = {}
        while changes := self._store.changes(since):
            found |= dict.fromkeys(product_keys(changes))
            since = changes[-1].id
        return list(found)


def product_keys(changes: Sequence[Change]) -> list[str]:
    """External ids of the products that changed, each once."""
    return list(dict.fromkeys(change.key for change in changes if change.kind == ChangeKind.PRODUCT and change.key))
