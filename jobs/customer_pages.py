"""Work over all customers, a page at a time, that never brings back who was erased meanwhile."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection, Engine

from jobs.gently import gently
from jobs.run import Report
from store.customer_events import count_customers, next_customers
from store.engine import reading
from store.erasures import newest_erasure

T = TypeVar("T")


def customer_pages(
    engine: Engine,
    at_once: int,
    work: Callable[[Connection, Sequence[str]], T],
    write: Callable[[Connection, T], int],
    report: Report,
) -> tuple[int, int]:
    """``work`` reads what some customers did, ``write`` stores what was made of it in a short transaction.

    A page is done again where somebody was erased in between. Returns how many customers there are, and the sum of
    what ``write`` returned.
    """
    with reading(engine) as connection:
        total = count_customers(connection)
    done = written = 0
    after = ""
    while True:
        report("customers", done, max(done, total))
        with reading(engine) as connection:
            user_ids = next_customers(connection, after, at_once)
            if not user_ids:
                return done, written
            erased, made = newest_erasure(connection), work(connection, user_ids)
        with gently(engine) as connection:
            if newest_erasure(connection) != erased:
                continue
            written += write(connection, made)
        done, after = done + len(user_ids), user_ids[-1]
