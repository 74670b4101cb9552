"""``/api/v1/customers``: whose visit it was, what customers say of themselves, and whether answers may be personal."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from sqlalchemy import Connection

from api import customer_schemas as schemas
from api.profile_schemas import Profile
from api.routers.recommendations import NOT_FOUND, PROBLEMS
from api.schemas import ID_LENGTH, ID_PATTERN, Problem
from api.serving import Serving
from api.transactions import read, write
from recommender.errors import UnknownCustomer
from store.customers import Customer, keys_of_customer, read_customer, record_consent, state_profile
from store.instants import to_seconds
from store.sessions import history_key, identify

CONFLICT: dict[int | str, dict[str, Any]] = {409: {"model": Problem, "content": {"application/problem+json": {}}}}

_WORDS: Final = {True: "on", False: "off"}

router = APIRouter(prefix="/api/v1/customers", tags=["customers"], responses=PROBLEMS)

CustomerId = Annotated[
    str,
    Path(min_length=1, max_length=ID_LENGTH, pattern=ID_PATTERN, description="The shop's own id", examples=["1053"]),
]


@router.post("/{customer_id}/identify", responses=CONFLICT)
async def identify_session(request: Request, customer_id: CustomerId, sent: schemas.Identify) -> schemas.Identified:
    """This visit was this customer's: its events that name no user are theirs, earlier and later ones.

    They count in the customer's very next answer. A session that is known as another customer's is a conflict.
    """
    serving: Serving = request.app.state.serving
    new = await write(serving, lambda connection: identify(connection, session_id=sent.session_id, user_id=customer_id))
    serving.forget([history_key(customer_id, None), history_key(None, sent.session_id)])
    return schemas.Identified(status="identified" if new else "known", request_id=request.state.request_id)


@router.put("/{customer_id}", responses=CONFLICT)
async def state(request: Request, customer_id: CustomerId, profile: Profile) -> schemas.CustomerProfile:
    """Replace what this customer states. It counts in their next list while they have no events.

    Refused (409) where they do not want personal answers. What a job computed of them is never touched.
    """
    serving: Serving = request.app.state.serving
    stated, default = profile.model_dump(exclude_unset=True), serving.settings.personal_by_default
    return await _changed(
        request, customer_id, lambda connection: state_profile(connection, customer_id, stated, default=default)
    )


@router.put("/{customer_id}/consent")
async def consent(request: Request, customer_id: CustomerId, sent: schemas.Consent) -> schemas.CustomerProfile:
    """Record whether answers may be personal, with time and source. Off counts everywhere at once."""
    decided = {"on": True, "off": False, "unset": None}[sent.personalization]
    return await _changed(
        request, customer_id, lambda connection: record_consent(connection, customer_id, decided, source=sent.source)
    )


@router.get("/{customer_id}", responses=NOT_FOUND)
async def get(request: Request, customer_id: CustomerId) -> schemas.CustomerProfile:
    """What is stated, computed and decided; events, sessions and the rest are in the export."""
    return await _answer(request, customer_id)


async def _changed(request: Request, customer_id: str, change: Callable[[Connection], None]) -> schemas.CustomerProfile:
    """The customer after a change that counts in this process at once, and in others by the change feed."""
    serving: Serving = request.app.state.serving

    def act(connection: Connection) -> list[str]:
        change(connection)
        return keys_of_customer(connection, customer_id)

    serving.forget(await write(serving, act))
    return await _answer(request, customer_id)


async def _answer(request: Request, customer_id: str) -> schemas.CustomerProfile:
    serving: Serving = request.app.state.serving
    found = await read(serving, lambda connection: read_customer(connection, customer_id))
    if found is None:
        raise UnknownCustomer(customer_id)
    return schemas.CustomerProfile(
        user_id=customer_id,
        stated=found.stated,
        computed=found.computed,
        consent=_consent(found, serving.settings.personal_by_default),
        created_at=_moment(found.created_at),
        updated_at=_moment(found.updated_at),
        request_id=request.state.request_id,
    )


def _consent(found: Customer, default: bool) -> schemas.RecordedConsent:
    decided = found.personalization
    return schemas.RecordedConsent(
        personalization="unset" if decided is None else _WORDS[decided],
        source=found.consent_source,
        recorded_at=None if found.consent_at is None else _moment(found.consent_at),
        effective=_WORDS[default if decided is None else decided],
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(to_seconds(milliseconds), UTC)
