import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, select

from recommender.errors import InvalidInput
from recommender.product_text import product_text
from store.catalog import read_catalog
from store.changes import read_changes
from store.engine import open_engine, reading, writing
from store.errors import StoreUnavailable
from store.events import Event, event_row, insert_events
from store.imports import ImportReport, import_file, recorded_shift
from store.sync_status import ImportKind
from store.tables import sync_status, user_interactions

from ..conftest import StartPython

WEEK = 7 * 86_400
START = 1_500_000_000
NOW = START + 5 * WEEK + 12_345.678

Load = Callable[..., ImportReport]


@pytest.fixture
def load(engine: Engine, tmp_path: Path) -> Load:
    def load(
        kind: ImportKind,
        path: Path,
        *,
        shift_to_now: bool = False,
        now: float = NOW,
        chunk_rows: int = 50_000,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> ImportReport:
        return import_file(
            engine,
            kind,
            path,
            shift_to_now=shift_to_now,
            now=now,
            rejects_dir=tmp_path / "rejects",
            progress=progress,
            chunk_rows=chunk_rows,
        )

    return load


def event_table(rows: int, first: int = 0) -> pd.DataFrame:
    """One purchase an hour; ``order_id`` numbers the rows."""
    number = np.arange(first, first + rows)
    return pd.DataFrame(
        {
            "user_id": [f"u{one % 7}" for one in number],
            "product_id": [f"p{one % 11}" for one in number],
            "type": "PURCHASE",
            "occurred_at": START + number * 3600,
            "quantity": 1 + number % 3,
            "price": 0.5 + number % 5,
            "order_id": number,
        }
    )


def product_table(rows: int) -> pd.DataFrame:
    names = [f"Product {number}" for number in range(rows)]
    return pd.DataFrame(
        {"product_id": np.arange(rows), "name": names, "price": 1.5, "stock": None, "colour": "red"}
    ).astype({"stock": object})


def save(table: pd.DataFrame, path: Path) -> Path:
    match path.suffix:
        case ".parquet":
            table.to_parquet(path)
        case ".csv":
            table.to_csv(path, index=False)
        case _:
            table.to_json(path, orient="records", lines=True)
    return path


def stored(engine: Engine, *columns: str) -> list[tuple[object, ...]]:
    query = select(*(user_interactions.c[name] for name in columns)).order_by(user_interactions.c.id)
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(query)]


def listed(report: ImportReport) -> list[dict[str, object]]:
    assert report.rejects is not None
    return [json.loads(line) for line in report.rejects.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".ndjson", ".jsonl"])
class TestEachFormat:
    def test_events(self, engine: Engine, load: Load, tmp_path: Path, suffix: str) -> None:
        report = load("events", save(event_table(25), tmp_path / f"shop{suffix}"), chunk_rows=10)
        assert (report.rows_read, report.rows_written, report.rows_rejected, report.rows_known) == (25, 25, 0, 0)
        assert (report.kind, report.source, report.rejects) == ("events", f"shop{suffix}", None)
        assert (report.already_imported, report.resumed_after, report.shift_s) == (False, 0, 0.0)
        table = event_table(25)
        expected = [
            (row.user_id, row.product_id, "PURCHASE", row.occurred_at * 1000, row.quantity, row.price, str(number))
            for number, row in enumerate(table.itertuples())
        ]
        columns = ("user_id", "product_id", "type", "occurred_at", "quantity", "price", "order_id")
        assert stored(engine, *columns) == expected

    def test_products(self, engine: Engine, load: Load, tmp_path: Path, suffix: str) -> None:
        report = load("products", save(product_table(25), tmp_path / f"shop{suffix}"), chunk_rows=10)
        assert (report.rows_read, report.rows_written, report.rows_rejected) == (25, 25, 0)
        with reading(engine) as connection:
            catalog = read_catalog(connection)
        assert sorted(catalog.external_id, key=int) == [str(number) for number in range(25)]
        assert catalog.text[catalog.row_of["7"]] == product_text(
            name="Product 7", attributes={"colour": "red"}, price=1.5
        )

    def test_bad_rows_are_listed_and_the_rest_is_loaded(
        self, engine: Engine, load: Load, tmp_path: Path, suffix: str
    ) -> None:
        table = event_table(25).astype({"type": object})
        table.loc[3, "type"] = "BUY"
        table.loc[14, "price"] = -2.5
        report = load("events", save(table, tmp_path / f"shop{suffix}"), chunk_rows=10)
        assert (report.rows_read, report.rows_written, report.rows_rejected) == (25, 23, 2)
        assert report.rejects == tmp_path / "rejects" / f"shop{suffix}.rejects.ndjson"
        first, second = listed(report)
        assert (first["line"], first["field"], first["value"]) == (4, "type", "BUY")
        assert "PURCHASE" in str(first["reason"])
        assert (second["line"], second["field"], float(str(second["value"]))) == (15, "price", -2.5)
        assert len(stored(engine, "id")) == 23


