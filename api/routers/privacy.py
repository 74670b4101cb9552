"""What the law asks of who keeps customers' data: to give all of it to them, and to erase all of it."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request

from api import customer_schemas as schemas
from api.routers.customers import CustomerId
from api.routers.recommendations import NOT_FOUND, PROBLEMS
from api.serving import Serving
from api.transactions import read, require_store
from recommender.errors import UnknownCustomer
from store.erasures import Certificate, read_certificate
from store.export import export_customer
from store.instants import to_seconds
from store.personal_data import erase_customer

router = APIRouter(prefix="/api/v1/customers", tags=["privacy"], responses=PROBLEMS)

CertificateId = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="As the erasure answered")]


@router.get("/{customer_id}/export", responses=NOT_FOUND)
async def export(request: Request, customer_id: CustomerId) -> schemas.Export:
    """Everything that is kept of this customer, but for health data: that has an address of its own."""
    serving: Serving = request.app.state.serving
    data = await read(serving, lambda connection: export_customer(connection, customer_id))
    if not data:
        raise UnknownCustomer(customer_id)
    return schemas.Export(
        user_id=customer_id, exported_at=datetime.now(UTC), data=data, request_id=request.state.request_id
    )


@router.delete("/{customer_id}")
async def erase(request: Request, customer_id: CustomerId) -> schemas.Erasure:
    """Erase this customer: every table, at once in every process, and from the next training on in releases."""
    serving: Serving = request.app.state.serving
    require_store(serving)
    rejects = serving.settings.rejects_folder
    erasure = await asyncio.to_thread(erase_customer, serving.store.engine, customer_id, rejects=rejects)
    serving.forget_everyone()
    return schemas.Erasure(
        **_certificate(erasure.certificate),
        file_rewritten=erasure.file_rewritten,
        request_id=request.state.request_id,
    )


@router.get("/erasures/{certificate_id}", responses=NOT_FOUND)
async def certificate(request: Request, certificate_id: CertificateId) -> schemas.ErasureCertificate:
    """The certificate of an erasure, with the first release without the customer as soon as there is one."""
    serving: Serving = request.app.state.serving
    found = await read(serving, lambda connection: read_certificate(connection, certificate_id))
    if found is None:
        raise HTTPException(404, "no erasure has this certificate")
    return schemas.ErasureCertificate(**_certificate(found), request_id=request.state.request_id)


def _certificate(found: Certificate) -> dict[str, Any]:
    return {
        "certificate_id": found.certificate_id,
        "erased_at": datetime.fromtimestamp(to_seconds(found.erased_at), UTC),
        "removed": found.removed,
        "first_release_without": found.first_release_without,
    }
