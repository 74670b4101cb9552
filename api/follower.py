"""Following the store: the change feed is read as it comes, and what it tells of is done here."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from api.current import Current, product_keys
from api.metrics import CHANGE_LAG, DEGRADED, show_release
from api.releases import Releases
from api.store_view import StoreView
from recommender.errors import InvalidRelease, ShelfwiseError, StageUnavailable
from store.changes import Change, ChangeKind
from store.engine import migrate
from store.errors import StoreUnavailable
from store.feed import change_signal

POLL_SECONDS: Final = 2.0
"""How long the change feed goes unread where the database has nothing to tell; `store.feed` usually knows sooner."""
RETRY_SECONDS: Final = 2.0
REFUSED_AGAIN_SECONDS: Final = 60.0
"""A refused release is tried again so often: its files may have been on their way, or the machine too busy."""

log = logging.getLogger("shelfwise.serving")


@dataclass(frozen=True, slots=True)
class Refused:
    """A release that should serve and does not; ``at`` is monotonic."""

    release_id: str
    reason: str
    at: float


class Follower:
    """One task of the event loop. ``opened`` is called once, when the store could be opened."""

    def __init__(self, store: StoreView, current: Current, releases: Releases, opened: Callable[[], None]) -> None:
        self._store, self._current, self._releases, self._opened = store, current, releases, opened
        self._task: asyncio.Task[None] | None = None
        self._signal = change_signal(store.engine)
        # A thread of its own: in the shared ones, waiting would take the place of a request's reading.
        self._waiting = ThreadPoolExecutor(max_workers=1, thread_name_prefix="change-feed")
        self._is_open = False
        self._cursor = 0
        self._caught_up = time.monotonic()
        self._catalog_behind = False
        """Whether the whole catalog has to be read again."""
        self._release_behind = True
        """Whether to look which release should serve."""
        self.refused: Refused | None = None
        self.remark = ""
        """What is to be said of the release that serves; empty where nothing is."""
        self.problems: dict[str, str] = {
            "store": "not opened yet",
            "release": "not loaded yet",
            "answers": "not tried yet",
        }
        """What keeps this process from being ready, by part; empty when it is."""

    @property
    def lag(self) -> float:
        """Seconds since this process last knew all that the store had to tell; up to `POLL_SECONDS` while idle."""
        return time.monotonic() - self._caught_up

    def start(self) -> None:
        """Returns at once: `problems` says when everything is there."""
        self._task = asyncio.create_task(self._follow(), name="change-feed")

    async def stop(self) -> None:
        """End the task and its waiting."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._signal.close)
        self._waiting.shutdown()

    async def _follow(self) -> None:
        """Open the store, go live, then apply changes as they come; every failure is counted and tried again."""
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
        await self._apply(changes)
        await self._catch_up()
        version.followed(changes, own_writes)

    async def _open(self) -> None:
        try:
            await asyncio.to_thread(migrate, self._store.engine)
            # The cursor comes before anything is read, so that no change falls between the two.
            self._cursor = await asyncio.to_thread(self._store.newest_change)
            self._current.catalog_version.begin(await asyncio.to_thread(self._store.newest_catalog_change))
        except StoreUnavailable as error:
            self.problems["store"] = str(error)
            raise
        self._opened()
        self._is_open = True
        self.problems.pop("store", None)

    async def _apply(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        kinds = {change.kind for change in changes}
        self._release_behind |= ChangeKind.RELEASE in kinds
        self._catalog_behind |= ChangeKind.CATALOG in kinds
        if ChangeKind.PRODUCT in kinds and not self._catalog_behind:
            await self._current.refresh(product_keys(changes))
        if self._current.live is not None:
            customers = self._current.live.customers
            for change in changes:
                if change.kind == ChangeKind.CUSTOMERS:
                    customers.clear()
                elif change.kind == ChangeKind.CUSTOMER and change.key:
                    customers.forget(change.key)
        self._cursor = changes[-1].id

    async def _catch_up(self) -> None:
        """First the catalog: what is sold out counts, whatever becomes of the release that should serve."""
        live = self._current.live
        if self._catalog_behind and live is not None:
            catalog = await asyncio.to_thread(self._store.catalog)
            await self._current.put(await self._releases.completed(live, catalog), since=self._cursor)
        self._catalog_behind = False
        if self.refused is not None and time.monotonic() - self.refused.at > REFUSED_AGAIN_SECONDS:
            self._release_behind = True
        if self._release_behind:
            await self._follow_deployment()
            self._release_behind = False

    async def _follow_deployment(self) -> None:
        """Serve what the store says should serve; one that is refused leaves the one that serves in place."""
        release_id = await asyncio.to_thread(self._store.deployed)
        if release_id is None:
            self.problems["release"] = "no release has been promoted: run `shelfwise train` and `shelfwise promote`"
            return
        live = self._current.live
        if live is not None and live.release.release_id == release_id:
            self.refused = None
            return
        try:
            await self._switch(release_id)
            self.refused = None
        except InvalidRelease as error:
            self.refused = Refused(release_id, str(error), time.monotonic())
            _count_refusal(release_id, error)
            if live is None:
                await self._serve_the_one_before(self.refused)

    async def _serve_the_one_before(self, refused: Refused) -> None:
        """A process that starts serves what its neighbours, who were there before, still do."""
        release_id = await asyncio.to_thread(self._store.deployed_before)
        if release_id is None:
            self.problems["release"] = refused.reason
            return
        try:
            await self._switch(release_id)
        except InvalidRelease as error:
            _count_refusal(release_id, error)
            self.problems["release"] = f"{refused.reason}; the one before: {error}"

    async def _switch(self, release_id: str) -> None:
        """Make the release live over the catalog as this process knows it, which is as the feed tells it."""
        live = self._current.live
        catalog = await asyncio.to_thread(self._store.catalog) if live is None else live.snapshot.catalog
        try:
            opened = await self._releases.open(release_id, catalog, live)
        except StageUnavailable as error:
            if live is None:
                self.problems["release"] = f"waiting for the stages: {error}"
            raise
        await self._current.put(opened.live, since=self._cursor)
        self._releases.keep(opened.live)
        self.remark = opened.remark
        self.problems.clear()
        show_release(release_id)
        log.info("release %s is live: %d products", release_id, len(opened.live.snapshot.catalog))


def _count_refusal(release_id: str, error: InvalidRelease) -> None:
    log.error("release %s is refused: %s", release_id, error)
    DEGRADED.labels("release").inc()


def _reason(error: ShelfwiseError) -> str:
    return "store" if isinstance(error, StoreUnavailable) else "change_feed"