@pytest.mark.parametrize(
    ("kind", "columns", "field"),
    [
        ("products", ["product_id"], "name"),
        ("products", ["name"], "product_id"),
        ("events", ["user_id", "product_id", "type"], "occurred_at"),
        ("events", ["product_id", "type", "occurred_at"], "user_id"),
    ],
)
@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".ndjson"])
def test_a_missing_column_is_named(
    load: Load, tmp_path: Path, kind: ImportKind, columns: list[str], field: str, suffix: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        load(kind, save(pd.DataFrame({name: ["x"] for name in columns}), tmp_path / f"shop{suffix}"))
    assert (refused.value.field, refused.value.value) == (field, ", ".join(columns))


def test_other_kinds_and_files_are_refused(load: Load, tmp_path: Path) -> None:
    path = save(product_table(1), tmp_path / "shop.csv")
    for field, call in (
        ("kind", lambda: load("shops", path)),  # type: ignore[arg-type]
        ("shift_to_now", lambda: load("products", path, shift_to_now=True)),
        ("path", lambda: load("products", tmp_path / "shop.xlsx")),
        ("path", lambda: load("products", tmp_path / "nothing.csv")),
    ):
        with pytest.raises(InvalidInput) as refused:
            call()
        assert refused.value.field == field


def test_a_file_without_rows_is_done_at_once(load: Load, tmp_path: Path) -> None:
    (tmp_path / "empty.ndjson").write_text("")
    assert load("events", tmp_path / "empty.ndjson", shift_to_now=True).rows_read == 0
    assert load("events", tmp_path / "empty.ndjson").already_imported


def test_columns_that_are_not_read_are_named(load: Load, tmp_path: Path) -> None:
    table = event_table(1).assign(store=7)
    assert load("events", save(table, tmp_path / "shop.csv")).ignored_columns == ("store",)
    assert load("products", save(product_table(1), tmp_path / "products.csv")).ignored_columns == ()


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".ndjson"])
def test_progress_is_told_after_each_transaction(load: Load, engine: Engine, tmp_path: Path, suffix: str) -> None:
    told: list[tuple[int, int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total, len(stored(engine, "id"))))

    load("events", save(event_table(25), tmp_path / f"shop{suffix}"), chunk_rows=10, progress=progress)
    assert told == [(10, 25, 10), (20, 25, 20), (25, 25, 25)]


def test_each_chunk_is_announced_once(load: Load, engine: Engine, tmp_path: Path) -> None:
    load("events", save(event_table(25), tmp_path / "events.csv"), chunk_rows=10)
    load("products", save(product_table(25), tmp_path / "products.csv"), chunk_rows=20)
    with reading(engine) as connection:
        announced = [(change.kind, change.key) for change in read_changes(connection, 0)]
    assert announced == [("customers", None)] * 3 + [("catalog", None)] * 2


