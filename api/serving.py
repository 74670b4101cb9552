"""The gateway's state: follows the store's change feed, keeps one live release, and answers queries from it."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from api.answers import Answer, computed
from api.catalog_version import CatalogVersion
from api.customers import STRANGER, Customer, favourites
from api.embeddings import Embeddings, Texts, texts_of
from api.live import Live, go_live, lacking, with_products
from api.metrics import BATCH_SIZE, CHANGE_LAG, DECISIONS, DEGRADED, show_release
from api.result_cache import result_cache
from api.store_view import Known, StoreView
from models.release import Release, read_release
from recommender.decision_record import Versions
from recommender.errors import InvalidRelease, NoRelease, ShelfwiseError, StageUnavailable
from recommender.history import History
from recommender.pipeline import recommend
from recommender.rules.file import Rules
from recommender.trace import Trace
from recommender.types import Context, Query
from runners.shelf import release_store
from runners.stages import ReleaseStages, StageHandles
from settings import Settings
from store.changes import Change, ChangeKind
from store.decisions import Decision, DecisionWriter
from store.embeddings import Vector
from store.engine import migrate, open_engine
from store.errors import StoreUnavailable
from store.event_writer import EventWriter
from store.events import Event, EventResult
from store.feed import change_signal
from store.sessions import history_key

POLL_SECONDS: Final = 2.0
"""How long the change feed goes unread where the database has nothing to tell; `store.feed` usually knows sooner."""
RETRY_SECONDS: Final = 2.0
LAG_LIMIT_SECONDS: Final = 10.0
"""A process that has not heard from the store for so long may show what is sold out, and says so."""

log = logging.getLogger("shelfwise.serving")


class Serving:
    """Created with the gateway, started and stopped with its event loop."""

    def __init__(self, settings: Settings, rules: Rules, handles: StageHandles) -> None:
        self.settings, self.rules = settings, rules
        self.store = StoreView(open_engine(settings.database_url))
        self.embeddings = Embeddings(self.store.engine)
        self._releases = release_store(settings)
        self._handles = handles
        self._live: Live | None = None
        self._changing = asyncio.Lock()
        """Held from reading products until they are in the live state, so that the newest reading wins."""
        self._writer: EventWriter | None = None
        self._decisions: DecisionWriter | None = None
        self.record_share = settings.record_share
        self._cache = result_cache(settings)
        self._tail: asyncio.Task[None] | None = None
        self._signal = change_signal(self.store.engine)
        # A thread of its own: in the shared ones, waiting would take the place of a request's reading.
        self._waiting = ThreadPoolExecutor(max_workers=1, thread_name_prefix="change-feed")
        self._cursor = 0
        self._caught_up = time.monotonic()
        self._catalog_version = CatalogVersion()
        self._behind = True
        """Whether the deployment or the whole catalog has to be read again."""
        self.problems: dict[str, str] = {
            "store": "not opened yet",
            "release": "not loaded yet",
            "answers": "not tried yet",
        }
        """What keeps this process from being ready, by part; empty when it is."""

    @property
    def live(self) -> Live:
        """The current state; `NoRelease` before the first release is loaded."""
        if self._live is None:
            raise NoRelease(self.problems.get("release", "no release is loaded"))
        return self._live

    @property
    def change_lag(self) -> float:
        """Seconds since this process last knew all that the store had to tell; up to `POLL_SECONDS` while idle."""
        return time.monotonic() - self._caught_up

    @property
    def lagging(self) -> bool:
        """Whether answers may be older than a shop expects: they are marked, but given."""
        return self.change_lag > LAG_LIMIT_SECONDS

    async def start(self) -> None:
        """Begin to follow the store. Returns at once: `problems` says when everything is there."""
        self._tail = asyncio.create_task(self._follow(), name="change-feed")

    async def stop(self) -> None:
        """Stop following, and finish writing what was accepted."""
        if self._tail is not None:
            self._tail.cancel()
            await asyncio.gather(self._tail, return_exceptions=True)
        await asyncio.to_thread(self._signal.close)
        self._waiting.shutdown()
        for writer in (self._writer, self._decisions):
            if writer is not None:
                await asyncio.to_thread(writer.close)
        if self._cache is not None:
            self._cache.close()
        self.store.engine.dispose()

    def versions(self, live: Live) -> Versions:
        """What answers from ``live`` are made from; to be asked for together with it."""
        return Versions(live.snapshot.release, self.rules.version, self._catalog_version.name)

    async def answer(
        self, live: Live, versions: Versions, query: Query, trace: Trace, *, degraded: tuple[str, ...], explain: bool
    ) -> Answer:
        """The answer to the query, kept or computed; always computed where it explains itself or lost something."""

        async def compute() -> Answer:
            return await computed(live, versions, query, trace, degraded=degraded)

        if self._cache is None or explain or degraded:
            return await compute()
        return await self._cache.answer(live, versions, query, trace, compute)

    def keep(self, decision: Decision) -> None:
        """Write what was answered, if there is room for it; never waits."""
        if self._decisions is None:
            DECISIONS.labels("dropped").inc()
        else:
            self._decisions.submit(decision)

    async def customer(self, live: Live, user_id: str | None, session_id: str | None) -> Customer:
        """What is known of this shopper, as rows of the live catalog; nothing of a stranger."""
        if user_id is None and session_id is None:
            return STRANGER

        async def read() -> Customer:
            default = self.settings.personal_by_default
            known = await asyncio.to_thread(self.store.shopper, user_id, session_id, personal_by_default=default)
            return Customer(personal=False) if known is None else _as_rows(known, live)

        if user_id is not None and session_id is not None:
            return await read()  # two keys would have to be forgotten together; rare enough to read each time
        return await live.customers.get(history_key(user_id, session_id), read)

    def external_id(self, product_id: str) -> str:
        """The shop's own id for either id of a product; an id that is not in the catalog stays as it is."""
        if self._live is None:
            return product_id
        catalog = self._live.snapshot.catalog
        row = catalog.row_of.get(product_id)
        return product_id if row is None else str(catalog.external_id[row])

    async def record(self, events: Sequence[Event]) -> list[EventResult]:
        """Write events durably; afterwards they count in the next answer."""
        if self._writer is None:
            raise StoreUnavailable(self.problems.get("store", "the store is not open yet"))
        return await asyncio.wrap_future(self._writer.submit(events))

    def forget(self, keys: Iterable[str]) -> None:
        """Read these customers again, by `store.sessions.history_key`, when they ask next."""
        if self._live is not None:
            for key in keys:
                self._live.customers.forget(key)

    def forget_everyone(self) -> None:
        """Read every customer again when they ask next."""
        if self._live is not None:
            self._live.customers.clear()

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
            CHANGE_LAG.set(self.change_lag)
            await (asyncio.sleep(pause) if pause else self._next_change())

    async def _next_change(self) -> None:
        lost = self._signal.lost
        await asyncio.get_running_loop().run_in_executor(self._waiting, self._signal.wait, POLL_SECONDS)
        if self._signal.lost > lost:
            DEGRADED.labels("change_signal").inc()

    async def _step(self) -> None:
        if self._writer is None:
            await self._open()
        own_writes = self._catalog_version.own_writes
        changes = await asyncio.to_thread(self.store.changes, self._cursor)
        await self._apply(changes)
        if self._behind:
            await self._follow_deployment()
            self._behind = False
        self._catalog_version.followed(changes, own_writes)

    async def _open(self) -> None:
        try:
            await asyncio.to_thread(migrate, self.store.engine)
            # The cursor comes before anything is read, so that no change falls between the two.
            self._cursor = await asyncio.to_thread(self.store.newest_change)
            self._catalog_version.begin(await asyncio.to_thread(self.store.newest_catalog_change))
        except StoreUnavailable as error:
            self.problems["store"] = str(error)
            raise
        loop = asyncio.get_running_loop()

        def committed(keys: list[str]) -> None:
            # Queued for the loop before the results are: whoever wrote an event is answered with it.
            loop.call_soon_threadsafe(self.forget, keys)

        self._writer = EventWriter(self.store.engine, committed=committed)
        self._decisions = DecisionWriter(self.store.engine, lambda result, number: DECISIONS.labels(result).inc(number))
        self.problems.pop("store", None)

    def _read_release(self, release_id: str) -> Release:
        return read_release(self._releases.fetch(release_id))

    async def _apply(self, changes: list[Change]) -> None:
        if not changes:
            return
        kinds = {change.kind for change in changes}
        if ChangeKind.RELEASE in kinds or ChangeKind.CATALOG in kinds:
            self._behind = True
        elif ChangeKind.PRODUCT in kinds:
            await self._refresh(_product_keys(changes), encode=True)
        if self._live is not None:
            self._forget_customers(changes, self._live)
        self._cursor = changes[-1].id

    def _forget_customers(self, changes: list[Change], live: Live) -> None:
        for change in changes:
            if change.kind == ChangeKind.CUSTOMERS:
                live.customers.clear()
            elif change.kind == ChangeKind.CUSTOMER and change.key:
                live.customers.forget(change.key)

    async def refresh(self, external_ids: Sequence[str], *, encode: bool = True) -> None:
        """Read these products from the store again: afterwards they count as they are there in the next answer.

        A new one without a vector is encoded, or left for the change feed. `StageUnavailable` where that cannot be
        done; the others count all the same.
        """
        self._catalog_version.own_write()
        await self._refresh(external_ids, encode=encode)

    async def _refresh(self, external_ids: Sequence[str], *, encode: bool) -> None:
        # Stock and prices first: they must count even while a new product waits for its stage to embed it.
        live, texts = await self._take_in(external_ids, {}, None)
        if live is not None and texts and encode:
            vectors = await self.embeddings.of(live.release, live.stages, texts)
            await self._take_in(list(texts), vectors, live.release)

    async def _take_in(
        self, external_ids: Sequence[str], vectors: Mapping[str, Vector], release: Release | None
    ) -> tuple[Live | None, Texts]:
        """The state with these products as they are stored, and the texts that need a vector.

        Vectors of another ``release`` than the live one are not used: what is live by now has been completed since.
        """
        async with self._changing:
            products = await asyncio.to_thread(self.store.products, external_ids)
            if self._live is None:
                return None, {}
            stored = await self.embeddings.stored(self._live.release, lacking(self._live, products))
            given = vectors if self._live.release is release else {}
            self._live = with_products(self._live, products, {**given, **stored})
            self._catalog_version.moved()
            return self._live, lacking(self._live, products)

    async def _follow_deployment(self) -> None:
        """Load what the store says should serve; a release that cannot be loaded leaves the old one in place."""
        release_id = await asyncio.to_thread(self.store.deployed)
        if release_id is None:
            self.problems["release"] = "no release has been promoted: run `shelfwise train` and `shelfwise promote`"
            return
        try:
            if self._live is not None and self._live.release.release_id == release_id:
                await self._put_live(await self._complete(self._live.release, self._live.stages))
            else:
                await self._switch(release_id)
        except InvalidRelease as error:
            log.error("release %s is refused: %s", release_id, error)
            DEGRADED.labels("release").inc()
            if self._live is None:
                self.problems["release"] = str(error)
            else:  # what is refused must not keep the one that serves from the catalog as it is
                await self._put_live(await self._complete(self._live.release, self._live.stages))
        except StageUnavailable as error:
            if self._live is None:
                self.problems["release"] = f"waiting for the stages: {error}"
            raise

    async def _switch(self, release_id: str) -> None:
        """Make the release live once every stage has answered for it and every context has a list."""
        release = await asyncio.to_thread(self._read_release, release_id)
        live = await self._complete(release, ReleaseStages(self._handles, release_id, _observe_batch))
        await self._try_answers(live)
        await self._put_live(live)
        self.problems.clear()
        show_release(release_id)
        log.info("release %s is live: %d products", release_id, len(live.snapshot.catalog))

    async def _complete(self, release: Release, stages: ReleaseStages) -> Live:
        """The release over the store's catalog as it is now."""
        catalog = await asyncio.to_thread(self.store.catalog)
        return await go_live(release, catalog, self.rules, stages, self.embeddings)

    async def _put_live(self, live: Live) -> None:
        """Make it live, with what this process wrote and showed while it was being completed."""
        async with self._changing:
            changes = await asyncio.to_thread(self.store.changes, self._cursor)
            products = await asyncio.to_thread(self.store.products, _product_keys(changes))
            vectors = await self.embeddings.stored(live.release, texts_of(products))
            self._live = with_products(live, products, vectors)
            self._catalog_version.moved()

    async def _try_answers(self, live: Live) -> None:
        """One recommendation of each context, for the most popular product."""
        snapshot = live.snapshot
        await live.stages.encode(["ready?"])
        shown = snapshot.popular_first[:1]
        history = History(shown.astype(np.int32), np.array([0], np.int8), np.array([time.time()]))
        for context in Context:
            anchors = shown if context is not Context.HOMEPAGE else shown[:0]
            query = Query(context=context, limit=1, at=time.time(), history=history, anchors=anchors)
            # loading models takes seconds, so these first answers are given all the time they need
            slate = await recommend(query, snapshot, live.stages, Trace(time.perf_counter, 60.0))
            if slate.degraded:
                raise StageUnavailable(slate.degraded[0], f"did not answer for release {snapshot.release}")


def _product_keys(changes: Sequence[Change]) -> list[str]:
    return list(dict.fromkeys(change.key for change in changes if change.kind == ChangeKind.PRODUCT and change.key))


def _as_rows(known: Known, live: Live) -> Customer:
    """External ids → catalog rows; events of products that the catalog does not have are left out."""
    rows, row_of = known.history, live.snapshot.catalog.row_of
    item = np.array([row_of.get(product_id, -1) for product_id in rows.product_ids], dtype=np.int32)
    history = History(item, rows.types, rows.occurred_at).where(item >= 0)
    stated = {} if known.customer is None else known.customer.stated
    return Customer(history, tuple(known.searches), favourites(stated))


def _observe_batch(stage: str, size: int) -> None:
    BATCH_SIZE.labels(stage).observe(size)


def _reason(error: ShelfwiseError) -> str:
    return "store" if isinstance(error, StoreUnavailable) else "change_feed"
