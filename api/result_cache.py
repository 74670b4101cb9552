"""Answers that are given again while nothing they depend on has changed.

Every hit is checked against the live catalog: hard rules hold on it as on any other answer.
"""

import asyncio
from dataclasses import replace
from typing import Final

from pydantic import ValidationError

from api.answers import Answer, Compute, Origin
from api.cache_entries import CacheUnavailable, Entries, LocalEntries, RedisEntries
from api.cache_entry import Entry, entry_of, slate_of
from api.cache_key import key_of
from api.live import Live
from api.metrics import CACHE, DEGRADED
from recommender.decision_record import Versions
from recommender.trace import Trace
from recommender.types import Query, Slate
from settings import Settings

CACHE_STAGE: Final = "cache"


def result_cache(settings: Settings) -> "ResultCache | None":
    """As the settings say; None where answers are not kept."""
    seconds = settings.cache_seconds
    if not seconds:
        return None
    return ResultCache(
        RedisEntries(settings.redis_url, _count_failure) if settings.redis_url else LocalEntries(), seconds
    )


class ResultCache:
    """Keeps answers for ``seconds`` at most. Equal requests at the same time are computed once. Used from one loop."""

    def __init__(self, entries: Entries, seconds: float) -> None:
        self._entries, self._seconds = entries, seconds
        self._flights: dict[str, asyncio.Task[Answer]] = {}

    async def answer(self, live: Live, versions: Versions, query: Query, trace: Trace, compute: Compute) -> Answer:
        """The answer that is kept, or the one that ``compute`` gives; raises what that raises."""
        key = key_of(query, live, versions)
        flight = self._flights.get(key)
        if flight is not None:
            CACHE.labels("shared").inc()
            return replace(await asyncio.shield(flight), origin=Origin.SHARED)
        # A task of its own: where the first of several callers goes away, the others still have their answer.
        flight = asyncio.create_task(self._fly(key, live, versions, query, trace, compute))
        self._flights[key] = flight
        flight.add_done_callback(lambda _: self._flights.pop(key))
        return await asyncio.shield(flight)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._entries.close()

    async def _fly(
        self, key: str, live: Live, versions: Versions, query: Query, trace: Trace, compute: Compute
    ) -> Answer:
        with trace.stage(CACHE_STAGE):
            slate = await self._kept(key, live, query)
        if slate is not None:
            return Answer(live, versions, query, slate, trace, Origin.KEPT)
        answer = await compute()
        if not answer.slate.degraded:
            self._entries.put(key, entry_of(answer), self._seconds)
        return answer

    async def _kept(self, key: str, live: Live, query: Query) -> Slate | None:
        try:
            found = await self._entries.get(key)
            entry = None if found is None else Entry.model_validate_json(found)
        except (CacheUnavailable, ValidationError):  # what stands there is not ours, or not of this version
            _count_failure()
            return None
        slate = None if entry is None else slate_of(entry, query, live)
        CACHE.labels("miss" if entry is None else "stale" if slate is None else "hit").inc()
        return slate


def _count_failure() -> None:
    CACHE.labels("error").inc()
    DEGRADED.labels("cache").inc()