def test_a_file_is_written_only_once_whatever_its_name(load: Load, engine: Engine, tmp_path: Path) -> None:
    path = save(event_table(25).assign(price=[-1.0] + [2.0] * 24), tmp_path / "shop.csv")
    first = load("events", path)
    again = load("events", path.rename(tmp_path / "copy.csv"), shift_to_now=True)
    assert (first.already_imported, again.already_imported) == (False, True)
    assert (again.rows_read, again.rows_written, again.rows_rejected, again.shift_s) == (25, 24, 1, 0.0)
    assert (again.source, again.rejects) == ("shop.csv", first.rejects)
    assert len(stored(engine, "id")) == 24
    with reading(engine) as connection:
        assert len(read_changes(connection, 0)) == 1


def test_the_same_content_may_be_both_products_and_events(load: Load, tmp_path: Path) -> None:
    path = save(event_table(3).assign(name="x"), tmp_path / "shop.csv")
    assert not load("events", path).already_imported
    assert not load("products", path).already_imported


class TestEventIds:
    def test_known_events_are_counted_and_not_written_again(self, load: Load, engine: Engine, tmp_path: Path) -> None:
        table = event_table(25).assign(event_id=[f"e{number % 20}" for number in range(25)])
        table.loc[20:24] = table.loc[0:4].to_numpy()
        report = load("events", save(table, tmp_path / "shop.parquet"), chunk_rows=10)
        assert (report.rows_read, report.rows_written, report.rows_known, report.rows_rejected) == (25, 20, 5, 0)
        assert [event_id for (event_id,) in stored(engine, "event_id")] == [f"e{number}" for number in range(20)]

    def test_an_id_of_another_event_is_rejected_with_its_line(self, load: Load, engine: Engine, tmp_path: Path) -> None:
        live = Event(product_id="p2", type="VIEW", user_id="u2", occurred_at=START, event_id="e2")  # type: ignore[arg-type]
        with writing(engine) as connection:
            insert_events(connection, [event_row(live, 0)])
        table = event_table(5).assign(event_id=[f"e{number}" for number in range(5)])
        table.loc[0, "type"] = "BUY"
        report = load("events", save(table, tmp_path / "shop.csv"))
        assert (report.rows_written, report.rows_rejected) == (3, 2)
        assert [(reject["line"], reject["field"], reject["value"]) for reject in listed(report)] == [
            (1, "type", "BUY"),
            (3, "event_id", "e2"),
        ]


class TestShift:
    @pytest.mark.parametrize("suffix", [".parquet", ".csv", ".ndjson"])
    def test_by_the_most_whole_weeks_that_leave_none_in_the_future(
        self, load: Load, engine: Engine, tmp_path: Path, suffix: str
    ) -> None:
        report = load("events", save(event_table(25), tmp_path / f"shop{suffix}"), shift_to_now=True, now=NOW)
        assert report.shift_s == 4 * WEEK  # a fifth would take the newest, a day after START, past NOW
        times = [at for (at,) in stored(engine, "occurred_at")]
        assert times == [(START + hour * 3600 + 4 * WEEK) * 1000 for hour in range(25)]
        assert max(times) / 1000 <= NOW < max(times) / 1000 + WEEK
        with reading(engine) as connection:
            assert recorded_shift(connection) == 4 * WEEK

    def test_to_the_millisecond(self, load: Load, tmp_path: Path) -> None:
        for now, weeks in ((START + WEEK - 0.001, 0), (START + WEEK, 1)):
            table = event_table(1).assign(order_id=weeks)
            report = load("events", save(table, tmp_path / "shop.csv"), shift_to_now=True, now=now)
            assert report.shift_s == weeks * WEEK

    def test_never_back(self, load: Load, tmp_path: Path) -> None:
        path = save(event_table(1), tmp_path / "shop.csv")
        assert load("events", path, shift_to_now=True, now=START - WEEK).shift_s == 0

    def test_rejected_events_do_not_count(self, load: Load, tmp_path: Path) -> None:
        table = event_table(2)
        table.loc[1, ["type", "occurred_at"]] = ["BUY", START + 3 * WEEK]
        assert load("events", save(table, tmp_path / "shop.csv"), shift_to_now=True, now=NOW).shift_s == 5 * WEEK


