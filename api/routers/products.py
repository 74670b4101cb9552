"""``/api/v1/products``: the catalog, as the shop sends it and as recommendations know it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request

from api import product_schemas as schemas
from api.live import Live, is_embedded
from api.problems import shown
from api.product_writes import patch_product, put_products, remove_product, stored_page, stored_product
from api.routers.recommendations import NOT_FOUND, PROBLEMS, ProductId
from api.serving import Serving
from recommender.catalog import product_uuid
from recommender.errors import InvalidInput, NoRelease
from store.catalog import Product
from store.products import StoredProduct
from store.variants import Variant, stored_variants

NOT_LIVE: Final = "not_embedded"
"""Refuses a new product until its text has been embedded; no rule of the rules file."""
UNPOPULAR: Final = schemas.Popularity(score=0.0, rank=None)

router = APIRouter(prefix="/api/v1/products", tags=["catalog"], responses=PROBLEMS)


@router.post("")
async def put(request: Request, batch: schemas.ProductBatch) -> schemas.BatchResult:
    """Add products, or replace them wholly; a deleted one is back. Of two with the same id the later counts.

    Each product has a result of its own: a bad one does not keep the others from being stored. New products are
    embedded before the answer, which takes some seconds for hundreds of them.
    """
    serving: Serving = request.app.state.serving
    checked = [_checked(serving, sent) for sent in batch.products]
    accepted = [one for one in checked if isinstance(one, Product)]
    await put_products(serving, accepted)
    return schemas.BatchResult(
        results=[_result(one) for one in checked],
        stored=len(accepted),
        invalid=len(checked) - len(accepted),
        request_id=request.state.request_id,
    )


@router.get("")
async def list_products(request: Request, page: Annotated[schemas.ProductPage, Query()]) -> schemas.ProductList:
    """Products ordered by external id, a page at a time: ask again with ``after`` = ``next`` until that is null."""
    serving: Serving = request.app.state.serving
    stored = await stored_page(serving, page.after, page.limit + 1)
    listed = stored[: page.limit]
    return schemas.ProductList(
        products=[_answer(serving, one) for one in listed],
        next=listed[-1].product.external_id if len(stored) > page.limit else None,
        request_id=request.state.request_id,
    )


@router.get("/{product_id}", responses=NOT_FOUND)
async def get(request: Request, product_id: ProductId) -> schemas.ProductAnswer:
    """What is stored of a product, what recommendations know of it, and whether a hard rule keeps it out."""
    serving: Serving = request.app.state.serving
    return _answer(serving, await stored_product(serving, product_id))


@router.patch("/{product_id}", responses=NOT_FOUND)
async def patch(request: Request, product_id: ProductId, change: schemas.ProductChange) -> schemas.ProductAnswer:
    """Change stock, price or active. It is on disk before the answer, and counts in the next one."""
    serving: Serving = request.app.state.serving
    values = change.model_dump(include=change.model_fields_set)
    if not values:
        raise InvalidInput("body", "{}", "name at least one of stock, price, active")
    await patch_product(serving, product_id, values)
    return _answer(serving, await stored_product(serving, product_id))


@router.delete("/{product_id}", status_code=204, responses=NOT_FOUND)
async def delete(request: Request, product_id: ProductId) -> None:
    """Take a product out of every answer. What was bought of it still tells of taste; a POST brings it back."""
    await remove_product(request.app.state.serving, product_id)


def _checked(serving: Serving, sent: schemas.SentProduct | schemas.Refusal) -> Product | schemas.Refusal:
    if isinstance(sent, schemas.Refusal):
        return sent
    moment = sent.created_at
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return Product(
            external_id=serving.external_id(sent.product_id),
            name=sent.name,
            category=sent.category,
            brand=sent.brand,
            description=sent.description,
            price=sent.price,
            image_url=sent.image_url,
            stock=sent.stock,
            active=sent.active,
            created_at=None if moment is None else moment.timestamp(),
            attributes=sent.attributes,
            variants=tuple(Variant(id=one.id, attributes=one.attributes, stock=one.stock) for one in sent.variants),
        )
    except InvalidInput as error:
        return schemas.Refusal(sent.product_id, error.field, shown(error.value), str(error))


def _result(one: Product | schemas.Refusal) -> schemas.ProductResult:
    if isinstance(one, Product):
        return schemas.ProductResult(
            product_id=product_uuid(one.external_id), external_product_id=one.external_id, status="stored"
        )
    return schemas.ProductResult(
        product_id=None,
        external_product_id=_writable(shown(one.product_id)),
        status="invalid",
        field=_writable(one.field),
        value=_writable(one.value),
        detail=_writable(one.detail),
    )


def _writable(value: Any) -> Any:  # noqa: ANN401 - what `shown` gives
    """JSON can name half characters that UTF-8 cannot write back: they are spelt out."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _answer(serving: Serving, stored: StoredProduct) -> schemas.ProductAnswer:
    product, known = stored.product, _known(serving, stored.product.external_id)
    return schemas.ProductAnswer(
        product_id=product_uuid(product.external_id),
        external_product_id=product.external_id,
        name=product.name,
        category=product.category,
        brand=product.brand,
        description=product.description,
        price=product.price,
        image_url=product.image_url,
        stock=product.stock,
        active=product.active,
        created_at=None if product.created_at is None else datetime.fromtimestamp(product.created_at, UTC),
        updated_at=datetime.fromtimestamp(stored.updated_at, UTC),
        attributes=dict(product.attributes),
        variants=[schemas.SentVariant(**one) for one in stored_variants(product.variants) or ()],
        embedded=known.embedded,
        release=known.release,
        popularity=known.popularity,
        recommendable=known.refused_by is None,
        refused_by=known.refused_by,
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What the live state knows of a product."""

    embedded: bool = False
    release: str | None = None
    popularity: schemas.Popularity = UNPOPULAR
    refused_by: schemas.RefusedBy | None = None


def _known(serving: Serving, external_id: str) -> _Known:
    try:
        live = serving.live
    except NoRelease as missing:
        return _Known(refused_by=schemas.RefusedBy(rule="no_release", detail=str(missing)))
    row = live.snapshot.catalog.row_of.get(external_id)
    if row is None:
        return _Known(refused_by=schemas.RefusedBy(rule=NOT_LIVE, detail="waits for the embedding stage"))
    violation = live.snapshot.compiled.violation(row)
    return _Known(
        embedded=is_embedded(live, row),
        release=live.snapshot.release if row < live.known else None,
        popularity=_popularity(live, row),
        refused_by=None if violation is None else schemas.RefusedBy(rule=violation[0], detail=violation[1]),
    )


def _popularity(live: Live, row: int) -> schemas.Popularity:
    score = float(live.snapshot.popularity[row]) if row < len(live.snapshot.popularity) else 0.0
    rank = int(live.snapshot.popular_rank[row]) + 1 if score > 0 else None
    return schemas.Popularity(score=round(score, 6), rank=rank)
