import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import InvalidInput
from store.imports.rejects import Reject
from store.imports.source_files import RawChunk, open_source, read_chunks

TABLE = pd.DataFrame({"product_id": [f"p{number}" for number in range(10)], "price": [0.5 * n for n in range(10)]})


def write(path: Path) -> Path:
    match path.suffix:
        case ".parquet":
            TABLE.to_parquet(path, row_group_size=3)
        case ".csv":
            TABLE.to_csv(path, index=False)
        case _:
            TABLE.to_json(path, orient="records", lines=True)
    return path


def values(chunk: RawChunk, column: str) -> list[object]:
    raw = chunk.columns[column]
    return raw if isinstance(raw, list) else raw.to_pylist()


def read(path: Path, start: int = 0, size: int = 100) -> list[RawChunk]:
    return list(read_chunks(open_source(path), start=start, size=size))


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".ndjson", ".jsonl", ".CSV"])
class TestEachFormat:
    def test_rows_columns_and_content_are_known_before_reading(self, tmp_path: Path, suffix: str) -> None:
        source = open_source(write(tmp_path / f"a{suffix.lower()}").rename(tmp_path / f"b{suffix}"))
        assert (source.rows, source.columns) == (10, ("product_id", "price"))
        assert source.sha256 == open_source(source.path).sha256

    def test_chunks_hold_every_row_once_from_any_start(self, tmp_path: Path, suffix: str) -> None:
        path = write(tmp_path / f"a{suffix.lower()}")
        for start in range(12):
            for size in (1, 3, 4, 100):
                chunks = read(path, start, size)
                assert [line for chunk in chunks for line in chunk.lines] == list(range(start + 1, 11))
                read_ids = [value for chunk in chunks for value in values(chunk, "product_id")]
                assert read_ids == TABLE.product_id.tolist()[start:]
                assert all(0 < chunk.rows <= size for chunk in chunks)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.xlsx", b"", "must end with one of .parquet, .csv, .ndjson, .jsonl"),
        ("a", b"", "must end with"),
        ("a.parquet", b"PAR1, or not", "not a readable parquet"),
        ("a.csv", b"product_id,name\n1,\xff\n", "not a readable csv"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInput, match=reason) as refused:
        read(tmp_path / name)
    assert (refused.value.field, refused.value.value) == ("path", str(tmp_path / name))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        open_source(tmp_path / "a.csv")


@pytest.mark.parametrize("header", ["product_id,name,name", "product_id,,name"])
def test_every_csv_column_needs_a_name_of_its_own(tmp_path: Path, header: str) -> None:
    (tmp_path / "a.csv").write_text(f"{header}\n")
    with pytest.raises(InvalidInput, match="header"):
        open_source(tmp_path / "a.csv")


def test_csv_of_a_spreadsheet(tmp_path: Path) -> None:
    text = '\ufeffproduct_id, name \r\n1,"Milk, ""whole""\r\n1 gal"\r\n\r\n2,\r\n'
    (tmp_path / "a.csv").write_text(text, newline="")
    (chunk,) = read(tmp_path / "a.csv")
    assert open_source(tmp_path / "a.csv").columns == ("product_id", "name")
    assert values(chunk, "product_id") == ["1", "2"]
    assert values(chunk, "name") == ['Milk, "whole"\r\n1 gal', ""]


def test_csv_rows_of_another_width_are_rejected_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("product_id,name\n1,Milk\n2\n3,Tea,green\n4,Bread\n")
    (chunk,) = read(tmp_path / "a.csv")
    assert (chunk.lines, values(chunk, "product_id")) == ([1, 4], ["1", "4"])
    assert chunk.unreadable == [
        Reject(2, "row", "2", "1 values where the header has 2 columns"),
        Reject(3, "row", "3,Tea,green", "3 values where the header has 2 columns"),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"product_id": ', "is not JSON in UTF-8"),
        (b'{"product_id": "\xff"}', "is not JSON in UTF-8"),
        (b'{"product_id": "\\ud800"}', "is not JSON in UTF-8"),
        (b"[" * 100_000, "is not JSON in UTF-8"),
        (b"[1]", "is not a JSON object"),
        (b"null", "is not a JSON object"),
    ],
)
def test_json_lines_without_an_object_are_rejected(tmp_path: Path, line: bytes, reason: str) -> None:
    (tmp_path / "a.ndjson").write_bytes(b'{"product_id": "1"}\n' + line + b'\n\n{"product_id": "\\u00e9"}\n')
    (chunk,) = read(tmp_path / "a.ndjson")
    assert (chunk.lines, values(chunk, "product_id")) == ([1, 3], ["1", "é"])
    (reject,) = chunk.unreadable
    assert (reject.line, reject.field) == (2, "row")
    assert reject.reason.startswith(reason)


def test_json_fields_may_come_and_go(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"product_id": 1}\n{"name": "Tea", "product_id": 2}')
    (chunk,) = read(tmp_path / "a.jsonl")
    assert values(chunk, "name") == [None, "Tea"]
    assert open_source(tmp_path / "a.jsonl").columns == ("product_id", "name")
    assert open_source(tmp_path / "a.jsonl").rows == 2


def test_json_without_rows_has_unknown_columns(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n")
    assert open_source(tmp_path / "a.jsonl").columns is None
    assert read(tmp_path / "a.jsonl") == []


def test_parquet_text_may_be_binary_or_in_a_dictionary(tmp_path: Path) -> None:
    table = pd.DataFrame({"product_id": [b"p1", b"p2"], "type": pd.Categorical(["VIEW", None])})
    table.to_parquet(tmp_path / "a.parquet")
    (chunk,) = read(tmp_path / "a.parquet")
    assert values(chunk, "product_id") == ["p1", "p2"]
    assert values(chunk, "type") == ["VIEW", None]


json_values = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text() | st.floats(allow_nan=False)
json_rows = st.lists(st.dictionaries(st.text(max_size=3), json_values, max_size=3), max_size=6)


@given(rows=json_rows, size=st.integers(1, 7))
def test_any_json_reads_back_or_is_rejected(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], size: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    chunks = read(path, size=size)
    assert sum(chunk.rows for chunk in chunks) == len(rows)
    for chunk in chunks:
        for place, line in enumerate(chunk.lines):
            row = rows[line - 1]
            assert {name: raw[place] for name, raw in chunk.columns.items() if name in row} == row
