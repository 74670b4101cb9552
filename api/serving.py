"""The gateway's state: what endpoints ask for and write to, around one live release."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from api.answers import Answer, computed
from api.current import Current
from api.customers import STRANGER, Customer, customer_of
from api.embeddings import Embeddings
from api.follower import Follower
from api.live import Live
from api.metrics import DECISIONS
from api.releases import Releases
from api.result_cache import result_cache
from api.store_view import StoreView
from recommender.decision_record import Versions
from recommender.errors import NoRelease
from recommender.rules.file import Rules
from recommender.trace import Trace
from recommender.types import Query
from runners.shelf import release_store
from runners.stages import StageHandles
from settings import Settings
from store.decisions import Decision, DecisionWriter
from store.engine import open_engine
from store.errors import StoreUnavailable
from store.event_writer import EventWriter
from store.events import Event, EventResult
from store.sessions import history_key

LAG_LIMIT_SECONDS: Final = 10.0
"""A process that has not heard from the store for so long may show what is sold out, and says so."""


class Serving:
    """Created with the gateway, started and stopped with its event loop."""

    def __init__(self, settings: Settings, rules: Rules, handles: StageHandles) -> None:
        self.settings, self.rules = settings, rules
        self.store = StoreView(open_engine(settings.database_url))
        self.embeddings = Embeddings(self.store.engine)
        self.record_share = settings.record_share
        self.current = Current(self.store, self.embeddings)
        self.releases = Releases(
            release_store(settings),
            rules,
            handles,
            self.store,
            self.embeddings,
            personal_by_default=settings.personal_by_default,
        )
        self.follower = Follower(self.store, self.current, self.releases, self._open_writers)
        self._cache = result_cache(settings)
        self._writer: EventWriter | None = None
        self._decisions: DecisionWriter | None = None

    @property
    def live(self) -> Live:
        """The current state; `NoRelease` before the first release is loaded."""
        if self.current.live is None:
            raise NoRelease(self.problems.get("release", "no release is loaded"))
        return self.current.live

    @property
    def problems(self) -> dict[str, str]:
        """What keeps this process from being ready, by part; empty when it is."""
        store = {"store": self.follower.store_problem} if self.follower.store_problem else {}
        return store | self.follower.switcher.problems

    @property
    def change_lag(self) -> float:
        """Seconds since this process last knew all that the store had to tell."""
        return self.follower.lag

    @property
    def lagging(self) -> bool:
        """Whether answers may be older than a shop expects: they are marked, but given."""
        return self.change_lag > LAG_LIMIT_SECONDS

    async def start(self) -> None:
        """Begin to follow the store. Returns at once: `problems` says when everything is there."""
        self.follower.start()

    async def stop(self) -> None:
        """Stop following, and finish writing what was accepted."""
        await self.follower.stop()
        for writer in (self._writer, self._decisions):
            if writer is not None:
                await asyncio.to_thread(writer.close)
        if self._cache is not None:
            self._cache.close()
        self.store.engine.dispose()

    def _open_writers(self) -> None:
        loop = asyncio.get_running_loop()

        def committed(keys: list[str]) -> None:
            # Queued for the loop before the results are: whoever wrote an event is answered with it.
            loop.call_soon_threadsafe(self.forget, keys)

        self._writer = EventWriter(self.store.engine, committed=committed)
        self._decisions = DecisionWriter(self.store.engine, lambda result, number: DECISIONS.labels(result).inc(number))

    def versions(self, live: Live) -> Versions:
        """What answers from ``live`` are made from; to be asked for together with it."""
        return Versions(live.snapshot.release, self.rules.version, self.current.catalog_version.name)

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
            return customer_of(known, live.snapshot.catalog)

        if user_id is not None and session_id is not None:
            return await read()  # two keys would have to be forgotten together; rare enough to read each time
        return await live.customers.get(history_key(user_id, session_id), read)

    def external_id(self, product_id: str) -> str:
        """The shop's own id for either id of a product; an id that is not in the catalog stays as it is."""
        if self.current.live is None:
            return product_id
        catalog = self.current.live.snapshot.catalog
        row = catalog.row_of.get(product_id)
        return product_id if row is None else str(catalog.external_id[row])

    async def record(self, events: Sequence[Event]) -> list[EventResult]:
        """Write events durably; afterwards they count in the next answer."""
        if self._writer is None:
            raise StoreUnavailable(self.problems.get("store", "the store is not open yet"))
        return await asyncio.wrap_future(self._writer.submit(events))

    def forget(self, keys: Iterable[str]) -> None:
        """Read these customers again, by `store.sessions.history_key`, when they ask next."""
        if self.current.live is not None:
            for key in keys:
                self.current.live.customers.forget(key)

    def forget_everyone(self) -> None:
        """Read every customer again when they ask next."""
        if self.current.live is not None:
            self.current.live.customers.clear()

    async def refresh(self, external_ids: Sequence[str], *, encode: bool = True) -> None:
        """Read products that this process wrote from the store again, see `api.current.Current.refresh`."""
        self.current.catalog_version.own_write()
        await self.current.refresh(external_ids, encode=encode)
