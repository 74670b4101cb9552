"""What operators and newcomers look at: probes, metrics and the front page."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from api import front_page, metrics
from api.serving import Serving

router = APIRouter()


@router.get("/livez", tags=["operations"])
async def livez() -> JSONResponse:
    """The process runs, with or without a release."""
    return JSONResponse({"status": "alive"})


@router.get("/readyz", tags=["operations"])
async def readyz(request: Request) -> JSONResponse:
    """A release is loaded and has answered once in each context; otherwise what is missing, per part, with 503."""
    serving: Serving = request.app.state.serving
    if serving.problems:
        return JSONResponse({"status": "not ready", "missing": serving.problems}, status_code=503)
    return JSONResponse({"status": "ready", "release": serving.live.snapshot.release})


@router.get("/metrics", tags=["operations"])
async def scrape() -> Response:
    """Prometheus metrics."""
    return Response(metrics.scrape(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/", include_in_schema=False)
async def front(request: Request) -> HTMLResponse:
    """What this is, and links to try."""
    return HTMLResponse(await front_page.render(request.app.state.serving))
