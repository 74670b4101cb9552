"""`recommendation_performance`: the figures of one day, counted from its decisions while they are kept."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, delete, func, insert, select

from recommender.events import EventType
from recommender.performance import Answer, Figures, Group, Outcome
from store.instants import now_ms
from store.local_days import day_after, day_start, days_between
from store.purchases import taken_back
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
            shown=[_product(entry) for entry in json.loads(row.record).get("shown", [])],
        )


def _on(day: str, zone: ZoneInfo) -> Any:  # noqa: ANN401 - a condition
    at = decisions.c.generated_at
    return (at >= day_start(day, zone)) & (at < day_start(day_after(day), zone))


def _product(entry: Any) -> str:  # noqa: ANN401 - JSON
    """The external id of a shown product: the entry itself, its ``product_id``, or its first value."""
    if isinstance(entry, dict):
        return str(entry.get("product_id", ""))
    return str(entry[0]) if isinstance(entry, list) and entry else str(entry)


def read_outcomes(connection: Connection, since_ms: int) -> Mapping[str, Sequence[Outcome]]:
    """Clicks and standing purchases from then on that name a request, by its id."""
    table = user_interactions.c
    columns = (table.id, table.request_id, table.product_id, table.type, table.quantity, table.price)
    told = table.type.in_((EventType.RECOMMENDATION_CLICK, EventType.PURCHASE))
    rows = connection.execute(
        select(*columns).where(table.request_id.is_not(None), told, table.occurred_at >= since_ms)
    ).all()
    gone = taken_back(connection, None) if any(row.type == EventType.PURCHASE for row in rows) else set[int]()
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    for row in rows:
        if row.id not in gone:
            outcomes[row.request_id].append(_outcome(row))
    return outcomes


def _outcome(row: Row[*tuple[Any, ...]]) -> Outcome:
    bought = row.type == EventType.PURCHASE and row.price is not None
    paid = row.price * (row.quantity or 1) if bought else 0.0
    return Outcome(product=row.product_id, type=EventType(row.type), paid=paid)


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
