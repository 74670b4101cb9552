"""The shop's own changes of its catalog: durable in the store, then in this process's next answer."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from api.metrics import DEGRADED
from api.serving import Serving
from api.transactions import read, write
from recommender.errors import ShelfwiseError, UnknownProduct
from store.catalog import Product, upsert_products
from store.products import StoredProduct, change_product, delete_product, find_product, list_products

log = logging.getLogger("shelfwise.products")


async def put_products(serving: Serving, products: Sequence[Product]) -> None:
    """Add or wholly replace products. New ones are embedded first, so that others find their vectors stored."""
    if not products:
        return
    embedded = await _survives("embedding new products", lambda: _embed(serving, products))
    await write(serving, lambda connection: upsert_products(connection, products))
    await _show(serving, [product.external_id for product in products], encode=embedded)


async def patch_product(serving: Serving, product_id: str, values: Mapping[str, Any]) -> None:
    """Change stock, price or active; `UnknownProduct` where neither id is there."""
    changed = await write(serving, lambda connection: change_product(connection, product_id, values))
    if changed is None:
        raise UnknownProduct("product_id", product_id)
    await _show(serving, [changed], encode=True)


async def remove_product(serving: Serving, product_id: str) -> None:
    """Delete a product; `UnknownProduct` where neither id is there, or it was deleted before."""
    deleted = await write(serving, lambda connection: delete_product(connection, product_id))
    if deleted is None:
        raise UnknownProduct("product_id", product_id)
    await _show(serving, [deleted], encode=False)


async def stored_product(serving: Serving, product_id: str) -> StoredProduct:
    """What is stored of it; `UnknownProduct` where neither id is there, or it was deleted."""
    found = await read(serving, lambda connection: find_product(connection, product_id))
    if found is None:
        raise UnknownProduct("product_id", product_id)
    return found


async def stored_page(serving: Serving, after: str, limit: int) -> list[StoredProduct]:
    """Up to ``limit`` products after this external id."""
    return await read(serving, lambda connection: list_products(connection, after=after, limit=limit))


async def _embed(serving: Serving, products: Sequence[Product]) -> None:
    live = serving.live
    row_of = live.snapshot.catalog.row_of
    new = [one for one in products if row_of.get(one.external_id, live.known) >= live.known]
    texts = {product.external_id: product.text or product.name for product in new}
    await serving.embeddings.of(live.release, live.stages, texts)


async def _show(serving: Serving, external_ids: Sequence[str], *, encode: bool) -> None:
    await _survives("showing changed products", lambda: serving.refresh(external_ids, encode=encode))


async def _survives(what: str, act: Callable[[], Awaitable[None]]) -> bool:
    """Whether it worked. The write decides about the answer: what else failed, the change feed does again."""
    try:
        await act()
    except ShelfwiseError as error:
        log.warning("%s: %s; left to the change feed", what, error)
        DEGRADED.labels("change_feed").inc()
        return False
    return True
