"""Daily figures by context, algorithm and release, for as long as a day's decisions are kept (seed 004)."""

from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from jobs.gently import gently
from jobs.run import Report, Summary, say_nothing
from recommender.performance import figures_by_group
from store.engine import reading
from store.instants import to_ms
from store.local_days import day_after, day_start
from store.performance import counted_at, days_with_decisions, read_answers, read_sales, write_figures

DAY_MS: Final = 86_400_000


def recommendation_performance(
    engine: Engine, *, zone: ZoneInfo, decision_days: int, report: Report = say_nothing
) -> Summary:
    """Count every day again whose decisions are all there: what is bought later still counts for the day it was shown.

    Days that `is_final` keep the figures that they have.
    """
    days = open_days(engine, zone, decision_days)
    if not days:
        return {"days": 0, "answers": 0}
    with reading(engine) as connection:
        sales = read_sales(connection, day_start(days[0], zone))
    answers = 0
    for done, day in enumerate(days):
        report("counting days", done, len(days))
        with reading(engine) as connection:
            groups = figures_by_group(read_answers(connection, day, zone), sales)
        with gently(engine) as connection:
            write_figures(connection, day, groups)
        answers += sum(figures.answers for figures in groups.values())
    report("counting days", len(days), len(days))
    return {"days": len(days), "first_day": days[0], "last_day": days[-1], "answers": answers}


def open_days(engine: Engine, zone: ZoneInfo, decision_days: int) -> list[str]:
    """Days with decisions that are not final, ascending."""
    with reading(engine) as connection:
        days = days_with_decisions(connection, zone)
        counted = {day: counted_at(connection, day) for day in days}
    return [day for day, at in counted.items() if not is_final(day, at, zone, decision_days)]


def is_final(day: str, counted: int | None, zone: ZoneInfo, decision_days: int) -> bool:
    """Whether a day was counted when its decisions might go: from then on some of them may have gone."""
    return counted is not None and counted >= removable_from(day, zone, decision_days)


def removable_from(day: str, zone: ZoneInfo, decision_days: int) -> int:
    """When the last decision of a day is ``decision_days`` old, in epoch milliseconds."""
    return day_start(day_after(day), zone) + decision_days * DAY_MS


def removable_before(now: float, zone: ZoneInfo, days: list[str], decision_days: int) -> int:
    """Start of the first day, in epoch milliseconds, whose decisions must stay: whole days go, or none of it."""
    ripe = [day for day in days if removable_from(day, zone, decision_days) <= to_ms(now)]
    return day_start(day_after(ripe[-1]), zone) if ripe else 0
