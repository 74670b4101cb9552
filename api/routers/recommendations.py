"""``/api/v1/recommendations``: the native dialect (seed 004)."""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Path, Query, Request, Response

from api import metrics, schemas
from api.answers import Answer, Origin, new_trace, with_what_was_asked
from api.customers import STRANGER, Customer
from api.decisions import decision_of
from api.live import Live
from api.serving import Serving
from recommender import types
from recommender.catalog import product_uuid
from recommender.errors import InvalidInput, UnknownProduct
from recommender.trace import Trace
from recommender.types import SOURCES, Context, Slate
from store.errors import StoreUnavailable
from store.sessions import history_key

CART_LIMIT = 100
"""Products of one cart that are looked at."""

NOT_PERSONAL: Final = "not_personal"
"""In the strategy of an answer to a customer who does not want personal ones: it is what a stranger would get."""

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": schemas.Problem, "content": {"application/problem+json": {}}} for status in (422, 503)
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"model": schemas.Problem, "content": {"application/problem+json": {}}}
}

router = APIRouter(prefix="/api/v1/recommendations", tags=["recommendations"], responses=PROBLEMS)

ProductId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=128,
        pattern=r"^[^\s\x00-\x1f\x7f]+$",
        description="Either id of the product",
        examples=["1082185"],
    ),
]


@router.get("/homepage", response_model_exclude_unset=True)
async def homepage(
    request: Request, response: Response, query: Annotated[schemas.HomepageQuery, Query()]
) -> schemas.Recommendations:
    """What this shopper should see now; a popular list where nothing is known of them."""
    return await _answer(request, response, query, Context.HOMEPAGE, query.limit, [])


@router.get("/product/{product_id}", responses=NOT_FOUND, response_model_exclude_unset=True)
async def similar_products(
    request: Request,
    response: Response,
    product_id: ProductId,
    query: Annotated[schemas.ProductQuery, Query()],
) -> schemas.Recommendations:
    """Products like this one and bought with it."""
    anchors = [("product_id", product_id)]
    return await _answer(request, response, query, Context.PRODUCT_PAGE, query.limit, anchors)


@router.get("/frequently-bought-together/{product_id}", responses=NOT_FOUND, response_model_exclude_unset=True)
async def frequently_bought_together(
    request: Request,
    response: Response,
    product_id: ProductId,
    query: Annotated[schemas.TogetherQuery, Query()],
) -> schemas.Recommendations:
    """Products from the same baskets, filled up with similar ones; ``strategy`` says which it was."""
    anchors = [("product_id", product_id)]
    return await _answer(request, response, query, Context.BOUGHT_TOGETHER, query.limit, anchors)


@router.get("/cart", responses=NOT_FOUND, response_model_exclude_unset=True)
async def cart(
    request: Request, response: Response, query: Annotated[schemas.CartQuery, Query()]
) -> schemas.Recommendations:
    """What goes with this cart; never what is in it."""
    ids = list(dict.fromkeys(part.strip(" ") for part in query.product_ids.split(",") if part.strip(" ")))
    for one in ids:
        if not re.fullmatch(schemas.ID_PATTERN, one) or len(one) > schemas.ID_LENGTH:
            raise InvalidInput("product_ids", one, "is not an id: 1 to 128 characters without spaces")
    if not ids:
        raise InvalidInput("product_ids", query.product_ids, "names no product")
    if len(ids) > CART_LIMIT:
        raise InvalidInput("product_ids", f"{len(ids)} products", f"at most {CART_LIMIT} products")
    return await _answer(request, response, query, Context.CART, query.limit, [("product_ids", one) for one in ids])


async def _answer(
    request: Request,
    response: Response,
    shopper: schemas.Shopper,
    context: Context,
    limit: int,
    anchors: Sequence[tuple[str, str]],
) -> schemas.Recommendations:
    serving: Serving = request.app.state.serving
    live = serving.live
    versions = serving.versions(live)
    rows = list(dict.fromkeys(_row(live, field, product_id) for field, product_id in anchors))
    customer, degraded = await _customer(serving, live, shopper)
    degraded += ("change_feed",) if serving.lagging else ()
    trace = new_trace(live)
    query = types.Query(
        context=context, limit=limit, at=time.time(), history=customer.history, anchors=np.array(rows, dtype=np.int64)
    )
    query, unasked = await with_what_was_asked(query, customer, live, trace)
    answer = await serving.answer(live, versions, query, trace, degraded=degraded + unasked, explain=shopper.explain)
    _observe(answer)
    response.headers["Server-Timing"] = _server_timing(answer.trace)
    shown = _shown(answer, request.state.request_id, shopper, personal=customer.personal)
    serving.keep(
        decision_of(
            answer,
            request_id=shown.request_id,
            customer_key=history_key(shopper.user_id, shopper.session_id) if customer.known else "",
            generated_at=shown.generated_at.timestamp(),
            share=1.0 if shopper.explain else serving.record_share,
        )
    )
    return shown


