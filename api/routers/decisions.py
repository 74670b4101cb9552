"""``/api/v1/decisions``: what was answered under a request id, and what came of it."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from api import problems, schemas
from api.serving import Serving
from store.decisions import StoredDecision

RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": schemas.Problem, "content": {"application/problem+json": {}}} for status in (404, 422, 503)
}

router = APIRouter(prefix="/api/v1/decisions", tags=["decisions"], responses=RESPONSES)

RequestId = Annotated[
    str,
    Path(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="Of an answer: in its header X-Request-Id and in its body"),
]


@router.get("/{request_id}", response_model=schemas.Decisions)
async def decisions(request: Request, request_id: RequestId) -> schemas.Decisions | Response:
    """The answers under this request id, newest first. They are written up to a second after they are given."""
    serving: Serving = request.app.state.serving
    found = await asyncio.to_thread(serving.store.decisions, request_id)
    if not found:
        detail = f"request_id={request_id!r}: no answer is kept under it, or it is not written yet"
        return problems.problem(request, problems.UNKNOWN_REQUEST, detail, field="request_id", value=request_id)
    return schemas.Decisions(decisions=[_shown(one) for one in found], request_id=request.state.request_id)


def _shown(stored: StoredDecision) -> schemas.Decision:
    instants = {name: datetime.fromtimestamp(getattr(stored, name), UTC) for name in ("generated_at", "expires_at")}
    return schemas.Decision(**asdict(stored) | instants)
