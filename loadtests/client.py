"""Sends one request and always comes back with a sample."""

import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp

from loadtests.measure import Answer, Sample, judge
from loadtests.traffic import Request

Send = Callable[[Request, float], Awaitable[Sample]]
"""Sends a request that is due at a moment of `time.perf_counter`."""

_JSON = {"Content-Type": "application/json"}


@asynccontextmanager
async def sending(base: str, *, timeout: float) -> AsyncIterator[Send]:
    """A client with as many connections as there are requests in flight, which are kept open between requests."""
    limits = aiohttp.ClientTimeout(total=timeout, ceil_threshold=math.inf)  # exact, not rounded up to a whole second
    async with aiohttp.ClientSession(base, connector=aiohttp.TCPConnector(limit=0), timeout=limits) as session:

        async def send(request: Request, due: float) -> Sample:
            sent = time.perf_counter()
            answer = await _answer(session, request)
            return Sample(request.endpoint, due, sent, time.perf_counter(), answer.error, answer.degraded)

        yield send


async def _answer(session: aiohttp.ClientSession, request: Request) -> Answer:
    try:
        async with session.request(
            request.method,
            request.path,
            data=request.body,
            headers=None if request.body is None else _JSON,
            allow_redirects=False,  # a redirect could lead away from the host that was checked
        ) as response:
            return judge(request.endpoint, response.status, await response.read())
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return Answer(type(error).__name__)
