"""Opening the release that should serve. The one that serves and the one before stay open: going back loads nothing."""

import asyncio
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from api.embeddings import Embeddings
from api.live import Live, go_live
from api.metrics import BATCH_SIZE
from api.store_view import StoreView
from api.trial import REQUESTS, hold_trial
from models.release import Release, read_release
from models.release_store import ReleaseStore
from recommender.catalog import Catalog
from recommender.errors import InvalidRelease
from recommender.rules.file import Rules
from runners.stages import PREPARED_TOGETHER, ReleaseStages, StageHandles
from store.changes import ChangeKind

KEPT: Final = 2
"""Open releases: stages keep as many (`runners.shelf`)."""
FEW_CHANGES: Final = 10_000
"""Changes that are read faster than a catalog is arranged for a release."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The catalog as it was known at one moment, by the change feed and by how often it was another one."""

    catalog: Catalog
    since: int
    catalogs: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A release that may go live, complete up to the change ``since``, and what is to be said of it all the same."""

    live: Live
    since: int
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A release as it was when another one took its place: complete up to the change ``since``."""

    live: Live
    since: int
    catalogs: int

    def is_near(self, reading: Reading) -> bool:
        """Whether what changed since then may be little beside the whole catalog."""
        return self.catalogs == reading.catalogs and reading.since - self.since <= FEW_CHANGES


class Releases:
    """Used from one event loop."""

    def __init__(
        self,
        published: ReleaseStore,
        rules: Rules,
        handles: StageHandles,
        store: StoreView,
        embeddings: Embeddings,
        *,
        personal_by_default: bool,
    ) -> None:
        self._published, self._rules, self._handles = published, rules, handles
        self._store, self._embeddings = store, embeddings
        self._personal_by_default = personal_by_default
        self._open: OrderedDict[str, tuple[Release, ReleaseStages]] = OrderedDict()
        self._left: Left | None = None
        """The one that served before."""
        self._crowded = False
        """Whether others were opened since: they may have taken a place in the stages."""

    async def open(self, release_id: str, reading: Reading, serving: Live | None) -> Opened:
        """The release over this catalog, once every stage holds it and it stood its trial beside the one ``serving``.

        One that was live lately stood it already, and is only asked whether its stages are there. `InvalidRelease`
        where it cannot serve or must not, `StageUnavailable` where a stage does not answer.
        """
        known = self._open.get(release_id)
        if known is not None:
            if serving is not None and self._crowded:
                await _touch(serving, together=1)
            return await self._again(*known, reading)
        if serving is not None:
            await _touch(serving)
        self._crowded = True
        release = await asyncio.to_thread(self._read, release_id)
        live = await self._prepared(release, ReleaseStages(self._handles, release_id, _observe_batch), reading.catalog)
        remembered = await asyncio.to_thread(
            self._store.past_requests, REQUESTS, personal_by_default=self._personal_by_default
        )
        return Opened(live, reading.since, await hold_trial(live, remembered, serving))

    async def completed(self, live: Live, catalog: Catalog) -> Live:
        """The same release over another reading of the whole catalog."""
        return await go_live(live.release, catalog, self._rules, live.stages, self._embeddings)

    def keep(self, live: Live, left: Left | None) -> None:
        """It is live now, and this one was until now; what served before that is let go of."""
        self._left, self._crowded = left, False
        self._open[live.release.release_id] = (live.release, live.stages)
        self._open.move_to_end(live.release.release_id)
        while len(self._open) > KEPT:
            self._open.popitem(last=False)

    def _read(self, release_id: str) -> Release:
        return read_release(self._published.fetch(release_id))

    async def _prepared(self, release: Release, stages: ReleaseStages, catalog: Catalog) -> Live:
        await stages.prepare("embedding")  # what is newer than the release is embedded right away
        (vector,) = await stages.encode(["ready?"])
        if vector.shape != release.item_vectors.mean.shape:
            reason = f"its encoder makes vectors of {vector.shape}, its products have {release.item_vectors.mean.shape}"
            raise InvalidRelease(f"release {release.release_id}: {reason}")
        live = await go_live(release, catalog, self._rules, stages, self._embeddings)
        await stages.prepare("collaborative", *_reranker(live))
        return live

    async def _again(self, release: Release, stages: ReleaseStages, reading: Reading) -> Opened:
        """In a hurry: all that is new to the release are products, and its stages held it a moment ago."""
        left = self._left
        if left is not None and left.live.release is release and await self._can_follow(left, reading):
            opened = Opened(left.live, left.since)
        else:
            live = await go_live(release, reading.catalog, self._rules, stages, self._embeddings)
            opened = Opened(live, reading.since)
        await stages.prepare("embedding", "collaborative", *_reranker(opened.live), together=1)
        return opened

    async def _can_follow(self, left: Left, reading: Reading) -> bool:
        """Whether all that changed since it was left are a few products, and the change feed still has them."""
        if not left.is_near(reading):
            return False
        changes = await asyncio.to_thread(self._store.changes, left.since)
        return all(change.kind != ChangeKind.CATALOG for change in changes)


async def _touch(serving: Live, *, together: int = PREPARED_TOGETHER) -> None:
    """A stage lets go of what was asked for longest ago: with no shopper around, that may be what serves."""
    with suppress(InvalidRelease):  # a stage that lost it and cannot load it again is no fault of the one to be opened
        await serving.stages.prepare("embedding", "collaborative", *_reranker(serving), together=together)


def _reranker(live: Live) -> tuple[str, ...]:
    """A stage that no answer asks loads nothing."""
    return ("rerank",) if live.snapshot.reranks() else ()


def _observe_batch(stage: str, size: int) -> None:
    BATCH_SIZE.labels(stage).observe(size)
