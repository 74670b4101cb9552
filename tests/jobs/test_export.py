"""What an export holds, and what it must not."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, insert

from jobs.export import ROW_GROUP, export
from recommender.errors import InvalidInput
from recommender.events import EventType
from store.catalog import Product, upsert_products
from store.engine import writing
from store.events import Event, event_row, insert_events
from store.tables import customers, sessions
from tests.store.conftest import StartPython

NOW = 1_780_000_000.0


def did(user_id: str | None, product: str | None = "tea", kind: str = "PURCHASE", **fields: object) -> Event:
    return Event(product_id=product, type=EventType(kind), user_id=user_id, occurred_at=NOW - 60, **fields)  # type: ignore[arg-type]


def store(engine: Engine, *events: Event) -> None:
    with writing(engine) as connection:
        insert_events(connection, [event_row(one, 1) for one in events])


def set_personalization(engine: Engine, user_id: str, said: bool | None) -> None:
    row = {"user_id": user_id, "stated": {}, "computed": {}, "personalization": said, "health": b"allergic to nuts"}
    with writing(engine) as connection:
        connection.execute(insert(customers), row | {"created_at": 1, "updated_at": 1})


def rows(folder: Path, name: str = "events") -> list[dict[str, Any]]:
    return list(pq.read_table(folder / f"{name}.parquet").to_pylist())


def test_an_export_is_complete_and_vouched_for(engine: Engine, tmp_path: Path) -> None:
    with writing(engine) as connection:
        upsert_products(connection, [Product(external_id="tea", name="Té", price=2.0, attributes={"size": "1 kg"})])
    store(engine, did("ann", quantity=2, price=1.5, order_id="o-1", request_id="q", position=3), did("ann"), did("bob"))
    summary = export(engine, tmp_path / "a" / "out", now=NOW)
    assert summary == {"folder": str(tmp_path / "a" / "out"), "events": 3, "products": 1, "left_out": 0}
    first, second, third = rows(tmp_path / "a" / "out")
    assert (first["product_id"], first["type"], first["quantity"], first["price"]) == ("tea", "PURCHASE", 2, 1.5)
    assert (first["position"], first["occurred_at"].timestamp()) == (3, NOW - 60)
    assert first["customer"] == second["customer"] != third["customer"]
    (product,) = rows(tmp_path / "a" / "out", "products")
    assert (product["name"], json.loads(product["attributes"])) == ("Té", {"size": "1 kg"})
    manifest = json.loads((tmp_path / "a" / "out" / "manifest.json").read_text())
    assert manifest["data_cut"] == "2026-05-28T20:25:40Z"
    for name, entry in manifest["files"].items():
        content = (tmp_path / "a" / "out" / name).read_bytes()
        assert (entry["sha256"], entry["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["out"]


def test_no_id_and_no_free_text_is_in_any_file(engine: Engine, tmp_path: Path) -> None:
    secrets = {"user_id": "ann-secret", "session_id": "visit-secret", "order_id": "order-secret"}
    store(engine, did(metadata={"note": "note-secret"}, event_id="event-secret", request_id="r-secret", **secrets))
    store(engine, did("ann-secret", None, "SEARCH", query="query-secret"))
    set_personalization(engine, "ann-secret", True)
    export(engine, tmp_path / "out", now=NOW)
    assert len(rows(tmp_path / "out")) == 2
    told = json.dumps(rows(tmp_path / "out"), default=str)
    content = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir())
    assert "secret" not in told
    assert b"secret" not in content
    assert b"nuts" not in content


def test_two_exports_cannot_be_put_together(engine: Engine, tmp_path: Path) -> None:
    store(engine, did("ann", order_id="o-1", session_id="s-1"))
    for name in ("one", "two"):
        export(engine, tmp_path / name, now=NOW)
    (one,), (two,) = rows(tmp_path / "one"), rows(tmp_path / "two")
    assert [name for name in ("customer", "session", "order") if one[name] == two[name]] == []


@pytest.mark.parametrize(("by_default", "kept"), [(True, ["s-2", "yes", "never"]), (False, ["s-2", "yes"])])
def test_who_switched_personalization_off_is_left_out(
    engine: Engine, tmp_path: Path, by_default: bool, kept: list[str]
) -> None:
    set_personalization(engine, "yes", True)
    set_personalization(engine, "no", False)
    with writing(engine) as connection:
        connection.execute(insert(sessions), {"session_id": "s-1", "user_id": "no", "identified_at": 1})
    store(
        engine,
        did("no", "a"),
        did(None, "b", session_id="s-1"),
        did(None, "s-2", session_id="s-2"),
        did("yes", "yes", session_id="s-1"),
        did("never", "never"),
    )
    summary = export(engine, tmp_path / "out", now=NOW, personalized_by_default=by_default)
    assert [row["product_id"] for row in rows(tmp_path / "out")] == kept
    assert summary["left_out"] == 5 - len(kept)


def test_events_of_a_session_are_their_customer_s(engine: Engine, tmp_path: Path) -> None:
    with writing(engine) as connection:
        connection.execute(insert(sessions), {"session_id": "s-1", "user_id": "ann", "identified_at": 1})
    store(engine, did(None, session_id="s-1"), did("ann"))
    export(engine, tmp_path / "out", now=NOW)
    one, two = rows(tmp_path / "out")
    assert one["customer"] == two["customer"]


def test_an_empty_shop_has_an_empty_export(engine: Engine, tmp_path: Path) -> None:
    assert export(engine, tmp_path / "out", now=NOW)["events"] == 0
    assert rows(tmp_path / "out", "products") == []


def test_more_than_a_row_group_is_written_in_several(sqlite_engine: Engine, tmp_path: Path) -> None:
    store(sqlite_engine, *[did("ann")] * (ROW_GROUP + 10))
    export(sqlite_engine, tmp_path / "out", now=NOW)
    metadata = pq.read_metadata(tmp_path / "out" / "events.parquet")
    assert (metadata.num_rows, metadata.num_row_groups) == (ROW_GROUP + 10, 2)


def test_nothing_is_overwritten(sqlite_engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(InvalidInput, match="is there already"):
        export(sqlite_engine, tmp_path / "out", now=NOW)
    with pytest.raises(InvalidInput, match="cannot be written"):
        export(sqlite_engine, Path("/dev/null/out"), now=NOW)


KILLED = """
import sys, time
from pathlib import Path
from jobs.export import export
from store.engine import open_engine
def report(step, done, total):
    print("writing", flush=True)
    time.sleep(600)
export(open_engine(sys.argv[1]), Path(sys.argv[2]), now=1.0, report=report)
"""


def test_a_killed_export_leaves_no_folder_and_the_next_one_cleans_up(
    sqlite_engine: Engine, sqlite_url: str, tmp_path: Path, start_python: StartPython
) -> None:
    store(sqlite_engine, did("ann"))
    process = start_python(KILLED, sqlite_url, tmp_path / "exports" / "out")
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    process.kill()
    process.wait()
    (left,) = (tmp_path / "exports").iterdir()
    assert left.name.startswith(".out.")
    export(sqlite_engine, tmp_path / "exports" / "next", now=NOW)
    assert [path.name for path in (tmp_path / "exports").iterdir()] == ["next"]
