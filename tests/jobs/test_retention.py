"""What is too old goes, what is counted of it stays, and kill -9 in between neither loses nor doubles anything."""

import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, Table, func, insert, select, update

from jobs.gently import BATCH
from jobs.retention import encoders_in_use, retention
from jobs.run import Summary
from models.release_store import ReleaseStore
from recommender.events import EventType
from store.catalog import Product, upsert_products
from store.changes import read_changes
from store.deployments import record_deployment
from store.embeddings import Embedding, write_embeddings
from store.engine import reading, writing
from store.events import Event, event_row, insert_events
from store.instants import now_ms
from store.products import delete_product
from store.tables import (
    cart_abandonments,
    changes,
    decisions,
    interaction_totals,
    product_embeddings,
    pseudonyms,
    recommendation_performance,
    user_interactions,
)
from tests.planted_shop import Shop
from tests.store.conftest import StartPython

DAY = 86_400.0
UTC = ZoneInfo("UTC")
NOW = time.time()


def retire(engine: Engine, *, zone: ZoneInfo = UTC, event_days: int | None = 100) -> Summary:
    return retention(engine, now=NOW, zone=zone, event_days=event_days, decision_days=14, encoders={"new"})


def store(engine: Engine, *events: Event) -> None:
    with writing(engine) as connection:
        insert_events(connection, [event_row(event, now_ms()) for event in events])


def bought(days_ago: float, product: str = "tea", **fields: object) -> Event:
    at = fields.pop("occurred_at", NOW - days_ago * DAY)
    return Event(product_id=product, type=EventType.PURCHASE, user_id="ann", occurred_at=at, **fields)  # type: ignore[arg-type]


def count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def totals(engine: Engine) -> list[tuple[object, ...]]:
    with reading(engine) as connection:
        key = interaction_totals.primary_key.columns
        return [tuple(row) for row in connection.execute(select(interaction_totals).order_by(*key))]


def test_old_events_become_daily_totals(engine: Engine) -> None:
    at = 1_700_005_000.0  # 2023-11-14 23:36:40 UTC, the next day in Berlin
    store(
        engine,
        bought(0, quantity=2, price=1.5, occurred_at=at),
        bought(0, occurred_at=at),
        Event(product_id="tea", type=EventType.VIEW, session_id="s", price=9.0, occurred_at=at),
        Event(type=EventType.SEARCH, query="tea", user_id="ann", occurred_at=at),
        Event(product_id="tea", type=EventType.REFUND, user_id="ann", price=1.5, occurred_at=at),
        bought(99),
    )
    assert retire(engine, zone=ZoneInfo("Europe/Berlin"))["events"] == 5
    day = "2023-11-15"
    assert totals(engine) == [
        (day, "", "SEARCH", 1, 1, 0.0),
        (day, "tea", "PURCHASE", 2, 3, 3.0),
        (day, "tea", "REFUND", 1, 1, 1.5),
        (day, "tea", "VIEW", 1, 1, 0.0),
    ]
    with reading(engine) as connection:
        assert count(connection, user_interactions) == 1
        assert read_changes(connection, 0)[-1].kind == "customers"


def test_running_it_again_changes_nothing(engine: Engine) -> None:
    store(engine, bought(101), bought(102), bought(1))
    retire(engine)
    first = totals(engine)
    assert retire(engine)["events"] == 0
    assert totals(engine) == first
    store(engine, bought(101))
    retire(engine)
    assert sum(int(str(row[3])) for row in totals(engine)) == 3


def test_without_a_setting_every_event_stays(engine: Engine) -> None:
    store(engine, bought(5_000))
    assert retire(engine, event_days=None)["events"] == 0


KILLED = """
import sys, time
from zoneinfo import ZoneInfo
from sqlalchemy import event
from jobs.retention import retention
from store.engine import open_engine
engine = open_engine(sys.argv[1])
commits = 0
def pause(connection):
    global commits
    commits += 1
    if commits == 4:  # one of reading, two batches, and here the third, with everything done but the commit
        print("in the middle", flush=True)
        time.sleep(600)
event.listen(engine, "commit", pause)
retention(engine, now=float(sys.argv[2]), zone=ZoneInfo("UTC"), event_days=100, decision_days=14, encoders=None)
"""


def test_kill_9_in_the_middle_loses_nothing_and_counts_nothing_twice(
    engine: Engine, url: str, start_python: StartPython
) -> None:
    events = 4 * BATCH + 7
    store(engine, *(bought(101 + number % 3, product=f"p{number % 5}", price=2.0) for number in range(events)))
    process = start_python(KILLED, url, NOW)
    assert process.stdout is not None
    assert process.stdout.readline() == "in the middle\n"
    process.kill()
    process.wait()
    with reading(engine) as connection:
        left = count(connection, user_interactions)
    assert left == events - 2 * BATCH
    assert sum(int(str(row[3])) for row in totals(engine)) == 2 * BATCH
    assert retire(engine)["events"] == left
    assert sum(int(str(row[3])) for row in totals(engine)) == events
    assert sum(float(str(row[5])) for row in totals(engine)) == 2.0 * events


