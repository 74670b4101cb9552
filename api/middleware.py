"""What wraps every request: its id, its timing in the metrics, and which app answers it."""

import re
import time
import uuid
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import REQUESTS

BENTOML_PATHS: Final = frozenset({"/healthz", "/schema.json"})
"""What is left to BentoML; its other pages and its plain-text 404 say less than ours."""

_SENT_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class OwnPages:
    """Outermost: our app answers every request but those of `BENTOML_PATHS`. ``app`` is BentoML's."""

    def __init__(self, app: ASGIApp, *, own: ASGIApp) -> None:
        self._app, self._own = app, own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        ours = scope["type"] == "http" and scope["path"] not in BENTOML_PATHS
        await (self._own if ours else self._app)(scope, receive, send)


class RequestTrace:
    """Gives each request an id (the caller's X-Request-Id where it is harmless), and measures it by route template."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status, began = 500, time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            REQUESTS.labels(_route(scope), str(status)).observe(time.perf_counter() - began)


def _request_id(scope: Scope) -> str:
    sent = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return sent if _SENT_ID.fullmatch(sent) else str(uuid.uuid4())


def _route(scope: Scope) -> str:
    """The template, e.g. /product/{product_id}: a path as label would grow without bound."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", "unmatched"))
