"""Closed loop: N clients, each waiting for its answer before it asks again. Shows what the service can do.

python -m loadtests.closed_loop --clients 16 --requests 2000 --database sqlite:///var/shelfwise.db
"""

import sys
import time
from collections.abc import Sequence
from typing import Any

from loadtests.client import sending
from loadtests.loops import closed_loop
from loadtests.measure import figures
from loadtests.options import Run, parser, perform, within
from loadtests.target import MAX_CLIENTS, MAX_REQUESTS, MAX_SECONDS


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 when every request was answered well, 1 when not, 2 when the run was refused."""
    made = parser("closed_loop", "N clients, each waiting for its answer before it asks again.")
    made.add_argument("--clients", type=within(1, MAX_CLIENTS, int), default=16, help="default: %(default)s")
    made.add_argument(
        "--requests", type=within(1, MAX_REQUESTS, int), default=2000, help="of all clients (default: %(default)s)"
    )
    made.add_argument(
        "--max-seconds", type=within(1, MAX_SECONDS), default=300.0, help="no request begins later (default: 300)"
    )
    options = made.parse_args(arguments)

    async def measure(run: Run) -> dict[str, Any]:
        async with sending(run.base, timeout=run.timeout) as send:
            ends = time.perf_counter() + options.max_seconds
            samples = await closed_loop(send, run.traffic, clients=options.clients, count=options.requests, ends=ends)
        return {"clients": options.clients} | figures(samples, options.requests)

    return perform("closed_loop", options, measure)


if __name__ == "__main__":
    sys.exit(main())
