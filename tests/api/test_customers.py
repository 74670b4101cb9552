"""The cache of histories: what was written while a read was on its way must not be overwritten by it."""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from api.customers import Customer, CustomerCache
from recommender.history import History


def customer(number: int) -> Customer:
    return Customer(History(np.array([number], np.int32), np.array([0], np.int8), np.array([float(number)])))


class Store:
    """Answers reads with the current value, once it is let go."""

    def __init__(self) -> None:
        self.value, self.reads = 1, 0
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def read(self) -> Customer:
        self.reads += 1
        seen = self.value
        await self.go_on.wait()
        return customer(seen)


async def number(found: Awaitable[Customer]) -> int:
    return int((await found).history.item[0])


def run(scenario: Callable[[CustomerCache, Store], Awaitable[None]], *, size: int = 10) -> None:
    async def within_a_loop() -> None:
        await scenario(CustomerCache(size), Store())

    asyncio.run(within_a_loop())


def test_a_history_is_read_once() -> None:
    async def scenario(cache: CustomerCache, store: Store) -> None:
        assert [await number(cache.get("a", store.read)) for _ in range(3)] == [1, 1, 1]
        assert (store.reads, len(cache)) == (1, 1)

    run(scenario)


@pytest.mark.parametrize("how", ["forget", "clear"])
def test_what_is_forgotten_is_read_again(how: str) -> None:
    async def scenario(cache: CustomerCache, store: Store) -> None:
        await cache.get("a", store.read)
        store.value = 2
        cache.forget("a") if how == "forget" else cache.clear()
        assert await number(cache.get("a", store.read)) == 2

    run(scenario)


@pytest.mark.parametrize("how", ["forget", "clear"])
def test_a_read_that_began_before_a_write_is_not_kept(how: str) -> None:
    async def scenario(cache: CustomerCache, store: Store) -> None:
        store.go_on.clear()
        slow = asyncio.create_task(number(cache.get("a", store.read)))
        await asyncio.sleep(0)
        store.value = 2
        cache.forget("a") if how == "forget" else cache.clear()
        store.go_on.set()
        assert await slow == 1  # asked before the write, so the older answer is right
        assert len(cache) == 0
        assert await number(cache.get("a", store.read)) == 2

    run(scenario)


def test_of_two_reads_in_flight_only_the_later_is_kept() -> None:
    async def scenario(cache: CustomerCache, store: Store) -> None:
        store.go_on.clear()
        early = asyncio.create_task(number(cache.get("a", store.read)))
        await asyncio.sleep(0)
        store.value = 2
        cache.forget("a")
        late = asyncio.create_task(number(cache.get("a", store.read)))
        await asyncio.sleep(0)
        store.go_on.set()
        assert list(await asyncio.gather(early, late)) == [1, 2]
        assert await number(cache.get("a", store.read)) == 2
        assert store.reads == 2

    run(scenario)


def test_a_write_about_one_customer_leaves_the_others() -> None:
    async def scenario(cache: CustomerCache, store: Store) -> None:
        await cache.get("a", store.read)
        await cache.get("b", store.read)
        cache.forget("a")
        await cache.get("b", store.read)
        assert store.reads == 2

    run(scenario)


def test_the_least_recently_asked_customer_leaves_first() -> None:
    async def scenario(cache: CustomerCache, store: Store) -> None:
        for key in ("a", "b", "a", "c"):
            await cache.get(key, store.read)
        assert (store.reads, len(cache)) == (3, 2)
        await cache.get("a", store.read)
        assert store.reads == 3
        await cache.get("b", store.read)
        assert store.reads == 4

    run(scenario, size=2)


def test_a_read_that_fails_leaves_nothing_behind() -> None:
    async def scenario(cache: CustomerCache, store: Store) -> None:
        async def fails() -> History:
            raise OSError("disk")

        with pytest.raises(OSError, match="disk"):
            await cache.get("a", fails)
        assert await number(cache.get("a", store.read)) == 1
        assert len(cache) == 1

    run(scenario)
