"""Open loop: a constant arrival rate, whatever the service does. Shows how long people wait.

python -m loadtests.open_loop --rate 100 --duration 60 --database sqlite:///var/shelfwise.db
"""

import sys
from collections.abc import Sequence
from typing import Any

from loadtests.client import sending
from loadtests.loops import constant_rate
from loadtests.measure import Sample, figures, milliseconds
from loadtests.options import Run, parser, perform, within
from loadtests.target import MAX_REQUESTS, MAX_SECONDS, Refused


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 when every request was answered well, 1 when not, 2 when the run was refused."""
    made = parser("open_loop", "A constant arrival rate, whatever the service does.")
    made.add_argument(
        "--rate", type=within(0.1, 5000.0), default=100.0, help="requests a second (default: %(default)g)"
    )
    made.add_argument(
        "--duration", type=within(0.1, MAX_SECONDS), default=30.0, help="seconds of arrivals (default: %(default)g)"
    )
    made.add_argument(
        "--max-in-flight", type=within(1, 2000, int), default=1000, help="unanswered requests (default: %(default)s)"
    )
    options = made.parse_args(arguments)
    count = round(options.rate * options.duration)

    async def measure(run: Run) -> dict[str, Any]:
        if not 1 <= count <= MAX_REQUESTS:
            raise Refused(f"--rate times --duration is {count}, which is not between 1 and {MAX_REQUESTS}")
        async with sending(run.base, timeout=run.timeout) as send:
            samples = await constant_rate(
                send, run.traffic, rate=options.rate, count=count, max_in_flight=options.max_in_flight
            )
        return {"offered_per_second": options.rate} | figures(samples, count) | _uncorrected(samples)

    return perform("open_loop", options, measure)


def _uncorrected(samples: Sequence[Sample]) -> dict[str, Any]:
    """Beside ``latency_ms`` (from the scheduled time): from the moment of sending, and how late the generator was.

    Where the two differ, the generator was the bottleneck: ask for a lower rate or give it a core of its own.
    """
    sent = [sample for sample in samples if not sample.error.startswith("not sent")]
    return {
        "from_send_ms": milliseconds([sample.done - sample.sent for sample in sent]),
        "generator_late_ms": milliseconds([sample.sent - sample.due for sample in samples]),
    }


if __name__ == "__main__":
    sys.exit(main())
