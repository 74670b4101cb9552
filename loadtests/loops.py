"""The two ways to put load on a service."""

import asyncio
import time
from collections.abc import Iterator

from loadtests.client import Send
from loadtests.measure import Sample
from loadtests.traffic import Request

_HEAD_START_S = 0.02
"""So that the first request is not late already."""


async def closed_loop(
    send: Send, requests: Iterator[Request], *, clients: int, count: int, ends: float
) -> list[Sample]:
    """``count`` requests from ``clients`` that each wait for their answer; none begins after ``ends``.

    A slow service slows its clients down, so this measures how much it can do, not how long people wait.
    """
    samples: list[Sample] = []
    places = iter(range(count))

    async def client() -> None:
        for _ in places:
            if time.perf_counter() > ends:
                return
            samples.append(await send(next(requests), time.perf_counter()))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(clients, count)):
            group.create_task(client())
    return samples


async def constant_rate(
    send: Send, requests: Iterator[Request], *, rate: float, count: int, max_in_flight: int
) -> list[Sample]:
    """``count`` requests, ``rate`` a second, whatever becomes of those before: as people arrive at a shop.

    Each is due at its place in the schedule, and its latency counts from there: a generator that is late, or a service
    that stalls, cannot hide the wait (coordinated omission). A request that finds ``max_in_flight`` others unanswered
    is not sent, and is an error.
    """
    samples: list[Sample] = []
    began = time.perf_counter() + _HEAD_START_S
    in_flight: set[asyncio.Task[None]] = set()

    async def one(request: Request, due: float) -> None:
        samples.append(await send(request, due))

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            due = began + number / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))  # 0 too: answers must be read while we are late
            request = next(requests)
            if len(in_flight) >= max_in_flight:
                now = time.perf_counter()
                samples.append(Sample(request.endpoint, due, now, now, f"not sent: {max_in_flight} in flight"))
                continue
            task = group.create_task(one(request, due))
            in_flight.add(task)
            task.add_done_callback(in_flight.discard)
    return samples
