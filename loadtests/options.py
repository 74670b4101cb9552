"""Command-line options that the loops share, and how a run begins and ends."""

import argparse
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop

from loadtests.client import sending
from loadtests.ids import gather_ids
from loadtests.kept import cache_lookups, kept_share
from loadtests.loops import closed_loop
from loadtests.measure import complaints
from loadtests.target import MAX_SECONDS, Refused, checked_target
from loadtests.traffic import DEFAULT_MIX, Traffic, parse_mix, without_events


@dataclass(frozen=True, slots=True)
class Run:
    """What a loop needs to run."""

    base: str
    traffic: Traffic
    timeout: float


Measure = Callable[[Run], Awaitable[dict[str, Any]]]


def parser(tool: str, purpose: str) -> argparse.ArgumentParser:
    """With the options of every loop."""
    made = argparse.ArgumentParser(prog=f"python -m loadtests.{tool}", description=purpose)
    made.add_argument("--host", default="http://127.0.0.1:3000", help="the service (default: %(default)s)")
    made.add_argument("--allow-remote", action="store_true", help="allow a host that is not this machine")
    who = made.add_mutually_exclusive_group()
    who.add_argument("--users", type=Path, metavar="FILE", help="customer ids, one a line; without: strangers only")
    who.add_argument("--database", metavar="URL", help="take customers from the events of this store")
    made.add_argument("--products", type=Path, metavar="FILE", help="product ids; without: discovered")
    made.add_argument("--mix", default=DEFAULT_MIX, help="share of each endpoint (default: %(default)s)")
    made.add_argument("--read-only", action="store_true", help="send no events; otherwise they are really written")
    made.add_argument(
        "--warmup", type=within(0, 10_000, int), default=100, metavar="N", help="unmeasured requests first"
    )
    made.add_argument("--timeout", type=within(0.001, 60.0), default=10.0, help="seconds per request")
    made.add_argument("--seed", type=int, default=1, help="the same seed asks for the same pages")
    made.add_argument("--out", type=Path, metavar="FILE", help="write the report there as well")
    return made


def within(least: float, most: float, kind: type[int] | type[float] = float) -> Callable[[str], Any]:
    """An argparse type: a number between two bounds."""

    def number(text: str) -> int | float:
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least:g} and {most:g}")
        return value

    return number


def perform(tool: str, options: argparse.Namespace, measure: Measure) -> int:
    """Run, print the report as JSON, and return the exit status: 0 counts, 1 does not, 2 was refused."""
    try:
        report = _measured(tool, options, measure)
    except Refused as error:
        print(f"{tool}: {error}", file=sys.stderr)
        return 2
    text = json.dumps(report, indent=2)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n", encoding="utf-8")
    for complaint in report["complaints"]:
        print(f"{tool}: FAILED: {complaint}", file=sys.stderr)
    return 1 if report["complaints"] else 0


def _measured(tool: str, options: argparse.Namespace, measure: Measure) -> dict[str, Any]:
    base = checked_target(options.host, allow_remote=options.allow_remote)
    mix = parse_mix(options.mix)
    mix = without_events(mix) if options.read_only else mix
    ids = gather_ids(base, users=options.users, database=options.database, products=options.products)
    run = Run(base, Traffic(ids, mix, seed=options.seed), options.timeout)
    load = os.getloadavg()[0]
    about = {
        "tool": tool,
        "target": base,
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "traffic": {
            "mix": {str(endpoint): share for endpoint, share in mix.items()},
            "seed": options.seed,
            "users": len(ids.users),
            "users_from": ids.users_from,
            "products": len(ids.products),
            "products_from": ids.products_from,
        },
        "machine": {"cpus": os.cpu_count(), "load_before": round(load, 2)},
    }
    report = about | uvloop.run(_warm_and_measure(run, options.warmup, measure))
    report["complaints"] = report.pop("warmup_complaints") + complaints(report)
    return report


async def _warm_and_measure(run: Run, warmup: int, measure: Measure) -> dict[str, Any]:
    """First answers load models and fill caches: they are asked for, and checked, but not measured."""
    async with sending(run.base, timeout=run.timeout) as send:
        ends = time.perf_counter() + MAX_SECONDS
        samples = await closed_loop(send, run.traffic, clients=4, count=warmup, ends=ends)
    wrong = [sample.error for sample in samples if sample.error]
    found = [f"{len(wrong)} of {warmup} warm-up answers were wrong, the first: {wrong[0]}"] if wrong else []
    before = await cache_lookups(run.base, timeout=run.timeout)
    measured = await measure(run)
    share = kept_share(before, await cache_lookups(run.base, timeout=run.timeout))
    return {"warmup": warmup, "warmup_complaints": found} | measured | {"kept_share": share}