def decide(engine: Engine, days_ago: float, *, request: str = "r", status: str = "active") -> None:
    at = round((NOW - days_ago * DAY) * 1000)
    row = {
        **{"request_id": request, "context": "homepage", "algorithm": "hybrid", "confidence": 0.5, "release_id": "one"},
        **{"status": status, "generated_at": at, "expires_at": at, "record": '{"shown": ["tea", "pot"]}'},
    }
    with writing(engine) as connection:
        connection.execute(insert(decisions), row)


def test_decisions_are_counted_before_they_are_removed(engine: Engine) -> None:
    for days_ago, status in ((20.0, "clicked"), (20.0, "active"), (2.0, "active")):
        decide(engine, days_ago, status=status)
    assert retire(engine)["decisions"] == 2
    assert retire(engine)["decisions"] == 0
    with reading(engine) as connection:
        assert count(connection, decisions) == 1
        table = recommendation_performance
        rows = connection.execute(select(table.c.answers, table.c.shown, table.c.clicked).order_by(table.c.day)).all()
    assert [tuple(row) for row in rows] == [(2, 4, 1), (1, 2, 0)]


def test_a_day_goes_as_a_whole(engine: Engine) -> None:
    """14 days before now lie in the middle of a day: nothing of that day goes."""
    for hours in range(24):
        decide(engine, 14 + hours / 24)
    decide(engine, 15.1)
    retire(engine)
    with reading(engine) as connection:
        first = connection.execute(select(func.min(decisions.c.generated_at))).scalar_one()
        left = count(connection, decisions)
    of_the_day = [hours for hours in range(24) if NOW - (14 + hours / 24) * DAY >= first / 1000 // DAY * DAY]
    assert left == len(of_the_day)


def test_a_day_half_removed_is_not_counted_again(engine: Engine) -> None:
    """As a killed run leaves it."""
    for _ in range(3):
        decide(engine, 20)
    retire(engine)
    decide(engine, 20)
    retire(engine)
    with reading(engine) as connection:
        assert connection.execute(select(recommendation_performance.c.answers)).scalars().all() == [3]
        assert count(connection, decisions) == 0


def test_old_changes_go_but_the_newest(engine: Engine) -> None:
    old = {"kind": "product", "key": "tea", "created_at": round((NOW - 2 * DAY) * 1000)}
    with writing(engine) as connection:
        connection.execute(insert(changes), [old] * (BATCH + 1))
    assert retire(engine)["changes"] == BATCH
    with reading(engine) as connection:
        assert [change.id for change in read_changes(connection, BATCH)] == [BATCH + 1]
        assert read_changes(connection, 7)[0].kind == "catalog"


def test_pseudonyms_go_when_nothing_is_kept_under_them(engine: Engine) -> None:
    decide(engine, 2)
    rows = [
        {"customer_key": f"user:{name}", "pseudonym": name, "created_at": round((NOW - days_ago * DAY) * 1000)}
        for name, days_ago in (("old", 15), ("used", 15), ("new", 13))
    ]
    with writing(engine) as connection:
        connection.execute(insert(pseudonyms), rows)
        connection.execute(update(decisions).values(pseudonym="used"))
    assert retire(engine)["pseudonyms"] == 1
    with reading(engine) as connection:
        assert set(connection.execute(select(pseudonyms.c.pseudonym)).scalars()) == {"used", "new"}


def test_carts_left_behind_go_with_the_events(engine: Engine) -> None:
    for days_ago in (101, 99):
        at = round((NOW - days_ago * DAY) * 1000)
        row = {"customer_key": "user:ann", "abandoned_at": at, "products": [], "detected_at": at}
        with writing(engine) as connection:
            connection.execute(insert(cart_abandonments), row)
    assert retire(engine)["carts"] == 1


def test_vectors_of_deleted_products_and_old_encoders_go(engine: Engine) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [Product(external_id=id, name=id) for id in ("tea", "pot")])
        for encoder in ("old", "new"):
            write_embeddings(connection, encoder, [Embedding(id, "sha", [1.0]) for id in ("tea", "pot")])  # type: ignore[arg-type]
        delete_product(connection, "pot")
    assert retire(engine)["embeddings"] == 3
    with reading(engine) as connection:
        kept = connection.execute(select(product_embeddings.c.external_product_id, product_embeddings.c.encoder)).all()
    assert [tuple(row) for row in kept] == [("tea", "new")]


def test_without_knowing_the_encoders_their_vectors_stay(engine: Engine) -> None:
    with writing(engine) as connection:
        write_embeddings(connection, "some", [Embedding("tea", "sha", [1.0])])  # type: ignore[arg-type]
    summary = retention(engine, now=NOW, zone=UTC, event_days=None, decision_days=14, encoders=None)
    assert (summary["embeddings"], summary["encoders_known"]) == (0, False)


@pytest.mark.parametrize("gone", [True, False])
def test_the_encoders_are_those_of_what_serves_and_served(planted_shop: Shop, tmp_path: Path, gone: bool) -> None:
    shop = planted_shop.copy(tmp_path / "shop")
    engine, releases = shop.open(), ReleaseStore(str(shop.home / "releases"), cache=tmp_path)
    if gone:
        with writing(engine) as connection:
            record_deployment(connection, "never-published", action="promote", who="ann", why="")
    found = encoders_in_use(engine, releases)
    assert found is None if gone else found is not None and [len(one) for one in found] == [64]
