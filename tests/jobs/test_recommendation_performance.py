"""Figures of days, counted from decisions and what was bought under their request ids."""

import json
import time
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, delete, insert, update

from jobs.recommendation_performance import recommendation_performance
from jobs.run import Summary
from recommender.events import EventType
from recommender.performance import Figures, Group
from store.engine import reading, writing
from store.events import Event, event_row, insert_events
from store.instants import now_ms
from store.local_days import day_of, day_start
from store.performance import DayFigures, read_figures
from store.tables import decisions

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = day_of(now_ms(), BERLIN)
MIDNIGHT = day_start(TODAY, BERLIN)
DAY_MS = 86_400_000


def decide(engine: Engine, at: int, shown: list[str], *, status: str = "active", request: str = "q") -> None:
    row = {
        **{"request_id": request, "context": "cart", "algorithm": "hybrid", "confidence": 0.5, "release_id": "r1"},
        **{"status": status, "generated_at": at, "expires_at": at, "record": json.dumps({"shown": shown})},
    }
    with writing(engine) as connection:
        connection.execute(insert(decisions), row)


def buy(engine: Engine, product: str, kind: EventType = EventType.PURCHASE, **fields: object) -> None:
    event = Event(product_id=product, type=kind, user_id="ann", request_id="q", occurred_at=time.time(), **fields)  # type: ignore[arg-type]
    with writing(engine) as connection:
        insert_events(connection, [event_row(event, now_ms())])


def count(engine: Engine) -> Summary:
    return recommendation_performance(engine, zone=BERLIN, decision_days=14)


def figures(engine: Engine) -> list[DayFigures]:
    with reading(engine) as connection:
        return read_figures(connection, since="2000-01-01")


def test_days_are_the_shop_s_own(engine: Engine) -> None:
    decide(engine, MIDNIGHT - 1, ["tea"])
    decide(engine, MIDNIGHT, ["tea", "pot"], status="clicked")
    assert count(engine) == {"days": 2, "first_day": day_of(MIDNIGHT - 1, BERLIN), "last_day": TODAY, "answers": 2}
    group = Group("cart", "hybrid", "r1")
    assert figures(engine) == [
        DayFigures(day_of(MIDNIGHT - 1, BERLIN), group, Figures(answers=1, shown=1)),
        DayFigures(TODAY, group, Figures(answers=1, shown=2, clicked=1)),
    ]


def test_revenue_is_of_standing_purchases_of_what_was_shown(engine: Engine) -> None:
    decide(engine, MIDNIGHT, ["tea", "pot"], status="purchased")
    buy(engine, "tea", quantity=3, price=2.0)
    buy(engine, "pot", price=9.0, order_id="o")
    buy(engine, "cup", price=100.0)
    buy(engine, "tea", EventType.CART_ADD, price=100.0)
    buy(engine, "pot", EventType.REFUND, order_id="o")
    count(engine)
    assert [one.figures for one in figures(engine)] == [Figures(1, 2, 1, 1, 0, 6.0)]


def test_counting_again_changes_nothing_and_later_outcomes_count_for_their_day(engine: Engine) -> None:
    decide(engine, MIDNIGHT - 3 * DAY_MS, ["tea"])
    count(engine)
    first = figures(engine)
    count(engine)
    assert figures(engine) == first
    with writing(engine) as connection:
        connection.execute(update(decisions).values(status="purchased"))
    buy(engine, "tea", price=4.0)
    count(engine)
    assert [one.figures for one in figures(engine)] == [Figures(1, 1, 1, 1, 0, 4.0)]


def test_figures_stay_when_their_decisions_have_gone(engine: Engine) -> None:
    decide(engine, MIDNIGHT - 3 * DAY_MS, ["tea"])
    count(engine)
    first = figures(engine)
    with writing(engine) as connection:
        connection.execute(delete(decisions))
    assert count(engine) == {"days": 0, "answers": 0}
    assert figures(engine) == first
