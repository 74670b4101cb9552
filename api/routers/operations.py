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
    """A release is live that answered recent requests in time; otherwise what is missing, per part, with 503.

    A process that cannot follow the store stays ready and says so under ``behind``: one slow database must not take
    every replica out. A release that should serve and was refused stands under ``refused``, with the reason, beside
    the one that serves; one that serves although it is slow, under ``slow``.
    """
    serving: Serving = request.app.state.serving
    if serving.problems:
        return JSONResponse({"status": "not ready", "missing": serving.problems}, status_code=503)
    lag = round(serving.change_lag, 1)
    ready: dict[str, object] = {
        "status": "ready",
        "release": serving.live.snapshot.release,
        "change_lag_seconds": lag,
    }
    if serving.lagging:
        ready["behind"] = f"the store was last followed {lag} s ago: stock and prices may be older"
    refused, remark = serving.follower.switcher.refused, serving.follower.switcher.remark
    if refused is not None:
        ready["refused"] = {"release": refused.release_id, "reason": refused.reason}
    if remark:
        ready["slow"] = remark
    return JSONResponse(ready)


@router.get("/metrics", tags=["operations"])
async def scrape(request: Request) -> Response:
    """Prometheus metrics."""
    metrics.CHANGE_LAG.set(request.app.state.serving.change_lag)  # grows even while the store is waited for
    return Response(metrics.scrape(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/", include_in_schema=False)
async def front(request: Request) -> HTMLResponse:
    """What this is, and links to try."""
    return HTMLResponse(await front_page.render(request.app.state.serving))
