"""Clients that keep asking, each waiting for its answer before it asks again, and write down what they saw."""

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, Self

import aiohttp

from benchmarks.swap.expected import NOTHING, Expected, List, Request

TIMEOUT: Final = aiohttp.ClientTimeout(total=60.0)


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer. Times are of the monotonic clock; ``status`` 0 is no answer at all."""

    request: Request
    began: float
    ended: float
    status: int
    release: str = ""
    shown: List = NOTHING
    degraded: tuple[str, ...] = ()


class Crowd:
    """A context manager: the clients ask from its beginning to its end, ``pause`` seconds after each answer."""

    def __init__(self, url: str, requests: Sequence[Request], *, clients: int, pause: float = 0.0) -> None:
        self._url, self._requests, self._clients, self._pause = url, requests, clients, pause
        self.seen: list[Seen] = []
        """In the order of their ends."""
        self._stopped = threading.Event()
        self._next = count()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._ask_all()), name="crowd")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    async def _ask_all(self) -> None:
        connector = aiohttp.TCPConnector(limit=self._clients)
        async with aiohttp.ClientSession(self._url, timeout=TIMEOUT, connector=connector) as session:
            await asyncio.gather(*(self._keep_asking(session) for _ in range(self._clients)))

    async def _keep_asking(self, session: aiohttp.ClientSession) -> None:
        while not self._stopped.is_set():
            request = self._requests[next(self._next) % len(self._requests)]
            self.seen.append(await _ask(session, request))
            await asyncio.sleep(self._pause)


async def _ask(session: aiohttp.ClientSession, request: Request) -> Seen:
    began = time.monotonic()
    try:
        async with session.get(request.path) as answer:
            status = answer.status
            body = await answer.json() if status == 200 else {}
    except (aiohttp.ClientError, TimeoutError):
        return Seen(request, began, time.monotonic(), 0)
    ended = time.monotonic()
    if status != 200:
        return Seen(request, began, ended, status)
    products = body["recommendations"]
    shown = List(tuple(one["external_product_id"] for one in products), tuple(float(one["score"]) for one in products))
    return Seen(request, began, ended, status, body["release"], shown, tuple(body["degraded"]))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with what was seen."""

    answers: int
    failed: int
    mixed: int
    """Lists that are not those of the release that the answer names."""
    degraded: int
    """Given without a stage; they are not compared."""


def judge(seen: Sequence[Seen], expected: Expected) -> Verdict:
    """Compare every whole answer with what its release answers."""
    good = [one for one in seen if one.status == 200]
    whole = [one for one in good if not one.degraded]
    mixed = [one for one in whole if not expected[one.release][one.request].agrees(one.shown)]
    return Verdict(len(seen), len(seen) - len(good), len(mixed), len(good) - len(whole))
