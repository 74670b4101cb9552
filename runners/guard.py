"""A shared secret between the gateway and its stages.

A stage unpickles what it is sent, so whoever can reach it can run code in it. Where stages listen on a network, the
secret is checked before the body of a request is read. BentoML's client sends it as a bearer token that it takes
from the variable BENTO_CLOUD_API_KEY.
"""

import hmac
import os
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from settings import read_settings

OPEN_PATHS: Final = frozenset({"/livez", "/readyz", "/healthz"})
"""Probes come from the kubelet, which knows no secret, and have no body that is read."""


class StageGuard:
    """Refuses every request without the secret; lets everything pass where none is configured (loopback, one host)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._expected = f"Bearer {read_settings().stage_secret}".encode()
        self._guarded = bool(read_settings().stage_secret)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if self._guarded and scope["type"] == "http" and scope["path"] not in OPEN_PATHS:
            sent = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(sent, self._expected):
                await PlainTextResponse("the stage secret is missing or wrong", 401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def present_secret(secret: str) -> None:
    """Make this process's BentoML clients send the secret; call it before the first of them is made."""
    if secret:
        os.environ["BENTO_CLOUD_API_KEY"] = secret
