"""``/api/v1/interactions``: what shoppers do, on disk before it is acknowledged."""

import time
from datetime import UTC
from typing import Any

from fastapi import APIRouter, Request, Response

from api import metrics, problems, schemas
from api.serving import Serving
from recommender.errors import InvalidInput
from store.events import Event, EventResult

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": schemas.Problem, "content": {"application/problem+json": {}}} for status in (409, 422, 503)
}

router = APIRouter(prefix="/api/v1/interactions", tags=["events"], responses=PROBLEMS)


@router.post("", status_code=201, response_model=schemas.Accepted)
async def record(request: Request, interaction: schemas.Interaction) -> schemas.Accepted | Response:
    """Record one event. It counts in this customer's very next answer.

    Sent again with the same ``event_id`` and content it changes nothing; with other content it is a conflict.
    """
    serving: Serving = request.app.state.serving
    if interaction.user_id is None and interaction.session_id is None:
        raise InvalidInput("user_id", None, "either user_id or session_id is needed")
    result = (await serving.record([_event(serving, interaction)]))[0]
    metrics.EVENTS.labels(interaction.interaction_type, result).inc()
    if result is EventResult.CONFLICT:
        detail = f"event_id={interaction.event_id!r}: was sent before with other content; nothing was changed"
        return problems.problem(request, problems.CONFLICT, detail, field="event_id", value=interaction.event_id)
    return schemas.Accepted(status=result, event_id=interaction.event_id, request_id=request.state.request_id)


def _event(serving: Serving, sent: schemas.Interaction) -> Event:
    moment = sent.occurred_at
    if moment is not None:
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if moment.timestamp() > time.time() + 86_400:
            raise InvalidInput("occurred_at", moment.isoformat(), "lies more than a day in the future")
    return Event(
        product_id=serving.external_id(sent.product_id),
        type=sent.interaction_type,
        user_id=sent.user_id,
        session_id=sent.session_id,
        occurred_at=None if moment is None else moment.timestamp(),
        event_id=sent.event_id,
        quantity=sent.quantity,
        price=sent.price,
        order_id=sent.order_id,
        metadata=sent.metadata,
        request_id=sent.request_id,
        position=sent.position,
    )
