"""``/api/v1/customers/{id}/health``: encrypted, behind a token of its own, never in logs, metrics or problems."""

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api import schemas
from api.health_schemas import Health, HealthAnswer
from api.problems import UNREPEATED
from api.routers.customers import CustomerId
from api.routers.recommendations import NOT_FOUND, PROBLEMS
from api.serving import Serving
from api.transactions import read, write
from recommender.errors import UnknownCustomer
from store.errors import HealthDataLocked
from store.health import read_health, write_health

_BEARER = HTTPBearer(auto_error=False, description="SHELFWISE_HEALTH_TOKEN")


def authorised(request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> None:
    """401 without the right token. Nobody has one where SHELFWISE_HEALTH_TOKEN is not set: `HealthDataLocked`."""
    serving: Serving = request.app.state.serving
    token = serving.settings.health_token
    if not token:
        raise HealthDataLocked("SHELFWISE_HEALTH_TOKEN is not set, so nobody may read or write it")
    if sent is None or not hmac.compare_digest(sent.credentials.encode(), token.encode()):
        challenge = {"WWW-Authenticate": "Bearer"}
        raise HTTPException(401, "health data needs its own token as Authorization: Bearer", challenge)


DENIED: dict[int | str, dict[str, Any]] = {401: {"model": schemas.Problem, "content": {"application/problem+json": {}}}}

router = APIRouter(
    prefix="/api/v1/customers", tags=[UNREPEATED], responses=PROBLEMS | DENIED, dependencies=[Depends(authorised)]
)


@router.put("/{customer_id}/health", response_model_exclude_unset=True)
async def put(request: Request, customer_id: CustomerId, health: Health) -> HealthAnswer:
    """Replace this customer's health data, encrypted; an empty object removes it."""
    serving: Serving = request.app.state.serving
    data, keys = health.model_dump(exclude_unset=True), serving.settings.health_key_bytes
    await write(serving, lambda connection: write_health(connection, customer_id, data, keys))
    return HealthAnswer(user_id=customer_id, health=health, request_id=request.state.request_id)


@router.get("/{customer_id}/health", responses=NOT_FOUND, response_model_exclude_unset=True)
async def get(request: Request, customer_id: CustomerId) -> HealthAnswer:
    """This customer's health data; 404 where there is none."""
    serving: Serving = request.app.state.serving
    keys = serving.settings.health_key_bytes
    data = await read(serving, lambda connection: read_health(connection, customer_id, keys))
    if data is None:
        raise UnknownCustomer(customer_id)
    health = Health.model_validate(data)
    return HealthAnswer(user_id=customer_id, health=health, request_id=request.state.request_id)
