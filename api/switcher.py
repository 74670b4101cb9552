"""Making that release live which the store says should serve, while the one that serves goes on answering."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from api.current import Current
from api.customers import CustomerCache
from api.metrics import DEGRADED, show_release
from api.releases import Left, Opened, Reading, Releases
from api.store_view import StoreView
from recommender.errors import InvalidRelease, ShelfwiseError, StageUnavailable
from store.errors import StoreUnavailable

RETRY_SECONDS: Final = 2.0
"""After a stage or the store was away."""
REFUSED_AGAIN_SECONDS: Final = 60.0
"""A refused release is tried again so often: its files may have been on their way, or the machine too busy."""
SLOW_RELEASES: Final = 3
"""When so many that served are slow at a start, one after another, it is the machine: no older one is opened."""
SAID: Final = 3
"""Reasons of releases before the one that should serve, where none of them can."""

log = logging.getLogger("shelfwise.serving")


@dataclass(frozen=True, slots=True)
class Refused:
    """A release that should serve and does not."""

    release_id: str
    reason: str


class Switcher:
    """Used from one event loop. ``cursor`` says up to which change the live state is known to be complete."""

    def __init__(self, store: StoreView, current: Current, releases: Releases, cursor: Callable[[], int]) -> None:
        self._store, self._current, self._releases, self._cursor = store, current, releases, cursor
        self._task: asyncio.Task[None] | None = None
        self._replacing = asyncio.Lock()
        """Held from completing a state until it is live, so that no older one comes after a newer one."""
        self._catalogs = 0
        """How often the whole catalog was another one."""
        self._unread: set[str] = set()
        """Products that changed while a release was opened: its encoder may not have read them, and the feed is past
        them."""
        self.refused: Refused | None = None
        self.remark = ""
        """What is to be said of the release that serves; empty where nothing is."""
        self.problems: dict[str, str] = {"release": "not loaded yet", "answers": "not tried yet"}
        """What keeps a release from serving, by part; empty when one does."""

    def look(self) -> None:
        """The store may say another release by now. One that is being opened for what it said before is given up."""
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._try_until_settled(), name="switch-release")

    async def stop(self) -> None:
        """Give up what is being opened."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def read_catalog(self) -> None:
        """Put the release that serves over the catalog as the store has it now."""
        async with self._replacing:
            live, since = self._current.live, self._cursor()
            if live is not None:
                catalog = await asyncio.to_thread(self._store.catalog)
                await self._current.put(await self._releases.completed(live, catalog), since=since)
            self._catalogs += 1  # not before: what is opened meanwhile is opened over the old one

    async def _try_until_settled(self) -> None:
        """What is away is waited for; what is refused is tried again after a while. Every failure is counted."""
        while True:
            try:
                await self._follow_deployment()
                await self._encode_unread()
                if self.refused is None:
                    return
                pause = REFUSED_AGAIN_SECONDS
            except ShelfwiseError as error:
                log.warning("changing the release: %s; trying again", error)
                DEGRADED.labels(_reason(error)).inc()
                pause = RETRY_SECONDS
            except Exception:  # a boundary: an error nobody foresaw must not end the only task that changes releases
                log.exception("changing the release failed; trying again")
                DEGRADED.labels("release").inc()
                pause = RETRY_SECONDS
            await asyncio.sleep(pause)

    async def _follow_deployment(self) -> None:
        """Serve what the store says; one that is refused leaves the one that serves in place."""
        release_ids = await asyncio.to_thread(self._store.deployed)
        if not release_ids:
            self.problems["release"] = "no release has been promoted: run `shelfwise train` and `shelfwise promote`"
            return
        deployed, live = release_ids[0], self._current.live
        refusals: dict[str, str] = {}
        if live is None:
            await self._start(release_ids, refusals)
        elif live.release.release_id != deployed:
            await self._switch([deployed], refusals)
        self.refused = Refused(deployed, refusals[deployed]) if deployed in refusals else None

    async def _start(self, release_ids: Sequence[str], refusals: dict[str, str]) -> None:
        """Serve the first of these that can, as the neighbours do who followed the store meanwhile.

        Whether a slow one is too slow shows beside another one: the first that is not slow goes live, and the slow
        ones are tried again beside it. With nothing else to serve, a slow release is better than none.
        """
        reading, opened_ids, last = await self._read(), list[str](), None
        for release_id in release_ids:
            opened = await self._opened(release_id, reading, refusals)
            if opened is not None:
                opened_ids.append(release_id)
                last = opened
                if not opened.remark or len(opened_ids) == SLOW_RELEASES:
                    break
        if last is None:
            self.problems["release"] = _none_of(refusals)
            return
        await self._put(last, reading)
        await self._encode_unread()
        await self._switch(opened_ids[:-1], refusals)

    async def _switch(self, release_ids: Sequence[str], refusals: dict[str, str]) -> None:
        """Replace the release that serves by the first of these that may take its place."""
        for release_id in release_ids:
            reading = await self._read()
            opened = await self._opened(release_id, reading, refusals)
            if opened is not None:
                await self._put(opened, reading)
                return

    async def _read(self) -> Reading:
        live, since, catalogs = self._current.live, self._cursor(), self._catalogs
        catalog = await asyncio.to_thread(self._store.catalog) if live is None else live.snapshot.catalog
        return Reading(catalog, since, catalogs)

    async def _opened(self, release_id: str, reading: Reading, refusals: dict[str, str]) -> Opened | None:
        """The release beside the one that serves; None where it is refused, with the reason among ``refusals``."""
        live = self._current.live
        try:
            return await self._releases.open(release_id, reading, live)
        except StageUnavailable as error:
            if live is None:
                self.problems["release"] = f"waiting for the stages: {error}"
            raise
        except InvalidRelease as error:
            log.error("release %s is refused: %s", release_id, error)
            DEGRADED.labels("release").inc()
            refusals[release_id] = str(error)
            return None

    async def _put(self, opened: Opened, reading: Reading) -> None:
        """Make it live, with what changed since it was complete."""
        async with self._replacing:
            candidate, since = opened.live, opened.since
            if reading.catalogs != self._catalogs:
                since = self._cursor()
                candidate = await self._releases.completed(candidate, await asyncio.to_thread(self._store.catalog))
            left = self._leave()
            self._unread.update(await self._current.put(candidate, since=since))
        self._releases.keep(candidate, left)
        self.remark = opened.remark
        self.problems.clear()
        show_release(candidate.snapshot.release)
        log.info("release %s is live: %d products", candidate.snapshot.release, len(candidate.snapshot.catalog))

    def _leave(self) -> Left | None:
        """What serves, to be returned to; None where it is not complete up to any change.

        Without the histories it knew: nobody would tell it of what customers do meanwhile, nor to forget them.
        """
        live = self._current.live
        if live is None or self._unread:
            return None
        return Left(replace(live, customers=CustomerCache()), self._cursor(), self._catalogs)

    async def _encode_unread(self) -> None:
        if self._unread:
            await self._current.refresh(sorted(self._unread))
            self._unread.clear()


def _none_of(refusals: Mapping[str, str]) -> str:
    """Why the newest of these cannot serve, and those before it neither."""
    newest, *before = refusals.values()
    return f"{newest}; nor can what served before it: {'; '.join(before[:SAID])}" if before else newest


def _reason(error: ShelfwiseError) -> str:
    if isinstance(error, StageUnavailable):
        return error.stage
    return "store" if isinstance(error, StoreUnavailable) else "release"