class Interrupted(Exception):
    pass


def interrupt(after: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done >= after:
            raise Interrupted

    return progress


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".ndjson"])
def test_an_interrupted_import_goes_on_with_its_shift(load: Load, engine: Engine, tmp_path: Path, suffix: str) -> None:
    table = event_table(100)
    table.loc[table.index % 9 == 4, "price"] = -1
    path = save(table, tmp_path / f"shop{suffix}")
    with pytest.raises(Interrupted):
        load("events", path, chunk_rows=10, shift_to_now=True, progress=interrupt(after=40))
    report = load("events", path, chunk_rows=7, now=NOW + 10 * WEEK)
    assert (report.resumed_after, report.rows_read, report.rows_written, report.rows_rejected) == (40, 100, 89, 11)
    assert report.shift_s == 4 * WEEK
    assert [int(str(order)) for (order,) in stored(engine, "order_id")] == [n for n in range(100) if n % 9 != 4]
    assert [reject["line"] for reject in listed(report)] == [n + 1 for n in range(100) if n % 9 == 4]
    assert stored(engine, "occurred_at")[-1] == ((START + 99 * 3600 + 4 * WEEK) * 1000,)


def test_a_failed_transaction_can_be_resumed(load: Load, engine: Engine, url: str, tmp_path: Path) -> None:
    path = save(event_table(30).assign(price=-1.0), tmp_path / "shop.csv")
    impatient = open_engine(url, busy_timeout_s=0.05)
    with writing(engine), pytest.raises(StoreUnavailable):
        import_file(impatient, "events", path, now=NOW, rejects_dir=tmp_path, progress=interrupt(after=0))
    assert load("events", path).rows_rejected == 30


def test_two_that_import_one_file_write_it_once(load: Load, engine: Engine, tmp_path: Path) -> None:
    path = save(event_table(30), tmp_path / "shop.csv")
    reports = []

    def overtake(done: int, total: int) -> None:
        if not reports:
            reports.append(load("events", path))

    with pytest.raises(InvalidInput, match="another process"):
        load("events", path, chunk_rows=10, progress=overtake)
    assert (reports[0].rows_written, reports[0].resumed_after) == (30, 10)
    assert [int(str(order)) for (order,) in stored(engine, "order_id")] == list(range(30))


IMPORT = """
import sys
from pathlib import Path
from store.engine import open_engine
from store.imports import import_file

import_file(
    open_engine(sys.argv[1]), "events", Path(sys.argv[2]), shift_to_now=True, now=float(sys.argv[3]),
    rejects_dir=Path(sys.argv[4]), progress=lambda done, total: print(done, flush=True), chunk_rows=100,
)
"""


def test_an_import_killed_with_kill_9_loads_every_row_once(
    load: Load, engine: Engine, url: str, tmp_path: Path, start_python: StartPython
) -> None:
    table = event_table(20_000)
    table.loc[table.index % 97 == 5, "type"] = "BUY"
    path = save(table, tmp_path / "shop.csv")
    for chunks in (3, 5):
        process = start_python(IMPORT, url, path, NOW, tmp_path / "rejects")
        assert process.stdout is not None
        for _ in range(chunks):
            assert process.stdout.readline()
        process.kill()
        process.wait()
    with reading(engine) as connection:
        status = connection.execute(select(sync_status)).one()
    assert status.status == "running"
    assert 8 * 100 <= status.rows_read < 20_000
    report = load("events", path)
    assert report.resumed_after == status.rows_read
    assert (report.rows_read, report.rows_rejected) == (20_000, 207)
    good = [number for number in range(20_000) if number % 97 != 5]
    assert [int(str(order)) for (order,) in stored(engine, "order_id")] == good
    assert [reject["line"] for reject in listed(report)] == [number + 1 for number in range(5, 20_000, 97)]
    assert stored(engine, "occurred_at")[0] == (START * 1000 + status.shift_ms,)