def _shown(answer: Answer, request_id: str, shopper: schemas.Shopper, *, personal: bool) -> schemas.Recommendations:
    live, slate = answer.live, answer.slate
    shown = schemas.Recommendations(
        recommendations=[_product(live, slate, place) for place in range(len(slate))],
        request_id=request_id,
        context=answer.query.context,
        user_id=shopper.user_id,
        generated_at=datetime.now(UTC),
        release=live.snapshot.release,
        strategy=slate.strategy if personal else f"{slate.strategy}:{NOT_PERSONAL}",
        degraded=list(slate.degraded),
    )
    if shopper.explain:
        shown.explanation = _explanation(live, answer.query.context, slate, answer.trace)
    return shown


async def _customer(serving: Serving, live: Live, shopper: schemas.Shopper) -> tuple[Customer, tuple[str, ...]]:
    """What is known of the shopper; a database that cannot answer costs personality, not the answer."""
    try:
        return await serving.customer(live, shopper.user_id, shopper.session_id), ()
    except StoreUnavailable:
        return STRANGER, ("history",)


def _row(live: Live, field: str, product_id: str) -> int:
    row = live.snapshot.catalog.row_of.get(product_id)
    if row is None or live.snapshot.catalog.deleted[row]:
        raise UnknownProduct(field, product_id)
    return row


def _product(live: Live, slate: Slate, place: int) -> schemas.RecommendedProduct:
    catalog, row = live.snapshot.catalog, int(slate.item[place])
    external_id, price = str(catalog.external_id[row]), float(catalog.price[row])
    return schemas.RecommendedProduct(
        product_id=product_uuid(external_id),
        external_product_id=external_id,
        name=catalog.name[row],
        category=catalog.category_name(row),
        price=None if np.isnan(price) else round(price, 2),
        image_url=catalog.image_url[row],
        score=round(float(slate.score[place]), 6),
        position=place + 1,
    )


def _observe(answer: Answer) -> None:
    for reason in answer.slate.degraded:
        metrics.DEGRADED.labels(reason).inc()
    if answer.origin is Origin.SHARED:
        return  # its stages ran once, for another request
    for stage, seconds in answer.trace.seconds.items():
        metrics.STAGES.labels(stage).observe(seconds)
    if answer.origin is Origin.COMPUTED:
        for source, count in answer.slate.found_by.items():
            metrics.CANDIDATES.labels(source).observe(count)
        for removal in answer.slate.removals:
            metrics.REMOVED.labels(removal.rule).inc()


def _server_timing(trace: Trace) -> str:
    return ", ".join(f"{stage};dur={seconds * 1000:.2f}" for stage, seconds in trace.seconds.items())


def _explanation(live: Live, context: Context, slate: Slate, trace: Trace) -> schemas.Explanation:
    weights = live.snapshot.weights(context).vector()
    return schemas.Explanation(
        blender="learned" if slate.learned else "weights",
        weights={} if slate.learned else _by_source(weights),
        candidates={str(source): count for source, count in slate.found_by.items()},
        products=[
            schemas.ExplainedProduct(
                product_id=product_uuid(str(live.snapshot.catalog.external_id[row])),
                evidence=_by_source(evidence),
                contributions={} if slate.learned else _by_source(evidence * weights),
                blend=round(float(blend), 6),
                rerank=round(float(rerank), 6),
            )
            for row, evidence, blend, rerank in zip(slate.item, slate.evidence, slate.blend, slate.rerank, strict=True)
        ],
        removals=[_removal(live, removal) for removal in slate.removals],
        milliseconds={stage: round(seconds * 1000, 3) for stage, seconds in trace.seconds.items()},
    )


def _removal(live: Live, removal: types.Removal) -> schemas.ExplainedRemoval:
    external_id = str(live.snapshot.catalog.external_id[removal.item])
    return schemas.ExplainedRemoval(
        product_id=product_uuid(external_id),
        external_product_id=external_id,
        rule=removal.rule,
        detail=removal.detail,
    )


def _by_source(values: np.ndarray[Any, Any]) -> dict[str, float]:
    return {str(source): round(float(value), 6) for source, value in zip(SOURCES, values, strict=True)}
