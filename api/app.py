"""The FastAPI application: routers, problems and metrics around one `Serving`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI
from fastapi_swagger import patch_fastapi

from api import problems
from api.middleware import RequestTrace
from api.routers import (
    customers,
    decisions,
    health,
    interactions,
    operations,
    privacy,
    products,
    recommendations,
)

DESCRIPTION: Final = """
Product recommendations for shops that run their own servers.

Send the catalog to `POST /api/v1/products` and what shoppers do to `POST /api/v1/interactions`; ask what they
should see now under `/api/v1/recommendations`. Every error is `application/problem+json` and names the field and the
value.
"""


def build_app() -> FastAPI:
    """The application; set ``app.state.serving`` before it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await app.state.serving.start()
        yield
        await app.state.serving.stop()

    app = FastAPI(
        title="Shelfwise",
        version=version("shelfwise"),
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    patch_fastapi(app, redirect_from_root_to_docs=False)  # /docs from files of our own
    app.add_middleware(RequestTrace)
    routers = (recommendations, interactions, decisions, products, customers, health, privacy, operations)
    for module in routers:
        app.include_router(module.router)
    problems.install(app)
    return app
