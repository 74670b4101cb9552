"""Both loops against a real server with planted behaviour. Only what must hold on a slow machine too is asserted."""

import asyncio
import time
from collections.abc import Sequence
from itertools import pairwise

import pytest

from loadtests.client import sending
from loadtests.ids import Ids
from loadtests.loops import closed_loop, constant_rate
from loadtests.measure import Sample, figures, milliseconds
from loadtests.traffic import Endpoint, Traffic
from tests.loadtests.conftest import StartServer, seen

LATENCY = 0.03
STALL = 0.6


def traffic(seed: int = 1) -> Traffic:
    return Traffic(Ids(("ada",), ("apple",), "", ""), {Endpoint.PRODUCT: 1.0}, seed=seed)


def closed(base: str, *, clients: int, count: int, seconds: float = 60.0, timeout: float = 10.0) -> list[Sample]:
    async def run() -> list[Sample]:
        async with sending(base, timeout=timeout) as send:
            ends = time.perf_counter() + seconds
            return await closed_loop(send, traffic(), clients=clients, count=count, ends=ends)

    return asyncio.run(run())


def opened(
    base: str, *, rate: float, count: int, max_in_flight: int = 1000, pause: float = 0.0, timeout: float = 10.0
) -> list[Sample]:
    """``pause``: the generator itself stands still for so long, after a fifth of a second."""

    async def run() -> list[Sample]:
        asyncio.get_running_loop().call_later(0.2, time.sleep, pause)
        async with sending(base, timeout=timeout) as send:
            return await constant_rate(send, traffic(), rate=rate, count=count, max_in_flight=max_in_flight)

    return asyncio.run(run())


def test_closed_loop_sends_exactly_what_was_asked(planted: StartServer) -> None:
    base = planted(latency=LATENCY)
    samples = closed(base, clients=7, count=40)
    assert len(samples) == len(seen(base)) == 40
    assert all(sample.done - sample.sent >= LATENCY for sample in samples)
    assert _most_at_once(samples) == 7


def test_closed_loop_needs_no_more_clients_than_requests(planted: StartServer) -> None:
    assert len(closed(planted(), clients=16, count=3)) == 3


def test_closed_loop_ends_in_time_with_samples_missing(planted: StartServer) -> None:
    report = figures(closed(planted(latency=0.1), clients=1, count=1000, seconds=0.35), 1000)
    assert 1 <= report["samples"] <= 4
    assert report["missing"] == 1000 - report["samples"]


def test_open_loop_keeps_its_schedule(planted: StartServer) -> None:
    samples = opened(planted(latency=LATENCY), rate=50, count=40)
    due = sorted(sample.due for sample in samples)
    assert [later - first for first, later in pairwise(due)] == pytest.approx([0.02] * 39)
    assert all(sample.sent >= sample.due for sample in samples)
    assert figures(samples, 40)["latency_ms"]["p50"] >= LATENCY * 1000


def test_open_loop_does_not_wait_for_answers(planted: StartServer) -> None:
    samples = opened(planted(latency=0.5), rate=100, count=30)
    assert _most_at_once(samples) >= 15, "a closed loop of one client would have had one"


def test_a_stall_is_felt_by_everyone_who_arrives_meanwhile(planted: StartServer) -> None:
    """Coordinated omission: a closed loop counts the stall once, an open one for all who would have waited."""
    one_client = closed(planted(stall_at=20, stall=STALL), clients=1, count=100)
    arrivals = opened(planted(stall_at=20, stall=STALL), rate=100, count=100)
    half = STALL / 2
    assert sum(sample.done - sample.due > half for sample in one_client) <= 5
    assert sum(sample.done - sample.due > half for sample in arrivals) >= 25
    assert milliseconds([s.done - s.due for s in arrivals])["p95"] > half * 1000


def test_a_generator_that_is_late_does_not_hide_the_wait(planted: StartServer) -> None:
    samples = opened(planted(), rate=100, count=100, pause=STALL)
    late = [sample for sample in samples if sample.sent - sample.due > STALL / 2]
    assert len(late) >= 25
    assert all(sample.done - sample.due > STALL / 2 for sample in late)
    from_send = milliseconds([sample.done - sample.sent for sample in late])["p50"]
    assert from_send < STALL / 2 * 1000, "measured from sending, the wait is gone"


def test_planted_errors_are_counted_exactly(planted: StartServer) -> None:
    for samples in (
        closed(planted(fail_every=5), clients=3, count=50),
        opened(planted(fail_every=5), rate=200, count=50),
    ):
        assert figures(samples, 50)["errors"] == {"HTTP 500": 10}


def test_planted_degraded_and_empty_answers_are_counted(planted: StartServer) -> None:
    report = figures(closed(planted(degrade_every=4), clients=2, count=40), 40)
    assert report["degraded_share"] == 0.25
    assert report["error_count"] == 0
    assert figures(closed(planted(empty_every=4), clients=2, count=40), 40)["errors"] == {"no products": 10}


def test_time_limits_and_lost_servers_are_errors() -> None:
    assert figures(closed("http://127.0.0.1:9", clients=2, count=4), 4)["errors"] == {"ClientConnectorError": 4}


def test_slow_answers_are_given_up(planted: StartServer) -> None:
    assert figures(closed(planted(latency=5), clients=2, count=2, timeout=0.2), 2)["errors"] == {"TimeoutError": 2}


def test_requests_beyond_the_limit_in_flight_are_errors(planted: StartServer) -> None:
    report = figures(opened(planted(latency=1.0), rate=100, count=30, max_in_flight=10), 30)
    assert report["samples"] == 30
    assert report["errors"] == {"not sent: 10 in flight": 20}


def _most_at_once(samples: Sequence[Sample]) -> int:
    moments = sorted([(one.sent, 1) for one in samples] + [(one.done, -1) for one in samples])
    most = now = 0
    for _, change in moments:
        now += change
        most = max(most, now)
    return most
