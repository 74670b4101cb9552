"""Every error as application/problem+json (RFC 9457), mapped in one place."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.schemas import MANY_EVENTS, ONE_EVENT
from recommender.errors import InvalidInput, NoRelease, ShelfwiseError, UnknownCustomer, UnknownProduct
from store.errors import Conflict, HealthDataLocked, StoreUnavailable

TYPE_PREFIX: Final = "urn:shelfwise:problem:"
VALUE_LENGTH: Final = 200
"""Longer values are cut in answers: enough to recognise what was sent."""

_NO_FIELDS: Final = {"query", "path", "body", ONE_EVENT, MANY_EVENTS}
"""Parts of pydantic's locations that say where a value stood, and not which it is."""

UNREPEATED: Final = "health data"
"""Routes under this tag: what was sent to them stands in no problem."""

log = logging.getLogger("shelfwise.api")


@dataclass(frozen=True, slots=True)
class Kind:
    """A stable problem type with its status and title."""

    name: str
    status: int
    title: str


INVALID: Final = Kind("invalid-input", 422, "A value in the request cannot be used")
UNKNOWN_PRODUCT: Final = Kind("unknown-product", 404, "No such product")
UNKNOWN_REQUEST: Final = Kind("unknown-request", 404, "No answer is kept under this request id")
UNKNOWN_CUSTOMER: Final = Kind("unknown-customer", 404, "Nothing is kept of this customer")
NO_RELEASE: Final = Kind("no-release", 503, "No release is being served yet")
STORE: Final = Kind("store-unavailable", 503, "The database cannot be reached or written")
CONFLICT: Final = Kind("event-conflict", 409, "Another event was sent with this event_id")
CONTRADICTION: Final = Kind("conflict", 409, "What is stored says otherwise")
LOCKED: Final = Kind("health-data-locked", 503, "Health data cannot be kept or read with these settings")
INTERNAL: Final = Kind("internal", 500, "Something went wrong on our side")


def problem(request: Request, kind: Kind, detail: str, **further: Any) -> JSONResponse:  # noqa: ANN401
    """The answer for one problem; ``further`` members name the field, the value and so on."""
    request_id = request.state.request_id
    body = {
        "type": TYPE_PREFIX + kind.name,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "request_id": request_id,
        **further,
    }
    return AsciiJSON(body, status_code=kind.status, media_type="application/problem+json")


class AsciiJSON(JSONResponse):
    """What callers sent is repeated to them, and JSON can name half characters that UTF-8 cannot write."""

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - any JSON value
        return json.dumps(content, ensure_ascii=True, allow_nan=False).encode()


def install(app: FastAPI) -> None:
    """Register a handler per error of the tree."""
    handlers: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
        RequestValidationError: _unprocessable,
        InvalidInput: _invalid_input,
        UnknownProduct: _unknown_product,
        UnknownCustomer: _unknown_customer,
        NoRelease: _no_release,
        StoreUnavailable: _store_unavailable,
        Conflict: _conflict,
        HealthDataLocked: _locked,
        HTTPException: _http,
        ShelfwiseError: _internal,
    }
    for error, handler in handlers.items():
        app.add_exception_handler(error, handler)


async def _unprocessable(request: Request, error: RequestValidationError) -> Response:
    if UNREPEATED in getattr(request.scope.get("route"), "tags", ()):
        return _wrong_and_unrepeated(request, [field_of(one) for one in error.errors()])
    errors = [named(one) for one in error.errors()]
    return problem(request, INVALID, **in_words(errors[0]), errors=errors)


def _wrong_and_unrepeated(request: Request, wrong: Sequence[str]) -> Response:
    """Which fields are wrong, and neither their values nor a reason that might tell them."""
    detail = f"{wrong[0]}: is not what /docs says of it; the value is not repeated here"
    return problem(request, INVALID, detail, field=wrong[0], errors=[{"field": one} for one in wrong])


async def _invalid_input(request: Request, error: InvalidInput) -> Response:
    return problem(request, INVALID, str(error), field=error.field, value=shown(error.value))


async def _unknown_product(request: Request, error: UnknownProduct) -> Response:
    return problem(request, UNKNOWN_PRODUCT, str(error), field=error.field, value=shown(error.value))


async def _unknown_customer(request: Request, error: UnknownCustomer) -> Response:
    return problem(request, UNKNOWN_CUSTOMER, str(error), field=error.field, value=shown(error.value))


async def _no_release(request: Request, error: NoRelease) -> Response:
    return problem(request, NO_RELEASE, str(error), retry_after_seconds=5)


async def _store_unavailable(request: Request, error: StoreUnavailable) -> Response:
    return problem(request, STORE, str(error), retry_after_seconds=1)


async def _conflict(request: Request, error: Conflict) -> Response:
    return problem(request, CONTRADICTION, str(error), field=error.field, value=shown(error.value))


async def _locked(request: Request, error: HealthDataLocked) -> Response:
    return problem(request, LOCKED, str(error))


async def _http(request: Request, error: HTTPException) -> Response:
    kind = Kind(f"http-{error.status_code}", error.status_code, str(error.detail))
    answer = problem(request, kind, f"{request.method} {request.url.path}: {error.detail}")
    answer.headers.update(error.headers or {})
    return answer


async def _internal(request: Request, error: ShelfwiseError) -> Response:
    log.error("request %s failed", request.state.request_id, exc_info=error)
    return problem(request, INTERNAL, "the error is in the log under this request id")


def named(error: Mapping[str, Any]) -> dict[str, Any]:
    """Field, value and reason of one of pydantic's errors."""
    return {"field": field_of(error), "value": value_of(error), "reason": error["msg"]}


def in_words(error: Mapping[str, Any]) -> dict[str, Any]:
    """Detail, field and value of an answer, from what `named` says."""
    detail = f"{error['field']}={error['value']!r}: {error['reason']}"
    return {"detail": detail, "field": error["field"], "value": error["value"]}


def field_of(error: Mapping[str, Any]) -> str:
    """``limit`` rather than ``query.limit``: where it stood is clear from the request."""
    if error["type"] == "json_invalid":
        return "body"
    parts = [str(part) for part in error["loc"] if part not in _NO_FIELDS]
    return ".".join(parts) or "body"


def value_of(error: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever the caller sent
    """What was sent there; pydantic gives the whole object where a field is missing from it."""
    return None if error["type"] == "missing" else shown(error.get("input"))


def shown(value: Any) -> Any:  # noqa: ANN401 - whatever the caller sent
    """The value as an answer repeats it: a number or a text as it is, anything else as text, cut where it is long."""
    if value is None or isinstance(value, bool | int | float):
        return value if value == value and value not in (float("inf"), float("-inf")) else str(value)
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= VALUE_LENGTH else text[:VALUE_LENGTH] + "…"
