"""From what callers send to events that can be stored, and to the outcome of each event of a batch."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from api import problems, schemas
from api.serving import Serving
from recommender.errors import InvalidInput
from store.events import Event, EventResult

FUTURE_S: Final = 86_400.0
"""A shop's clock may be wrong, or in another zone, by so much; what lies later is a mistake and is refused."""

INVALID: Final = "invalid"


def to_event(serving: Serving, sent: schemas.Interaction) -> Event:
    """The event to store. Raises InvalidInput for what the fields do not say by themselves."""
    if sent.user_id is None and sent.session_id is None:
        raise InvalidInput("user_id", None, "either user_id or session_id is needed")
    return Event(
        product_id=None if sent.product_id is None else serving.external_id(sent.product_id),
        type=sent.interaction_type,
        user_id=sent.user_id,
        session_id=sent.session_id,
        occurred_at=_occurred_at(sent.occurred_at),
        event_id=sent.event_id,
        quantity=sent.quantity,
        price=sent.price,
        order_id=sent.order_id,
        metadata=sent.metadata,
        request_id=sent.request_id,
        position=sent.position,
        query=sent.query,
    )


def _occurred_at(moment: datetime | None) -> float | None:
    """Epoch seconds, as sent: a time moved to now would make a repeated event another event."""
    if moment is None:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    seconds = moment.timestamp()
    if seconds > time.time() + FUTURE_S:
        raise InvalidInput("occurred_at", moment.isoformat(), "lies more than a day in the future")
    if seconds < 0:
        raise InvalidInput("occurred_at", moment.isoformat(), "lies before 1970")
    return seconds


@dataclass(frozen=True, slots=True)
class Judged:
    """One event of a batch: to be stored, or invalid for a reason."""

    event: Event | None
    problem: schemas.EventOutcome | None


def judge(serving: Serving, sent: Any) -> Judged:  # noqa: ANN401 - whatever the caller sent
    """The event, or what is wrong with it."""
    try:
        return Judged(to_event(serving, schemas.Interaction.model_validate(sent)), None)
    except ValidationError as error:
        wrong = problems.in_words(problems.named(error.errors(include_url=False)[0]))
    except InvalidInput as error:
        wrong = {"detail": str(error), "field": error.field, "value": problems.shown(error.value)}
    event_id = sent.get("event_id") if isinstance(sent, dict) else None
    shown_id = {"event_id": problems.shown(event_id)} if isinstance(event_id, str) else {}
    return Judged(None, schemas.EventOutcome(status=INVALID, **shown_id, **wrong))


def outcomes(judged: Sequence[Judged], results: Sequence[EventResult]) -> Iterator[schemas.EventOutcome]:
    """One outcome per judged event, in order; ``results`` are of those that could be stored, in order."""
    remaining = iter(results)
    for one in judged:
        if one.problem is not None:
            yield one.problem
        elif one.event is not None:
            yield _outcome(one.event, next(remaining))


def _outcome(event: Event, result: EventResult) -> schemas.EventOutcome:
    known = {} if event.event_id is None else {"event_id": event.event_id}
    if result is not EventResult.CONFLICT:
        return schemas.EventOutcome(status=result, **known)
    detail = conflict_detail(event.event_id)
    return schemas.EventOutcome(status=result, **known, field="event_id", value=event.event_id, detail=detail)


def conflict_detail(event_id: str | None) -> str:
    """Why an event under a known id is not stored."""
    return f"event_id={event_id!r}: was sent before with other content; nothing was changed"
