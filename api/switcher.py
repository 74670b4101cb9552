"""Making that release live which the store says should serve, while the one that serves goes on answering."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from api.current import Current
from api.metrics import DEGRADED, show_release
from api.releases import Releases
from api.store_view import StoreView
from recommender.errors import InvalidRelease, ShelfwiseError, StageUnavailable
from store.errors import StoreUnavailable

RETRY_SECONDS: Final = 2.0
"""After a stage or the store was away."""
REFUSED_AGAIN_SECONDS: Final = 60.0
"""A refused release is tried again so often: its files may have been on their way, or the machine too busy."""

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
            self._catalogs += 1
            live, since = self._current.live, self._cursor()
            if live is not None:
                catalog = await asyncio.to_thread(self._store.catalog)
                await self._current.put(await self._releases.completed(live, catalog), since=since)

    async def _try_until_settled(self) -> None:
        """What is away is waited for; what is refused is tried again after a while. Every failure is counted."""
        while True:
            try:
                await self._follow_deployment()
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
        release_id = await asyncio.to_thread(self._store.deployed)
        if release_id is None:
            self.problems["release"] = "no release has been promoted: run `shelfwise train` and `shelfwise promote`"
            return
        live = self._current.live
        try:
            if live is None or live.release.release_id != release_id:
                await self._switch(release_id)
            self.refused = None
        except InvalidRelease as error:
            _count_refusal(release_id, error)
            self.refused = Refused(release_id, str(error))
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
        """Open the release over the catalog as this process knows it; what changes meanwhile is taken in at the end."""
        live, since, catalogs = self._current.live, self._cursor(), self._catalogs
        catalog = await asyncio.to_thread(self._store.catalog) if live is None else live.snapshot.catalog
        try:
            opened = await self._releases.open(release_id, catalog, live)
        except StageUnavailable as error:
            if live is None:
                self.problems["release"] = f"waiting for the stages: {error}"
            raise
        async with self._replacing:
            candidate = opened.live
            if catalogs != self._catalogs:
                since = self._cursor()
                candidate = await self._releases.completed(candidate, await asyncio.to_thread(self._store.catalog))
            await self._current.put(candidate, since=since)
        self._releases.keep(candidate)
        self.remark = opened.remark
        self.problems.clear()
        show_release(release_id)
        log.info("release %s is live: %d products", release_id, len(candidate.snapshot.catalog))


def _count_refusal(release_id: str, error: InvalidRelease) -> None:
    log.error("release %s is refused: %s", release_id, error)
    DEGRADED.labels("release").inc()


def _reason(error: ShelfwiseError) -> str:
    if isinstance(error, StageUnavailable):
        return error.stage
    return "store" if isinstance(error, StoreUnavailable) else "release"
