"""Shoppers who never stop buying, and a ledger of what they were told."""

import contextlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator

import httpx
from sqlalchemy import Engine, select

from store.engine import reading
from store.tables import user_interactions
from tests.real_server import INTERACTIONS

PAUSE_S = 0.02


class Writers:
    """Threads that send purchases one by one to ``url``, each under an id of its own, whatever answers."""

    def __init__(self, threads: int = 4) -> None:
        self.url = ""
        self.acknowledged: list[str] = []
        self.statuses: Counter[int] = Counter()
        """HTTP statuses; 0 is a connection that broke."""
        self.problems: list[dict[str, object]] = []
        """Bodies of answers that were not 201."""
        self._numbers = itertools.count()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(one,)) for one in range(threads)]

    def _write(self, writer: int) -> None:
        with httpx.Client() as client:
            self._write_through(client, writer)

    def _write_through(self, client: httpx.Client, writer: int) -> None:
        while not self._stop.is_set():
            event_id = f"event-{writer}-{next(self._numbers)}"
            product = {"product_id": f"coffee-{writer:02}", "interaction_type": "PURCHASE"}
            try:
                answer = client.post(
                    self.url + INTERACTIONS, json=product | {"user_id": f"writer-{writer}", "event_id": event_id}
                )
            except httpx.HTTPError:
                self.statuses[0] += 1
                time.sleep(PAUSE_S)
                continue
            self.statuses[answer.status_code] += 1
            if answer.status_code == 201:
                self.acknowledged.append(event_id)
            else:
                self.problems.append(answer.json())
                time.sleep(PAUSE_S)

    def acknowledged_beyond(self, count: int) -> bool:
        """Whether more than ``count`` events were acknowledged by now."""
        return len(self.acknowledged) > count


@contextlib.contextmanager
def buying(writers: Writers) -> Iterator[Writers]:
    """The writers at work until the block ends."""
    for thread in writers._threads:
        thread.start()
    try:
        yield writers
    finally:
        writers._stop.set()
        for thread in writers._threads:
            thread.join()


def stored_events(engine: Engine) -> Counter[str]:
    """How often each event id of the writers is in the store."""
    query = select(user_interactions.c.event_id).where(user_interactions.c.event_id.like("event-%"))
    with reading(engine) as connection:
        return Counter(connection.execute(query).scalars().all())


def assert_nothing_lost(writers: Writers, engine: Engine) -> None:
    """Every acknowledged event is stored, and no event more than once."""
    stored = stored_events(engine)
    assert writers.acknowledged
    assert set(writers.acknowledged) - stored.keys() == set()
    assert [event_id for event_id, times in stored.items() if times > 1] == []
