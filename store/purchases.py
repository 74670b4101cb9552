"""Purchases as columns, for training."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, select, true

from recommender.events import EventType
from recommender.reversals import REVERSALS, reversed_rows
from store.events import LINE_COLUMNS, as_line
from store.instants import to_ms
from store.tables import user_interactions

_IDS_A_QUERY: Final = 1_000
_ROWS_A_FETCH: Final = 1_000  # rows that stay in the processor's cache: 2 s for 1.47 M rows, 4 s with 50,000


@dataclass(frozen=True)
class Purchases:
    """Purchases of known users as columns of equal length, ascending in time.

    ``user`` and ``item`` are int32 codes into ``user_ids`` and ``item_ids`` (external product ids), which are
    sorted; ``occurred_at`` is float64 epoch seconds. Purchases at the same instant are ordered by user, then item,
    so the columns do not depend on the order in which rows came into the store.
    """

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    occurred_at: NDArray[np.float64]
    user_ids: tuple[str, ...]
    item_ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.user)

    @cached_property
    def data_hash(self) -> str:
        """sha256 over the columns: equal for equal purchases, on any machine."""
        digest = hashlib.sha256(json.dumps([self.user_ids, self.item_ids]).encode())
        digest.update(self.user.astype("<i4").tobytes())
        digest.update(self.item.astype("<i4").tobytes())
        digest.update(self.occurred_at.astype("<f8").tobytes())
        return digest.hexdigest()


def read_purchases(connection: Connection, *, before: float | None = None, since: float | None = None) -> Purchases:
    """Purchases that name a user, from ``since`` on and earlier than ``before`` (epoch seconds).

    Those that were refunded or cancelled earlier than ``before`` are left out; what comes later is not known yet.
    """
    table = user_interactions.c
    query = select(table.user_id, table.product_id, table.occurred_at, table.id)
    query = query.where(table.type == str(EventType.PURCHASE), table.user_id.is_not(None), _earlier_than(before))
    if since is not None:
        query = query.where(table.occurred_at >= to_ms(since))
    gone = _taken_back(connection, before)
    users, items = _Codes(), _Codes()
    instants: list[NDArray[np.int64]] = []
    for part in connection.execute(query.execution_options(yield_per=_ROWS_A_FETCH)).partitions():
        rows = [row for row in part if row[3] not in gone] if gone else part
        if not rows:
            continue
        user_ids, item_ids, occurred_at, _ = zip(*rows, strict=True)
        users.add(user_ids)
        items.add(item_ids)
        instants.append(np.array(occurred_at, dtype=np.int64))
    return _in_order(users, items, np.concatenate([np.empty(0, dtype=np.int64), *instants]))


def _earlier_than(before: float | None) -> ColumnElement[bool]:
    return true() if before is None else user_interactions.c.occurred_at < to_ms(before)


def _taken_back(connection: Connection, before: float | None) -> set[int]:
    """Ids of purchases of which nothing is left: only customers who took something back are looked at."""
    table = user_interactions.c
    took_back = table.type.in_(REVERSALS) & table.user_id.is_not(None) & _earlier_than(before)
    customers = connection.execute(select(table.user_id).where(took_back).distinct()).scalars().all()
    gone: set[int] = set()
    for start in range(0, len(customers), _IDS_A_QUERY):
        lines = select(*LINE_COLUMNS).where(
            table.user_id.in_(customers[start : start + _IDS_A_QUERY]),
            table.type.in_((EventType.PURCHASE, *REVERSALS)),
            _earlier_than(before),
        )
        gone |= reversed_rows(as_line(row, row.user_id) for row in connection.execute(lines))
    return gone


class _Codes:
    """A column of ids, gathered part by part as numbers in the order of first appearance."""

    def __init__(self) -> None:
        self._code: dict[str, int] = {}
        self._parts: list[NDArray[np.int32]] = [np.empty(0, dtype=np.int32)]

    def add(self, ids: Iterable[str]) -> None:
        code = self._code
        self._parts.append(np.array([code.setdefault(one, len(code)) for one in ids], dtype=np.int32))

    def sorted(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """The column as codes into its sorted distinct ids, and those ids."""
        ids = tuple(sorted(self._code))
        rank = np.empty(len(ids), dtype=np.int32)
        rank[[self._code[one] for one in ids]] = np.arange(len(ids), dtype=np.int32)
        return rank[np.concatenate(self._parts)], ids


def _in_order(users: _Codes, items: _Codes, instants: NDArray[np.int64]) -> Purchases:
    user, user_ids = users.sorted()
    item, item_ids = items.sorted()
    order = np.lexsort((item, user, instants))
    return Purchases(
        user=user[order],
        item=item[order],
        occurred_at=instants[order] / 1000,
        user_ids=user_ids,
        item_ids=item_ids,
    )


def reversed_purchases(connection: Connection) -> set[int]:
    """Row ids of all purchases of users of which nothing is left, as far as is known now."""
    return _taken_back(connection, None)
