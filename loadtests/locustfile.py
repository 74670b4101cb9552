"""Locust over the same traffic: shoppers who look at a page, wait, and go on.

python -m loadtests.locustfile --users 50 --spawn-rate 10 --run-time 60s --database sqlite:///var/shelfwise.db

Every option of Locust works; ``--users`` is its number of shoppers, so customer ids are ``--user-ids`` here. Locust
is a closed loop and rounds its percentiles: `loadtests.open_loop` is the tool for a figure.
"""

import logging
import os
import random
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from locust import FastHttpUser, events
from locust.argument_parser import parse_options

from loadtests.ids import gather_ids
from loadtests.measure import judge
from loadtests.target import MAX_CLIENTS, MAX_SECONDS, Refused, checked_target
from loadtests.traffic import DEFAULT_MIX, Request, Traffic, parse_mix, without_events

STOP_SECONDS: Final = 15.0
"""What shoppers may take to finish their last request when the time is up; longer than a request's time limit."""
REQUEST_TIMEOUT_S: Final = 10.0
REFUSED: Final = 2

log = logging.getLogger("loadtests")


class Counts:
    """Requests that began, and those that Locust recorded: an exception while one is judged loses its sample."""

    begun = 0
    recorded = 0
    stopping = False


def add_options(parser: Any, **_: Any) -> None:  # noqa: ANN401 - Locust's
    """Beside Locust's own options."""
    parser.add_argument("--user-ids", type=Path, help="file with customer ids; without: strangers only")
    parser.add_argument("--database", help="take customers from the events of this store (URL)")
    parser.add_argument("--product-ids", type=Path, help="file with product ids; without: discovered")
    parser.add_argument("--mix", default=DEFAULT_MIX, help="share of each endpoint")
    parser.add_argument("--read-only", action="store_true", help="send no events; otherwise they are really written")
    parser.add_argument("--pause", type=float, default=1.0, help="mean seconds between a shopper's pages")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--min-requests", type=int, default=1, help="fewer recorded requests fail the run")
    parser.add_argument("--allow-remote", action="store_true", help="allow a host that is not this machine")


def prepare(environment: Any, **_: Any) -> None:  # noqa: ANN401
    """Check what is asked for and collect ids, before the first shopper comes."""
    try:
        _prepare(environment, environment.parsed_options)
    except Refused as error:
        log.error("refused: %s", error)
        sys.exit(REFUSED)


def _prepare(environment: Any, options: Any) -> None:  # noqa: ANN401
    environment.host = checked_target(options.host or "http://127.0.0.1:3000", allow_remote=options.allow_remote)
    if not options.headless or not options.run_time or options.run_time > MAX_SECONDS:
        raise Refused(f"a run is --headless and takes --run-time, at most {MAX_SECONDS:g} s")
    if (options.num_users or 1) > MAX_CLIENTS:
        raise Refused(f"--users is at most {MAX_CLIENTS}")
    mix = parse_mix(options.mix)
    mix = without_events(mix) if options.read_only else mix
    ids = gather_ids(environment.host, users=options.user_ids, database=options.database, products=options.product_ids)
    log.info(
        "%d customers from %s, %d products %s", len(ids.users), ids.users_from, len(ids.products), ids.products_from
    )
    Shopper.traffic = Traffic(ids, mix, seed=options.seed)
    environment.stop_timeout = environment.stop_timeout or STOP_SECONDS


def count(**_: Any) -> None:  # noqa: ANN401
    """One request was recorded, good or bad."""
    Counts.recorded += 1


def stop(**_: Any) -> None:  # noqa: ANN401
    """The time is up: nothing begins any more."""
    Counts.stopping = True


def decide(environment: Any, **_: Any) -> None:  # noqa: ANN401
    """The exit status: Locust's own is 0 even when samples were lost."""
    failed, missing = environment.stats.total.num_failures, Counts.begun - Counts.recorded
    least = environment.parsed_options.min_requests
    log.info("%d requests, %d failed, %d samples missing", Counts.recorded, failed, missing)
    if Counts.recorded < least:
        log.error("FAILED: %d requests were recorded, and at least %d were asked for", Counts.recorded, least)
    if failed or missing or Counts.recorded < least or environment.runner.exceptions:
        environment.process_exit_code = 1


def shop(shopper: "Shopper") -> None:
    """Ask for one page, or report one event."""
    if Counts.stopping:
        return  # Locust kills those who wait, and one who wakes up just then would be killed in mid-request
    request = next(shopper.traffic)
    Counts.begun += 1
    with _sent(shopper, request) as response:
        answer = judge(request.endpoint, response.status_code, response.content or b"")
        if answer.error:
            response.failure(answer.error)


def _sent(shopper: "Shopper", request: Request) -> AbstractContextManager[Any]:
    response: AbstractContextManager[Any] = shopper.client.request(
        request.method,
        request.path,
        name=str(request.endpoint),  # a path would make a row per product
        data=request.body,
        headers={"Content-Type": "application/json"} if request.body else None,
        catch_response=True,
        allow_redirects=False,  # a redirect could lead away from the host that was checked
    )
    return response


class Shopper(FastHttpUser):  # type: ignore[misc]  # Locust is not typed
    """Looks at a page, waits between half and one and a half pauses, and goes on."""

    tasks = [shop]  # noqa: RUF012 - Locust's way to name them; the mix of `loadtests.traffic` decides what is asked
    network_timeout = REQUEST_TIMEOUT_S
    connection_timeout = REQUEST_TIMEOUT_S
    traffic: Iterator[Request]

    def wait_time(self) -> float:
        """Seconds until the next page."""
        return float(self.environment.parsed_options.pause) * random.uniform(0.5, 1.5)


events.init_command_line_parser.add_listener(add_options)
events.init.add_listener(prepare)
events.request.add_listener(count)
events.test_stopping.add_listener(stop)
events.quitting.add_listener(decide)

if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv[1:]):
        parse_options(["--help"])  # Locust's own help is printed before it reads this file, so without our options
    # In a process of its own: Locust replaces the sockets of the process that it runs in.
    command = [sys.executable, "-m", "locust", "--locustfile", __file__, "--headless", *sys.argv[1:]]
    os.execv(sys.executable, command)
