"""Transactions of requests: in a worker thread, and refused until the store is open."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from api.serving import Serving
from store.engine import reading, writing
from store.errors import StoreUnavailable

T = TypeVar("T")


async def write(serving: Serving, act: Callable[[Connection], T]) -> T:
    """What ``act`` returns, once it is on disk. `StoreUnavailable` where the database cannot do it."""

    def within_a_transaction() -> T:
        with writing(serving.store.engine) as connection:
            return act(connection)

    require_store(serving)
    return await asyncio.to_thread(within_a_transaction)


async def read(serving: Serving, act: Callable[[Connection], T]) -> T:
    """What ``act`` reads, all of one moment. `StoreUnavailable` where the database cannot answer."""

    def within_a_transaction() -> T:
        with reading(serving.store.engine) as connection:
            return act(connection)

    require_store(serving)
    return await asyncio.to_thread(within_a_transaction)


def require_store(serving: Serving) -> None:
    """`StoreUnavailable` until the store is open and of this version."""
    if "store" in serving.problems:
        raise StoreUnavailable(serving.problems["store"])
