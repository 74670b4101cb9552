"""How many answers the service had kept: a load test that asks the same again measures the cache, and must say so."""

import re
from typing import Final

import aiohttp

_SAMPLE: Final = re.compile(r'^shelfwise_cache_requests_total\{result="(\w+)"\} ([0-9.e+]+)$', flags=re.MULTILINE)


async def cache_lookups(base: str, *, timeout: float) -> dict[str, float] | None:
    """Lookups by result since the service started; None where its metrics cannot be read."""
    try:
        async with (
            aiohttp.ClientSession(base, timeout=aiohttp.ClientTimeout(total=timeout)) as session,
            session.get("/metrics", allow_redirects=False) as response,
        ):
            return lookups_in(await response.text()) if response.status == 200 else None
    except (aiohttp.ClientError, TimeoutError, OSError, UnicodeDecodeError):
        return None


def lookups_in(metrics: str) -> dict[str, float]:
    """Lookups by result, from Prometheus' text format."""
    return {result: float(count) for result, count in _SAMPLE.findall(metrics)}


def kept_share(before: dict[str, float] | None, after: dict[str, float] | None) -> float | None:
    """Share of the lookups in between that needed no computing; 0 where nothing is kept, None where it is not known."""
    if before is None or after is None:
        return None
    between = {result: count - before.get(result, 0.0) for result, count in after.items()}
    total = sum(between.values())
    return round((between.get("hit", 0.0) + between.get("shared", 0.0)) / total, 4) if total else 0.0
