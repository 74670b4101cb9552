"""Where answers are kept: in this process, or in a Redis that replicas share. Losing either costs time, no answer."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

import valkey
from valkey.backoff import NoBackoff
from valkey.retry import Retry

from recommender.errors import ShelfwiseError

ENTRIES_KEPT: Final = 5_000
"""In this process, of 1 to 4 KB each."""

TIMEOUT_S: Final = 0.020
"""For each word from Redis: an answer is computed in less."""

BREAK_S: Final = 3.0
"""How long Redis is left alone after it failed."""

PREFIX: Final = "shelfwise:answer:2:"
THREADS: Final = 4

_T = TypeVar("_T")


class CacheUnavailable(ShelfwiseError):
    """What is kept cannot be reached now."""


class Entries(Protocol):
    """Bytes by key, forgotten after a while or sooner."""

    async def get(self, key: str) -> bytes | None:
        """The entry. Raises `CacheUnavailable`."""

    def put(self, key: str, entry: bytes, seconds: float) -> None:
        """Keep an entry; does not wait, and says nothing where it fails."""

    def close(self) -> None:
        """Let go of threads and connections."""


class LocalEntries:
    """The most recently used entries of this process."""

    def __init__(self, size: int = ENTRIES_KEPT, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._clock = size, clock
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        """The entry, if it is not too old."""
        ends, entry = self._entries.get(key, (0.0, b""))
        if ends <= self._clock():
            self._entries.pop(key, None)
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: str, entry: bytes, seconds: float) -> None:
        """Keep an entry; the one that was not asked for longest makes room for it."""
        self._entries[key] = (self._clock() + seconds, entry)
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def close(self) -> None:
        """Nothing to do."""


class RedisEntries:
    """Entries in Redis or Valkey, asked from threads: there a timeout is Redis' own, and not that of a busy loop.

    After a failure it is left alone for `BREAK_S`; then the next request tries again. ``failed`` is told of every
    write that was lost.
    """

    def __init__(self, url: str, failed: Callable[[], None] = lambda: None) -> None:
        self._client = valkey.Valkey.from_url(
            url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            max_connections=THREADS,
        )
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="answers")
        self._failed = failed
        self._rests_until = 0.0

    async def get(self, key: str) -> bytes | None:
        """The entry. Raises `CacheUnavailable` at once while Redis is left alone."""
        self._check()
        return await asyncio.wrap_future(self._threads.submit(self._ask, lambda: self._get(key)))

    def _get(self, key: str) -> bytes | None:
        entry = self._client.get(PREFIX + key)
        return entry if isinstance(entry, bytes) else None

    def put(self, key: str, entry: bytes, seconds: float) -> None:
        """Keep an entry, from a thread."""
        done = self._threads.submit(
            self._ask, lambda: self._client.set(PREFIX + key, entry, px=max(round(seconds * 1000), 1))
        )
        done.add_done_callback(self._count_failure)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._threads.shutdown(cancel_futures=True)
        self._client.close()  # type: ignore[no-untyped-call]

    def _check(self) -> None:
        if time.monotonic() < self._rests_until:
            raise CacheUnavailable("Redis failed a moment ago and is left alone")

    def _ask(self, command: Callable[[], _T]) -> _T:
        self._check()
        try:
            return command()
        except valkey.ResponseError as error:  # it answers, and cannot do this: full, or not allowed
            raise CacheUnavailable(f"Redis refused: {type(error).__name__}") from error
        except (valkey.ValkeyError, OSError) as error:
            self._rests_until = time.monotonic() + BREAK_S
            raise CacheUnavailable(f"Redis does not answer: {type(error).__name__}") from error

    def _count_failure(self, done: "Future[object]") -> None:
        if not done.cancelled() and done.exception() is not None:
            self._failed()
