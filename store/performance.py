"""`recommendation_performance`: the figures of one day, counted from its decisions while they are kept."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, func, insert, select

from recommender.events import EventType
from recommender.performance import Answer, Figures, Group, Sales
from store.instants import now_ms
from store.local_days import day_after, day_start, days_between
from store.purchases import reversed_purchases
from store.tables import decisions, recommendation_performance, user_interactions

_ROWS_A_FETCH: Final = 500  # a record is some kilobytes of JSON


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One row of the table."""

    day: str
    group: Group
    figures: Figures


def days_with_decisions(connection: Connection, zone: ZoneInfo) -> list[str]:
    """The shop's days on which there are decisions, ascending."""
    at = decisions.c.generated_at
    first, last = connection.execute(select(func.min(at), func.max(at))).one()
    days = () if first is None else days_between(first, last, zone)
    return [day for day in days if connection.execute(select(at).where(_on(day, zone)).limit(1)).first()]


def counted_at(connection: Connection, day: str) -> int | None:
    """When the figures of a day were counted last, in epoch milliseconds; None if never."""
    table = recommendation_performance.c
    return connection.execute(select(func.min(table.updated_at)).where(table.day == day)).scalar()


def read_answers(connection: Connection, day: str, zone: ZoneInfo) -> Iterator[Answer]:
    """The decisions of a day, oldest first, a few in memory at a time."""
    table = decisions.c
    columns = (table.request_id, table.context, table.algorithm, table.release_id, table.status, table.record)
    ordered = select(*columns).where(_on(day, zone)).order_by(table.generated_at, table.id)
    for row in connection.execute(ordered.execution_options(yield_per=_ROWS_A_FETCH)):
        yield Answer(
            group=Group(row.context, row.algorithm, row.release_id),
            request_id=row.request_id,
            status=row.status,
            shown=json.loads(row.record)["shown"],
        )


def _on(day: str, zone: ZoneInfo) -> Any:  # noqa: ANN401 - a condition
    at = decisions.c.generated_at
    return (at >= day_start(day, zone)) & (at < day_start(day_after(day), zone))


def read_sales(connection: Connection, since_ms: int) -> Sales:
    """What was paid from then on in purchases that name a request, without those that were taken back."""
    table = user_interactions.c
    columns = (table.id, table.request_id, table.product_id, table.quantity, table.price)
    bought = (table.type == str(EventType.PURCHASE)) & table.request_id.is_not(None) & table.price.is_not(None)
    rows = connection.execute(select(*columns).where(bought, table.occurred_at >= since_ms)).all()
    gone = reversed_purchases(connection) if rows else set[int]()
    sales: dict[tuple[str, str], float] = defaultdict(float)
    for row in rows:
        if row.id not in gone:
            sales[row.request_id, row.product_id] += row.price * (row.quantity or 1)
    return sales


def write_figures(connection: Connection, day: str, groups: Mapping[Group, Figures]) -> None:
    """Put the figures of a day in place of those that were counted before."""
    table = recommendation_performance
    connection.execute(delete(table).where(table.c.day == day))
    now = now_ms()
    rows = [{"day": day, **group._asdict(), **asdict(sums), "updated_at": now} for group, sums in groups.items()]
    if rows:
        connection.execute(insert(table), rows)


def read_figures(connection: Connection, *, since: str) -> list[DayFigures]:
    """The figures from a day on, by day and group."""
    table = recommendation_performance
    ordered = select(table).where(table.c.day >= since).order_by(*table.primary_key.columns)
    return [
        DayFigures(
            row.day,
            Group(row.context, row.algorithm, row.release_id),
            Figures(row.answers, row.shown, row.clicked, row.purchased, row.dismissed, row.revenue),
        )
        for row in connection.execute(ordered)
    ]
