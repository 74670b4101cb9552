"""Customers' histories in memory: the recently seen ones, forgotten as soon as something about them is written."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from recommender.history import History

CUSTOMERS_KEPT: Final = 50_000


class CustomerCache:
    """Least recently used histories by `store.events.history_key`. Used from one event loop only.

    A read that began before a write must not put its old result back after it: `forget` marks reads in flight.
    """

    def __init__(self, size: int = CUSTOMERS_KEPT) -> None:
        self._size = size
        self._histories: OrderedDict[str, History] = OrderedDict()
        self._outdated: dict[str, int] = {}
        """Number of `forget` calls seen by the reads in flight, by key; present only while a read is in flight."""
        self._readers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._histories)

    async def get(self, key: str, read: Callable[[], Awaitable[History]]) -> History:
        """The history under ``key``, read where it is not in memory."""
        if key in self._histories:
            self._histories.move_to_end(key)
            return self._histories[key]
        seen = self._outdated.setdefault(key, 0)
        self._readers[key] = self._readers.get(key, 0) + 1
        try:
            history = await read()
            if self._outdated[key] == seen:
                self._keep(key, history)
            return history
        finally:
            self._readers[key] -= 1
            if not self._readers[key]:
                del self._readers[key], self._outdated[key]

    def forget(self, key: str) -> None:
        """Drop one customer."""
        self._histories.pop(key, None)
        if key in self._outdated:
            self._outdated[key] += 1

    def clear(self) -> None:
        """Drop everyone."""
        self._histories.clear()
        for key in self._outdated:
            self._outdated[key] += 1

    def _keep(self, key: str, history: History) -> None:
        self._histories[key] = history
        while len(self._histories) > self._size:
            self._histories.popitem(last=False)
