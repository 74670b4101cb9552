"""``/api/v1/interactions``: what shoppers do, on disk before it is acknowledged."""

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from api import metrics, problems, schemas
from api.sent_events import INVALID, conflict_detail, judge, outcomes, to_event
from api.serving import Serving
from store.events import Event, EventResult

RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"model": schemas.BatchAccepted, "description": "A batch: one result per event"},
    **{status: {"model": schemas.Problem, "content": {"application/problem+json": {}}} for status in (409, 422, 503)},
}

router = APIRouter(prefix="/api/v1/interactions", tags=["events"], responses=RESPONSES)


@router.post("", status_code=201, response_model=schemas.Accepted)
async def record(request: Request, sent: Annotated[schemas.SentEvents, Body()]) -> schemas.Accepted | Response:
    """Record one event, or a batch of up to 1,000 under ``events``. They count in the customer's very next answer.

    Sent again with the same ``event_id`` and content an event changes nothing; with other content it is a conflict.
    A batch is written at once; an event of it that cannot be used is ``invalid`` and does not sink the others.
    """
    if isinstance(sent, schemas.Batch):
        return await _record_batch(request, sent)
    serving: Serving = request.app.state.serving
    event = to_event(serving, sent)
    result = (await serving.record([event]))[0]
    _count(event, result)
    if result is EventResult.CONFLICT:
        detail = conflict_detail(sent.event_id)
        return problems.problem(request, problems.CONFLICT, detail, field="event_id", value=sent.event_id)
    return schemas.Accepted(status=result, event_id=sent.event_id, request_id=request.state.request_id)


async def _record_batch(request: Request, batch: schemas.Batch) -> Response:
    serving: Serving = request.app.state.serving
    judged = [judge(serving, sent) for sent in batch.events]
    events = [one.event for one in judged if one.event is not None]
    results = await serving.record(events)
    for event, result in zip(events, results, strict=True):
        _count(event, result)
    metrics.EVENTS.labels("unknown", INVALID).inc(len(judged) - len(events))
    found = list(outcomes(judged, results))
    counts = dict(Counter(one.status for one in found))
    answer = schemas.BatchAccepted(results=found, counts=counts, request_id=request.state.request_id)
    return problems.AsciiJSON(answer.model_dump(exclude_unset=True))


def _count(event: Event, result: EventResult) -> None:
    metrics.EVENTS.labels(event.type, result).inc()
