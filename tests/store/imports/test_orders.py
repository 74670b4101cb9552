from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, select

from store.engine import reading, writing
from store.events import EventResult
from store.imports import import_file
from store.imports.orders import check_orders, write_orders
from store.imports.source_files import RawChunk
from store.tables import user_interactions

LINE = {"order_id": 7, "user_id": "ann", "product_id": "milk", "occurred_at": "2026-03-02T10:00:00Z", "unit_price": 2.5}


def chunk(*rows: dict[str, object]) -> RawChunk:
    names = dict.fromkeys(name for row in rows for name in row)
    return RawChunk(range(1, len(rows) + 1), {name: [row.get(name) for row in rows] for name in names}, ())


def write(engine: Engine, *rows: dict[str, object]) -> list[EventResult]:
    checked = check_orders(chunk(*rows), shift_ms=0, received_at=5)
    assert checked.rejects == []
    with writing(engine) as connection:
        return write_orders(connection, checked.accepted)


def stored(engine: Engine, *columns: str) -> list[tuple[object, ...]]:
    query = select(*(user_interactions.c[name] for name in columns)).order_by(user_interactions.c.id)
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_a_whole_line_is_a_purchase_with_its_details(engine: Engine) -> None:
    whole = LINE | {"quantity": 2, "promotion_used": "yes", "rating": 4.5, "review": "good", "store_location": "Bern"}
    assert write(engine, whole) == ["accepted"]
    columns = ("event_id", "type", "quantity", "price", "promotion_used", "rating", "review", "store_location")
    assert stored(engine, *columns) == [("order:7:milk", "PURCHASE", 2, 2.5, True, 4.5, "good", "Bern")]


def test_the_same_line_again_changes_nothing_and_a_later_rating_is_taken(engine: Engine) -> None:
    write(engine, LINE, LINE | {"product_id": "tea"})
    assert write(engine, LINE) == ["duplicate"]
    assert write(engine, LINE | {"rating": 5}) == ["accepted"]
    assert write(engine, LINE | {"rating": 5}) == ["duplicate"]
    assert stored(engine, "product_id", "rating") == [("milk", 5.0), ("tea", None)]


def test_another_purchase_under_the_same_id_is_a_conflict(engine: Engine) -> None:
    write(engine, LINE)
    assert write(engine, LINE | {"quantity": 3, "rating": 1}) == ["conflict"]
    assert stored(engine, "quantity", "rating") == [(None, None)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"order_id": None}, "order_id"),
        ({"product_id": ""}, "product_id"),
        ({"unit_price": 0}, "unit_price"),
        ({"unit_price": "free"}, "unit_price"),
        ({"rating": 101}, "rating"),
        ({"promotion_used": "maybe"}, "promotion_used"),
        ({"quantity": 0}, "quantity"),
        ({"review": "a\0b"}, "review"),
    ],
)
def test_bad_lines_name_their_field_and_value(change: dict[str, object], field: str) -> None:
    checked = check_orders(chunk(LINE, LINE | change), shift_ms=0, received_at=5)
    assert [(reject.line, reject.field) for reject in checked.rejects] == [(2, field)]
    assert len(checked.accepted) == 1


def test_a_file_with_columns_of_other_names(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    pd.DataFrame([LINE, LINE | {"product_id": "tea", "unit_price": -1}]).rename(
        columns={"product_id": "sku", "occurred_at": "bought"}
    ).to_csv(path, index=False)
    mapping = {"product_id": "sku", "occurred_at": "bought"}
    for written, again in ((1, False), (1, True)):
        report = import_file(
            engine, "orders", path, mapping=mapping, now=0, rejects_dir=tmp_path, progress=lambda done, total: None
        )
        assert (report.rows_written, report.rows_rejected, report.already_imported) == (written, 1, again)
    assert stored(engine, "product_id", "order_id") == [("milk", "7")]
