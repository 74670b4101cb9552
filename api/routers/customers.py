"""``/api/v1/customers``: whose visit it was, what customers say of themselves, and whether answers may be personal."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from api import customer_schemas as schemas
from api.routers.recommendations import PROBLEMS
from api.schemas import ID_LENGTH, ID_PATTERN, Problem
from api.serving import Serving
from api.transactions import write
from store.sessions import history_key, identify

CONFLICT: dict[int | str, dict[str, Any]] = {409: {"model": Problem, "content": {"application/problem+json": {}}}}

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
