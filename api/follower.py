"""Following the store: the change feed is read as it comes, and what it tells of is done here."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from api.current import Current, product_keys
from api.metrics import CHANGE_LAG, DEGRADED
from api.releases import Releases
from api.store_view import StoreView
from api.switcher import Switcher
from recommender.errors import ShelfwiseError
from store.changes import Change, ChangeKind
from store.engine import migrate
from store.errors import StoreUnavailable
from store.feed import change_signal

POLL_SECONDS: Final = 2.0
"""How long the change feed goes unread where the database has nothing to tell; `store.feed` usually knows sooner."""
RETRY_SECONDS: Final = 2.0

log = logging.getLogger("shelfwise.serving")


class Follower:
    """One task of the event loop. ``opened`` is called once, when the store could be opened."""

    def __init__(self, store: StoreView, current: Current, releases: Releases, opened: Callable[[], None]) -> None:
        self._store, self._current, self._opened = store, current, opened
        self.switcher = Switcher(store, current, releases, lambda: self._cursor)
        self._task: asyncio.Task[None] | None = None
        self._signal = change_signal(store.engine)
        # A thread of its own: in the shared ones, waiting would take the place of a request's reading.
        self._waiting = ThreadPoolExecutor(max_workers=1, thread_name_prefix="change-feed")
        self._is_open = False
        self._cursor = 0
        self._caught_up = time.monotonic()
        self._looked_at = 0
        """The newest change of releases that was acted on: what follows it may have to be done again."""
        self.store_problem = "not opened yet"
        """Why the store could not be opened; empty when it is open."""

    @property
    def lag(self) -> float:
        """Seconds since this process last knew all that the store had to tell; up to `POLL_SECONDS` while idle."""
        return time.monotonic() - self._caught_up

    def start(self) -> None:
        """Returns at once."""
        self._task = asyncio.create_task(self._follow(), name="change-feed")

    async def stop(self) -> None:
        """End the task and its waiting."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.switcher.stop()
        await asyncio.to_thread(self._signal.close)
        self._waiting.shutdown()

    async def _follow(self) -> None:
        """Open the store, then apply changes as they come; every failure is counted and tried again."""
        while True:
            try:
                began = time.monotonic()
                await self._step()
                self._caught_up, pause = began, 0.0
            except ShelfwiseError as error:
                log.warning("following the store: %s; trying again", error)
                DEGRADED.labels(_reason(error)).inc()
                pause = RETRY_SECONDS
            except Exception:  # a boundary: an error nobody foresaw must not end the only task that follows the store
                log.exception("following the store failed; trying again")
                DEGRADED.labels("change_feed").inc()
                pause = RETRY_SECONDS
            CHANGE_LAG.set(self.lag)
            await (asyncio.sleep(pause) if pause else self._next_change())

    async def _next_change(self) -> None:
        lost = self._signal.lost
        await asyncio.get_running_loop().run_in_executor(self._waiting, self._signal.wait, POLL_SECONDS)
        if self._signal.lost > lost:
            DEGRADED.labels("change_signal").inc()

    async def _step(self) -> None:
        if not self._is_open:
            await self._open()
        version = self._current.catalog_version
        own_writes = version.own_writes
        changes = await asyncio.to_thread(self._store.changes, self._cursor)
        if changes:
            await self._apply(changes)
        version.followed(changes, own_writes)

    async def _open(self) -> None:
        try:
            await asyncio.to_thread(migrate, self._store.engine)
            # The cursor comes before anything is read, so that no change falls between the two.
            self._cursor = await asyncio.to_thread(self._store.newest_change)
            self._current.catalog_version.begin(await asyncio.to_thread(self._store.newest_catalog_change))
        except StoreUnavailable as error:
            self.store_problem = str(error)
            raise
        self._opened()
        self._is_open, self.store_problem = True, ""
        self.switcher.look()

    async def _apply(self, changes: Sequence[Change]) -> None:
        kinds = {change.kind for change in changes}
        released = max((change.id for change in changes if change.kind == ChangeKind.RELEASE), default=0)
        if released > self._looked_at:
            self._looked_at = released
            self.switcher.look()
        if ChangeKind.CATALOG in kinds:
            await self.switcher.read_catalog()
        elif ChangeKind.PRODUCT in kinds:
            await self._current.refresh(product_keys(changes))
        if self._current.live is not None:
            customers = self._current.live.customers
            for change in changes:
                if change.kind == ChangeKind.CUSTOMERS:
                    customers.clear()
                elif change.kind == ChangeKind.CUSTOMER and change.key:
                    customers.forget(change.key)
        self._cursor = changes[-1].id


def _reason(error: ShelfwiseError) -> str:
    return "store" if isinstance(error, StoreUnavailable) else "change_feed"
